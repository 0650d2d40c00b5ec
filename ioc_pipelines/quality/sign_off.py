"""Which months of its supply the head of an agency signed off, and which are missing.

Hưng Yên 9.5 (H57): heads check that what they supply is complete, accurate and on time. A month is
that of the arrival, in Viet Nam; an agency answers for each from its first delivery on, for those
in which nothing came too.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from contracts.base import VIETNAM
from ioc_pipelines.quality.deadlines import MOMENT

SignOffStatus = Literal["signed", "outdated", "open", "missing"]

SIGN_OFF_SCHEMA = pl.Schema(
    {
        "agency": pl.String(),
        "month": pl.String(),
        "status": pl.String(),
        "due_on": pl.Date(),
        "signed_at": MOMENT,
        "signed_by": pl.String(),
        "last_change_at": MOMENT,
    }
)
# what brought nothing new changes nothing that was checked
_NO_CHANGE = ("seen_before", "no_news")


def sign_offs(
    deliveries: pl.DataFrame,
    signed: pl.DataFrame,
    agencies: Collection[str],
    due_days: int | None,
    now: datetime,
) -> pl.DataFrame:
    """One row per agency and month from its first delivery to now: ``SIGN_OFF_SCHEMA``.

    ``deliveries``, ``signed``: the ledger's ``delivery`` and ``sign_off``. A sign-off counts for
    what had come when it was given: what came later makes it ``outdated``. A month without one is
    ``open`` until ``due_days`` after its end, then ``missing``. Empty where nobody is asked.
    """
    if due_days is None:
        return pl.DataFrame(schema=SIGN_OFF_SCHEMA)
    came = deliveries.filter(pl.col("agency").is_in(list(agencies))).select(
        "agency",
        pl.col("started_at").str.to_datetime(time_unit="us", time_zone="UTC").alias("at"),
        (pl.col("batch_id").is_not_null() & ~pl.col("outcome").is_in(_NO_CHANGE)).alias("is_new"),
    )
    local = pl.col("at").dt.convert_time_zone(str(VIETNAM))
    came = came.with_columns(local.dt.strftime("%Y-%m").alias("month"))
    changes = came.filter("is_new").group_by("agency", "month").agg(last_change_at=pl.max("at"))
    newest = signed.sort("sign_off_id").group_by("agency", "month").last()
    newest = newest.select(
        "agency",
        "month",
        pl.col("signed_at").str.to_datetime(time_unit="us", time_zone="UTC"),
        pl.col("actor").alias("signed_by"),
    )
    months = _months(came, now)
    known = months.join(changes, on=["agency", "month"], how="left")
    known = known.join(newest, on=["agency", "month"], how="left")
    due_on = pl.col("first_day").dt.month_end().dt.offset_by(f"{due_days}d")
    today = now.astimezone(VIETNAM).date()
    return (
        known.with_columns(due_on.alias("due_on"))
        .with_columns(_status(today).alias("status"))
        .select(pl.col(name).cast(kind) for name, kind in SIGN_OFF_SCHEMA.items())
        .sort("agency", "month")
    )


def _months(came: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """``agency, month, first_day`` of every month from an agency's first delivery to this one."""
    first = came.group_by("agency").agg(pl.min("at").alias("since"))
    this = pl.lit(now.astimezone(UTC), MOMENT)
    local = (m.dt.convert_time_zone(str(VIETNAM)).dt.date() for m in (pl.col("since"), this))
    start, end = (day.dt.month_start() for day in local)
    return (
        first.select("agency", pl.date_ranges(start, end, "1mo").alias("first_day"))
        .explode("first_day")
        .with_columns(pl.col("first_day").dt.strftime("%Y-%m").alias("month"))
    )


def _status(today: object) -> pl.Expr:
    is_after = pl.col("last_change_at") > pl.col("signed_at")
    return (
        pl.when(pl.col("signed_at").is_not_null() & is_after.fill_null(value=False))
        .then(pl.lit("outdated"))
        .when(pl.col("signed_at").is_not_null())
        .then(pl.lit("signed"))
        .when(pl.col("due_on") < pl.lit(today))
        .then(pl.lit("missing"))
        .otherwise(pl.lit("open"))
    )
