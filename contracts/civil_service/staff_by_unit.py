"""Cadres, civil servants and public employees by organisation, half-yearly counts."""

from __future__ import annotations

from dataclasses import replace

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import coverage_kept, units_reported
from contracts.formats import COMMUNE_CODE, HALF_YEAR

_QUALIFICATIONS = ("postgraduate", "university", "college", "below_college")
_AGES = ("up_to_30", "from_31_to_40", "from_41_to_50", "over_50")
# that a negative count is wrong is said by its own rule
_IS_WRONG = pl.min_horizontal("headcount", "female", *_QUALIFICATIONS, *_AGES) < 0


def _in_every_commune(frame: pl.DataFrame) -> pl.DataFrame:
    """The communes in turn: they are no part of the key, so chance may leave one out."""
    communes = frame["commune_code"].drop_nulls().unique().sort()
    turn = pl.int_range(pl.len()).over("period") % communes.len()
    at = frame.select(turn).to_series()
    return frame.with_columns(communes.gather(at).alias("commune_code"))


class StaffByUnit(Contract):
    """One row per half-year, organisation and kind of staff: counts, never a person.

    A commune has few people of each kind, so that rows stay inside and the mart is suppressed.
    """

    __contract__ = ContractInfo(
        dataset="civil_service.staff_by_unit",
        version="1.0.0",
        title_vi="Số lượng, chất lượng cán bộ, công chức, viên chức theo cơ quan, đơn vị",
        title_en="Cadres, civil servants and public employees by organisation",
        grain="one row per half-year, organisation and kind of staff",
        key=("period", "organisation_code", "kind"),
        load_mode="upsert",
        publish="aggregate",
        basis="Hung Yen 1062/2025, art. 5.5.d: civil servants (H34); subject matter of Circular "
        "06/2023/TT-BNV on the national database of cadres, civil servants and public employees, "
        "of which no form was at hand: the columns are the project's own. Organisation codes have "
        "the shape of Decision 20/2020/QD-TTg",
        period_column="period",
    )
    __batch_rules__ = (
        replace(
            units_reported(
                unit="commune_code",
                period="period",
                every="half_year",
                reference="admin_unit.commune",
                rule_id="complete.every_commune_reported",
                message_vi="Có xã/phường chưa có số liệu cán bộ, công chức trong kỳ",
            ),
            mend=_in_every_commune,
        ),
        coverage_kept(
            ["organisation_code"],
            message_vi="Có cơ quan, đơn vị đã báo cáo lần trước nay không còn trong biểu",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Half-year reported", str_matches=HALF_YEAR)
    organisation_code: str = column(
        vi="Mã cơ quan, đơn vị",
        en="Organisation code",
        str_matches=r"^\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}$",
    )
    organisation_name: str = column(vi="Tên cơ quan, đơn vị", en="Name of the organisation")
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code, empty for an organisation of the province",
        nullable=True,
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    kind: str = column(
        vi="Loại nhân sự",
        en="Kind of staff",
        isin=["cadre", "civil_servant", "public_employee"],
    )
    headcount: int = column(vi="Tổng số", en="Staff at the end of the period", unit="người", ge=0)
    female: int = column(vi="Nữ", en="Women", unit="người", ge=0)
    postgraduate: int = column(vi="Trên đại học", en="Master or doctor", unit="người", ge=0)
    university: int = column(vi="Đại học", en="University degree", unit="người", ge=0)
    college: int = column(vi="Cao đẳng", en="College degree", unit="người", ge=0)
    below_college: int = column(
        vi="Trung cấp trở xuống", en="Secondary training or less", unit="người", ge=0
    )
    up_to_30: int = column(vi="Từ 30 tuổi trở xuống", en="30 or younger", unit="người", ge=0)
    from_31_to_40: int = column(vi="Từ 31 đến 40 tuổi", en="31 to 40", unit="người", ge=0)
    from_41_to_50: int = column(vi="Từ 41 đến 50 tuổi", en="41 to 50", unit="người", ge=0)
    over_50: int = column(vi="Trên 50 tuổi", en="Older than 50", unit="người", ge=0)
    reported_on: pl.Date = column(
        vi="Ngày chốt số liệu",
        en="Day the figures were closed",
        not_after_arrival=True,
        max_age_days=800,
    )

    @pa.dataframe_check(
        error="correct.women_within_staff",
        description="Số nữ không được lớn hơn tổng số",
    )
    def women_within_staff(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(_IS_WRONG | (pl.col("female") <= pl.col("headcount")))

    @pa.dataframe_check(
        error="correct.qualifications_add_up",
        description="Các mức trình độ cộng lại phải bằng tổng số",
    )
    def qualifications_add_up(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        parts = pl.sum_horizontal(*_QUALIFICATIONS, ignore_nulls=False)
        return data.lazyframe.select(_IS_WRONG | (parts == pl.col("headcount")))

    @pa.dataframe_check(
        error="correct.ages_add_up",
        description="Các nhóm tuổi cộng lại phải bằng tổng số",
    )
    def ages_add_up(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        parts = pl.sum_horizontal(*_AGES, ignore_nulls=False)
        return data.lazyframe.select(_IS_WRONG | (parts == pl.col("headcount")))
