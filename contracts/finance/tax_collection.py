"""Taxes assessed, collected and owed, monthly figures of the provincial tax authority."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE, MONTH


class TaxCollection(Contract):
    """One row per month, commune and tax."""

    __contract__ = ContractInfo(
        dataset="finance.tax_collection",
        version="1.0.0",
        title_vi="Thu thuế theo sắc thuế và địa bàn cấp xã",
        title_en="Tax collection by tax and commune",
        grain="one row per month, commune and tax",
        key=("period", "commune_code", "tax_kind"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: finance, tax (H31, H37)",
        period_column="period",
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    tax_kind: str = column(
        vi="Sắc thuế",
        en="Tax",
        isin=[
            "value_added",
            "corporate_income",
            "personal_income",
            "special_consumption",
            "land_use",
            "licence",
        ],
    )
    taxpayers: int = column(vi="Số người nộp thuế", en="Taxpayers", unit="người nộp thuế", ge=0)
    assessed_vnd: int = column(vi="Số phải nộp", en="Assessed", unit="đồng", ge=0)
    collected_vnd: int = column(vi="Số đã nộp", en="Collected", unit="đồng", ge=0)
    arrears_vnd: int = column(vi="Số nợ thuế", en="Arrears", unit="đồng", ge=0)
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.collected_within_due",
        description="Số đã nộp không được lớn hơn tổng số phải nộp và số nợ thuế",
    )
    def collected_within_due(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            pl.col("collected_vnd") <= pl.col("assessed_vnd") + pl.col("arrears_vnd")
        )
