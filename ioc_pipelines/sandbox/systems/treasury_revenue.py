"""The communes' revenue once more, as the State Treasury booked it: a second supplier of one fact.

It says what the finance department's form says, but where a voucher was booked after the form was
closed; the share of those is assumed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.budget_figures import revenue
from ioc_pipelines.sandbox.defects import NOTHING, UNKNOWN_COMMUNE, Defect, Share, plant
from ioc_pipelines.sandbox.events import draws, filed, filed_at, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "kho_bac/finance.budget_revenue"
TABLE = Table(
    system="kho_bac",
    name="tong_hop_thu",
    columns={
        "ky": "date",
        "ma_xa": "text",
        "du_toan": "decimal",
        "thu_trong_thang": "decimal",
        "thu_luy_ke": "decimal",
        "ngay_khoa_so": "date",
        "cap_nhat_luc": "timestamp",
    },
    key=("ky", "ma_xa"),
    changed="cap_nhat_luc",
)
FILED_AFTER_DAYS = 6
BOOKED_LATE, LATE_SHARE = 0.04, 0.01  # how many months of communes, and how much of the month
VND = 1000  # the figures are in thousand đồng
STAMP, DAY = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"

DEFECTS = (
    Defect(REQUIRED, "month_vnd", {"thu_trong_thang": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.cumulative_covers_month", None, {"thu_luy_ke": pl.lit("0")}),
    Defect(KEY_UNIQUE, None, {"du_toan": pl.lit("1")}),
)
SHARE = Share(spoilt=0.01)


def write(root: Path, world: World) -> FeedKey:
    """Write the revenue as the treasury holds it and return the answers."""
    planted = plant(booked(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "cap_nhat_luc", STAMP))


def booked(world: World) -> pl.DataFrame:
    """The table as text, by month and commune, with ``block`` and ``nth``."""
    rows = filed(revenue(world.communes, world.months, world.seed), FILED_AFTER_DAYS, world)
    drawn = draws(world, "booked late", rows)
    share = np.where(drawn < BOOKED_LATE, LATE_SHARE * (1 + drawn / BOOKED_LATE), 0.0)
    late = (pl.col("month") * pl.Series("late", share)).ceil().cast(pl.Int64)
    vnd = {
        "du_toan": pl.col("plan"),
        "thu_trong_thang": pl.col("month") + late,
        "thu_luy_ke": pl.col("cumulative") + late,
    }
    return rows.select(
        "block",
        "nth",
        pl.col("period").dt.strftime(DAY).alias("ky"),
        pl.col("commune_code").alias("ma_xa"),
        *((amount * VND).cast(pl.String).alias(name) for name, amount in vnd.items()),
        pl.col("period").dt.month_end().dt.strftime(DAY).alias("ngay_khoa_so"),
        filed_at(STAMP).alias("cap_nhat_luc"),
    )
