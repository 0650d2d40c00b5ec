"""Indicators that no system has: the finance department's form, a workbook a quarter.

Magnitudes: the plan of Hưng Yên for 2026 as the press published it; how far each quarter comes of
it is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import uniform
from ioc_pipelines.sandbox.defects import NOTHING, Defect, Share
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World

FEED = "so_tai_chinh/socio_economic.indicator_form"
SHEET, FILE = "Chỉ tiêu nhập tay", "so_tai_chinh/chi-tieu-%Y-%m.xlsx"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ TÀI CHÍNH",
    title="BIỂU NHẬP CHỈ TIÊU KINH TẾ - XÃ HỘI",
    columns=(
        Cells("indicator_code", "Mã chỉ tiêu", "text"),
        Cells("unit_code", "Mã tỉnh", "code"),
        Cells("quarter", "Kỳ", "text"),
        Cells("value", "Giá trị", "decimal"),
        Cells("reported_on", "Ngày báo cáo", "day"),
    ),
)
FILED_AFTER_DAYS = 10
QUARTER_ENDS = (3, 6, 9, 12)


@dataclass(frozen=True)
class Figure:
    """An indicator: what a quarter of 2026 is like, and whether quarters add up to a year."""

    code: str
    quarter: float
    adds_up: bool = False


FIGURES = (
    Figure("GRDP_GROWTH", 10.2),
    Figure("INDUSTRY_GROWTH", 13.2),
    Figure("CONSTRUCTION_GROWTH", 16.4),
    Figure("SERVICES_GROWTH", 8.7),
    Figure("AGRICULTURE_GROWTH", 2.3),
    Figure("TOTAL_INVESTMENT", 43_000.0, adds_up=True),
    Figure("SOCIAL_HOMES_FINISHED", 1_450.0, adds_up=True),
    Figure("CERTIFIED_LABOUR_RATE", 32.1),
    Figure("POVERTY_RATE", 0.85),
    Figure("NEW_RURAL_COMMUNES", 5.0, adds_up=True),
)
SPREAD = 0.12

DEFECTS = (
    Defect(REQUIRED, "value", {"value": NOTHING}),
    Defect("correct.reference", "indicator_code", {"indicator_code": pl.lit("GRDP_TOTAL")}),
    Defect("correct.not_derived", "indicator_code", {"indicator_code": pl.lit("TRADE_BALANCE")}),
    Defect("correct.not_automatic", "indicator_code", {"indicator_code": pl.lit("TAX_COLLECTED")}),
    Defect("clean.format", "period", {"quarter": pl.col("quarter").str.replace("-Q", "-W")}),
    Defect(KEY_UNIQUE, None, {"value": pl.lit("1.0")}),
)
# a short form: many of its few rows, so that each kind of error is there
SHARE = Share(spoilt=0.08, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=entries(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Số liệu đến hết tháng %m/%Y",
    )


def entries(world: World) -> pl.DataFrame:
    """The true figures as text: quarters of the province since the reform, by indicator."""
    ends = [month for month in world.months if month.month in QUARTER_ENDS]
    figures = pl.DataFrame({"figure": range(len(FIGURES))})
    rows = filed(
        pl.DataFrame({"period": ends}, schema={"period": pl.Date}).join(figures, how="cross"),
        FILED_AFTER_DAYS,
        world,
    )
    index, year, month = (
        rows["figure"].to_numpy(),
        rows["period"].dt.year().to_numpy(),
        rows["period"].dt.month().to_numpy(),
    )
    drawn = uniform(world.seed, "by hand", index, year, month) - 0.5
    level = np.array([each.quarter for each in FIGURES])[index]
    whole = np.array([each.adds_up for each in FIGURES])[index]
    exact = level * (1 + SPREAD * drawn)
    value = np.where(whole, np.round(exact), np.round(exact, 2))
    reported = (rows["block"] * 86_400_000_000).cast(pl.Datetime("us"))
    return rows.with_columns(
        pl.Series("indicator_code", [each.code for each in FIGURES]).gather(index),
        pl.lit("33").alias("unit_code"),
        pl.format("{}-Q{}", pl.col("period").dt.year(), pl.col("period").dt.quarter()).alias(
            "quarter"
        ),
        pl.Series("value", value).cast(pl.String),
        reported.dt.strftime(DATE).alias("reported_on"),
    )
