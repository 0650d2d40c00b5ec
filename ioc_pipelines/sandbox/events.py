"""What happens from day to day: how much of it arrives, and at which moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ioc_pipelines.sandbox.chance import Floats, uniform
from ioc_pipelines.sandbox.world import World, number

STAMP = "%Y-%m-%dT%H:%M:%S"
WEEKDAYS = (1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.1)  # Monday first: offices open half of Saturday
OPENS, OPEN_SECONDS = 27_000, 34_200  # 07:30 to 17:00
_THURSDAY = 3  # 1970-01-01
_FIRST_YEAR_DAYS = 365.25


def arrivals(
    world: World,
    purpose: str,
    per_day: float,
    *,
    season: Sequence[float] = (1.0,) * 12,
    weekdays: Sequence[float] = WEEKDAYS,
    growth: float = 1.0,
) -> pl.DataFrame:
    """One row per thing that arrived: ``block`` (day number) and ``nth`` of the day.

    ``per_day`` is the mean of a whole week's days; ``season`` weighs the months from January,
    ``growth`` is that of a year. A day's rows do not depend on any other day.
    """
    days = world.days
    months = pl.Series(days).cast(pl.Int32).cast(pl.Date).dt.month().to_numpy() - 1
    years = (days - number(world.first_day)) / _FIRST_YEAR_DAYS
    by_weekday = np.array(weekdays)[(days + _THURSDAY) % 7] / np.mean(weekdays)
    by_month = np.array(season)[months] / np.mean(season)
    expected = per_day * by_weekday * by_month * growth**years
    spread = 0.85 + 0.3 * uniform(world.seed, f"{purpose} a day", days)
    counts = np.floor(expected * spread + uniform(world.seed, f"{purpose} rounded", days))
    blocks = np.repeat(days, counts.astype(np.int64))
    starts = np.repeat(np.cumsum(counts) - counts, counts.astype(np.int64)).astype(np.int64)
    return pl.DataFrame({"block": blocks, "nth": np.arange(blocks.size) - starts})


def draws(world: World, purpose: str, frame: pl.DataFrame) -> Floats:
    """One draw in [0, 1) for each row, by its place."""
    return uniform(world.seed, purpose, frame["block"].to_numpy(), frame["nth"].to_numpy())


def moment(days: Floats) -> pl.Series:
    """Moments, given in days of opening hours since 1970-01-01: a fraction of 0 is half past seven.

    Their order is kept; nothing happens at night.
    """
    whole = np.floor(days)
    seconds = whole * 86_400 + OPENS + np.floor((days - whole) * OPEN_SECONDS)
    given = pl.Series(seconds).fill_nan(None).cast(pl.Int64) * 1_000_000
    return given.cast(pl.Datetime("us"))


def stamp(days: Floats, form: str = STAMP) -> pl.Series:
    """Moments as text; no moment is null."""
    return moment(days).dt.strftime(form)


def day_text(days: Floats, form: str) -> pl.Series:
    """Days as text."""
    return pl.Series(np.floor(days)).fill_nan(None).cast(pl.Int32).cast(pl.Date).dt.strftime(form)


def stamped(planted: pl.DataFrame, changed: str, form: str = STAMP) -> pl.DataFrame:
    """A row that was put right says so: the moment is that of the correction."""
    mended = (pl.col("mended_on") * 86_400_000_000).cast(pl.Datetime("us")).dt.offset_by("10h")
    text = mended.dt.strftime(form)
    later = pl.max_horizontal(changed, text)
    return planted.with_columns(
        pl.when(pl.col("mended_on").is_not_null()).then(later).otherwise(changed).alias(changed)
    )


def filed(rows: pl.DataFrame, after_days: int, world: World) -> pl.DataFrame:
    """What was filed before ``world.as_of``, with ``block`` and ``nth``.

    The rows of a ``period`` (a month's first day) are filed ``after_days`` into the next month.
    """
    day = pl.col("period").dt.offset_by("1mo").dt.offset_by(f"{after_days - 1}d")
    known = rows.with_columns(block=day.cast(pl.Int32).cast(pl.Int64))
    known = known.filter(pl.col("block") < number(world.as_of))
    return known.with_columns(nth=pl.int_range(pl.len()).over("block"))


def since(rows: pl.DataFrame, first: date) -> pl.DataFrame:
    """The rows of periods from ``first`` on; all of them where there is none yet."""
    recent = rows.filter(pl.col("period") >= first)
    return rows if recent.is_empty() else recent


def filed_at(form: str) -> pl.Expr:
    """The moment a row was filed, as text: late in the afternoon of its ``block``."""
    day = (pl.col("block") * 86_400_000_000).cast(pl.Datetime("us"))
    return day.dt.offset_by("16h30m").dt.strftime(form)
