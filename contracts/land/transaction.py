"""Changes of land registered with the province's land registration office."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.value_rules import year_of_code


class Transaction(Contract):
    """One row per registered change, as it stands after its last change."""

    __contract__ = ContractInfo(
        dataset="land.transaction",
        version="2.0.0",
        title_vi="Đăng ký biến động đất đai",
        title_en="Registered changes of land",
        grain="one row per registered change",
        key=("transaction_code",),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: land, legal status and prices (H29)",
    )
    __batch_rules__ = (
        year_of_code(
            "transaction_code",
            date="registered_on",
            pattern=r"^GD(\d{4})-",
            message_vi="Năm trong mã giao dịch phải là năm đăng ký biến động",
        ),
    )

    transaction_code: str = column(
        vi="Mã giao dịch", en="Transaction code", str_matches=r"^GD\d{4}-\d{6}$"
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    kind: str = column(
        vi="Loại biến động",
        en="Kind of change",
        isin=["transfer", "inheritance", "gift", "mortgage", "new_certificate", "split"],
    )
    map_sheet: int = column(vi="Số tờ bản đồ", en="Number of the map sheet", gt=0)
    parcel: int = column(vi="Số thửa đất", en="Number of the parcel", gt=0)
    area_m2: float = column(vi="Diện tích", en="Area", unit="m²", gt=0, le=1_000_000)
    price_vnd: int = column(vi="Giá trị", en="Price", unit="đồng", nullable=True, ge=0)
    owner_name: str = column(vi="Chủ sử dụng đất", en="Land user", personal=True)
    registered_on: pl.Date = column(vi="Ngày đăng ký", en="Day registered", not_after_arrival=True)
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="complete.transfer_has_price",
        description="Chuyển nhượng đất phải có giá trị giao dịch",
    )
    def transfer_has_price(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("kind") != "transfer") | pl.col("price_vnd").is_not_null()
        )
