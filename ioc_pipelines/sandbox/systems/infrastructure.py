"""What the construction department drops: the inventory of urban infrastructure, one collection.

Magnitude: 2,100 assets, 20 a commune: assumed. Roads and pipes are lines within one commune.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Integers, pick, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.events import day_text
from ioc_pipelines.sandbox.features import SHAPE_DEFECTS, drop_features
from ioc_pipelines.sandbox.geography import geojson, places
from ioc_pipelines.sandbox.world import World, number

FEED, FILE = "so_xay_dung/infrastructure.asset", "so_xay_dung/ha-tang/cong-trinh.geojson"
PROPERTIES = (
    "ma_cong_trinh", "ten_cong_trinh", "loai", "tinh_trang", "co_quan_quan_ly", "nam_su_dung",
    "ma_xa", "ngay_kiem_tra",
)  # fmt: skip
ASSETS, DATE = 2_100, "%d/%m/%Y"
INSPECTED_WITHIN_DAYS, OLDEST_YEARS = 500, 40
POINT, LINE, AREA = range(3)
# of each kind its share, how it is drawn, and who looks after it
KINDS = {
    "Điện": (0.2, LINE, "Công ty Điện lực Hưng Yên"),
    "Đường": (0.25, LINE, "Sở Xây dựng"),
    "Trường học": (0.12, AREA, "UBND {}"),
    "Bến xe, nhà ga": (0.03, POINT, "Ban Quản lý bến xe"),
    "Cây xanh": (0.15, POINT, "Công ty Môi trường đô thị"),
    "Cấp nước": (0.13, LINE, "Xí nghiệp Cấp nước sạch"),
    "Thoát nước": (0.12, LINE, "Trung tâm Thoát nước đô thị"),
}
STATES = {
    "Đang sử dụng": 0.82,
    "Đang xây dựng": 0.06,
    "Đang sửa chữa": 0.06,
    "Hư hỏng": 0.04,
    "Ngừng sử dụng": 0.02,
}
SCHOOL_DEGREES = 0.0004

_LINE = pl.lit('{"type":"LineString","coordinates":[[106.0,20.5],[106.1,20.6]]}')
_POINT = pl.lit('{"type":"Point","coordinates":[106.05,20.65]}')
DEFECTS = (
    *SHAPE_DEFECTS,
    Defect(REQUIRED, "asset_name", {"ten_cong_trinh": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "state", {"tinh_trang": pl.lit("Không rõ")}),
    Defect("correct.readable", "built_in", {"nam_su_dung": pl.lit("trước giải phóng")}),
    Defect("correct.range", "built_in", {"nam_su_dung": pl.lit("205")}),
    Defect("clean.format", "managed_by", {"co_quan_quan_ly": pl.lit("chưa bàn giao")}),
    Defect(
        "correct.not_future",
        "inspected_on",
        {"ngay_kiem_tra": moved("ngay_kiem_tra", DECADE_AHEAD, DATE)},
    ),
    Defect("live.max_age", "inspected_on", {"ngay_kiem_tra": moved("ngay_kiem_tra", "-6y", DATE)}),
    Defect(
        "correct.geometry_fits_kind",
        None,
        {"geometry": pl.when(pl.col("loai") == "Đường").then(_POINT).otherwise(_LINE)},
        where=pl.col("loai").is_in(["Đường", "Trường học", "Cây xanh"]),
    ),
    Defect(
        KEY_UNIQUE,
        None,
        {"tinh_trang": pl.lit("Hư hỏng")},
        where=pl.col("tinh_trang") != "Hư hỏng",
    ),
)
SHARE = Share(spoilt=0.024, copied=0.002, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the collection below ``root`` and return its answers."""
    planted = plant(assets(world), DEFECTS, SHARE, feed=FEED, world=world)
    opened = number(world.opened_on)
    return FeedKey.of(planted, drop_features(root, world, FILE, planted, PROPERTIES, opened - 1))


def assets(world: World) -> pl.DataFrame:
    """The true inventory."""
    nth = np.arange(ASSETS)
    commune = pick(uniform(world.seed, "asset commune", nth), list(world.people))
    kinds = pick(uniform(world.seed, "asset kind", nth), [share for share, *_ in KINDS.values()])
    states = pick(uniform(world.seed, "asset state", nth), list(STATES.values()))
    state = pl.Series(list(STATES))[states]
    opened = number(world.opened_on)
    inspected = uniform(world.seed, "asset inspected", nth) * INSPECTED_WITHIN_DAYS
    age = (uniform(world.seed, "asset age", nth) * OLDEST_YEARS).astype(np.int64)
    code = pl.Series(nth + 1).cast(pl.String).str.zfill(5)
    kind, where = pl.Series(list(KINDS))[kinds], world.communes["full_name"][commune]
    keepers = pl.Series([keeper for *_, keeper in KINDS.values()])[kinds]
    built = pl.Series(world.first_day.year - 1 - age).cast(pl.String)
    return pl.DataFrame(
        {
            "ma_cong_trinh": "HT-" + code,
            "ten_cong_trinh": kind + " " + where + " " + code,
            "loai": kind,
            "tinh_trang": state,
            "co_quan_quan_ly": [k.format(w) for k, w in zip(keepers, where, strict=True)],
            "nam_su_dung": built.set(state == "Đang xây dựng", None),
            "ma_xa": world.communes["code"][commune],
            "ngay_kiem_tra": day_text(opened - 1 - inspected, DATE),
            "geometry": list(geojson(_drawn(world, commune, kinds, nth))),
            "block": np.full(ASSETS, opened - 1),
            "nth": nth,
        }
    )


def _drawn(world: World, commune: Integers, kinds: Integers, nth: Integers) -> list[Any]:
    """A point, a line of three corners or a square for each asset, by its kind."""
    size = world.communes.height
    first, second, third = (
        places(world.seed, size, f"asset {name}", commune, nth) for name in ("from", "by", "to")
    )
    ways = np.array([way for _, way, _ in KINDS.values()])[kinds]
    squares = shapely.box(*first.T, *(first + SCHOOL_DEGREES).T)
    shapes = [
        shapely.points(first),
        shapely.linestrings(np.stack([first, second, third], axis=1)),
        shapely.set_precision(squares, 1e-6),
    ]
    return [shapes[way][n] for n, way in enumerate(ways)]
