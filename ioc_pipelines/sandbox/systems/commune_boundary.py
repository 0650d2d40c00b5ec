"""What the land administration drops: the boundaries of all communes, a collection a quarter.

Their shapes are made up (``sandbox.geography``); the first edition is that after the reform.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, RefusedRow
from ioc_pipelines.sandbox.defects import NOTHING, UNKNOWN_COMMUNE, Defect, Share, plant
from ioc_pipelines.sandbox.events import filed, since
from ioc_pipelines.sandbox.features import SHAPE_DEFECTS, drop_features
from ioc_pipelines.sandbox.geography import area_km2, boundaries, geojson
from ioc_pipelines.sandbox.world import World

FEED = "so_nnmt/map.commune_boundary"
FIRST_EDITION, FILED_AFTER_DAYS = date(2025, 7, 1), 15
PROPERTIES = ("ma_xa", "ten_xa", "dien_tich_km2")

_HECTARES = (pl.col("dien_tich_km2").cast(pl.Float64) * 10_000).cast(pl.String)
DEFECTS = (
    *SHAPE_DEFECTS,
    Defect(REQUIRED, "commune_name", {"ten_xa": NOTHING}),
    Defect("correct.reference", "commune_code", {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.range", "area_km2", {"dien_tich_km2": _HECTARES}),
    Defect(
        "correct.geometry_is_area",
        None,
        {"geometry": pl.lit('{"type":"LineString","coordinates":[[106.0,20.5],[106.1,20.6]]}')},
    ),
    Defect(KEY_UNIQUE, None, {"dien_tich_km2": pl.lit("1.5")}),
)
SHARE = Share(spoilt=0.06, copied=0.004, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write one collection for each edition below ``root`` and return the answers."""
    planted = plant(shapes(world), DEFECTS, SHARE, feed=FEED, world=world)
    refused: list[RefusedRow] = []
    for (edition, day), rows in planted.group_by("edition", "filed", maintain_order=True):
        path = f"so_nnmt/ban-do/ranh-gioi-xa-{edition}.geojson"
        refused += drop_features(root, world, path, rows, PROPERTIES, int(day))
    return FeedKey.of(planted, refused)


def shapes(world: World) -> pl.DataFrame:
    """The true boundaries, by edition and commune."""
    drawn = boundaries(world.seed, world.communes.height)
    communes = world.communes.select(
        pl.col("code").alias("ma_xa"),
        pl.col("full_name").alias("ten_xa"),
        pl.Series("dien_tich_km2", [f"{area_km2(shape):.2f}" for shape in drawn]),
        pl.Series("geometry", list(geojson(drawn))),
    )
    ends = pl.DataFrame({"period": world.months}).filter(pl.col("period").dt.month() % 3 == 0)
    rows = filed(ends.join(communes, how="cross"), FILED_AFTER_DAYS, world)
    period = pl.col("period")
    edition = pl.format("{}-Q{}", period.dt.year(), period.dt.quarter())
    return since(rows, FIRST_EDITION).with_columns(edition=edition, filed="block")
