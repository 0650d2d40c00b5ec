"""Until when a refused row is to be mended, and whether that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import polars as pl

from contracts.base import VIETNAM

MOMENT = pl.Datetime("us", "UTC")
AgeClass = Literal["to_verify", "to_fix", "overdue", "long_overdue", "no_deadline"]
AGE_CLASSES: tuple[AgeClass, ...] = get_args(AgeClass)
_LONG = "30d"


@dataclass(frozen=True)
class Limits:
    """Calendar days since a row was refused: to look at it, and to have it mended.

    ``conflict_days``: to have it mended where two rows contradict each other.
    """

    verify_days: int
    fix_days: int
    conflict_days: int


def dated(found: pl.DataFrame, limits: Limits | None, now: datetime) -> pl.DataFrame:
    """With ``due_at``, the end of a day in Viet Nam, ``is_overdue``, open behind it, ``age_class``.

    ``found``: ``status, first_refused_at, is_conflict``. The class of an open row, null of others:
    ``to_verify``, ``to_fix`` while it is not due, ``overdue`` for 30 days after that, then
    ``long_overdue``; ``no_deadline`` where the profile names none.
    """
    due, verified = pl.lit(None, MOMENT), pl.lit(None, MOMENT)
    if limits is not None:
        days = pl.when("is_conflict").then(limits.conflict_days).otherwise(limits.fix_days)
        due, verified = _end_of_day(days), _end_of_day(pl.lit(limits.verify_days))
    moment = pl.lit(now.astimezone(UTC), MOMENT)
    is_open = pl.col("status") == "open"
    overdue = is_open & (pl.col("due_at") < moment).fill_null(value=False)
    age_class = (
        pl.when(~is_open)
        .then(None)
        .when(pl.col("due_at").is_null())
        .then(pl.lit("no_deadline"))
        .when(pl.col("due_at").dt.offset_by(_LONG) < moment)
        .then(pl.lit("long_overdue"))
        .when("is_overdue")
        .then(pl.lit("overdue"))
        .when(verified < moment)
        .then(pl.lit("to_fix"))
        .otherwise(pl.lit("to_verify"))
    )
    return (
        found.with_columns(due.alias("due_at"))
        .with_columns(overdue.alias("is_overdue"))
        .with_columns(age_class.alias("age_class"))
    )


def _end_of_day(days: pl.Expr) -> pl.Expr:
    """The last second, in Viet Nam, of the day that comes so many days after the refusal."""
    day = pl.col("first_refused_at").dt.convert_time_zone(str(VIETNAM)).dt.truncate("1d")
    last = day.dt.offset_by(pl.format("{}d", days + 1)).dt.offset_by("-1s")
    return last.dt.convert_time_zone("UTC")
