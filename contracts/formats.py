"""Formats and batch rules that several contracts share."""

from __future__ import annotations

import polars as pl

from contracts.base import BatchContext, BatchFinding

MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
ISO_WEEK = r"^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$"
COMMUNE_CODE = r"^\d{5}$"
PROVINCE_CODE = r"^\d{2}$"


def every_unit_in_every_period(
    frame: pl.DataFrame,
    context: BatchContext,
    *,
    period: str,
    period_format: str,
    unit: str,
    reference: str,
) -> BatchFinding:
    """Whether each unit of ``reference`` reported in each well-formed period of the batch."""
    units = context.references[reference].unique()
    periods = frame.filter(pl.col(period).str.contains(period_format))[period].unique().sort()
    expected = pl.DataFrame({period: periods}).join(
        pl.DataFrame({unit: units}, schema={unit: pl.String}), how="cross"
    )
    missing = expected.join(frame.select(period, unit).unique(), on=[period, unit], how="anti")
    shown = missing.sort(period, unit).head(10).rows()
    return BatchFinding(
        passed=expected.height - missing.height,
        evaluated=expected.height,
        detail="; ".join(f"{p}: {u}" for p, u in shown),
    )


def no_missing_month(frame: pl.DataFrame, *, period: str) -> BatchFinding:
    """Whether the months between the first and the last of the batch are all there (T06)."""
    months = frame.filter(pl.col(period).str.contains(MONTH))[period].unique()
    if months.is_empty():
        return BatchFinding(0, 1, "không có kỳ nào")
    starts = (months + "-01").str.to_date()
    span = pl.DataFrame({"start": starts}).select(
        pl.date_range(pl.col("start").min(), pl.col("start").max(), "1mo")
    )
    wanted = span.to_series().dt.strftime("%Y-%m")
    missing = wanted.filter(~wanted.is_in(months.to_list()))
    return BatchFinding(
        passed=wanted.len() - missing.len(),
        evaluated=wanted.len(),
        detail=", ".join(missing.head(10)),
    )
