"""Index of labour employed in industrial enterprises, by province."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import periods_without_gaps
from contracts.formats import MONTH


class IndustrialLabourIndex(Contract):
    """One row per month and province: labour on the first day of the month."""

    __contract__ = ContractInfo(
        dataset="labour.industrial_labour_index",
        version="1.0.0",
        title_vi="Chỉ số sử dụng lao động của doanh nghiệp công nghiệp theo tỉnh",
        title_en="Index of labour in industrial enterprises by province",
        grain="one row per month and province",
        key=("period", "province_name"),
        load_mode="upsert",
        publish="rows",
        basis="Monthly workbook of the National Statistics Office, labour in industry (H31)",
        period_column="period",
    )
    __batch_rules__ = (periods_without_gaps(period="period", every="month"),)

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    province_name: str = column(vi="Tỉnh, thành phố", en="Province, by its official name")
    index_previous_month: float = column(
        vi="So với cùng thời điểm tháng trước",
        en="Against the same day of the month before",
        unit="%",
        in_range={"min_value": 1, "max_value": 1000},
    )
    index_same_period: float = column(
        vi="So với cùng thời điểm năm trước",
        en="Against the same day of the year before",
        unit="%",
        in_range={"min_value": 1, "max_value": 1000},
    )
