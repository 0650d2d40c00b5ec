"""Average population of the year, by province."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import coverage_kept, null_share
from contracts.value_rules import roll_up_left_out


class PopulationByProvince(Contract):
    """One row per year and province."""

    __contract__ = ContractInfo(
        dataset="population.population_by_province",
        version="2.0.0",
        title_vi="Dân số trung bình theo tỉnh",
        title_en="Average population by province",
        grain="one row per year and province",
        key=("year", "province_name"),
        load_mode="upsert",
        publish="rows",
        basis="General Statistics Office, PX-Web table of average population by province (H30)",
        period_column="year",
    )
    __batch_rules__ = (
        roll_up_left_out(
            "population_thousand",
            by=["year"],
            message_vi="Dòng bằng tổng các tỉnh khác: dòng cả nước không được gửi như một tỉnh",
        ),
        null_share(
            "population_thousand",
            by="year",
            at_most=0.25,
            message_vi="Dân số trung bình bị trống ở quá nhiều tỉnh của một năm",
        ),
        coverage_kept(
            ["province_name"],
            message_vi="Có tỉnh đã gửi lần trước nay không còn trong dữ liệu",
        ),
    )

    year: int = column(vi="Năm", en="Year", ge=1990, le=2100)
    province_name: str = column(vi="Tỉnh, thành phố", en="Province, by its official name")
    population_thousand: float = column(
        vi="Dân số trung bình", en="Average population", unit="nghìn người", nullable=True, gt=0
    )
    is_preliminary: bool = column(vi="Số sơ bộ", en="Whether the figure is preliminary")
    status: str = column(
        vi="Ghi chú số liệu",
        en="Why there is no figure",
        nullable=True,
        isin=["not_available", "nil"],
    )
