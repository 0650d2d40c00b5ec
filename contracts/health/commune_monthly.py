"""Monthly report of the commune health stations."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import units_reported
from contracts.formats import COMMUNE_CODE, MONTH


class CommuneMonthly(Contract):
    """One row per month and commune."""

    __contract__ = ContractInfo(
        dataset="health.commune_monthly",
        version="1.0.0",
        title_vi="Báo cáo tháng của trạm y tế xã, phường",
        title_en="Monthly report of the commune health stations",
        grain="one row per month and commune",
        key=("period", "commune_code"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.d: data of the health sector (H34)",
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
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    outpatient_visits: int = column(vi="Lượt khám bệnh", en="Outpatient visits", unit="lượt", ge=0)
    inpatient_days: int = column(
        vi="Ngày điều trị nội trú", en="Days of inpatient care", unit="ngày", ge=0
    )
    births: int = column(vi="Số sinh", en="Births", unit="trẻ", ge=0)
    maternal_checks: int = column(vi="Lượt khám thai", en="Antenatal checks", unit="lượt", ge=0)
    children_due: int = column(
        vi="Trẻ thuộc diện tiêm chủng", en="Children due for vaccination", unit="trẻ", ge=0
    )
    children_vaccinated: int = column(
        vi="Trẻ tiêm chủng đầy đủ", en="Children fully vaccinated", unit="trẻ", ge=0
    )
    deaths: int = column(vi="Số tử vong", en="Deaths", unit="người", ge=0)
    reported_on: pl.Date = column(
        vi="Ngày báo cáo", en="Day reported", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.vaccinated_within_due",
        description="Số trẻ tiêm chủng đầy đủ không được lớn hơn số trẻ thuộc diện tiêm chủng",
    )
    def vaccinated_within_due(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            # that a negative number is wrong is said by its own rule
            (pl.col("children_due") < 0) | (pl.col("children_vaccinated") <= pl.col("children_due"))
        )
