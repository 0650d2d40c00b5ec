"""Planned and final budgets of the provinces, as the Ministry of Finance discloses them."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import coverage_kept, magnitude_as_before
from contracts.value_rules import roll_up_left_out


class BudgetByProvince(Contract):
    """One row per fiscal year, stage and province."""

    __contract__ = ContractInfo(
        dataset="finance.budget_by_province",
        version="2.0.0",
        title_vi="Dự toán, quyết toán ngân sách của các tỉnh, thành phố",
        title_en="Planned and final budgets of provinces",
        grain="one row per fiscal year, stage and province",
        key=("fiscal_year", "stage", "province_name"),
        load_mode="upsert",
        publish="rows",
        basis="Ministry of Finance, public disclosure form 06 and 09/CKTC-NSNN (H31, H37)",
        period_column="fiscal_year",
    )
    __batch_rules__ = (
        roll_up_left_out(
            "revenue_m_vnd",
            by=["fiscal_year", "stage"],
            message_vi="Dòng bằng tổng các tỉnh khác: dòng cả nước không được gửi như một tỉnh",
        ),
        magnitude_as_before(
            "revenue_m_vnd",
            by="fiscal_year",
            message_vi="Số thu khác hẳn số đã gửi cho cùng năm: "
            "có thể nhầm đơn vị tính (triệu đồng, tỷ đồng)",
        ),
        coverage_kept(
            ["province_name"],
            message_vi="Có tỉnh đã gửi lần trước nay không còn trong dữ liệu",
        ),
    )

    fiscal_year: int = column(vi="Năm ngân sách", en="Fiscal year", ge=1990, le=2100)
    stage: str = column(vi="Giai đoạn", en="Plan or final account", isin=["plan", "final"])
    province_name: str = column(vi="Tỉnh, thành phố", en="Province, by its official name")
    revenue_m_vnd: float = column(
        vi="Tổng thu ngân sách nhà nước trên địa bàn",
        en="State budget revenue in the province",
        unit="triệu đồng",
        ge=0,
    )
    expenditure_m_vnd: float = column(
        vi="Tổng chi cân đối ngân sách địa phương",
        en="Expenditure of the local budget",
        unit="triệu đồng",
        ge=0,
    )
