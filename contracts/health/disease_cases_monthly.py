"""Cases and deaths of communicable diseases by month and province."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import null_share

DISEASES = (
    "Tả",
    "Thương hàn",
    "Lỵ trực trùng",
    "Lỵ amip",
    "Tiêu chảy",
    "Viêm não vi rút",
    "Sốt xuất huyết",
    "Sốt rét",
    "Viêm gan vi rút",
    "Dại",
    "Viêm màng não do não mô cầu",
    "Thủy đậu",
    "Bạch hầu",
    "Ho gà",
    "Uốn ván sơ sinh",
    "Uốn ván khác",
    "Liệt mềm cấp",
    "Sởi",
    "Quai bị",
    "Rubella",
    "Cúm",
    "Cúm A(H5N1)",
    "Adenovirus",
    "Dịch hạch",
    "Than",
    "Xoắn khuẩn vàng da",
    "Tay chân miệng",
    "Liên cầu lợn",
)


class DiseaseCasesMonthly(Contract):
    """One row per month, disease and province."""

    __contract__ = ContractInfo(
        dataset="health.disease_cases_monthly",
        version="2.0.0",
        title_vi="Số ca mắc và tử vong bệnh truyền nhiễm theo tháng",
        title_en="Communicable diseases by month and province",
        grain="one row per month, disease and province",
        key=("year", "month", "disease", "province_name"),
        load_mode="upsert",
        publish="rows",
        basis="Yearbook of communicable diseases, General Department of Preventive Medicine (H31)",
        period_column="year",
    )
    __batch_rules__ = (
        null_share(
            "cases",
            by="province_name",
            at_most=0.1,
            message_vi="Số ca mắc bị trống quá nhiều ở một tỉnh",
        ),
    )

    year: int = column(vi="Năm", en="Year", ge=1990, le=2100)
    month: int = column(vi="Tháng", en="Month", in_range={"min_value": 1, "max_value": 12})
    disease: str = column(vi="Bệnh", en="Disease", isin=list(DISEASES))
    province_name: str = column(vi="Tỉnh, thành phố", en="Province, by its official name")
    # the yearbooks leave a few cells empty
    cases: int = column(vi="Số ca mắc", en="Cases", unit="ca", nullable=True, ge=0)
    deaths: int = column(vi="Số ca tử vong", en="Deaths", unit="ca", ge=0)
