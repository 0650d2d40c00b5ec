"""What the construction department drops on social housing: a workbook a quarter, a row a project.

Magnitude: 66 projects of 42,000 homes in all, built over two to four years: assumed, of the order
of the 5,900 homes that the plan of 2026 asks for. The form names who represents the developer;
the feed does not read that column.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, pick, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
)
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World, month_number

FEED = "so_xay_dung/housing.social_housing"
SHEET, FILE = "Nhà ở xã hội", "so_xay_dung/nha-o-xa-hoi-%Y-Q<q>.xlsx"
_HOMES = "Số căn"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ XÂY DỰNG",
    title="TÌNH HÌNH PHÁT TRIỂN NHÀ Ở XÃ HỘI THEO DỰ ÁN",
    columns=(
        Cells("project_code", "Mã dự án", "text"),
        Cells("project_name", "Tên dự án", "text"),
        Cells("developer", "Chủ đầu tư", "text"),
        Cells("representative", "Người đại diện", "text"),
        Cells("commune_code", "Mã xã", "code"),
        Cells("status", "Tình trạng", "text"),
        Cells("land_area", "Diện tích đất (m²)", "decimal"),
        Cells("floor_area", "Diện tích sàn (m²)", "decimal"),
        Cells("planned", "Theo quy hoạch", "whole", group=_HOMES, summed=True),
        Cells("started", "Đã khởi công", "whole", group=_HOMES, summed=True),
        Cells("finished", "Hoàn thành", "whole", group=_HOMES, summed=True),
        Cells("sold", "Đã bán", "whole", group=_HOMES, summed=True),
        Cells("let", "Cho thuê, thuê mua", "whole", group=_HOMES, summed=True),
        Cells("price", "Giá bán (đồng/m²)", "whole"),
        Cells("reported_on", "Ngày chốt", "day"),
    ),
)
PROJECTS, FILED_AFTER_DAYS = 66, 10
HOMES, HOME_M2, FLOORS_ON_LAND = (200, 1_080), (45.0, 68.0), 3.2
# months before the sandbox's first day at which a project is begun, and how long it is built
BEGUN, BUILT = (-30, 24), (24, 48)
PRICE_VND, MOST_ROUNDED = (13_000_000, 19_000_000), 10_000
STATES = ("Chuẩn bị đầu tư", "Đang thi công", "Đã hoàn thành")
DEVELOPERS = ("Công ty CP Đầu tư {}", "Công ty TNHH Xây dựng {}", "Liên danh {}", "Ban QLDA {}")


def _plus(column: str, more: int) -> pl.Expr:
    return (pl.col(column).cast(pl.Int64) + more).cast(pl.String)


_IN_THOUSANDS = (pl.col("floor_area").cast(pl.Float64) / 1000).round(1).cast(pl.String)
_MORE_LAND = (pl.col("land_area").cast(pl.Float64) + 100).cast(pl.String)
DEFECTS = (
    Defect(REQUIRED, "developer", {"developer": NOTHING}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "status", {"status": pl.lit("Vướng mặt bằng")}),
    Defect("correct.readable", "price_vnd_per_m2", {"price": pl.lit("đang thẩm định")}),
    Defect("correct.range", "price_vnd_per_m2", {"price": pl.lit("160000000")}),
    Defect("correct.finished_within_started", None, {"finished": _plus("started", 1)}),
    Defect("correct.taken_within_planned", None, {"sold": _plus("planned", 1)}),
    Defect("correct.area_fits_homes", None, {"floor_area": _IN_THOUSANDS}),
    Defect(
        "correct.not_future",
        "reported_on",
        {"reported_on": moved("reported_on", DECADE_AHEAD, DATE)},
    ),
    Defect(
        "clean.format",
        "project_code",
        {"project_code": pl.col("project_code").str.replace("-", "")},
    ),
    Defect(KEY_UNIQUE, None, {"land_area": _MORE_LAND}),
)
SHARE = Share(spoilt=0.045, copied=0.004, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=projects(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Quý <q>/%Y",
    )


def projects(world: World) -> pl.DataFrame:
    """The true figures as text, by quarter and project; ``period`` is the quarter's last month."""
    ends = pl.DataFrame({"period": world.months}).filter(pl.col("period").dt.month() % 3 == 0)
    rows = filed(ends.join(_projects(world), how="cross"), FILED_AFTER_DAYS, world)
    months = rows.select(month_number("period")).to_series().to_numpy()
    since = months - rows["begun"].to_numpy()
    done = np.clip(since / rows["months"].to_numpy(), 0, 1)
    planned = rows["planned"].to_numpy()
    # building begins at once in parts, is finished in the last third, and sold a little later
    started = np.rint(planned * np.clip(done * 2.5, 0, 1))
    finished = np.rint(planned * np.clip((done - 0.65) / 0.35, 0, 1))
    sold = np.floor(finished * 0.72 * rows["taken"].to_numpy())
    let = np.floor(finished * 0.2 * rows["taken"].to_numpy())
    counts = {"started": started, "finished": finished, "sold": sold, "let": let}
    state = np.where(done <= 0, 0, np.where(done < 1, 1, 2))
    return rows.with_columns(
        *(
            pl.Series(name, values).cast(pl.Int64).cast(pl.String)
            for name, values in counts.items()
        ),
        pl.Series("status", list(STATES)).gather(state),
        pl.when(pl.lit(pl.Series(done > 0.3))).then("price").alias("price"),
        pl.col("planned").cast(pl.String),
        reported_on=pl.col("period").dt.month_end().dt.strftime(DATE),
    )


def _projects(world: World) -> pl.DataFrame:
    """What does not change of each project."""
    nth = np.arange(PROJECTS)

    def between(ends: tuple[float, float], purpose: str) -> Floats:
        low, high = ends
        return low + (high - low) * uniform(world.seed, f"housing {purpose}", nth)

    commune = pick(uniform(world.seed, "housing commune", nth), list(world.people))
    place = world.communes["name"].gather(commune)
    planned = np.rint(between(HOMES, "homes"))
    floor = planned * between(HOME_M2, "home")
    price = np.rint(between(PRICE_VND, "price") / MOST_ROUNDED) * MOST_ROUNDED
    first = world.first_day.year * 12 + world.first_day.month - 1
    code = pl.Series(nth + 1).cast(pl.String)
    kinds = pl.Series(DEVELOPERS).gather(nth % len(DEVELOPERS))
    named = zip(kinds, place, strict=True)
    return pl.DataFrame(
        {
            "project_code": pl.select(pl.format("NOXH-{}", code.str.zfill(3))).to_series(),
            "project_name": pl.select(pl.format("Nhà ở xã hội {} {}", place, code)).to_series(),
            "developer": [kind.format(name) for kind, name in named],
            "representative": pl.select(pl.format("Người đại diện {}", code)).to_series(),
            "commune_code": world.communes["code"].gather(commune),
            "planned": pl.Series(planned).cast(pl.Int64),
            "floor_area": pl.Series(floor).round(1).cast(pl.String),
            "land_area": pl.Series(floor / FLOORS_ON_LAND).round(1).cast(pl.String),
            "price": pl.Series(price).cast(pl.Int64).cast(pl.String),
            "begun": pl.Series(np.rint(first + between(BEGUN, "begun"))).cast(pl.Int64),
            "months": pl.Series(np.rint(between(BUILT, "months"))).cast(pl.Int64),
            "taken": pl.Series(between((0.7, 1.0), "taken")),
        }
    )
