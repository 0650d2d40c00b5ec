"""What the finance department drops: its revenue form, a workbook a month, with defects.

Magnitude: the estimates of the year add up to the province's published plan of 2026, 84,250
billion đồng (``budget_figures``).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.budget_figures import revenue
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    Share,
    moved,
)
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World

FEED = "so_tai_chinh/finance.budget_revenue"
SHEET, FILE = "Thu NSNN", "so_tai_chinh/thu-nsnn-%Y-%m.xlsx"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ TÀI CHÍNH",
    title="BÁO CÁO THU NGÂN SÁCH NHÀ NƯỚC TRÊN ĐỊA BÀN",
    unit="triệu đồng",
    columns=(
        Cells("commune_code", "Mã xã", "code"),
        Cells("commune_name", "Tên xã, phường", "text"),
        Cells("plan", "Dự toán năm", "amount", summed=True),
        Cells("month", "Trong tháng", "amount", group="Thực hiện", summed=True),
        Cells("cumulative", "Lũy kế", "amount", group="Thực hiện", summed=True),
        Cells("closed_on", "Ngày chốt số liệu", "day"),
    ),
)
FILED_AFTER_DAYS = 4
AMOUNTS = ("plan", "month", "cumulative")

_TEN_MILLION_MORE = (pl.col("cumulative").cast(pl.Int64) + 10_000).cast(pl.String)
_HALF_THE_MONTH = (pl.col("month").cast(pl.Int64) // 2).cast(pl.String)
_AHEAD, _AGO = (moved("closed_on", by, DATE) for by in (DECADE_AHEAD, YEARS_AGO))
DEFECTS = (
    Defect(REQUIRED, "commune_code", {"commune_code": NOTHING}, one_per="period"),
    Defect(REQUIRED, "month_vnd", {"month": NOTHING}),
    Defect(REQUIRED, "cumulative_vnd", {"cumulative": NOTHING}),
    Defect("correct.readable", "month_vnd", {"month": pl.lit("mười hai")}),
    Defect("correct.readable", "closed_on", {"closed_on": pl.lit("cuối tháng")}),
    Defect("correct.min", "year_plan_vnd", {"plan": pl.format("-{}", "plan")}),
    Defect("correct.cumulative_covers_month", None, {"cumulative": _HALF_THE_MONTH}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.not_future", "closed_on", {"closed_on": _AHEAD}),
    Defect("live.max_age", "closed_on", {"closed_on": _AGO}),
    Defect(KEY_UNIQUE, None, {"cumulative": _TEN_MILLION_MORE}),
)
SHARE = Share(spoilt=0.03, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=figures(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Tháng %m/%Y",
    )


def figures(world: World) -> pl.DataFrame:
    """The true figures as text, with the day the books were closed: the last of the month."""
    rows = filed(revenue(world.communes, world.months, world.seed), FILED_AFTER_DAYS, world)
    return rows.with_columns(
        pl.col(*AMOUNTS).cast(pl.String),
        closed_on=pl.col("period").dt.month_end().dt.strftime(DATE),
    )
