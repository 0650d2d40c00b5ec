"""Benchmark of judging a batch, as a ratio against stock pandera in the same run.

``make bench``. One frame of 1,000,000 rows and 12 columns, with 1 % and with 50 % bad rows. Ours
is the whole of it: exact duplicates, every rule, split, reasons in Vietnamese, scores. The peer is
``schema.validate(frame, lazy=True)`` on the same frame and schema. Peak memory is that of a process
that does the one or the other once.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from contracts.base import VIETNAM, BatchContext, Contract, ContractInfo, column
from ioc_pipelines.quality.proof.specimen import conformed
from ioc_pipelines.quality.score import scores
from ioc_pipelines.quality.split import judge

ROWS, ROUNDS, SEED = 1_000_000, 3, 1
SHARES = {0.01: 1.0, 0.5: 0.5}  # bad rows, and the ratio to stay below
ARRIVED = datetime(2026, 11, 20, 2, tzinfo=VIETNAM)
COMMUNES = [f"{12_000 + n:05}" for n in range(104)]
CONTEXT = BatchContext(ARRIVED, {"admin_unit.commune": pl.Series(COMMUNES)})


class Dossier(Contract):
    """Twelve columns of the usual kinds, as a table of dossiers has them."""

    __contract__ = ContractInfo(
        dataset="bench.dossier",
        version="1.0.0",
        title_vi="Hồ sơ",
        title_en="Dossiers",
        grain="one row per dossier",
        key=("code",),
        load_mode="upsert",
        publish="none",
        basis="benchmark",
    )
    code: str = column(vi="Mã hồ sơ", en="Code", str_matches=r"^H\d{7}$")
    commune_code: str = column(vi="Mã xã", en="Commune", references="admin_unit.commune")
    kind: str = column(vi="Loại", en="Kind", isin=["a", "b", "c", "d"])
    name: str = column(vi="Người nộp", en="Applicant", personal=True)
    channel: str = column(vi="Kênh", en="Channel", isin=["online", "in_person"])
    fee_vnd: int = column(vi="Lệ phí", en="Fee", ge=0)
    pages: int = column(vi="Số trang", en="Pages", in_range=(1, 500))
    area_m2: float = column(vi="Diện tích", en="Area", gt=0)
    share: float = column(vi="Tỷ lệ", en="Share", nullable=True, in_range=(0, 100))
    received_on: pl.Date = column(vi="Ngày nhận", en="Received", not_after_arrival=True)
    finished_on: pl.Date = column(vi="Ngày trả", en="Finished", nullable=True)
    note: str = column(vi="Ghi chú", en="Note", nullable=True)

    @pa.dataframe_check(
        error="correct.finished_after_received", description="Ngày trả không trước ngày nhận"
    )
    def finished_after_received(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("finished_on") >= pl.col("received_on"))


def table(bad: float) -> pl.DataFrame:
    """The frame; a share ``bad`` of its rows breaks one rule each, of seven in turn."""
    chance = np.random.default_rng(SEED)
    n = pl.int_range(ROWS, eager=True)
    day = pl.lit(ARRIVED.date()) - pl.duration(days=pl.col("n") % 700 + 30)
    frame = pl.DataFrame({"n": n, "area": chance.random(ROWS) * 500 + 1}).select(
        pl.format("H{}", pl.col("n").cast(pl.String).str.zfill(7)).alias("code"),
        pl.Series(COMMUNES).gather(n % len(COMMUNES)).alias("commune_code"),
        pl.Series(["a", "b", "c", "d"]).gather(n % 4).alias("kind"),
        pl.format("Nguyễn Văn {}", pl.col("n") % 1000).alias("name"),
        pl.Series(["online", "in_person"]).gather(n % 2).alias("channel"),
        (pl.col("n") * 1000).alias("fee_vnd"),
        (pl.col("n") % 499 + 1).alias("pages"),
        pl.col("area").alias("area_m2"),
        pl.when(pl.col("n") % 3 > 0).then(pl.col("n") % 100).cast(pl.Float64).alias("share"),
        day.alias("received_on"),
        pl.when(pl.col("n") % 5 > 0).then(day + pl.duration(days=9)).alias("finished_on"),
        pl.when(pl.col("n") % 7 == 0).then(pl.lit("bổ sung")).alias("note"),
    )
    spoilt = {
        "code": pl.format("?{}", "code"),
        "commune_code": pl.lit("99999"),
        "kind": pl.lit("x"),
        "name": pl.lit(None),
        "fee_vnd": pl.lit(-1),
        "area_m2": pl.lit(0.0),
        "finished_on": pl.col("received_on") - pl.duration(days=1),
    }
    turn = pl.Series(np.where(chance.random(ROWS) < bad, chance.integers(0, len(spoilt), ROWS), -1))
    return frame.with_columns(
        pl.when(turn == number).then(wrong).otherwise(pl.col(name)).alias(name)
        for number, (name, wrong) in enumerate(spoilt.items())
    )


def stock(frame: pl.DataFrame) -> Callable[[], int]:
    """How many cases pandera finds."""

    def run() -> int:
        try:
            Dossier.schema(CONTEXT).validate(frame, lazy=True)
        except SchemaErrors as error:
            return int(error.failure_cases.height)
        return 0

    return run


def ours(frame: pl.DataFrame) -> Callable[[], int]:
    """How many cases we find: validation, split, reasons and scores together."""
    batch = conformed(frame)

    def run() -> int:
        verdict = judge(Dossier, batch, CONTEXT, 0)
        found = scores(verdict.results)
        if verdict.rows_received != ROWS or found["live"].score is not None:
            msg = "not the batch that was given"
            raise AssertionError(msg)
        return verdict.broken.height

    return run


RUNS = {"stock": stock, "ours": ours}


def main() -> None:
    """Time both at each share of bad rows; the median of the rounds, then the peaks."""
    for bad, target in SHARES.items():
        frame = table(bad)
        runs = {name: make(frame) for name, make in RUNS.items()}
        times: dict[str, list[float]] = {name: [] for name in runs}
        found: dict[str, int] = {}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                started = time.perf_counter()
                found[name] = run()
                times[name].append(time.perf_counter() - started)
        if found["stock"] != found["ours"]:
            msg = f"not the same is found: {found}"
            raise AssertionError(msg)
        peer, own = (statistics.median(times[name]) for name in ("stock", "ours"))
        with tempfile.NamedTemporaryFile(suffix=".parquet") as stored:
            frame.write_parquet(stored.name)
            peaks = {name: _peak_mb(name, stored.name) for name in RUNS}
        print(
            f"{ROWS:,} x 12, {bad:.0%} bad rows, {found['ours']:,} reasons: "
            f"pandera {peer:.2f} s, {peaks['stock']} MB · judged, split, scored {own:.2f} s, "
            f"{peaks['ours']} MB · ratio {own / peer:.2f} (at most {target})"
        )


def _peak_mb(name: str, stored: str) -> int:
    done = subprocess.run(  # noqa: S603
        [sys.executable, __file__, name, stored], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        RUNS[sys.argv[1]](pl.read_parquet(sys.argv[2]))()
        # ru_maxrss would be that of the process which started this one
        status = Path("/proc/self/status").read_text(encoding="ascii")
        print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
    else:
        main()
