"""What the health stations drop: one CSV file per commune with its last weeks, with defects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, Gap, RefusedRow, refused_in_file
from ioc_pipelines.sandbox.chance import sizes, stream
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    moved,
    plant,
)

FEED = "so_y_te/health.disease_weekly"
FOLDER = "so_y_te"
WEEKS = 8
DUPLICATES = 10
DATE = "%d/%m/%Y"
DEATHS_PER_CASE = 0.002
HEADER = ("Tuần", "Mã xã", "Tên xã", "Bệnh", "Số mắc", "Số tử vong", "Ngày báo cáo")


@dataclass(frozen=True)
class Disease:
    """Cases a week in a commune of mean size; they swing by ``swing`` around ``peak_week``."""

    name: str
    cases: float
    swing: float
    peak_week: int

    def expected(self, week: int) -> float:
        """Mean cases in an ISO week."""
        season = np.cos(2 * np.pi * (week - self.peak_week) / 52)
        return float(self.cases * (1 + self.swing * season))


DISEASES = (
    Disease("Sốt xuất huyết Dengue", 2.2, 0.9, 42),
    Disease("Tay chân miệng", 2.0, 0.5, 40),
    Disease("Cúm", 3.5, 0.5, 3),
    Disease("Sởi", 0.4, 0.6, 12),
    Disease("Tiêu chảy", 2.5, 0.3, 27),
)

_DENGUE = pl.col("Bệnh") == DISEASES[0].name
_MORE_CASES = (pl.col("Số mắc").cast(pl.Int64) + 3).cast(pl.String)
_MORE_DEATHS = (pl.col("Số mắc").cast(pl.Int64) + 1).cast(pl.String)
_SLASHED = pl.col("Tuần").str.replace("-W", "/", literal=True)
_AHEAD, _AGO = (moved("Ngày báo cáo", by, DATE) for by in (DECADE_AHEAD, YEARS_AGO))
DEFECTS = (
    # one per week, else two rows of a week and disease without a code could share a key
    Defect(REQUIRED, "commune_code", 2, {"Mã xã": NOTHING}, one_per="Tuần"),
    Defect(REQUIRED, "cases", 8, {"Số mắc": NOTHING}),
    Defect(REQUIRED, "reported_on", 6, {"Ngày báo cáo": NOTHING}),
    Defect("correct.readable", "cases", 4, {"Số mắc": pl.lit("mười hai")}),
    Defect("correct.readable", "reported_on", 3, {"Ngày báo cáo": pl.lit("32/13/2026")}),
    Defect("correct.reference", "commune_code", 5, {"Mã xã": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "disease", 5, {"Bệnh": pl.lit("SXH Dengue")}, where=_DENGUE),
    Defect("correct.range", "cases", 4, {"Số mắc": pl.lit("12500")}),
    Defect("correct.min", "deaths", 4, {"Số tử vong": pl.lit("-1")}),
    Defect("correct.deaths_within_cases", None, 6, {"Số tử vong": _MORE_DEATHS}),
    Defect("correct.not_future", "reported_on", 4, {"Ngày báo cáo": _AHEAD}),
    Defect("clean.format", "week", 5, {"Tuần": _SLASHED}),
    Defect(KEY_UNIQUE, None, 4, {"Số mắc": _MORE_CASES}),
    Defect("live.max_age", "reported_on", 6, {"Ngày báo cáo": _AGO}),
)


def write(root: Path, communes: pl.DataFrame, *, as_of: date, seed: int) -> FeedKey:
    """Write one CSV file per commune below ``root`` and return the answers."""
    (root / FOLDER).mkdir(parents=True)
    rng = stream(seed, "disease defects", as_of.toordinal())
    cases = _cases(communes, complete_weeks(as_of), seed)
    silent = cases[int(rng.integers(cases.height))]
    there = cases.join(silent, on=["file", "Tuần"], how="anti", maintain_order="left")
    planted = plant(there, DEFECTS, duplicates=DUPLICATES, rng=rng)
    refused: list[RefusedRow] = []
    for rows in planted.partition_by("file", maintain_order=True):
        file = f"{FOLDER}/{rows['file'][0]}.csv"
        rows.select(HEADER).write_csv(
            root / file, separator=";", include_bom=True, line_terminator="\r\n"
        )
        refused += refused_in_file(rows, file, first_row=2)
    gap = Gap(
        rule="complete.every_commune_reported",
        period=silent["Tuần"][0],
        unit=silent["file"][0],
        rows_missing=cases.height - there.height,
    )
    return FeedKey.of(planted, refused, [gap])


def complete_weeks(as_of: date) -> list[date]:
    """The Mondays of the last eight ISO weeks that ended before ``as_of``, oldest first."""
    monday = as_of - timedelta(days=as_of.weekday())
    return [monday - timedelta(weeks=back) for back in range(WEEKS, 0, -1)]


def _cases(communes: pl.DataFrame, mondays: Sequence[date], seed: int) -> pl.DataFrame:
    """The true cases as text, by commune, week and disease; ``file`` is the commune's code."""
    weeks = pl.concat(_week(communes, monday, seed) for monday in mondays)
    return weeks.sort("file", "monday", maintain_order=True).select("file", *HEADER)


def _week(communes: pl.DataFrame, monday: date, seed: int) -> pl.DataFrame:
    year, week, _ = monday.isocalendar()
    rng = stream(seed, "disease", year, week)
    weights = sizes(seed, "people", communes.height, spread=0.4) * communes.height
    means = np.array([disease.expected(week) for disease in DISEASES])
    cases = rng.poisson(weights[:, None] * means)
    deaths = rng.binomial(cases, DEATHS_PER_CASE)
    names = pl.DataFrame({"Bệnh": [disease.name for disease in DISEASES]})
    return communes.join(names, how="cross", maintain_order="left_right").select(
        "Bệnh",
        pl.col("code").alias("file"),
        pl.col("code").alias("Mã xã"),
        pl.col("full_name").alias("Tên xã"),
        pl.lit(monday).alias("monday"),
        pl.lit(f"{year}-W{week:02d}").alias("Tuần"),
        pl.Series("Số mắc", cases.ravel()).cast(pl.String),
        pl.Series("Số tử vong", deaths.ravel()).cast(pl.String),
        pl.lit(f"{monday + timedelta(weeks=1):{DATE}}").alias("Ngày báo cáo"),
    )
