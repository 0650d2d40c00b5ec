"""Payments of the state budget through the treasury."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.value_rules import year_of_code


class TreasuryPayment(Contract):
    """One row per payment voucher."""

    __contract__ = ContractInfo(
        dataset="finance.treasury_payment",
        version="2.0.0",
        title_vi="Chi ngân sách nhà nước qua Kho bạc theo chứng từ",
        title_en="Payments of the state budget through the treasury",
        grain="one row per payment voucher",
        key=("payment_no",),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: finance, budget (H31)",
    )
    __batch_rules__ = (
        year_of_code(
            "payment_no",
            date="paid_on",
            pattern=r"^CTC-(\d{2})",
            message_vi="Năm trong số chứng từ phải là năm chi",
        ),
    )

    payment_no: str = column(
        vi="Số chứng từ", en="Number of the voucher", str_matches=r"^CTC-\d{6}-\d{5}$"
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    spending_kind: str = column(
        vi="Loại chi", en="Kind of spending", isin=["recurrent", "investment"]
    )
    approved_on: pl.Date = column(vi="Ngày duyệt chi", en="Day approved")
    paid_on: pl.Date = column(vi="Ngày chi", en="Day paid", not_after_arrival=True)
    amount_vnd: int = column(vi="Số tiền", en="Amount", unit="đồng", gt=0)
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.paid_after_approved",
        description="Ngày chi không được trước ngày duyệt chi",
    )
    def paid_after_approved(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("paid_on") >= pl.col("approved_on"))
