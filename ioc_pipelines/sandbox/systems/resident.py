"""What the provincial police drop: residents by commune, a workbook a month.

Magnitude: 3.57 million people in the province of 2025-07-01 (Resolution 202/2025/QH15); about 1.3 %
are born and 0.65 % die in a year, 24 % are under 15 and 16 % over 60: assumed near the national
figures. Shares of ethnic groups and religions are made up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    Share,
    moved,
)
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World, number

FEED = "cong_an_tinh/population.resident_by_commune"
SHEET, FILE = "Dân cư", "cong_an_tinh/dan-cu-%Y-%m.xlsx"
_GROUP, _MINORITIES, _BELIEVERS = "Nhân khẩu", "Dân tộc thiểu số", "Tôn giáo"
FORM = Form(
    agency="CÔNG AN TỈNH HƯNG YÊN",
    title="BÁO CÁO DÂN CƯ THEO XÃ, PHƯỜNG",
    unit="người",
    columns=(
        Cells("commune_code", "Mã xã", "code"),
        Cells("commune_name", "Tên xã", "text"),
        Cells("residents", "Tổng số", "whole", group=_GROUP, summed=True),
        Cells("male", "Nam", "whole", group=_GROUP, summed=True),
        Cells("female", "Nữ", "whole", group=_GROUP, summed=True),
        Cells("under_15", "Dưới 15 tuổi", "whole", group=_GROUP, summed=True),
        Cells("over_60", "Từ 60 tuổi", "whole", group=_GROUP, summed=True),
        Cells("ethnic_tay", "Tày", "whole", group=_MINORITIES, summed=True),
        Cells("ethnic_muong", "Mường", "whole", group=_MINORITIES, summed=True),
        Cells("ethnic_thai", "Thái", "whole", group=_MINORITIES, summed=True),
        Cells("ethnic_other", "Khác", "whole", group=_MINORITIES, summed=True),
        Cells("buddhist", "Phật giáo", "whole", group=_BELIEVERS, summed=True),
        Cells("catholic", "Công giáo", "whole", group=_BELIEVERS, summed=True),
        Cells("protestant", "Tin Lành", "whole", group=_BELIEVERS, summed=True),
        Cells("other_religion", "Tôn giáo khác", "whole", group=_BELIEVERS, summed=True),
        Cells("births", "Sinh trong tháng", "whole", summed=True),
        Cells("deaths", "Tử trong tháng", "whole", summed=True),
        Cells("id_cards", "Số thẻ căn cước", "whole", summed=True),
        Cells("reported_on", "Ngày chốt", "day"),
    ),
)
FILED_AFTER_DAYS = 3
PEOPLE, GROWTH_A_MONTH, MALE, UNDER_15, OVER_60 = 3_567_943, 0.0006, 0.495, 0.24, 0.16
BORN_A_MONTH, DIED_A_MONTH, CARDS = 0.013 / 12, 0.0065 / 12, 0.82
# of all people; a commune has from none of a group to several times its share
GROUPS = {
    "ethnic_tay": 0.0006,
    "ethnic_muong": 0.0008,
    "ethnic_thai": 0.0005,
    "ethnic_other": 0.0009,
    "buddhist": 0.05,
    "catholic": 0.032,
    "protestant": 0.0004,
    "other_religion": 0.0002,
}
COUNTS = (
    "residents", "male", "female", "under_15", "over_60", "births", "deaths", "id_cards", *GROUPS
)  # fmt: skip


def _plus(column: str, more: int) -> pl.Expr:
    return (pl.col(column).cast(pl.Int64) + more).cast(pl.String)


_AHEAD, _AGO = (moved("reported_on", by, DATE) for by in (DECADE_AHEAD, YEARS_AGO))
DEFECTS = (
    Defect(REQUIRED, "residents", {"residents": NOTHING}),
    Defect(REQUIRED, "id_cards", {"id_cards": NOTHING}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.readable", "births", {"births": pl.lit("không rõ")}),
    Defect("correct.min", "deaths", {"deaths": pl.lit("-2")}),
    Defect("correct.sexes_add_up", None, {"male": _plus("male", 10)}),
    Defect("correct.ages_within_residents", None, {"under_15": _plus("residents", 0)}),
    Defect("correct.cards_within_residents", None, {"id_cards": _plus("residents", 1)}),
    Defect("correct.minorities_within_residents", None, {"ethnic_other": _plus("residents", 1)}),
    Defect("correct.believers_within_residents", None, {"buddhist": _plus("residents", 1)}),
    Defect("correct.not_future", "reported_on", {"reported_on": _AHEAD}),
    Defect("live.max_age", "reported_on", {"reported_on": _AGO}),
    Defect(KEY_UNIQUE, None, {"births": _plus("births", 1)}),
)
SHARE = Share(spoilt=0.03, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=residents(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Tháng %m/%Y",
    )


def residents(world: World) -> pl.DataFrame:
    """The true figures as text, by month and commune."""
    communes = world.communes.with_row_index("number").with_columns(
        commune_code="code", commune_name="full_name"
    )
    months = pl.DataFrame({"period": world.months})
    rows = filed(months.join(communes, how="cross"), FILED_AFTER_DAYS, world)
    commune, block = rows["number"].to_numpy(), rows["block"].to_numpy()
    age = (block - number(world.first_day)) / 30.4
    total = np.rint(PEOPLE * world.people[commune] * (1 + GROWTH_A_MONTH) ** age)

    def around(share: float, purpose: str, spread: float = 0.1) -> pl.Series:
        factor = 1 + spread * (uniform(world.seed, purpose, commune) - 0.5)
        return pl.Series(np.rint(total * share * factor)).cast(pl.Int64)

    def of_group(name: str, share: float) -> pl.Series:
        """Unevenly: half of the communes have less than a quarter of the mean."""
        uneven = 3.5 * uniform(world.seed, name, commune) ** 2.5
        return pl.Series(np.rint(total * share * uneven)).cast(pl.Int64)

    def in_month(share: float, purpose: str) -> pl.Series:
        factor = 0.7 + 0.6 * uniform(world.seed, purpose, commune, block)
        return pl.Series(np.rint(total * share * factor)).cast(pl.Int64)

    all_of = pl.Series(total).cast(pl.Int64)
    male = around(MALE, "male", 0.02)
    counted = rows.with_columns(
        residents=all_of,
        male=male,
        female=all_of - male,
        under_15=around(UNDER_15, "under 15"),
        over_60=around(OVER_60, "over 60"),
        births=in_month(BORN_A_MONTH, "births"),
        deaths=in_month(DIED_A_MONTH, "deaths"),
        id_cards=around(CARDS, "cards"),
        **{name: of_group(name, share) for name, share in GROUPS.items()},
    )
    return counted.with_columns(
        pl.col(*COUNTS).cast(pl.String),
        reported_on=pl.col("period").dt.month_end().dt.strftime(DATE),
    )
