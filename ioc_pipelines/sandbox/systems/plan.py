"""What the construction department drops on planning: a workbook a quarter, the plans approved.

Magnitude: fourteen plans a quarter, of 104 communes that all need new ones since 2025: assumed.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import pick, uniform
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

FEED = "so_xay_dung/planning.plan"
SHEET, FILE = "Sổ quy hoạch", "so_xay_dung/so-quy-hoach-%Y-Q<q>.xlsx"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ XÂY DỰNG",
    title="SỔ ĐỒ ÁN QUY HOẠCH ĐƯỢC PHÊ DUYỆT",
    columns=(
        Cells("plan_code", "Mã đồ án", "text"),
        Cells("plan_name", "Tên đồ án", "text"),
        Cells("plan_kind", "Loại quy hoạch", "text"),
        Cells("commune_code", "Mã xã", "code"),
        Cells("area", "Diện tích (ha)", "decimal"),
        Cells("horizon", "Tầm nhìn đến năm", "code"),
        Cells("decision", "Số quyết định", "text"),
        Cells("decided_on", "Ngày quyết định", "day"),
        Cells("reported_on", "Ngày chốt sổ", "day"),
    ),
)
PLANS_A_QUARTER, FILED_AFTER_DAYS = 14, 8
KINDS = ("Quy hoạch chung", "Quy hoạch phân khu", "Quy hoạch chi tiết")
AREA_HA = ((900.0, 4_000.0), (80.0, 600.0), (4.0, 60.0))
AHEAD_YEARS = (20, 15)  # a detailed plan names no year

_AHEAD = moved("decided_on", DECADE_AHEAD, DATE)
_LOOKS_AHEAD = pl.col("horizon").is_not_null()
DEFECTS = (
    Defect(REQUIRED, "plan_name", {"plan_name": NOTHING}),
    Defect(REQUIRED, "decision_number", {"decision": NOTHING}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "plan_kind", {"plan_kind": pl.lit("Quy hoạch khác")}),
    Defect("correct.readable", "area_ha", {"area": pl.lit("đang đo")}),
    Defect("correct.not_future", "decided_on", {"decided_on": _AHEAD}, ~_LOOKS_AHEAD),
    Defect("correct.looks_ahead", None, {"horizon": pl.lit("2023")}, _LOOKS_AHEAD),
    Defect(
        "correct.not_future",
        "reported_on",
        {"reported_on": moved("reported_on", DECADE_AHEAD, DATE)},
    ),
    Defect("clean.format", "decision_number", {"decision": pl.format("QĐ {}", "decision")}),
    Defect(KEY_UNIQUE, None, {"area": (pl.col("area").cast(pl.Float64) + 1).cast(pl.String)}),
)
SHARE = Share(spoilt=0.1, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=plans(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Quý <q>/%Y",
    )


def plans(world: World) -> pl.DataFrame:
    """The true entries as text, by quarter and plan; ``period`` is the quarter's last month."""
    ends = pl.DataFrame({"period": world.months}).filter(pl.col("period").dt.month() % 3 == 0)
    each = pl.DataFrame({"of_quarter": range(PLANS_A_QUARTER)})
    rows = filed(ends.join(each, how="cross"), FILED_AFTER_DAYS, world)
    quarter = rows.select(month_number("period") // 3).to_series().to_numpy()
    nth = (quarter - quarter.min()) * PLANS_A_QUARTER + rows["of_quarter"].to_numpy()
    kind = np.minimum(nth % 5, 2)
    commune = pick(uniform(world.seed, "plan commune", nth), list(world.people))
    low, high = np.array(AREA_HA)[kind].T
    area = low + (high - low) * uniform(world.seed, "plan area", nth)
    days_before = np.rint(3 + 80 * uniform(world.seed, "plan decided", nth)).astype(np.int64)
    end = pl.col("period").dt.month_end()
    decided = end - pl.duration(days=pl.lit(pl.Series(days_before)))
    place = world.communes["name"].gather(commune)
    names = pl.Series(list(KINDS)).gather(kind)
    code = pl.Series(nth + 1).cast(pl.String)
    ahead = pl.Series(np.array([*AHEAD_YEARS, 0])[kind])
    return rows.with_columns(
        plan_code=pl.select(pl.format("QH-{}", code.str.zfill(3))).to_series(),
        plan_name=pl.select(pl.format("{} {} {}", names, place, code)).to_series(),
        plan_kind=names,
        commune_code=world.communes["code"].gather(commune),
        area=pl.Series(area).round(1).cast(pl.String),
        horizon=pl.when(ahead > 0).then((decided.dt.year() + ahead).cast(pl.String)),
        decision=pl.select(
            pl.format("{}/QĐ-UBND", pl.Series(nth + 1201).cast(pl.String))
        ).to_series(),
        decided_on=decided.dt.strftime(DATE),
        reported_on=end.dt.strftime(DATE),
    ).drop("of_quarter")


def codes(world: World) -> list[tuple[str, date]]:
    """Every plan's code with the last month of its quarter."""
    return list(plans(world).select("plan_code", "period").iter_rows())
