"""Reporting periods as contracts write them, as numbers that follow one another."""

from __future__ import annotations

from typing import Literal

import polars as pl

from contracts.formats import ISO_WEEK, MONTH

Every = Literal["month", "week", "year"]
"""``2026-10``, ``2026-W45`` or a year, as text or number."""

_YEAR = r"^\d{4}$"
_MONTHS, _DAYS = 12, 7


def ordinals(periods: pl.Series, every: Every) -> pl.Series:
    """The number of each period, one more than that of the period before; null if malformed."""
    text = periods.cast(pl.String)
    year = pl.col("text").str.slice(0, 4).cast(pl.Int64, strict=False)
    match every:
        case "month":
            number = year * _MONTHS + pl.col("text").str.slice(5).cast(pl.Int64, strict=False) - 1
            form = MONTH
        case "week":
            monday = (pl.col("text") + "-1").str.to_date("%G-W%V-%u", strict=False)
            number, form = monday.cast(pl.Int32).cast(pl.Int64).floordiv(_DAYS), ISO_WEEK
        case "year":
            number, form = year, _YEAR
    frame = pl.DataFrame({"text": text})
    return frame.select(
        pl.when(pl.col("text").str.contains(form)).then(number).alias("ordinal")
    ).to_series()


def labels(numbers: pl.Series, every: Every) -> pl.Series:
    """The periods of these numbers, as contracts write them."""
    column = pl.col("n")
    match every:
        case "month":
            month = (column % _MONTHS + 1).cast(pl.String).str.zfill(2)
            text = pl.format("{}-{}", column.floordiv(_MONTHS), month)
        case "week":
            # 1970-01-01, day 0, was a Thursday: the Monday of its week is day -3
            monday = (column * _DAYS + 4).cast(pl.Int32).cast(pl.Date)
            text = monday.dt.strftime("%G-W%V")
        case "year":
            text = column.cast(pl.String)
    return pl.DataFrame({"n": numbers.cast(pl.Int64)}).select(text.alias("period")).to_series()


def first_days(periods: pl.Series, every: Every) -> pl.Series:
    """The first day of each period; null if malformed."""
    text = pl.DataFrame({"text": periods.cast(pl.String)})
    match every:
        case "month":
            day = (pl.col("text") + "-01").str.to_date("%Y-%m-%d", strict=False)
        case "week":
            day = (pl.col("text") + "-1").str.to_date("%G-W%V-%u", strict=False)
        case "year":
            day = (pl.col("text") + "-01-01").str.to_date("%Y-%m-%d", strict=False)
    return text.select(day.alias("first_day")).to_series()
