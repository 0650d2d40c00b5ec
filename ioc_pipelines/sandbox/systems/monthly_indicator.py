"""What the statistics office drops: its socio-economic form of twelve figures, a workbook a month.

Magnitudes: industry +13 %, retail +12 %, revenue 84,250 billion đồng, 3.5 million visitors a year
(plan of Hưng Yên for 2026); trade, credit and enterprises are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, Integers, uniform
from ioc_pipelines.sandbox.defects import DECADE_AHEAD, NOTHING, Defect, Share, moved
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World

FEED = "thong_ke_tinh/socio_economic.monthly_indicator"
SHEET, FILE = "Biểu tổng hợp", "thong_ke_tinh/ktxh-%Y-%m.xlsx"
FORM = Form(
    agency="THỐNG KÊ TỈNH HƯNG YÊN",
    title="MỘT SỐ CHỈ TIÊU KINH TẾ - XÃ HỘI CHỦ YẾU",
    columns=(
        Cells("indicator", "Chỉ tiêu", "text"),
        Cells("unit", "Đơn vị tính", "text"),
        Cells("month", "Ước tháng", "decimal"),
        Cells("year", "Lũy kế từ đầu năm", "decimal"),
        Cells("against", "So với cùng kỳ (%)", "decimal"),
        Cells("reported_on", "Ngày báo cáo", "day"),
    ),
)
FILED_AFTER_DAYS = 2


@dataclass(frozen=True)
class Figure:
    """An indicator of the form: a month's mean level in 2026, and how it grows in a year.

    An ``index`` is a percentage of the year before; a ``stock`` has no sum over months.
    """

    name: str
    unit: str
    level: float
    growth: float
    is_index: bool = False
    is_stock: bool = False


FIGURES = (
    Figure("Chỉ số sản xuất công nghiệp (IIP)", "%", 113.0, 0.0, is_index=True),
    Figure("Tổng mức bán lẻ hàng hóa và doanh thu dịch vụ tiêu dùng", "tỷ đồng", 14_200.0, 0.12),
    Figure("Doanh thu vận tải, kho bãi", "tỷ đồng", 1_650.0, 0.13),
    Figure("Chỉ số giá tiêu dùng (CPI)", "%", 103.4, 0.0, is_index=True),
    Figure("Kim ngạch xuất khẩu hàng hóa", "triệu USD", 940.0, 0.15),
    Figure("Kim ngạch nhập khẩu hàng hóa", "triệu USD", 860.0, 0.14),
    Figure("Vốn đầu tư nước ngoài đăng ký cấp mới", "triệu USD", 85.0, 0.1),
    Figure("Doanh nghiệp đăng ký thành lập mới", "doanh nghiệp", 310.0, 0.12),
    Figure("Lượt khách du lịch", "lượt khách", 291_000.0, 0.14),
    Figure("Thu ngân sách nhà nước trên địa bàn", "tỷ đồng", 7_020.0, 0.08),
    Figure("Chi ngân sách địa phương", "tỷ đồng", 4_900.0, 0.07),
    Figure("Dư nợ tín dụng", "tỷ đồng", 262_000.0, 0.12, is_stock=True),
)
LEVEL_YEAR, SPREAD = 2026, 0.08

_IS_INDEX = pl.col("unit") == "%"
_OTHER_UNIT = {"unit": pl.when(_IS_INDEX).then(pl.lit("tỷ đồng")).otherwise(pl.lit("%"))}
DEFECTS = (
    Defect(REQUIRED, "month_value", {"month": NOTHING}),
    Defect("correct.readable", "month_value", {"month": pl.lit("đang tổng hợp")}),
    Defect("correct.enum", "indicator", {"indicator": pl.format("{} (ước)", "indicator")}),
    Defect("correct.min", "month_value", {"month": pl.format("-{}", "month")}),
    Defect("correct.range", "vs_same_period_percent", {"against": pl.lit("1500.0")}),
    Defect("correct.unit_of_indicator", "unit", _OTHER_UNIT),
    Defect(
        "correct.not_future",
        "reported_on",
        {"reported_on": moved("reported_on", DECADE_AHEAD, DATE)},
    ),
)
SHARE = Share(spoilt=0.05, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=estimates(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Tháng <m> năm %Y",
    )


def estimates(world: World) -> pl.DataFrame:
    """The true figures as text, by month and indicator."""
    figures = pl.DataFrame({"figure": range(len(FIGURES))})
    months = pl.DataFrame({"period": world.months})
    rows = filed(months.join(figures, how="cross"), FILED_AFTER_DAYS, world)
    index, moment = rows["figure"].to_numpy(), rows["period"]
    year, month = moment.dt.year().to_numpy(), moment.dt.month().to_numpy()
    now, before = _level(world, index, year, month), _level(world, index, year - 1, month)
    so_far = np.zeros(rows.height)
    for each in range(1, 13):
        so_far += np.where(each <= month, _level(world, index, year, np.full_like(month, each)), 0)
    is_index = np.array([each.is_index for each in FIGURES])[index]
    is_stock = np.array([each.is_stock for each in FIGURES])[index]
    year_to_date = np.where(is_index, so_far / month, np.where(is_stock, np.nan, so_far))
    reported = (rows["block"] * 86_400_000_000).cast(pl.Datetime("us"))
    return rows.with_columns(
        pl.Series("indicator", [each.name for each in FIGURES]).gather(index),
        pl.Series("unit", [each.unit for each in FIGURES]).gather(index),
        _text(now).alias("month"),
        _text(year_to_date).alias("year"),
        _text(np.where(is_index, now, now / before * 100)).alias("against"),
        reported.dt.strftime(DATE).alias("reported_on"),
    )


def _level(world: World, index: Integers, year: Integers, month: Integers) -> Floats:
    levels = np.array([each.level for each in FIGURES])[index]
    growth = np.array([each.growth for each in FIGURES])[index]
    is_index = np.array([each.is_index for each in FIGURES])[index]
    drawn = uniform(world.seed, "indicator", index, year, month) - 0.5
    noise = np.where(is_index, 0.01, SPREAD) * drawn
    years = year - LEVEL_YEAR + (month - 6.5) / 12
    return np.asarray(levels * (1 + growth) ** years * (1 + noise))


def _text(values: Floats) -> pl.Series:
    return pl.Series(np.round(values, 1)).fill_nan(None).cast(pl.String)
