"""Residents of the communes by sex, age, ethnic group and religion, by the provincial police."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import units_reported
from contracts.formats import COMMUNE_CODE, MONTH

_MINORITIES = ("ethnic_tay", "ethnic_muong", "ethnic_thai", "ethnic_other")
_BELIEVERS = ("buddhist", "catholic", "protestant", "other_religion")
# that a negative whole is wrong is said by its own rule
_WHOLE_IS_WRONG = pl.col("residents") < 0
_SEX_IS_WRONG = pl.min_horizontal("residents", "male", "female") < 0


class ResidentByCommune(Contract):
    """One row per month and commune: counts, never a person.

    Kinh, and those without a religion, are what the other counts leave of the residents. A commune
    may have very few of a group, so that rows stay inside and the mart is suppressed.
    """

    __contract__ = ContractInfo(
        dataset="population.resident_by_commune",
        version="2.0.0",
        title_vi="Dân cư theo xã, phường",
        title_en="Residents by commune",
        grain="one row per month and commune",
        key=("period", "commune_code"),
        load_mode="upsert",
        publish="aggregate",
        basis="Hung Yen 1062/2025, art. 5.5.b: people by religion, ethnic group, births, "
        "age, identity cards (H28)",
        period_column="period",
    )
    __batch_rules__ = (
        units_reported(
            unit="commune_code",
            period="period",
            every="month",
            reference="admin_unit.commune",
            rule_id="complete.every_commune_reported",
            message_vi="Có xã/phường chưa báo cáo trong kỳ",
        ),
    )

    period: str = column(vi="Kỳ báo cáo", en="Month reported", str_matches=MONTH)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    residents: int = column(vi="Tổng số dân", en="Residents", unit="người", ge=0)
    male: int = column(vi="Số nam", en="Male", unit="người", ge=0)
    female: int = column(vi="Số nữ", en="Female", unit="người", ge=0)
    under_15: int = column(vi="Số người dưới 15 tuổi", en="Younger than 15", unit="người", ge=0)
    over_60: int = column(vi="Số người từ 60 tuổi", en="60 and older", unit="người", ge=0)
    births: int = column(vi="Số sinh trong tháng", en="Births in the month", unit="người", ge=0)
    deaths: int = column(vi="Số tử trong tháng", en="Deaths in the month", unit="người", ge=0)
    id_cards: int = column(vi="Số thẻ căn cước", en="Identity cards issued", unit="thẻ", ge=0)
    ethnic_tay: int = column(vi="Dân tộc Tày", en="Tay", unit="người", ge=0)
    ethnic_muong: int = column(vi="Dân tộc Mường", en="Muong", unit="người", ge=0)
    ethnic_thai: int = column(vi="Dân tộc Thái", en="Thai", unit="người", ge=0)
    ethnic_other: int = column(
        vi="Dân tộc thiểu số khác", en="Other ethnic minorities", unit="người", ge=0
    )
    buddhist: int = column(vi="Theo Phật giáo", en="Buddhists", unit="người", ge=0)
    catholic: int = column(vi="Theo Công giáo", en="Catholics", unit="người", ge=0)
    protestant: int = column(vi="Theo đạo Tin Lành", en="Protestants", unit="người", ge=0)
    other_religion: int = column(vi="Theo tôn giáo khác", en="Other religions", unit="người", ge=0)
    reported_on: pl.Date = column(
        vi="Ngày chốt số liệu",
        en="Day the figures were closed",
        not_after_arrival=True,
        max_age_days=800,
    )

    @pa.dataframe_check(
        error="correct.sexes_add_up",
        description="Số nam cộng số nữ phải bằng tổng số dân",
    )
    def sexes_add_up(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            _WHOLE_IS_WRONG | (pl.col("male") + pl.col("female") == pl.col("residents"))
        )

    @pa.dataframe_check(
        error="correct.ages_within_residents",
        description="Số dưới 15 tuổi cộng số từ 60 tuổi không được lớn hơn tổng số dân",
    )
    def ages_within_residents(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            _WHOLE_IS_WRONG | (pl.col("under_15") + pl.col("over_60") <= pl.col("residents"))
        )

    @pa.dataframe_check(
        error="correct.cards_within_residents",
        description="Số thẻ căn cước không được lớn hơn tổng số dân",
    )
    def cards_within_residents(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(_WHOLE_IS_WRONG | (pl.col("id_cards") <= pl.col("residents")))

    @pa.dataframe_check(
        error="correct.minorities_within_residents",
        description="Tổng số người dân tộc thiểu số không được lớn hơn tổng số dân",
    )
    def minorities_within_residents(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        total = pl.sum_horizontal(*_MINORITIES, ignore_nulls=False)
        return data.lazyframe.select(_SEX_IS_WRONG | (total <= pl.col("residents")))

    @pa.dataframe_check(
        error="correct.believers_within_residents",
        description="Tổng số tín đồ các tôn giáo không được lớn hơn tổng số dân",
    )
    def believers_within_residents(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        total = pl.sum_horizontal(*_BELIEVERS, ignore_nulls=False)
        return data.lazyframe.select(_SEX_IS_WRONG | (total <= pl.col("residents")))
