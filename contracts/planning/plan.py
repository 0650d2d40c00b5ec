"""Register of approved plans, quarterly list of the construction department."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE


class Plan(Contract):
    """One row per approved plan; a plan that is adjusted comes again under its code."""

    __contract__ = ContractInfo(
        dataset="planning.plan",
        version="1.0.0",
        title_vi="Sổ đăng ký đồ án quy hoạch được phê duyệt",
        title_en="Register of approved plans",
        grain="one row per plan",
        key=("plan_code",),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.đ: general and detailed plans, decision that approves "
        "them (H35); kinds of plan of Law 47/2024/QH15 on urban and rural planning. No form of a "
        "register was at hand: the columns are the project's own",
    )

    plan_code: str = column(vi="Mã đồ án", en="Plan code", str_matches=r"^QH-\d{3}$")
    plan_name: str = column(vi="Tên đồ án", en="Name of the plan")
    plan_kind: str = column(
        vi="Loại quy hoạch",
        en="Kind of plan: general, zoning or detailed",
        isin=["general", "zoning", "detailed"],
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    area_ha: float = column(
        vi="Diện tích lập quy hoạch", en="Area planned", unit="ha", in_range=(0.1, 100_000)
    )
    horizon_year: int = column(
        vi="Năm tầm nhìn",
        en="Year the plan looks ahead to, empty for a detailed plan",
        nullable=True,
        in_range=(2020, 2100),
    )
    decision_number: str = column(
        vi="Số quyết định phê duyệt",
        en="Number of the decision that approves it",
        str_matches=r"^\d{1,5}/QĐ-UBND$",
    )
    decided_on: pl.Date = column(
        vi="Ngày quyết định", en="Day of the decision", not_after_arrival=True
    )
    reported_on: pl.Date = column(
        vi="Ngày chốt sổ",
        en="Day the register was closed",
        not_after_arrival=True,
        max_age_days=800,
    )

    @pa.dataframe_check(
        error="correct.looks_ahead",
        description="Năm tầm nhìn phải sau năm của quyết định phê duyệt",
    )
    def looks_ahead(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        ahead = pl.col("horizon_year") > pl.col("decided_on").dt.year()
        return data.lazyframe.select(ahead.fill_null(value=True))
