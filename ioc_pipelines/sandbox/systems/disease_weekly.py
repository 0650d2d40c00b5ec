"""What the health stations drop: one CSV file per commune with every week so far, with defects.

Seasons as in the yearbooks of infectious diseases of the Red River Delta: dengue and hand, foot
and mouth disease peak in October, influenza in January, measles in March, diarrhoea in July.
Levels are assumed. Now and then a commune leaves out a week; half of these are sent later.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, Gap, RefusedRow, refused_in_file
from ioc_pipelines.sandbox.chance import stream, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.drop import put
from ioc_pipelines.sandbox.world import World, number

FEED = "so_y_te/health.disease_weekly"
FOLDER = "so_y_te/benh-tuan"
DATE = "%d/%m/%Y"
DEATHS_PER_CASE = 0.002
SILENT_A_WEEK, SENT_LATER, LATER_DAYS = 0.05, 0.5, 11
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
    Defect(REQUIRED, "commune_code", {"Mã xã": NOTHING}, one_per="Bệnh"),
    Defect(REQUIRED, "cases", {"Số mắc": NOTHING}),
    Defect(REQUIRED, "reported_on", {"Ngày báo cáo": NOTHING}),
    Defect("correct.readable", "cases", {"Số mắc": pl.lit("mười hai")}),
    Defect("correct.readable", "reported_on", {"Ngày báo cáo": pl.lit("32/13/2026")}),
    Defect("correct.reference", "commune_code", {"Mã xã": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "disease", {"Bệnh": pl.lit("SXH Dengue")}, where=_DENGUE),
    Defect("correct.range", "cases", {"Số mắc": pl.lit("12500")}),
    Defect("correct.min", "deaths", {"Số tử vong": pl.lit("-1")}),
    Defect("correct.deaths_within_cases", None, {"Số tử vong": _MORE_DEATHS}),
    Defect("correct.not_future", "reported_on", {"Ngày báo cáo": _AHEAD}),
    Defect("clean.format", "week", {"Tuần": _SLASHED}),
    Defect(KEY_UNIQUE, None, {"Số mắc": _MORE_CASES}),
    Defect("live.max_age", "reported_on", {"Ngày báo cáo": _AGO}),
)
SHARE = Share(spoilt=0.006, copied=0.001)


def write(root: Path, world: World) -> FeedKey:
    """Write one CSV file per commune below ``root`` and return the answers."""
    cases = reports(world)
    silent = _silent(cases, world)
    planted = plant(cases, DEFECTS, SHARE, feed=FEED, world=world)
    planted = planted.join(silent, on=["monday", "file"], how="anti", maintain_order="left")
    refused: list[RefusedRow] = []
    last = max(number(monday) + 7 for monday in world.mondays)
    for (commune,), rows in planted.group_by("file", maintain_order=True):
        file = f"{FOLDER}/{commune}.csv"
        rows = rows.sort("monday", maintain_order=True)
        put(root / file, _csv(rows), last, world)
        refused += refused_in_file(rows, file, first_row=2)
    gaps = [
        Gap(
            rule="complete.every_commune_reported",
            period=_week_text(monday),
            unit=unit,
            rows_missing=len(DISEASES),
        )
        for monday, unit in silent.iter_rows()
    ]
    return FeedKey.of(planted, refused, gaps)


def reports(world: World) -> pl.DataFrame:
    """The true cases as text, by week, commune and disease.

    With ``block`` (the day they are reported), ``nth``, ``monday`` and ``file``, the commune's
    code.
    """
    return pl.concat(_week(world, monday) for monday in world.mondays)


def _silent(cases: pl.DataFrame, world: World) -> pl.DataFrame:
    """Weeks ``monday`` that commune ``file`` has not reported yet, or never will."""
    mondays = cases["monday"].unique().sort()
    numbers = mondays.cast(pl.Int32).to_numpy()
    chance, which, later = (
        uniform(world.seed, f"silent {what}", numbers) for what in ("week", "commune", "later")
    )
    sent_on = np.where(later < SENT_LATER, numbers + 7 + LATER_DAYS, np.inf)
    is_silent = (chance < SILENT_A_WEEK) & (sent_on > world.now)
    communes = world.communes["code"].gather((which * world.communes.height).astype(np.int64))
    weeks = pl.DataFrame({"monday": mondays, "file": communes})
    return weeks.filter(pl.Series(is_silent))


def _week(world: World, monday: date) -> pl.DataFrame:
    year, week, _ = monday.isocalendar()
    rng = stream(world.seed, "disease", year, week)
    weights = world.people * world.communes.height
    means = np.array([disease.expected(week) for disease in DISEASES])
    cases = rng.poisson(weights[:, None] * means)
    deaths = rng.binomial(cases, DEATHS_PER_CASE)
    names = pl.DataFrame({"Bệnh": [disease.name for disease in DISEASES]})
    return world.communes.join(names, how="cross", maintain_order="left_right").select(
        pl.lit(number(monday) + 7, pl.Int64).alias("block"),
        pl.int_range(pl.len()).alias("nth"),
        pl.lit(monday).alias("monday"),
        pl.col("code").alias("file"),
        pl.lit(_week_text(monday)).alias("Tuần"),
        pl.col("code").alias("Mã xã"),
        pl.col("full_name").alias("Tên xã"),
        "Bệnh",
        pl.Series("Số mắc", cases.ravel()).cast(pl.String),
        pl.Series("Số tử vong", deaths.ravel()).cast(pl.String),
        pl.lit(f"{monday + timedelta(weeks=1):{DATE}}").alias("Ngày báo cáo"),
    )


def _week_text(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def _csv(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.select(HEADER).write_csv(buffer, separator=";", include_bom=True, line_terminator="\r\n")
    return buffer.getvalue()
