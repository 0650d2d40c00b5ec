"""A feed of GeoJSON: collections of features in a drop folder, and shapes that are wrong."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import polars as pl

from contracts.base import REQUIRED
from ioc_pipelines.sandbox.answer_key import RefusedRow, refused_in_file
from ioc_pipelines.sandbox.defects import NOTHING, Defect
from ioc_pipelines.sandbox.drop import put
from ioc_pipelines.sandbox.world import World

GEOMETRY = "geometry"
_BOW_TIE = "[[106.0,20.5],[106.1,20.6],[106.1,20.5],[106.0,20.6],[106.0,20.5]]"
_NOT_CLOSED = "[[106.0,20.5],[106.1,20.5],[106.1,20.6],[106.0,20.6]]"
_POLYGON = '{{"type":"Polygon","coordinates":[{}]}}'


def _wrong(fault: str, text: str | pl.Expr) -> Defect:
    shape = pl.lit(text) if isinstance(text, str) else text
    return Defect(f"correct.geometry_{fault}", GEOMETRY, {GEOMETRY: shape})


SHAPE_DEFECTS = (
    Defect(REQUIRED, GEOMETRY, {GEOMETRY: NOTHING}),
    _wrong("readable", '{"type":"Circle","coordinates":[106.05,20.65]}'),
    _wrong("closed", _POLYGON.format(_NOT_CLOSED)),
    _wrong("not_swapped", '{"type":"Point","coordinates":[20.65,106.05]}'),
    _wrong("in_viet_nam", '{"type":"Point","coordinates":[553210.5,2284310.2]}'),
    _wrong("not_crossing", _POLYGON.format(_BOW_TIE)),
)
"""Shapes as agencies send them wrong: metres of VN-2000, axes exchanged, rings left open."""


def drop_features(
    root: Path, world: World, path: str, planted: pl.DataFrame, names: Collection[str], day: int
) -> list[RefusedRow]:
    """Write planted rows as one collection, saved on ``day``; return those that are wrong in it.

    ``names`` are the columns that features have as properties; ``geometry`` is GeoJSON text.
    """
    rows = planted.select(*names, GEOMETRY).iter_rows(named=True)
    collection = {"type": "FeatureCollection", "features": [_feature(row) for row in rows]}
    content = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    put(root / path, content.encode(), day, world)
    return refused_in_file(planted, path, first_row=1, sheet="$")


def _feature(row: dict[str, str | None]) -> dict[str, object]:
    shape = row.pop(GEOMETRY)
    return {"type": "Feature", "properties": row, "geometry": json.loads(shape or "null")}
