"""State budget revenue of the communes, monthly form of the finance department."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import magnitude_as_before, units_reported
from contracts.formats import COMMUNE_CODE, MONTH


class BudgetRevenue(Contract):
    """One row per month and commune."""

    __contract__ = ContractInfo(
        dataset="finance.budget_revenue",
        version="2.0.0",
        title_vi="Thu ngân sách nhà nước trên địa bàn cấp xã",
        title_en="State budget revenue by commune",
        grain="one row per month and commune",
        key=("period", "commune_code"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: finance (H31, H37)",
        period_column="period",
    )
    __batch_rules__ = (
        units_reported(
            unit="commune_code",
            period="period",
            every="month",
            reference="admin_unit.commune",
            rule_id="complete.every_commune_reported",
            message_vi="Có xã/phường chưa báo cáo trong kỳ",
        ),
        magnitude_as_before(
            "month_vnd",
            by="period",
            message_vi="Số thu trong tháng khác hẳn số đã gửi cho cùng kỳ: "
            "có thể nhầm đơn vị tính (đồng, nghìn đồng, triệu đồng)",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    year_plan_vnd: int = column(vi="Dự toán năm", en="Estimate of the year", unit="đồng", ge=0)
    month_vnd: int = column(vi="Thực hiện trong tháng", en="Revenue of the month", unit="đồng")
    cumulative_vnd: int = column(
        vi="Lũy kế từ đầu năm", en="Revenue from 1 January", unit="đồng", ge=0
    )
    closed_on: pl.Date = column(
        vi="Ngày chốt số liệu",
        en="Day the books were closed",
        not_after_arrival=True,
        max_age_days=800,
    )

    @pa.dataframe_check(
        error="correct.cumulative_covers_month",
        description="Lũy kế từ đầu năm không được nhỏ hơn số thực hiện trong tháng",
    )
    def cumulative_covers_month(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("cumulative_vnd") >= pl.col("month_vnd"))
