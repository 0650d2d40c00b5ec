"""Provinces and communes in force, as published by the statistics office."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import (
    BatchContext,
    BatchFinding,
    BatchRule,
    Contract,
    ContractInfo,
    Rule,
    column,
)
from contracts.batch_rules import coverage_kept, row_count_as_before


def _provinces_with_communes(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
    provinces = frame.filter(pl.col("level") == "province")["code"]
    without = provinces.filter(~provinces.is_in(frame["province_code"].drop_nulls().to_list()))
    return BatchFinding(
        provinces.len() - without.len(), provinces.len(), ", ".join(without.head(10))
    )


def _with_a_bare_province(
    frame: pl.DataFrame, context: BatchContext
) -> tuple[pl.DataFrame, BatchContext]:
    taken = set(frame["code"])
    free = next(code for code in (f"{n:02}" for n in range(100)) if code not in taken)
    province = frame.filter(pl.col("level") == "province").head(1)
    return pl.concat([frame, province.with_columns(pl.lit(free).alias("code"))]), context


def _spread_over_provinces(frame: pl.DataFrame) -> pl.DataFrame:
    is_province = pl.col("code").str.len_chars() == 2
    provinces = frame.filter(is_province).with_columns(
        pl.lit("province").alias("level"), pl.lit(None, pl.String).alias("province_code")
    )
    codes = provinces["code"]
    turn = pl.int_range(pl.len()) % codes.len()
    communes = frame.filter(~is_province).with_columns(
        pl.lit("commune").alias("level"),
        turn.replace_strict(range(codes.len()), codes).alias("province_code"),
    )
    return pl.concat([provinces, communes])


_EVERY_PROVINCE_HAS_COMMUNES = BatchRule(
    Rule(
        "complete.every_province_has_communes",
        None,
        "Có tỉnh không có đơn vị cấp xã nào trong danh mục",
    ),
    _provinces_with_communes,
    _with_a_bare_province,
    mend=_spread_over_provinces,
)


class AdminUnit(Contract):
    """One row per province or commune in force."""

    __contract__ = ContractInfo(
        dataset="reference.admin_unit",
        version="2.0.0",
        title_vi="Đơn vị hành chính đang có hiệu lực",
        title_en="Administrative units in force",
        grain="one row per province or commune in force",
        key=("code",),
        load_mode="snapshot",
        publish="rows",
        basis="Decision 19/2025/QD-TTg: list and codes of Vietnamese administrative units (H01)",
    )
    __batch_rules__ = (
        _EVERY_PROVINCE_HAS_COMMUNES,
        row_count_as_before(
            at_least=0.9,
            at_most=1.1,
            message_vi="Số đơn vị hành chính khác quá 10 % so với danh mục gửi lần trước",
        ),
        coverage_kept(
            ["province_code"],
            message_vi="Có tỉnh có xã, phường trong danh mục lần trước nay không còn",
        ),
    )

    code: str = column(vi="Mã đơn vị", en="Unit code", str_matches=r"^(\d{2}|\d{5})$")
    name: str = column(vi="Tên đơn vị", en="Name without the kind of unit")
    full_name: str = column(vi="Tên đầy đủ", en="Name with the kind of unit")
    level: str = column(vi="Cấp", en="Level", isin=["province", "commune"])
    unit_type: str = column(
        vi="Loại đơn vị",
        en="Kind of unit",
        isin=["Tỉnh", "Thành phố", "Xã", "Phường", "Đặc khu"],
    )
    province_code: str = column(
        vi="Mã tỉnh", en="Code of the province of a commune", nullable=True, str_matches=r"^\d{2}$"
    )

    @pa.dataframe_check(
        error="complete.province_of_commune",
        description="Đơn vị cấp xã phải có mã tỉnh; đơn vị cấp tỉnh không có",
    )
    def province_of_commune(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("level") == "commune") == pl.col("province_code").is_not_null()
        )
