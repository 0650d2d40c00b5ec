"""Foreign direct investment licensed in the year so far, by province."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import null_share, periods_without_gaps
from contracts.formats import MONTH
from contracts.value_rules import roll_up_left_out


class FdiByProvince(Contract):
    """One row per month and province, cumulative from 1 January."""

    __contract__ = ContractInfo(
        dataset="investment.fdi_by_province",
        version="2.0.0",
        title_vi="Đầu tư nước ngoài được cấp phép, lũy kế từ đầu năm, theo tỉnh",
        title_en="Licensed foreign direct investment, cumulative in the year, by province",
        grain="one row per month and province",
        key=("period", "province_name"),
        load_mode="upsert",
        publish="rows",
        basis="Monthly workbook of the National Statistics Office, sheet FDI (H31)",
        period_column="period",
    )
    __batch_rules__ = (
        periods_without_gaps(period="period", every="month"),
        roll_up_left_out(
            "new_capital_usd_m",
            by=["period"],
            message_vi="Dòng bằng tổng các tỉnh khác: dòng cả nước không được gửi như một tỉnh",
        ),
        null_share(
            "new_capital_usd_m",
            by="period",
            at_most=0.6,
            min_rows=16,
            message_vi="Vốn đăng ký cấp mới bị trống ở phần lớn các tỉnh của một kỳ",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    province_name: str = column(vi="Tỉnh, thành phố", en="Province as the file names it")
    projects: int = column(
        vi="Số dự án cấp mới", en="New projects", unit="dự án", nullable=True, ge=0
    )
    new_capital_usd_m: float = column(
        vi="Vốn đăng ký cấp mới", en="New capital", unit="triệu USD", nullable=True, ge=0
    )
    # withdrawn projects make this negative
    adjusted_capital_usd_m: float = column(
        vi="Vốn đăng ký điều chỉnh", en="Adjusted capital", unit="triệu USD", nullable=True
    )
