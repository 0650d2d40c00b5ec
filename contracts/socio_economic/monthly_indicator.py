"""Main socio-economic figures of the month, as the provincial statistics office publishes them."""

from __future__ import annotations

import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import magnitude_as_before, periods_without_gaps
from contracts.formats import MONTH
from contracts.value_rules import unit_allowed

# each indicator comes in one unit: a figure in another would be out by a thousand, unseen
UNITS = {
    "iip": "%",
    "retail_sales": "tỷ đồng",
    "transport_revenue": "tỷ đồng",
    "cpi": "%",
    "exports": "triệu USD",
    "imports": "triệu USD",
    "fdi_new_capital": "triệu USD",
    "new_enterprises": "doanh nghiệp",
    "visitors": "lượt khách",
    "budget_revenue": "tỷ đồng",
    "budget_expenditure": "tỷ đồng",
    "credit_outstanding": "tỷ đồng",
}


class MonthlyIndicator(Contract):
    """One row per month and indicator."""

    __contract__ = ContractInfo(
        dataset="socio_economic.monthly_indicator",
        version="3.0.0",
        title_vi="Chỉ tiêu kinh tế - xã hội chủ yếu hằng tháng",
        title_en="Main monthly socio-economic indicators",
        grain="one row per month and indicator",
        key=("period", "indicator"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: socio-economic targets (H27, H37)",
        period_column="period",
    )
    __batch_rules__ = (
        periods_without_gaps(period="period", every="month"),
        magnitude_as_before(
            "month_value",
            by="indicator",
            message_vi="Số liệu của một chỉ tiêu khác hẳn số đã gửi lần trước: "
            "có thể nhầm đơn vị tính",
        ),
        unit_allowed(
            "unit",
            parameter="indicator",
            allowed={indicator: [unit] for indicator, unit in UNITS.items()},
            rule_id="correct.unit_of_indicator",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    indicator: str = column(vi="Chỉ tiêu", en="Indicator", isin=list(UNITS))
    unit: str = column(vi="Đơn vị tính", en="Unit of the values", isin=sorted(set(UNITS.values())))
    month_value: float = column(vi="Ước tháng", en="Estimate of the month", ge=0)
    year_to_date_value: float = column(vi="Lũy kế từ đầu năm", en="From 1 January", nullable=True)
    vs_same_period_percent: float = column(
        vi="So với cùng kỳ",
        en="Against the same month of the year before",
        unit="%",
        in_range=(0, 1000),
    )
    reported_on: pl.Date = column(
        vi="Ngày báo cáo", en="Day reported", not_after_arrival=True, max_age_days=800
    )
