"""Until when a refused row is to be mended, and whether that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from contracts.base import VIETNAM

MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Limits:
    """Calendar days to mend a row in; ``conflict_days`` where two rows contradict each other."""

    fix_days: int
    conflict_days: int


def dated(found: pl.DataFrame, limits: Limits | None, now: datetime) -> pl.DataFrame:
    """With ``due_at``, the end of a day in Viet Nam, and ``is_overdue``: open behind it.

    ``found``: ``status, first_refused_at, is_conflict``.
    """
    due = pl.lit(None, MOMENT)
    if limits is not None:
        days = pl.when("is_conflict").then(limits.conflict_days).otherwise(limits.fix_days)
        day = pl.col("first_refused_at").dt.convert_time_zone(str(VIETNAM)).dt.truncate("1d")
        last = day.dt.offset_by(pl.format("{}d", days + 1)).dt.offset_by("-1s")
        due = last.dt.convert_time_zone("UTC")
    moment = pl.lit(now.astimezone(UTC), MOMENT)
    overdue = (pl.col("status") == "open") & (pl.col("due_at") < moment).fill_null(value=False)
    return found.with_columns(due.alias("due_at")).with_columns(overdue.alias("is_overdue"))
