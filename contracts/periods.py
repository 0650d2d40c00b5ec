"""Reporting periods as contracts write them, as numbers that follow one another."""

from __future__ import annotations

from typing import Literal

import polars as pl

from contracts.formats import HALF_YEAR, ISO_WEEK, MONTH, QUARTER

Every = Literal["month", "quarter", "half_year", "week", "year"]
"""``2026-10``, ``2026-Q4``, ``2026-H2``, ``2026-W45`` or a year, as text or number."""

_YEAR = r"^\d{4}$"
_MONTHS, _DAYS = 12, 7
# of the periods that are numbered within a year: their form, how many, and what comes before it
_PARTS: dict[str, tuple[str, int, str]] = {
    "month": (MONTH, _MONTHS, "-"),
    "quarter": (QUARTER, 4, "-Q"),
    "half_year": (HALF_YEAR, 2, "-H"),
}


def ordinals(periods: pl.Series, every: Every) -> pl.Series:
    """The number of each period, one more than that of the period before; null if malformed."""
    text = periods.cast(pl.String)
    year = pl.col("text").str.slice(0, 4).cast(pl.Int64, strict=False)
    match every:
        case "month" | "quarter" | "half_year":
            form, parts, mark = _PARTS[every]
            part = pl.col("text").str.slice(4 + len(mark)).cast(pl.Int64, strict=False)
            number = year * parts + part - 1
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
        case "month" | "quarter" | "half_year":
            _, parts, mark = _PARTS[every]
            part = (column % parts + 1).cast(pl.String)
            part = part.str.zfill(2) if every == "month" else part
            text = pl.format(f"{{}}{mark}{{}}", column.floordiv(parts), part)
        case "week":
            # 1970-01-01, day 0, was a Thursday: the Monday of its week is day -3
            monday = (column * _DAYS + 4).cast(pl.Int32).cast(pl.Date)
            text = monday.dt.strftime("%G-W%V")
        case "year":
            text = column.cast(pl.String)
    return pl.DataFrame({"n": numbers.cast(pl.Int64)}).select(text.alias("period")).to_series()


def first_days(periods: pl.Series, every: Every) -> pl.Series:
    """The first day of each period; null if malformed."""
    if every == "week":
        text = pl.DataFrame({"text": periods.cast(pl.String)})
        day = (pl.col("text") + "-1").str.to_date("%G-W%V-%u", strict=False)
        return text.select(day.alias("first_day")).to_series()
    parts = _PARTS[every][1] if every in _PARTS else 1
    number = pl.col("n")
    month = number % parts * (_MONTHS // parts) + 1
    first = pl.date(number.floordiv(parts), month, 1)
    numbers = pl.DataFrame({"n": ordinals(periods, every)})
    return numbers.select(first.alias("first_day")).to_series()
