"""Disbursement of public investment by project, monthly form of the finance department."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import magnitude_as_before, periods_without_gaps
from contracts.formats import COMMUNE_CODE, MONTH
from contracts.value_rules import residue


class PublicInvestment(Contract):
    """One row per month and project."""

    __contract__ = ContractInfo(
        dataset="finance.public_investment",
        version="3.0.0",
        title_vi="Giải ngân vốn đầu tư công theo dự án",
        title_en="Disbursement of public investment by project",
        grain="one row per month and project",
        key=("period", "project_code"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: finance, investment (H31, H37)",
        period_column="period",
    )
    __batch_rules__ = (
        periods_without_gaps(period="period", every="month"),
        magnitude_as_before(
            "month_vnd",
            by="period",
            message_vi="Số giải ngân trong tháng khác hẳn số đã gửi cho cùng kỳ: "
            "có thể nhầm đơn vị tính (đồng, nghìn đồng, triệu đồng)",
        ),
        residue("project_name"),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    project_code: str = column(vi="Mã dự án", en="Project code", str_matches=r"^DA-\d{4}$")
    project_name: str = column(vi="Tên dự án", en="Name of the project")
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    year_plan_vnd: int = column(vi="Kế hoạch năm", en="Plan of the year", unit="đồng", ge=0)
    month_vnd: int = column(vi="Giải ngân trong tháng", en="Disbursed in the month", unit="đồng")
    cumulative_vnd: int = column(
        vi="Lũy kế từ đầu năm", en="Disbursed from 1 January", unit="đồng", ge=0
    )
    progress_percent: float = column(
        vi="Tiến độ", en="Progress of the works", unit="%", in_range=(0, 100)
    )
    closed_on: pl.Date = column(
        vi="Ngày chốt số liệu",
        en="Day the books were closed",
        not_after_arrival=True,
        max_age_days=800,
    )

    @pa.dataframe_check(
        error="correct.cumulative_covers_month",
        description="Lũy kế từ đầu năm không được nhỏ hơn số giải ngân trong tháng",
    )
    def cumulative_covers_month(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("cumulative_vnd") >= pl.col("month_vnd"))
