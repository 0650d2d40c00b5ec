"""Changes registered in the land registry: a SQLite database of the environment department.

Magnitude: about thirty a working day, assumed; prices of transfers are spread around 12 million
đồng a square metre.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, pick, spread
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.events import arrivals, day_text, draws, stamp, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "so_nnmt/land.transaction"
TABLE = Table(
    system="dat_dai",
    name="bien_dong_dat",
    columns={
        "ma_giao_dich": "text",
        "ma_xa": "text",
        "loai": "text",
        "to_ban_do": "whole",
        "thua_dat": "whole",
        "dien_tich_m2": "text",
        "gia_tri": "text",
        "chu_su_dung": "text",
        "ngay_dang_ky": "text",
        "cap_nhat_luc": "text",
    },
    key=("ma_giao_dich",),
    changed="cap_nhat_luc",
)
PER_DAY, GROWTH = 30, 1.05
SEASON = (0.9, 0.6, 1.1, 1.1, 1.0, 1.0, 0.95, 0.8, 1.0, 1.1, 1.15, 1.3)
KINDS = {
    "chuyen_nhuong": 0.38,
    "the_chap": 0.3,
    "thua_ke": 0.08,
    "tang_cho": 0.1,
    "cap_moi": 0.08,
    "tach_thua": 0.06,
}
MEAN_AREA_M2, AREA_SPREAD, PRICE_PER_M2, PRICE_SPREAD = 110.0, 0.6, 12_000_000, 0.6
DAY, STAMP = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"

_TRANSFER = pl.col("loai") == "chuyen_nhuong"
_AHEAD = {"ngay_dang_ky": moved("ngay_dang_ky", DECADE_AHEAD, DAY)}
_BIGGER = (pl.col("dien_tich_m2").cast(pl.Float64) + 1).cast(pl.String)
DEFECTS = (
    Defect(REQUIRED, "owner_name", {"chu_su_dung": NOTHING}),
    Defect(REQUIRED, "registered_on", {"ngay_dang_ky": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "kind", {"loai": pl.lit("chuyen nhuong")}),
    Defect("correct.min", "parcel", {"thua_dat": pl.lit("0")}),
    Defect("correct.max", "area_m2", {"dien_tich_m2": pl.lit("9000000.0")}),
    Defect("correct.min", "price_vnd", {"gia_tri": pl.format("-{}", "gia_tri")}, where=_TRANSFER),
    Defect("correct.readable", "area_m2", {"dien_tich_m2": pl.lit("5 sào")}),
    Defect("correct.not_future", "registered_on", _AHEAD),
    Defect("complete.transfer_has_price", None, {"gia_tri": NOTHING}, where=_TRANSFER),
    Defect(
        "clean.format",
        "transaction_code",
        {"ma_giao_dich": pl.col("ma_giao_dich").str.replace("-", "")},
    ),
    Defect(KEY_UNIQUE, None, {"dien_tich_m2": _BIGGER}),
)
SHARE = Share(spoilt=0.012)


def write(root: Path, world: World) -> FeedKey:
    """Write the registry as it stands and return the answers."""
    planted = plant(transactions(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "cap_nhat_luc", STAMP))


def transactions(world: World) -> pl.DataFrame:
    """The table as text, by day of registration, with ``block`` and ``nth``."""
    rows = arrivals(world, "land", PER_DAY, season=SEASON, growth=GROWTH)
    registered = rows["block"].to_numpy() + draws(world, "registered", rows)
    kind = pick(draws(world, "land kind", rows), list(KINDS.values()))
    area = np.round(MEAN_AREA_M2 * _spread(world, rows, "area", AREA_SPREAD), 1)
    per_m2 = PRICE_PER_M2 * _spread(world, rows, "price", PRICE_SPREAD)
    price = np.round(area * per_m2, -6).astype(np.int64)
    commune = pick(draws(world, "land commune", rows), list(world.people))
    year = day_text(registered, "%Y")
    number = rows.select(pl.int_range(1, pl.len() + 1).over(year)).to_series()
    padded = number.cast(pl.String).str.zfill(6)
    has_price = pl.Series(kind == list(KINDS).index("chuyen_nhuong"))
    return rows.with_columns(
        pl.select(pl.format("GD{}-{}", year, padded)).to_series().alias("ma_giao_dich"),
        world.communes["code"].gather(commune).alias("ma_xa"),
        pl.Series(list(KINDS)).gather(kind).alias("loai"),
        _whole(world, rows, "sheet", 80).alias("to_ban_do"),
        _whole(world, rows, "parcel", 900).alias("thua_dat"),
        pl.Series("dien_tich_m2", area).cast(pl.String),
        pl.select(pl.when(has_price).then(pl.Series(price).cast(pl.String)))
        .to_series()
        .alias("gia_tri"),
        pl.select(pl.format("Chủ sử dụng {}-{}", year, padded)).to_series().alias("chu_su_dung"),
        day_text(registered, DAY).alias("ngay_dang_ky"),
        stamp(registered, STAMP).alias("cap_nhat_luc"),
    )


def _spread(world: World, rows: pl.DataFrame, what: str, deviation: float) -> Floats:
    return spread(draws(world, f"{what} 1", rows), draws(world, f"{what} 2", rows), deviation)


def _whole(world: World, rows: pl.DataFrame, what: str, most: int) -> pl.Series:
    return pl.Series(1 + (draws(world, what, rows) * most).astype(np.int64)).cast(pl.String)
