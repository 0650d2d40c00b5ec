"""Twelve columns and fifteen rules of the usual kinds, as a table of dossiers has them.

The fifteen are beside those that every contract has: required, readable, no exact duplicate.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column


class Dossier(Contract):
    """One row per dossier."""

    __contract__ = ContractInfo(
        dataset="bench.dossier",
        version="1.0.0",
        title_vi="Hồ sơ (đo tốc độ)",
        title_en="Dossiers (benchmark)",
        grain="one row per dossier",
        key=("code",),
        load_mode="upsert",
        publish="rows",
        basis="benchmark",
    )
    code: str = column(vi="Mã hồ sơ", en="Code", str_matches=r"^H\d{9}$")
    commune_code: str = column(
        vi="Mã xã", en="Commune", references="admin_unit.commune", str_matches=r"^\d{5}$"
    )
    kind: str = column(vi="Loại", en="Kind", isin=["a", "b", "c", "d"])
    name: str = column(vi="Người nộp", en="Applicant", personal=True, str_length={"max_value": 80})
    channel: str = column(vi="Kênh", en="Channel", isin=["online", "in_person"])
    fee_vnd: int = column(vi="Lệ phí", en="Fee", unit="đồng", ge=0)
    pages: int = column(vi="Số trang", en="Pages", unit="trang", in_range=(1, 500))
    area_m2: float = column(vi="Diện tích", en="Area", unit="m²", gt=0)
    share: float = column(vi="Tỷ lệ", en="Share", unit="%", nullable=True, in_range=(0, 100))
    received_on: pl.Date = column(
        vi="Ngày nhận", en="Received", not_after_arrival=True, max_age_days=2_000
    )
    finished_on: pl.Date = column(vi="Ngày trả", en="Finished", nullable=True)
    note: str = column(vi="Ghi chú", en="Note", nullable=True, str_length={"max_value": 200})

    @pa.dataframe_check(
        error="correct.finished_after_received", description="Ngày trả không trước ngày nhận"
    )
    def finished_after_received(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("finished_on") >= pl.col("received_on"))
