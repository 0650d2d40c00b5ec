"""Weekly cases of notifiable diseases, reported by each commune health station."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import units_reported
from contracts.formats import COMMUNE_CODE, ISO_WEEK

# notifiable diseases of Circular 54/2015/TT-BYT that stations report weekly
DISEASES = ["dengue", "hand_foot_mouth", "influenza", "measles", "diarrhoea"]


class DiseaseWeekly(Contract):
    """One row per ISO week, commune and disease."""

    __contract__ = ContractInfo(
        dataset="health.disease_weekly",
        version="1.1.0",
        title_vi="Ca mắc bệnh truyền nhiễm theo tuần",
        title_en="Cases of notifiable diseases by week",
        grain="one row per ISO week, commune and disease",
        key=("week", "commune_code", "disease"),
        load_mode="upsert",
        publish="rows",
        basis="Circular 54/2015/TT-BYT on reporting of communicable diseases (H34)",
        period_column="week",
    )
    __batch_rules__ = (
        units_reported(
            unit="commune_code",
            period="week",
            every="week",
            reference="admin_unit.commune",
            rule_id="complete.every_commune_reported",
            message_vi="Có xã/phường chưa báo cáo trong tuần",
        ),
    )

    week: str = column(vi="Tuần báo cáo", en="ISO week", str_matches=ISO_WEEK)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    disease: str = column(vi="Bệnh", en="Disease", isin=DISEASES)
    cases: int = column(vi="Số ca mắc", en="Cases", unit="ca", in_range=(0, 5000))
    deaths: int = column(vi="Số ca tử vong", en="Deaths", unit="ca", ge=0)
    reported_on: pl.Date = column(
        vi="Ngày báo cáo", en="Day reported", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.deaths_within_cases",
        description="Số ca tử vong không được lớn hơn số ca mắc",
    )
    def deaths_within_cases(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("deaths") <= pl.col("cases"))
