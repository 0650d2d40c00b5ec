"""Provincial Competitiveness Index."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import coverage_kept


class Pci(Contract):
    """One row per year and province."""

    __contract__ = ContractInfo(
        dataset="governance.pci",
        version="2.0.0",
        title_vi="Chỉ số năng lực cạnh tranh cấp tỉnh (PCI)",
        title_en="Provincial Competitiveness Index",
        grain="one row per year and province",
        key=("year", "province_name"),
        load_mode="upsert",
        publish="rows",
        basis="Vietnam Chamber of Commerce and Industry, yearly PCI workbook, weighted score (T06)",
        period_column="year",
    )
    __batch_rules__ = (
        coverage_kept(
            ["province_name"],
            message_vi="Có tỉnh đã gửi lần trước nay không còn trong dữ liệu",
        ),
    )

    year: int = column(vi="Năm", en="Year", ge=2005, le=2100)
    province_name: str = column(vi="Tỉnh, thành phố", en="Province, by its official name")
    score: float = column(
        vi="Điểm PCI có trọng số",
        en="Weighted score",
        unit="điểm",
        in_range={"min_value": 0, "max_value": 100},
    )
