"""Benchmark of judging a batch, as a ratio against stock pandera in the same run.

``make bench``. One frame of 1,000,000 rows and 12 columns, with 1 % and with 50 % bad rows. Ours
is the whole of it: exact duplicates, every rule, split, reasons in Vietnamese, scores. The peer is
``schema.validate(frame, lazy=True)`` on the same frame and schema. Peak memory is that of a process
that does the one or the other once.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from pandera.errors import SchemaErrors

from contracts.base import VIETNAM, BatchContext
from ioc_pipelines.home import PROJECT
from ioc_pipelines.quality.proof.specimen import conformed
from ioc_pipelines.quality.score import scores
from ioc_pipelines.quality.split import judge
from scripts.bench.feed import SOURCES, communes, write_feed
from scripts.bench.measure import alternate
from scripts.bench.overlay.contracts.bench.dossier import Dossier
from scripts.bench.report import Result

ROWS, ROUNDS = 1_000_000, 3
SHARES = {0.01: 1.0, 0.5: 0.5}  # bad rows, and the ratio to stay below
ARRIVED = datetime.now(VIETNAM)
CONTEXT = BatchContext(ARRIVED, {"admin_unit.commune": pl.Series(communes())})


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
        if verdict.rows_received != frame.height or found["live"].score is None:
            msg = "not the batch that was given"
            raise AssertionError(msg)
        return verdict.broken.height

    return run


RUNS = {"stock": stock, "ours": ours}


def run(folder: Path, *, tiny: bool) -> Result:
    """Time both at each share of bad rows; the median of the rounds, then the peaks."""
    count, rounds = (1_000, 1) if tiny else (ROWS, ROUNDS)
    rows = []
    for bad, target in SHARES.items():
        stored = folder / f"{bad}.parquet"
        write_feed(stored, count, bad, repeated=False)
        frame = table(stored)
        runs = {name: make(frame) for name, make in RUNS.items()}
        found = {name: run() for name, run in runs.items()}
        if found["stock"] != found["ours"]:
            msg = f"not the same is found: {found}"
            raise AssertionError(msg)
        times = alternate(runs, rounds)
        peaks = {name: _peak_mb(name, stored) for name in RUNS}
        rows.append(
            [
                f"{bad:.0%}, {found['ours']:,} reasons",
                *(f"{times[name]:.2f} s, {peaks[name]} MB" for name in ("ours", "stock")),
                f"{times['ours'] / times['stock']:.2f} × (at most {target} ×)",
            ]
        )
    columns = ("bad rows", "judged, split, scored", "pandera `validate(lazy=True)`", "ratio")
    return Result(columns, rows, [f"{count:,} rows, 12 columns, 25 rules and more."])


def table(stored: Path) -> pl.DataFrame:
    """The feed in the contract's columns."""
    return pl.read_parquet(stored).rename({source: name for name, source in SOURCES.items()})


def _peak_mb(name: str, stored: Path) -> int:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "scripts.bench.judging", name, stored],
        check=True,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    return int(done.stdout)


if __name__ == "__main__":
    RUNS[sys.argv[1]](table(Path(sys.argv[2])))()
    # ru_maxrss would be that of the process which started this one
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
