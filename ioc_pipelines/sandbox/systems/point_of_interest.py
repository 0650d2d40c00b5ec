"""What the land administration drops: the list of points of interest, one collection.

Magnitude: 1,400 points, 13 a commune: assumed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import shapely

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
    plant,
)
from ioc_pipelines.sandbox.events import day_text
from ioc_pipelines.sandbox.features import SHAPE_DEFECTS, drop_features
from ioc_pipelines.sandbox.geography import geojson, places
from ioc_pipelines.sandbox.world import World, number

FEED, FILE = "so_nnmt/map.point_of_interest", "so_nnmt/ban-do/diem-quan-tam.geojson"
PROPERTIES = ("ma_diem", "ten_diem", "loai", "ma_xa", "ngay_khao_sat")
POINTS, DATE, SURVEYED_WITHIN_DAYS = 1_400, "%Y-%m-%d", 900
KINDS = {
    "Trụ sở cơ quan": 0.15,
    "Cơ sở y tế": 0.15,
    "Chợ": 0.15,
    "Di tích": 0.2,
    "Sân thể thao": 0.15,
    "Điểm dừng xe buýt": 0.15,
    "Trụ sở công an": 0.05,
}

DEFECTS = (
    *SHAPE_DEFECTS,
    Defect(REQUIRED, "poi_name", {"ten_diem": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "kind", {"loai": pl.lit("Quán cà phê")}),
    Defect("clean.format", "poi_code", {"ma_diem": pl.col("ma_diem").str.replace("-", "")}),
    Defect(
        "correct.not_future",
        "surveyed_on",
        {"ngay_khao_sat": moved("ngay_khao_sat", DECADE_AHEAD, DATE)},
    ),
    Defect(
        "correct.geometry_is_point",
        None,
        {"geometry": pl.lit('{"type":"LineString","coordinates":[[106.0,20.5],[106.1,20.6]]}')},
    ),
    Defect(KEY_UNIQUE, None, {"loai": pl.lit("Chợ")}, where=pl.col("loai") != "Chợ"),
)
SHARE = Share(spoilt=0.028, copied=0.003, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the collection below ``root`` and return its answers."""
    planted = plant(points(world), DEFECTS, SHARE, feed=FEED, world=world)
    opened = number(world.opened_on)
    return FeedKey.of(planted, drop_features(root, world, FILE, planted, PROPERTIES, opened - 1))


def points(world: World) -> pl.DataFrame:
    """The true points."""
    nth = np.arange(POINTS)
    commune = pick(uniform(world.seed, "point commune", nth), list(world.people))
    kinds = pick(uniform(world.seed, "point kind", nth), list(KINDS.values()))
    at = places(world.seed, world.communes.height, "point", commune, nth)
    opened = number(world.opened_on)
    days = opened - 1 - uniform(world.seed, "point surveyed", nth) * SURVEYED_WITHIN_DAYS
    kind, where = pl.Series(list(KINDS))[kinds], world.communes["name"][commune]
    code = pl.Series(nth + 1).cast(pl.String).str.zfill(5)
    return pl.DataFrame(
        {
            "ma_diem": "DQT-" + code,
            "ten_diem": kind + " " + where + " " + code,
            "loai": kind,
            "ma_xa": world.communes["code"][commune],
            "ngay_khao_sat": day_text(days, DATE),
            "geometry": list(geojson(shapely.points(at))),
            "block": np.full(POINTS, opened - 1),
            "nth": nth,
        }
    )
