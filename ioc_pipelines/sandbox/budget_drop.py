"""What the finance department drops: six months of its revenue form, with planted defects."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, RefusedRow, refused_in_file
from ioc_pipelines.sandbox.budget_figures import revenue
from ioc_pipelines.sandbox.budget_form import DATE, FIRST, SHEET, write_form
from ioc_pipelines.sandbox.chance import stream
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    moved,
    plant,
)

FEED = "so_tai_chinh/finance.budget_revenue"
FOLDER = "so_tai_chinh"
MONTHS = 6
DUPLICATES = 3
AMOUNTS = ("plan", "month", "cumulative")

_TEN_MILLION_MORE = (pl.col("cumulative").cast(pl.Int64) + 10_000).cast(pl.String)
_HALF_THE_MONTH = (pl.col("month").cast(pl.Int64) // 2).cast(pl.String)
_UNREADABLE_DAY = {"closed_on": pl.lit("cuối tháng")}
_AHEAD, _AGO = (moved("closed_on", by, DATE) for by in (DECADE_AHEAD, YEARS_AGO))
DEFECTS = (
    # one per month, else two rows of a month without a code would share a key
    Defect(REQUIRED, "commune_code", 1, {"commune_code": NOTHING}, one_per="period"),
    Defect(REQUIRED, "month_vnd", 1, {"month": NOTHING}),
    Defect(REQUIRED, "cumulative_vnd", 1, {"cumulative": NOTHING}),
    Defect("correct.readable", "month_vnd", 1, {"month": pl.lit("mười hai")}),
    Defect("correct.readable", "closed_on", 1, _UNREADABLE_DAY),
    Defect("correct.min", "year_plan_vnd", 1, {"plan": pl.format("-{}", "plan")}),
    Defect("correct.cumulative_covers_month", None, 1, {"cumulative": _HALF_THE_MONTH}),
    Defect("correct.reference", "commune_code", 1, {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.not_future", "closed_on", 1, {"closed_on": _AHEAD}),
    Defect("live.max_age", "closed_on", 2, {"closed_on": _AGO}),
    Defect(KEY_UNIQUE, None, 2, {"cumulative": _TEN_MILLION_MORE}),
)


def write(root: Path, communes: pl.DataFrame, *, as_of: date, seed: int) -> FeedKey:
    """Write the workbooks of the last full months below ``root`` and return their answers."""
    (root / FOLDER).mkdir(parents=True)
    figures = revenue(communes, full_months(as_of), seed)
    rng = stream(seed, "budget defects", as_of.toordinal())
    planted = plant(_as_text(figures), DEFECTS, duplicates=DUPLICATES, rng=rng)
    totals = figures.group_by("period").agg(pl.sum(*AMOUNTS)).sort("period")
    refused: list[RefusedRow] = []
    for sums in totals.iter_rows(named=True):
        month = sums["period"]
        rows = planted.filter(period=month)
        file = f"{FOLDER}/thu-nsnn-{month:%Y-%m}.xlsx"
        write_form(root / file, month, rows, sums)
        refused += refused_in_file(rows, file, first_row=FIRST, sheet=SHEET)
    return FeedKey.of(planted, refused)


def full_months(as_of: date) -> list[date]:
    """The first days of the last six full months before ``as_of``, oldest first."""
    this = as_of.year * 12 + as_of.month - 1
    return [date(index // 12, index % 12 + 1, 1) for index in range(this - MONTHS, this)]


def _as_text(figures: pl.DataFrame) -> pl.DataFrame:
    """The figures as text, with the day the books were closed: the last of the month."""
    return figures.with_columns(
        pl.col(*AMOUNTS).cast(pl.String),
        closed_on=pl.col("period").dt.month_end().dt.strftime(DATE),
    )
