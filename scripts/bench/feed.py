"""What the benchmarked agencies send: dossiers, a share of them bad, written in bounded memory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from ioc_pipelines.catalog.references import load_admin_units, reference_lists
from ioc_pipelines.home import DBT_PROJECT

PROVINCE = "33"
CHUNK = 250_000
REPEATED = 1_000  # every thousandth row comes twice
SOURCES = {
    "code": "Mã hồ sơ",
    "commune_code": "Mã xã",
    "kind": "Loại",
    "name": "Người nộp",
    "channel": "Kênh",
    "fee_vnd": "Lệ phí",
    "pages": "Số trang",
    "area_m2": "Diện tích",
    "share": "Tỷ lệ",
    "received_on": "Ngày nhận",
    "finished_on": "Ngày trả",
    "note": "Ghi chú",
}


def communes() -> list[str]:
    """The codes that the contract's reference list has."""
    lists = reference_lists(load_admin_units(DBT_PROJECT / "seeds"), PROVINCE)
    return sorted(lists["admin_unit.commune"].to_list())


def write_feed(path: Path, rows: int, bad: float, start: int = 0, *, repeated: bool = True) -> None:
    """``rows`` dossiers from number ``start`` on as Parquet, and every thousandth once more.

    A share ``bad`` breaks one rule each, of seven in turn, always the same ones.
    """
    writer = None
    path.parent.mkdir(parents=True, exist_ok=True)
    known = pl.Series(communes())
    try:
        for first in range(start, start + rows, CHUNK):
            frame = _rows(first, min(CHUNK, start + rows - first), bad, known)
            frame = pl.concat([frame, frame[::REPEATED]]) if repeated else frame
            table = frame.rename(SOURCES).to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def _rows(first: int, count: int, bad: float, known: pl.Series) -> pl.DataFrame:
    chance = np.random.default_rng([7, first])
    number = pl.int_range(first, first + count, eager=True).shuffle(seed=first)
    day = pl.lit(date.today()) - pl.duration(days=pl.col("n") % 700 + 30)  # noqa: DTZ011
    frame = pl.DataFrame({"n": number, "area": chance.random(count) * 500 + 1}).select(
        pl.format("H{}", pl.col("n").cast(pl.String).str.zfill(9)).alias("code"),
        known.gather(number % len(known)).alias("commune_code"),
        pl.Series(["a", "b", "c", "d"]).gather(number % 4).alias("kind"),
        pl.format("Nguyễn Văn {}", pl.col("n") % 1000).alias("name"),
        pl.Series(["online", "in_person"]).gather(number % 2).alias("channel"),
        (pl.col("n") * 1000).alias("fee_vnd"),
        (pl.col("n") % 499 + 1).alias("pages"),
        pl.col("area").alias("area_m2"),
        pl.when(pl.col("n") % 3 > 0).then(pl.col("n") % 100).cast(pl.Float64).alias("share"),
        day.alias("received_on"),
        pl.when(pl.col("n") % 5 > 0).then(day + pl.duration(days=9)).alias("finished_on"),
        pl.when(pl.col("n") % 7 == 0).then(pl.lit("bổ sung giấy tờ")).alias("note"),
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
    turn = pl.Series(
        np.where(chance.random(count) < bad, chance.integers(0, len(spoilt), count), -1)
    )
    return frame.with_columns(
        pl.when(turn == at).then(wrong).otherwise(pl.col(name)).alias(name)
        for at, (name, wrong) in enumerate(spoilt.items())
    )
