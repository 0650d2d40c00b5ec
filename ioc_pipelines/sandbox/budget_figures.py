"""What the communes' budget revenue would be, by month. No defects yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc_pipelines.sandbox.chance import sizes, stream

# estimate of the province's budget revenue in the published plan of 2026, in million đồng
PLAN_YEAR, PLAN_MILLION, YEARLY_GROWTH = 2026, 84_250_000, 1.08
# land rent and tax settlements fall in January, July and at the end of the year
SEASON = np.array([1.35, 0.75, 0.95, 1.05, 0.9, 0.9, 1.05, 0.85, 0.9, 1.1, 0.95, 1.25]) / 12
SIZE_SPREAD, MONTH_SPREAD = 0.9, 0.12

Thousands = npt.NDArray[np.int64]


def revenue(communes: pl.DataFrame, months: Sequence[date], seed: int) -> pl.DataFrame:
    """One row per month and commune.

    Columns ``period`` (first day of the month), ``commune_code, commune_name`` and, in whole
    thousand đồng, ``plan`` of the year, ``month`` and ``cumulative`` from January. A month's
    figures do not depend on which other months are asked for.
    """
    years = [_year(communes, year, seed) for year in sorted({month.year for month in months})]
    return pl.concat(years).filter(pl.col("period").is_in(list(months)))


def _year(communes: pl.DataFrame, year: int, seed: int) -> pl.DataFrame:
    plan = _plan(communes.height, year, seed)
    noise = stream(seed, "budget", year).lognormal(0.0, MONTH_SPREAD, (communes.height, 12))
    monthly = np.rint(plan[:, None] * SEASON * noise).astype(np.int64)
    cumulative = monthly.cumsum(axis=1)
    return pl.concat(
        communes.select(
            pl.lit(date(year, number + 1, 1)).alias("period"),
            pl.col("code").alias("commune_code"),
            pl.col("full_name").alias("commune_name"),
            pl.Series("plan", plan),
            pl.Series("month", monthly[:, number]),
            pl.Series("cumulative", cumulative[:, number]),
        )
        for number in range(12)
    )


def _plan(count: int, year: int, seed: int) -> Thousands:
    """Estimates of the year in thousand đồng; they sum to the province's."""
    total = round(PLAN_MILLION * YEARLY_GROWTH ** (year - PLAN_YEAR))
    millions = np.rint(sizes(seed, "budget", count, SIZE_SPREAD) * total).astype(np.int64)
    millions[millions.argmax()] += total - millions.sum()
    return np.asarray(millions * 1000, dtype=np.int64)
