"""What the finance department drops on public investment: a workbook a month, a row a project.

Magnitude: the plans add up to 21,000 billion đồng a year, assumed; most is paid out in the last
quarter, as every year.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import pick, sizes, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
)
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World

FEED = "so_tai_chinh/finance.public_investment"
SHEET, FILE = "Giải ngân", "so_tai_chinh/dau-tu-cong-%Y-%m.xlsx"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ TÀI CHÍNH",
    title="BÁO CÁO GIẢI NGÂN VỐN ĐẦU TƯ CÔNG THEO DỰ ÁN",
    unit="triệu đồng",
    columns=(
        Cells("project_code", "Mã dự án", "text"),
        Cells("project_name", "Tên dự án", "text"),
        Cells("commune_code", "Mã xã", "code"),
        Cells("plan", "Kế hoạch năm", "amount", summed=True),
        Cells("month", "Giải ngân trong tháng", "amount", summed=True),
        Cells("cumulative", "Lũy kế", "amount", summed=True),
        Cells("progress", "Tiến độ (%)", "decimal"),
        Cells("closed_on", "Ngày chốt", "day"),
    ),
)
PROJECTS, PLAN_MILLION, SIZE_SPREAD, FILED_AFTER_DAYS = 120, 21_000_000, 1.0, 6
PAID_BY_MONTH = np.array([2, 3, 5, 6, 7, 8, 8, 8, 9, 11, 13, 16]) / 100
KINDS = ("Đường liên xã", "Trường học", "Trạm y tế", "Kè sông", "Trạm bơm", "Trụ sở", "Cấp nước")

_MORE = {"cumulative": (pl.col("cumulative").cast(pl.Int64) + 5_000).cast(pl.String)}
_HALF_THE_MONTH = {"cumulative": (pl.col("month").cast(pl.Int64) // 2).cast(pl.String)}
DEFECTS = (
    Defect(REQUIRED, "project_name", {"project_name": NOTHING}),
    Defect(REQUIRED, "month_vnd", {"month": NOTHING}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.readable", "cumulative_vnd", {"cumulative": pl.lit("chưa có")}),
    Defect("correct.range", "progress_percent", {"progress": pl.lit("150.0")}),
    Defect("correct.min", "year_plan_vnd", {"plan": pl.format("-{}", "plan")}),
    Defect(
        "correct.min",
        "year_plan_vnd",
        {"plan": pl.format("-{}", "plan"), "progress": pl.lit("150.0")},
        also=("correct.range", "progress_percent"),
    ),
    Defect("correct.cumulative_covers_month", None, _HALF_THE_MONTH),
    Defect(
        "correct.not_future", "closed_on", {"closed_on": moved("closed_on", DECADE_AHEAD, DATE)}
    ),
    Defect(
        "clean.format",
        "project_code",
        {"project_code": pl.col("project_code").str.replace("-", "")},
    ),
    Defect(KEY_UNIQUE, None, _MORE),
)
SHARE = Share(spoilt=0.025, copied=0.001)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=disbursed(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Tháng %m/%Y",
    )


def disbursed(world: World) -> pl.DataFrame:
    """The true figures as text, by month and project; amounts in thousand đồng."""
    number = np.arange(PROJECTS)
    plan = np.rint(sizes(world.seed, "projects", PROJECTS, SIZE_SPREAD) * PLAN_MILLION)
    commune = pick(uniform(world.seed, "project commune", number), list(world.people))
    names = world.communes["name"].gather(commune)
    kinds = pl.Series(KINDS).gather(number % len(KINDS))
    projects = pl.DataFrame(
        {
            "number": number,
            "project_code": pl.select(
                pl.format("DA-{}", pl.Series(number + 1).cast(pl.String).str.zfill(4))
            ).to_series(),
            "project_name": pl.select(pl.format("{} {}", kinds, names)).to_series(),
            "commune_code": world.communes["code"].gather(commune),
            "plan": (plan * 1000).astype(np.int64),
        }
    )
    months = pl.DataFrame({"period": world.months})
    rows = filed(months.join(projects, how="cross"), FILED_AFTER_DAYS, world)
    month = rows["period"].dt.month().to_numpy()
    year = rows["period"].dt.year().to_numpy()
    pace = 0.75 + 0.3 * uniform(world.seed, "pace", rows["number"].to_numpy(), year)
    paid = (pl.Series("paid", pace * PAID_BY_MONTH[month - 1]) * rows["plan"]).round()
    so_far = (pl.Series(pace * PAID_BY_MONTH.cumsum()[month - 1]) * rows["plan"]).round()
    done = (so_far / rows["plan"] * 100).clip(0, 100).round(1)
    return rows.with_columns(
        pl.col("plan").cast(pl.String),
        paid.cast(pl.Int64).cast(pl.String).alias("month"),
        so_far.cast(pl.Int64).cast(pl.String).alias("cumulative"),
        done.cast(pl.String).alias("progress"),
        closed_on=pl.col("period").dt.month_end().dt.strftime(DATE),
    )
