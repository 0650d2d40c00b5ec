"""Payments of the State Treasury for the communes: a PostgreSQL table.

Magnitude: about fourteen vouchers a working day; investment is paid out late in the year.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
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
from ioc_pipelines.sandbox.events import arrivals, day_text, draws, stamp, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "kho_bac/finance.treasury_payment"
TABLE = Table(
    system="kho_bac",
    name="chi_ngan_sach",
    columns={
        "so_chung_tu": "text",
        "ma_xa": "text",
        "loai_chi": "text",
        "ngay_duyet": "date",
        "ngay_chi": "date",
        "so_tien": "decimal",
        "cap_nhat_luc": "timestamp",
    },
    key=("so_chung_tu",),
    changed="cap_nhat_luc",
)
PER_DAY = 14
SEASON = (0.6, 0.6, 0.8, 0.9, 0.9, 1.0, 1.0, 1.0, 1.0, 1.1, 1.3, 1.8)
KINDS = {"thuong_xuyen": 0.75, "dau_tu": 0.25}
MEDIAN_VND, AMOUNT_SPREAD, INVESTMENT_TIMES = 180_000_000, 1.1, 9
DAY, STAMP = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"

_AHEAD = {name: moved(name, DECADE_AHEAD, DAY) for name in ("ngay_duyet", "ngay_chi")}
_MORE = {"so_tien": (pl.col("so_tien").cast(pl.Int64) + 1000).cast(pl.String)}
DEFECTS = (
    Defect(REQUIRED, "amount_vnd", {"so_tien": NOTHING}),
    Defect(REQUIRED, "paid_on", {"ngay_chi": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "spending_kind", {"loai_chi": pl.lit("tam_ung")}),
    Defect("correct.min", "amount_vnd", {"so_tien": pl.lit("0")}),
    Defect("correct.not_future", "paid_on", _AHEAD),
    Defect("correct.paid_after_approved", None, {"ngay_duyet": moved("ngay_chi", "3d", DAY)}),
    Defect("clean.format", "payment_no", {"so_chung_tu": pl.col("so_chung_tu").str.slice(4)}),
    Defect(KEY_UNIQUE, None, _MORE),
)
SHARE = Share(spoilt=0.015)


def write(root: Path, world: World) -> FeedKey:
    """Write the payments as the treasury holds them and return the answers."""
    planted = plant(payments(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "cap_nhat_luc", STAMP))


def payments(world: World) -> pl.DataFrame:
    """The table as text, by day of payment, with ``block`` and ``nth``."""
    rows = arrivals(world, "payments", PER_DAY, season=SEASON, weekdays=(1, 1, 1, 1, 1, 0, 0))
    paid = rows["block"].to_numpy() + draws(world, "paid", rows)
    approved = paid - np.floor(5 * draws(world, "approved", rows))
    kind = pick(draws(world, "payment kind", rows), list(KINDS.values()))
    times = np.where(kind == 1, INVESTMENT_TIMES, 1)
    drawn = draws(world, "amount 1", rows), draws(world, "amount 2", rows)
    amount = np.round(MEDIAN_VND * times * spread(*drawn, AMOUNT_SPREAD), -3).astype(np.int64)
    commune = pick(draws(world, "payment commune", rows), list(world.people))
    number = (rows["nth"] + 1).cast(pl.String).str.zfill(5)
    voucher = pl.format("CTC-{}-{}", stamp(paid, "%y%m%d"), number)
    return rows.with_columns(
        pl.select(voucher).to_series().alias("so_chung_tu"),
        world.communes["code"].gather(commune).alias("ma_xa"),
        pl.Series(list(KINDS)).gather(kind).alias("loai_chi"),
        day_text(approved, DAY).alias("ngay_duyet"),
        day_text(paid, DAY).alias("ngay_chi"),
        pl.Series("so_tien", amount).cast(pl.String),
        stamp(paid, STAMP).alias("cap_nhat_luc"),
    )
