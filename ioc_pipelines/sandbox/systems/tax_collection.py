"""Tax assessed, paid and in arrears by commune and kind: a MariaDB table of the tax office.

Magnitude: the taxes among the communes' revenue; shares of kinds and arrears are assumed.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.budget_figures import revenue
from ioc_pipelines.sandbox.defects import NOTHING, UNKNOWN_COMMUNE, Defect, Share, plant
from ioc_pipelines.sandbox.events import draws, filed, filed_at, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "thue_tinh/finance.tax_collection"
TABLE = Table(
    system="thue",
    name="thu_thue",
    columns={
        "ky": "text",
        "ma_xa": "text",
        "sac_thue": "text",
        "so_nguoi_nop": "whole",
        "so_phai_nop": "decimal",
        "so_da_nop": "decimal",
        "so_no": "decimal",
        "cap_nhat_luc": "timestamp",
    },
    key=("ky", "ma_xa", "sac_thue"),
    changed="cap_nhat_luc",
)
# share of the revenue of a commune and month
KINDS = {
    "gtgt": 0.14,
    "tndn": 0.1,
    "tncn": 0.07,
    "ttdb": 0.02,
    "su_dung_dat": 0.01,
    "mon_bai": 0.005,
}
FILED_AFTER_DAYS, PAID, VND_PER_TAXPAYER = 5, 0.93, 25_000_000
STAMP = "%Y-%m-%d %H:%M:%S"

_MORE = {"so_da_nop": (pl.col("so_da_nop").cast(pl.Int64) - 1).cast(pl.String)}
_TOO_MUCH = pl.col("so_phai_nop").cast(pl.Int64) + pl.col("so_no").cast(pl.Int64) + 1
_IS_PAID = pl.col("so_da_nop").cast(pl.Int64) > 1
DEFECTS = (
    Defect(REQUIRED, "taxpayers", {"so_nguoi_nop": NOTHING}),
    Defect(REQUIRED, "collected_vnd", {"so_da_nop": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "tax_kind", {"sac_thue": pl.lit("bvmt")}),
    Defect("correct.min", "taxpayers", {"so_nguoi_nop": pl.lit("-1")}),
    Defect("correct.readable", "period", {"ky": pl.lit("13/2026")}),
    Defect("correct.collected_within_due", None, {"so_da_nop": _TOO_MUCH.cast(pl.String)}),
    Defect(KEY_UNIQUE, None, _MORE, where=_IS_PAID),
)
SHARE = Share(spoilt=0.012)


def write(root: Path, world: World) -> FeedKey:
    """Write the taxes as the office holds them and return the answers."""
    planted = plant(taxes(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "cap_nhat_luc", STAMP))


def taxes(world: World) -> pl.DataFrame:
    """The table as text, by month, commune and kind, with ``block`` and ``nth``."""
    kinds = pl.DataFrame({"sac_thue": list(KINDS), "share": list(KINDS.values())})
    figures = revenue(world.communes, world.months, world.seed)
    rows = filed(figures.join(kinds, how="cross"), FILED_AFTER_DAYS, world)
    spread = pl.Series("spread", 0.8 + 0.4 * draws(world, "tax", rows))
    paid = pl.Series("paid", PAID + (1 - PAID) * draws(world, "tax paid", rows))
    arrears = pl.Series("arrears", 0.3 * draws(world, "tax arrears", rows))
    due = (pl.col("month") * pl.col("share") * spread).round().cast(pl.Int64) * 1000
    counted = rows.with_columns(due.alias("due"))
    return counted.select(
        "block",
        "nth",
        pl.col("period").dt.strftime("%m/%Y").alias("ky"),
        pl.col("commune_code").alias("ma_xa"),
        "sac_thue",
        (1 + pl.col("due") // VND_PER_TAXPAYER).cast(pl.String).alias("so_nguoi_nop"),
        pl.col("due").cast(pl.String).alias("so_phai_nop"),
        (pl.col("due") * paid).floor().cast(pl.Int64).cast(pl.String).alias("so_da_nop"),
        (pl.col("due") * arrears).floor().cast(pl.Int64).cast(pl.String).alias("so_no"),
        filed_at(STAMP).alias("cap_nhat_luc"),
    )
