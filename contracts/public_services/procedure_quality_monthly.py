"""What the index of Decision 766 is counted from, monthly by commune."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import units_reported
from contracts.formats import COMMUNE_CODE, MONTH


class ProcedureQualityMonthly(Contract):
    """One row per month and commune; each pair is a whole and the part of it that is as asked.

    Dossiers on time and handed in online are counted from the dossiers themselves.
    """

    __contract__ = ContractInfo(
        dataset="public_services.procedure_quality_monthly",
        version="1.0.0",
        title_vi="Số liệu chất lượng phục vụ người dân, doanh nghiệp theo tháng",
        title_en="Quality of service to people and businesses by month",
        grain="one row per month and commune",
        key=("period", "commune_code"),
        load_mode="upsert",
        publish="rows",
        basis="Decision 766/QD-TTg of 23/6/2022, groups of its index: openness, progress, "
        "digitisation, online services, satisfaction (H32); the annex with its sub-criteria was "
        "not at hand: one whole and one part stand for each group",
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
    procedures: int = column(
        vi="Thủ tục hành chính phải công khai", en="Procedures to be published", ge=1
    )
    procedures_published: int = column(
        vi="Thủ tục công khai đúng hạn, đủ nội dung",
        en="Procedures published on time and in full",
        ge=0,
    )
    results: int = column(
        vi="Kết quả giải quyết đã trả", en="Results handed out", unit="hồ sơ", ge=0
    )
    results_digital: int = column(
        vi="Kết quả được số hóa, ký số", en="Results issued digitally", unit="hồ sơ", ge=0
    )
    ratings: int = column(vi="Số phiếu đánh giá", en="Ratings given", unit="phiếu", ge=0)
    ratings_satisfied: int = column(
        vi="Số phiếu hài lòng trở lên", en="Ratings of satisfied or better", unit="phiếu", ge=0
    )
    reported_on: pl.Date = column(
        vi="Ngày báo cáo", en="Day reported", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.published_within_procedures",
        description="Số thủ tục công khai đúng hạn không được lớn hơn số phải công khai",
    )
    def published_within_procedures(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("procedures") < 1) | (pl.col("procedures_published") <= pl.col("procedures"))
        )

    @pa.dataframe_check(
        error="correct.digital_within_results",
        description="Số kết quả được số hóa không được lớn hơn số kết quả đã trả",
    )
    def digital_within_results(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("results") < 0) | (pl.col("results_digital") <= pl.col("results"))
        )

    @pa.dataframe_check(
        error="correct.satisfied_within_ratings",
        description="Số phiếu hài lòng không được lớn hơn số phiếu đánh giá",
    )
    def satisfied_within_ratings(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("ratings") < 0) | (pl.col("ratings_satisfied") <= pl.col("ratings"))
        )
