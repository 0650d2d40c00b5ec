"""Schools with their classes, pupils and teachers, by school year."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.value_rules import residue


class School(Contract):
    """One row per school year and school."""

    __contract__ = ContractInfo(
        dataset="education.school",
        version="2.0.0",
        title_vi="Trường, lớp, học sinh, giáo viên theo năm học",
        title_en="Schools, classes, pupils and teachers",
        grain="one row per school year and school",
        key=("school_year", "school_code"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.d: data of the education sector (H34)",
        period_column="school_year",
    )
    __batch_rules__ = (residue("school_name"),)

    school_year: str = column(vi="Năm học", en="School year", str_matches=r"^\d{4}-\d{4}$")
    school_code: str = column(vi="Mã trường", en="School code", str_matches=r"^33\d{6}$")
    school_name: str = column(vi="Tên trường", en="Name of the school")
    level: str = column(
        vi="Cấp học",
        en="Level",
        isin=["kindergarten", "primary", "lower_secondary", "upper_secondary"],
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    classes: int = column(vi="Số lớp", en="Classes", unit="lớp", ge=1)
    pupils: int = column(vi="Số học sinh", en="Pupils", unit="học sinh", ge=0)
    teachers: int = column(vi="Số giáo viên", en="Teachers", unit="giáo viên", ge=1)
    reported_on: pl.Date = column(
        vi="Ngày báo cáo", en="Day reported", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.pupils_fit_classes",
        description="Số học sinh không được quá 60 em mỗi lớp",
    )
    def pupils_fit_classes(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("pupils") <= pl.col("classes") * 60)
