"""State budget revenue by item, as the treasury books it."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE, MONTH


class BudgetCollection(Contract):
    """One row per month, commune and revenue item."""

    __contract__ = ContractInfo(
        dataset="finance.budget_collection",
        version="1.0.0",
        title_vi="Thu ngân sách nhà nước theo khoản thu, hạch toán tại Kho bạc",
        title_en="State budget revenue by item, as booked by the treasury",
        grain="one row per month, commune and revenue item",
        key=("period", "commune_code", "revenue_item"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: finance, budget (H31, H37)",
        period_column="period",
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    revenue_item: str = column(
        vi="Khoản thu",
        en="Revenue item",
        isin=[
            "tax_production",
            "land_use_fee",
            "land_rent",
            "personal_income_tax",
            "registration_fee",
            "non_agricultural_land_tax",
            "fees_charges",
            "other",
        ],
    )
    collected_vnd: int = column(vi="Số thu", en="Collected", unit="đồng", ge=0)
    refunded_vnd: int = column(vi="Số hoàn trả", en="Refunded", unit="đồng", ge=0)
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.refund_within_collection",
        description="Số hoàn trả không được lớn hơn số thu",
    )
    def refund_within_collection(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            # that a negative sum is wrong is said by its own rule
            (pl.col("collected_vnd") < 0) | (pl.col("refunded_vnd") <= pl.col("collected_vnd"))
        )
