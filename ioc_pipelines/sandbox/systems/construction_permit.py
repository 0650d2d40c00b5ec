"""Building permits, on the construction department's own REST API.

Magnitude: about nine a working day, assumed; building is slow in the month of Tết.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import pick, spread
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.events import STAMP, arrivals, day_text, draws, stamp, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "so_xay_dung/construction.permit"
TABLE = Table(
    system="xay_dung",
    name="giay-phep",
    columns={
        "so_giay_phep": "text",
        "ma_xa": "text",
        "loai": "text",
        "chu_dau_tu": "text",
        "dien_tich_san": "decimal",
        "so_tang": "whole",
        "ngay_cap": "text",
        "ngay_het_han": "text",
        "cap_nhat_luc": "text",
    },
    key=("so_giay_phep",),
    changed="cap_nhat_luc",
)
PER_DAY = 9
SEASON = (0.7, 0.5, 1.1, 1.2, 1.1, 1.0, 0.9, 0.9, 1.1, 1.2, 1.2, 1.1)
KINDS = {"nha_o_rieng_le": 0.72, "sua_chua": 0.12, "cai_tao": 0.1, "cong_trinh": 0.06}
FLOORS = {"1": 0.2, "2": 0.32, "3": 0.3, "4": 0.12, "5": 0.06}
MEAN_FLOOR_M2, AREA_SPREAD, VALID_DAYS = 82.0, 0.45, 365
DAY = "%Y-%m-%d"

_EXPIRED_AT_ONCE = {"ngay_het_han": pl.col("ngay_cap")}
_AHEAD = {name: moved(name, DECADE_AHEAD, DAY) for name in ("ngay_cap", "ngay_het_han")}
_NO_YEAR = pl.col("so_giay_phep").str.replace(r"/\d{4}/", "/")
DEFECTS = (
    Defect(REQUIRED, "applicant", {"chu_dau_tu": NOTHING}),
    Defect(REQUIRED, "floor_area_m2", {"dien_tich_san": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "kind", {"loai": pl.lit("khac")}),
    Defect("correct.min", "floor_area_m2", {"dien_tich_san": pl.lit("0")}),
    Defect("correct.range", "floors", {"so_tang": pl.lit("120")}),
    Defect("correct.readable", "expires_on", {"ngay_het_han": pl.lit("12 tháng")}),
    Defect("correct.not_future", "issued_on", _AHEAD),
    Defect("correct.expires_after_issued", None, _EXPIRED_AT_ONCE),
    Defect("clean.format", "permit_no", {"so_giay_phep": _NO_YEAR}),
)
SHARE = Share(spoilt=0.02, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write the permits as the department holds them and return the answers."""
    planted = plant(permits(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "cap_nhat_luc"))


def permits(world: World) -> pl.DataFrame:
    """The table as text, by day of issue, with ``block`` and ``nth``; numbered through a year."""
    rows = arrivals(world, "permits", PER_DAY, season=SEASON, weekdays=(1, 1, 1, 1, 1, 0, 0))
    issued = rows["block"].to_numpy() + draws(world, "permit issued", rows)
    kind = pick(draws(world, "permit kind", rows), list(KINDS.values()))
    floors = 1 + pick(draws(world, "floors", rows), list(FLOORS.values()))
    factors = spread(draws(world, "area 1", rows), draws(world, "area 2", rows), AREA_SPREAD)
    area = np.round(MEAN_FLOOR_M2 * factors * floors, 1)
    commune = pick(draws(world, "permit commune", rows), list(world.people))
    year = day_text(issued, "%Y")
    number = rows.select(pl.int_range(1, pl.len() + 1).over(year)).to_series()
    return rows.with_columns(
        pl.select(pl.format("{}/{}/GPXD", number, year)).to_series().alias("so_giay_phep"),
        world.communes["code"].gather(commune).alias("ma_xa"),
        pl.Series(list(KINDS)).gather(kind).alias("loai"),
        pl.select(pl.format("Chủ đầu tư {}-{}", year, number)).to_series().alias("chu_dau_tu"),
        pl.Series("dien_tich_san", area).cast(pl.String),
        pl.Series("so_tang", floors).cast(pl.String),
        day_text(issued, DAY).alias("ngay_cap"),
        day_text(issued + VALID_DAYS, DAY).alias("ngay_het_han"),
        stamp(issued, STAMP).alias("cap_nhat_luc"),
    )
