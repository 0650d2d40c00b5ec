"""Budget collection by commune and item: a PostgreSQL table of the State Treasury.

The items of a commune and month add up to what the finance department's form says of it. Their
shares are assumed; land use fees are the largest part of a growing province's revenue.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.budget_figures import revenue
from ioc_pipelines.sandbox.defects import (
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    plant,
)
from ioc_pipelines.sandbox.events import draws, filed, filed_at, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "kho_bac/finance.budget_collection"
TABLE = Table(
    system="kho_bac",
    name="thu_ngan_sach",
    columns={
        "ky": "date",
        "ma_xa": "text",
        "khoan_thu": "text",
        "so_thu": "decimal",
        "hoan_tra": "decimal",
        "cap_nhat_luc": "timestamp",
    },
    key=("ky", "ma_xa", "khoan_thu"),
    changed="cap_nhat_luc",
)
ITEMS = {
    "tien_su_dung_dat": 0.42,
    "thue_san_xuat": 0.3,
    "tien_thue_dat": 0.05,
    "thue_tncn": 0.07,
    "le_phi_truoc_ba": 0.05,
    "thue_su_dung_dat_pnn": 0.01,
    "phi_le_phi": 0.02,
    "thu_khac": 0.08,
}
REST = "tien_su_dung_dat"  # the item that makes the sum right
CLOSED_AFTER_DAYS, REFUNDED = 3, 0.03
STAMP = "%Y-%m-%d %H:%M:%S"

_MORE = {"so_thu": (pl.col("so_thu").cast(pl.Int64) + 1_000_000).cast(pl.String)}
DEFECTS = (
    Defect(REQUIRED, "collected_vnd", {"so_thu": NOTHING}),
    Defect(REQUIRED, "commune_code", {"ma_xa": NOTHING}, one_per="khoan_thu"),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "revenue_item", {"khoan_thu": pl.lit("thu_ho")}),
    Defect("correct.min", "refunded_vnd", {"hoan_tra": pl.lit("-1000")}),
    Defect(
        "correct.refund_within_collection",
        None,
        {"hoan_tra": (pl.col("so_thu").cast(pl.Int64) + 1000).cast(pl.String)},
    ),
    Defect(KEY_UNIQUE, None, _MORE),
)
SHARE = Share(spoilt=0.012)


def write(root: Path, world: World) -> FeedKey:
    """Write the collection as the treasury holds it and return the answers."""
    planted = plant(collection(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "cap_nhat_luc", STAMP))


def collection(world: World) -> pl.DataFrame:
    """The table as text, by month, commune and item, with ``block`` and ``nth``."""
    items = pl.DataFrame({"khoan_thu": list(ITEMS), "share": list(ITEMS.values())})
    figures = revenue(world.communes, world.months, world.seed)
    rows = filed(figures.join(items, how="cross"), CLOSED_AFTER_DAYS, world)
    drawn = draws(world, "revenue item", rows), draws(world, "refund", rows)
    rows = rows.with_columns(
        pl.Series("spread", 0.8 + 0.4 * drawn[0]),
        pl.Series("refund", np.maximum(drawn[1] - 0.8, 0.0) / 0.2 * REFUNDED),
    )
    part = (pl.col("month") * pl.col("share") * pl.col("spread")).round().cast(pl.Int64)
    is_rest = pl.col("khoan_thu") == REST
    others = pl.when(is_rest).then(0).otherwise(part).sum().over("period", "commune_code")
    amount = pl.when(is_rest).then(pl.col("month") - others).otherwise(part) * 1000
    return rows.with_columns(amount.alias("so_thu")).select(
        "block",
        "nth",
        pl.col("period").dt.strftime("%Y-%m-%d").alias("ky"),
        pl.col("commune_code").alias("ma_xa"),
        "khoan_thu",
        pl.col("so_thu").cast(pl.String),
        (pl.col("so_thu") * pl.col("refund"))
        .floor()
        .cast(pl.Int64)
        .cast(pl.String)
        .alias("hoan_tra"),
        filed_at(STAMP).alias("cap_nhat_luc"),
    )
