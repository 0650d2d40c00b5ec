"""Insured persons, contributions and benefits by commune, figures of the social insurance."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import accumulates
from contracts.formats import COMMUNE_CODE, MONTH


class ParticipationMonthly(Contract):
    """One row per month, commune and kind of insurance. Counts of persons, never a person.

    A few persons draw a benefit in a small commune, and what they draw beside it: only the mart,
    whose small cells are suppressed, is published.
    """

    __contract__ = ContractInfo(
        dataset="social_security.participation_monthly",
        version="1.0.0",
        title_vi="Tham gia và hưởng bảo hiểm xã hội, thất nghiệp, y tế theo xã, phường",
        title_en="Social, unemployment and health insurance by commune",
        grain="one row per month, commune and kind of insurance",
        key=("period", "commune_code", "insurance_kind"),
        load_mode="upsert",
        publish="aggregate",
        basis="Hung Yen 1062/2025, art. 5.5.d: data of specialised systems (H34); subject matter "
        "of Decree 43/2021/ND-CP on the national insurance database, of which no form is used: "
        "the columns are the project's own",
        period_column="period",
    )
    __batch_rules__ = (
        accumulates(
            ["contributions_ytd_vnd", "benefits_ytd_vnd"],
            by=["commune_code", "insurance_kind"],
            period="period",
            every="month",
            within_year=True,
            message_vi="Số thu, chi lũy kế từ đầu năm giảm so với tháng trước",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    insurance_kind: str = column(
        vi="Loại bảo hiểm",
        en="Kind of insurance: social (compulsory, voluntary), unemployment, health",
        isin=["social_compulsory", "social_voluntary", "unemployment", "health"],
    )
    participants: int = column(
        vi="Số người tham gia", en="Insured at the end of the month", unit="người", ge=0
    )
    beneficiaries: int = column(
        vi="Số người hưởng trong tháng", en="Drew a benefit in the month", unit="người", ge=0
    )
    contributions_month_vnd: int = column(
        vi="Số thu trong tháng", en="Contributions of the month", unit="đồng", ge=0
    )
    contributions_ytd_vnd: int = column(
        vi="Số thu lũy kế từ đầu năm", en="Contributions from 1 January", unit="đồng", ge=0
    )
    benefits_month_vnd: int = column(
        vi="Số chi trong tháng", en="Benefits of the month", unit="đồng", ge=0
    )
    benefits_ytd_vnd: int = column(
        vi="Số chi lũy kế từ đầu năm", en="Benefits from 1 January", unit="đồng", ge=0
    )
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.contributions_cover_month",
        description="Số thu lũy kế từ đầu năm không được nhỏ hơn số thu trong tháng",
    )
    def contributions_cover_month(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        # that a negative amount is wrong is said by its own rule
        return data.lazyframe.select(
            (pl.col("contributions_ytd_vnd") < 0)
            | (pl.col("contributions_ytd_vnd") >= pl.col("contributions_month_vnd"))
        )

    @pa.dataframe_check(
        error="correct.benefits_cover_month",
        description="Số chi lũy kế từ đầu năm không được nhỏ hơn số chi trong tháng",
    )
    def benefits_cover_month(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("benefits_ytd_vnd") < 0)
            | (pl.col("benefits_ytd_vnd") >= pl.col("benefits_month_vnd"))
        )

    @pa.dataframe_check(
        error="correct.benefits_have_beneficiaries",
        description="Có số chi trong tháng thì phải có người hưởng",
    )
    def benefits_have_beneficiaries(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("beneficiaries") != 0) | (pl.col("benefits_month_vnd") <= 0)
        )
