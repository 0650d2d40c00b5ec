"""What the home affairs department drops: staff by organisation, a workbook a half-year.

Magnitude: about 60 people work for the authority of a commune, 60 to 350 for a department of the
province: assumed. Teachers and health workers are left out. The department begins with the
province of 2025-07-01.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, Integers, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
)
from ioc_pipelines.sandbox.events import filed, since
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World, month_number

FEED = "so_noi_vu/civil_service.staff_by_unit"
SHEET, FILE = "CBCCVC", "so_noi_vu/can-bo-cong-chuc-%Y-%m.xlsx"
_LEVELS, _AGES = "Trình độ", "Nhóm tuổi"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ NỘI VỤ",
    title="SỐ LƯỢNG, CHẤT LƯỢNG CÁN BỘ, CÔNG CHỨC, VIÊN CHỨC",
    unit="người",
    columns=(
        Cells("organisation_code", "Mã cơ quan", "text"),
        Cells("organisation_name", "Tên cơ quan", "text"),
        Cells("commune_code", "Mã xã", "code"),
        Cells("kind", "Loại", "text"),
        Cells("headcount", "Tổng số", "whole", summed=True),
        Cells("female", "Nữ", "whole", summed=True),
        Cells("postgraduate", "Trên đại học", "whole", group=_LEVELS, summed=True),
        Cells("university", "Đại học", "whole", group=_LEVELS, summed=True),
        Cells("college", "Cao đẳng", "whole", group=_LEVELS, summed=True),
        Cells("below_college", "Trung cấp trở xuống", "whole", group=_LEVELS, summed=True),
        Cells("up_to_30", "Đến 30", "whole", group=_AGES, summed=True),
        Cells("from_31_to_40", "31-40", "whole", group=_AGES, summed=True),
        Cells("from_41_to_50", "41-50", "whole", group=_AGES, summed=True),
        Cells("over_50", "Trên 50", "whole", group=_AGES, summed=True),
        Cells("reported_on", "Ngày chốt", "day"),
    ),
)
BEGINS, FILED_AFTER_DAYS = date(2025, 7, 1), 20
DEPARTMENTS = (
    "Văn phòng UBND tỉnh", "Sở Nội vụ", "Sở Tư pháp", "Sở Tài chính", "Sở Công Thương",
    "Sở Nông nghiệp và Môi trường", "Sở Xây dựng", "Sở Khoa học và Công nghệ",
    "Sở Văn hóa, Thể thao và Du lịch", "Sở Giáo dục và Đào tạo", "Sở Y tế", "Thanh tra tỉnh",
    "Sở Dân tộc và Tôn giáo", "Ban Quản lý các khu công nghiệp tỉnh",
)  # fmt: skip
# mean staff of a commune and of a department; shares by qualification and by age
KINDS = {"Cán bộ": (14, 0), "Công chức": (40, 95), "Viên chức": (8, 160)}
QUALIFIED = {"postgraduate": 0.2, "university": 0.66, "college": 0.08, "below_college": 0.06}
AGED = {"up_to_30": 0.1, "from_31_to_40": 0.37, "from_41_to_50": 0.38, "over_50": 0.15}
FEMALE = 0.42
COUNTS = ("headcount", "female", *QUALIFIED, *AGED)


def _plus(column: str, more: int) -> pl.Expr:
    return (pl.col(column).cast(pl.Int64) + more).cast(pl.String)


_ONE_YOUNGER = {
    "from_41_to_50": _plus("from_41_to_50", -1),
    "from_31_to_40": _plus("from_31_to_40", 1),
}
_HAS_OLDER = pl.col("from_41_to_50").cast(pl.Int64) > 0
DEFECTS = (
    Defect(REQUIRED, "organisation_name", {"organisation_name": NOTHING}),
    Defect(REQUIRED, "headcount", {"headcount": NOTHING}),
    Defect(
        "correct.reference",
        "commune_code",
        {"commune_code": UNKNOWN_COMMUNE},
        where=pl.col("commune_code").is_not_null(),
    ),
    Defect("correct.enum", "kind", {"kind": pl.lit("Hợp đồng 111")}),
    Defect("correct.readable", "female", {"female": pl.lit("không rõ")}),
    Defect("correct.min", "college", {"college": pl.lit("-1")}),
    Defect("correct.women_within_staff", None, {"female": _plus("headcount", 1)}),
    Defect("correct.qualifications_add_up", None, {"university": _plus("university", 1)}),
    Defect("correct.ages_add_up", None, {"over_50": _plus("over_50", 1)}),
    Defect(
        "correct.not_future",
        "reported_on",
        {"reported_on": moved("reported_on", DECADE_AHEAD, DATE)},
    ),
    Defect(
        "clean.format",
        "organisation_code",
        {"organisation_code": pl.col("organisation_code").str.replace_all(".", "", literal=True)},
    ),
    Defect(KEY_UNIQUE, None, _ONE_YOUNGER, where=_HAS_OLDER),
)
SHARE = Share(spoilt=0.045, copied=0.002, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=staff(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Số liệu đến tháng %m/%Y",
    )


def staff(world: World) -> pl.DataFrame:
    """The true counts as text; ``period`` is the half-year's last month."""
    ends = pl.DataFrame({"period": world.months}).filter(pl.col("period").dt.month() % 6 == 0)
    each = ends.join(_organisations(world), how="cross")
    rows = since(filed(each, FILED_AFTER_DAYS, world), BEGINS)
    nth, kind = rows["number"].to_numpy(), rows["kind_number"].to_numpy()
    month = rows.select(month_number("period")).to_series().to_numpy()

    def draw(purpose: str) -> Floats:
        """The same for an organisation each time, but for a twentieth."""
        steady = uniform(world.seed, f"staff {purpose}", nth, kind)
        return 0.95 * steady + 0.05 * uniform(world.seed, f"staff {purpose} then", nth, kind, month)

    headcount = np.rint(rows["mean"].to_numpy() * (0.6 + 0.8 * draw("headcount"))).astype(np.int64)
    female = np.rint(headcount * FEMALE * (0.7 + 0.6 * draw("female"))).astype(np.int64)
    counts = {"headcount": headcount, "female": np.minimum(female, headcount)}
    for shares, purpose in ((QUALIFIED, "qualified"), (AGED, "aged")):
        weights = [share * (0.6 + 0.8 * draw(f"{purpose} {n}")) for n, share in shares.items()]
        counts |= dict(zip(shares, _split(headcount, weights), strict=True))
    return rows.with_columns(
        *(pl.Series(name, values).cast(pl.String) for name, values in counts.items()),
        reported_on=pl.col("period").dt.month_end().dt.strftime(DATE),
    )


def _split(whole: Integers, weights: list[Floats]) -> list[Integers]:
    """Whole parts by ``weights`` that add up to ``whole``."""
    edges = np.cumsum(weights, axis=0) / np.sum(weights, axis=0)
    ends = np.rint(whole * edges).astype(np.int64)
    return list(np.diff(ends, axis=0, prepend=np.zeros((1, whole.size), dtype=np.int64)))


def _organisations(world: World) -> pl.DataFrame:
    """Departments and communes by kind of staff, those kinds that they have."""
    nth = pl.int_range(1, pl.len() + 1).cast(pl.String)
    departments = pl.DataFrame({"organisation_name": DEPARTMENTS}).select(
        pl.format("000.00.{}.H31", nth.str.zfill(2)).alias("organisation_code"),
        "organisation_name",
        pl.lit(None, pl.String).alias("commune_code"),
        pl.lit(1).alias("level"),
    )
    communes = world.communes.select(
        pl.format("{}.33.00.H31", nth.str.zfill(3)).alias("organisation_code"),
        pl.format("UBND {}", "full_name").alias("organisation_name"),
        pl.col("code").alias("commune_code"),
        pl.lit(0).alias("level"),
    )
    every = pl.concat([departments, communes]).with_row_index("number")
    kinds = pl.DataFrame({"kind": list(KINDS), "means": list(KINDS.values())})
    each = every.join(kinds.with_row_index("kind_number"), how="cross", maintain_order="left_right")
    mean = pl.col("means").list.get(pl.col("level")).cast(pl.Float64)
    return each.with_columns(mean.alias("mean")).filter(pl.col("mean") > 0)
