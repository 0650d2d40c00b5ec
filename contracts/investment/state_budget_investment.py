"""Investment from the state budget, by ministry and province."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import magnitude_as_before, periods_without_gaps
from contracts.formats import MONTH


class StateBudgetInvestment(Contract):
    """One row per month and unit: a ministry, or a province that the workbook lists."""

    __contract__ = ContractInfo(
        dataset="investment.state_budget_investment",
        version="2.0.0",
        title_vi="Vốn đầu tư thực hiện từ nguồn ngân sách nhà nước",
        title_en="Investment realised from the state budget",
        grain="one row per month and unit",
        key=("period", "unit_name"),
        load_mode="upsert",
        publish="rows",
        basis="Monthly workbook of the National Statistics Office, state budget investment (H31)",
        period_column="period",
    )
    __batch_rules__ = (
        periods_without_gaps(period="period", every="month"),
        magnitude_as_before(
            "month_bn_vnd",
            by="period",
            message_vi="Vốn thực hiện trong tháng khác hẳn số đã gửi cho cùng kỳ: "
            "có thể nhầm đơn vị tính (tỷ đồng, triệu đồng)",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    unit_name: str = column(vi="Bộ, tỉnh, thành phố", en="Ministry or province")
    month_bn_vnd: float = column(
        vi="Ước thực hiện trong tháng", en="Estimate of the month", unit="tỷ đồng", ge=0
    )
    cumulative_bn_vnd: float = column(vi="Cộng dồn từ đầu năm", en="From 1 January", unit="tỷ đồng")

    @pa.dataframe_check(
        error="correct.cumulative_covers_month",
        description="Cộng dồn từ đầu năm phải từ số trong tháng trở lên, tháng 1 phải bằng nhau",
    )
    def cumulative_covers_month(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        month, cumulative = pl.col("month_bn_vnd"), pl.col("cumulative_bn_vnd")
        in_january = pl.col("period").str.ends_with("-01")
        return data.lazyframe.select((cumulative >= month) & (~in_january | (cumulative == month)))
