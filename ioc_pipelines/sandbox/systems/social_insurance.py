"""Insured persons, contributions and benefits by commune, on the integration platform.

Magnitude: 13 % of the people are insured as employees, 95 % have health insurance; contributions
follow a wage of 6.5 million đồng a month at the lawful shares: assumed near the national figures.
The system knows the communes of today only: it begins in July 2025.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, Integers, uniform
from ioc_pipelines.sandbox.defects import NOTHING, UNKNOWN_COMMUNE, Defect, Share, plant
from ioc_pipelines.sandbox.events import STAMP, filed, filed_at, since, stamped
from ioc_pipelines.sandbox.systems.resident import PEOPLE
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World, month_number

FEED = "bhxh_tinh/social_security.participation_monthly"
TABLE = Table(
    system="lgsp",
    name="ThamGiaBaoHiem",
    columns={
        "Ky": "text",
        "MaXa": "text",
        "LoaiBaoHiem": "text",
        "SoThamGia": "whole",
        "SoHuong": "whole",
        "ThuTrongThang": "whole",
        "ThuLuyKe": "whole",
        "ChiTrongThang": "whole",
        "ChiLuyKe": "whole",
        "CapNhatLuc": "text",
    },
    key=("Ky", "MaXa", "LoaiBaoHiem"),
    changed="CapNhatLuc",
)
BEGINS, FILED_AFTER_DAYS = date(2025, 7, 1), 8


class Kind(NamedTuple):
    """Of all people: who is insured, who draws a benefit in a month; đồng a head and month."""

    name: str
    insured: float
    drawing: float
    paid_vnd: float
    drawn_vnd: float


KINDS = (
    Kind("bhxh_bat_buoc", 0.13, 0.034, 1_650_000, 5_600_000),
    Kind("bhxh_tu_nguyen", 0.016, 0.0002, 420_000, 2_300_000),
    Kind("bhtn", 0.12, 0.0009, 130_000, 4_300_000),
    Kind("bhyt", 0.95, 0.14, 112_000, 860_000),
)


def _plus(column: str, more: int) -> pl.Expr:
    return (pl.col(column).cast(pl.Int64) + more).cast(pl.String)


def _half(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Int64) // 2).cast(pl.String)


_IS_DRAWN = pl.col("ChiTrongThang").cast(pl.Int64) > 1
DEFECTS = (
    Defect(REQUIRED, "participants", {"SoThamGia": NOTHING}),
    Defect(REQUIRED, "commune_code", {"MaXa": NOTHING}, one_per="LoaiBaoHiem"),
    Defect("correct.reference", "commune_code", {"MaXa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "insurance_kind", {"LoaiBaoHiem": pl.lit("bhnt")}),
    Defect("correct.readable", "period", {"Ky": pl.lit("13/2026")}),
    Defect("correct.readable", "participants", {"SoThamGia": pl.lit("đang rà soát")}),
    Defect("correct.min", "beneficiaries", {"SoHuong": pl.lit("-1")}),
    Defect("correct.contributions_cover_month", None, {"ThuLuyKe": _half("ThuTrongThang")}),
    Defect(
        "correct.benefits_cover_month", None, {"ChiLuyKe": _half("ChiTrongThang")}, where=_IS_DRAWN
    ),
    Defect("correct.benefits_have_beneficiaries", None, {"SoHuong": pl.lit("0")}, where=_IS_DRAWN),
    Defect(KEY_UNIQUE, None, {"SoThamGia": _plus("SoThamGia", 1)}),
)
SHARE = Share(spoilt=0.012, copied=0.001)


def write(root: Path, world: World) -> FeedKey:
    """Write the figures as the insurance holds them and return the answers."""
    planted = plant(participation(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "CapNhatLuc"))


def participation(world: World) -> pl.DataFrame:
    """The table as text, by month, commune and kind, with ``block`` and ``nth``."""
    # amounts of the year are summed from January, whatever month the system begins at
    months = pl.date_range(world.first_day.replace(month=1), world.months[-1], "1mo", eager=True)
    kinds = pl.DataFrame(KINDS, schema=Kind._fields, orient="row").with_row_index("kind")
    communes = world.communes.with_row_index("number").select("number", "code")
    each = pl.DataFrame({"period": months}).join(communes, how="cross").join(kinds, how="cross")
    rows = _figures(each, world)
    so_far = (
        pl.col("paid", "drawn")
        .cum_sum()
        .over("number", "kind", pl.col("period").dt.year(), order_by="period")
    )
    counted = rows.with_columns(so_far.name.suffix("_so_far"))
    known = since(filed(counted, FILED_AFTER_DAYS, world), BEGINS)
    return known.select(
        "block",
        "nth",
        pl.col("period").dt.strftime("%m/%Y").alias("Ky"),
        pl.col("code").alias("MaXa"),
        pl.col("name").alias("LoaiBaoHiem"),
        pl.col("insured").cast(pl.String).alias("SoThamGia"),
        pl.col("drawing").cast(pl.String).alias("SoHuong"),
        pl.col("paid").cast(pl.String).alias("ThuTrongThang"),
        pl.col("paid_so_far").cast(pl.String).alias("ThuLuyKe"),
        pl.col("drawn").cast(pl.String).alias("ChiTrongThang"),
        pl.col("drawn_so_far").cast(pl.String).alias("ChiLuyKe"),
        filed_at(STAMP).alias("CapNhatLuc"),
    )


def _figures(rows: pl.DataFrame, world: World) -> pl.DataFrame:
    """Heads and amounts of a month: ``insured``, ``drawing``, ``paid``, ``drawn``, all whole."""
    here, kind = rows["number"].to_numpy(), rows["kind"].to_numpy()
    month = rows.select(month_number("period")).to_series().to_numpy()

    def around(purpose: str, spread: float, *places: Integers) -> Floats:
        drawn = uniform(world.seed, f"insurance {purpose}", here, kind, *places)
        return 1 + spread * (drawn - 0.5)

    people = PEOPLE * world.people[here]
    insured = np.rint(people * rows["insured"].to_numpy() * around("insured", 0.05))
    drawing = np.rint(people * rows["drawing"].to_numpy() * around("drawing", 0.6, month))
    paid = np.rint(insured * rows["paid_vnd"].to_numpy() * around("paid", 0.1, month))
    drawn = np.rint(drawing * rows["drawn_vnd"].to_numpy() * around("drawn", 0.2, month))
    return rows.with_columns(
        pl.Series("insured", insured).cast(pl.Int64),
        pl.Series("drawing", drawing).cast(pl.Int64),
        pl.Series("paid", paid).cast(pl.Int64),
        pl.Series("drawn", drawn).cast(pl.Int64),
    )
