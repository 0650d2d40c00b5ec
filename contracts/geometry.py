"""Geometry as GeoJSON text (RFC 7946): what a shape on a map must be, whatever it shows.

Coordinates are longitude and latitude in degrees of WGS 84, as RFC 7946 has them. VN-2000 in metres
is refused as lying outside Viet Nam; VN-2000 in degrees differs from WGS 84 by some 200 m, which no
rule can see: that a feed converts it is agreed with the agency.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import pandera.polars as pa
import polars as pl
import shapely
from pandera.api.polars.types import PolarsData

from contracts.base import Contract, column

WGS84 = "độ, WGS 84 (EPSG:4326)"
Fault = Literal["unreadable", "open", "swapped", "outside", "crossing"]

# how deep the positions of a kind lie within its coordinates
_DEPTH = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_AREAS = ("Polygon", "MultiPolygon")
# mainland, sea and both archipelagos, in degrees
_LONGITUDES, _LATITUDES = (102.0, 118.0), (6.0, 24.0)
_RING = 4
# a batch of boundaries is judged by five rules: each shape is looked at once
_KEPT = 1_024

_SQUARE = "[106,20.6],[106.02,20.6],[106.02,20.62],[106,20.62]"
_HOLE = "[106.005,20.605],[106.015,20.605],[106.01,20.615],[106.005,20.605]"
SAMPLES = (
    '{"type":"Point","coordinates":[106.05,20.65]}',
    '{"type":"LineString","coordinates":[[106,20.6],[106.1,20.7]]}',
    f'{{"type":"Polygon","coordinates":[[{_SQUARE},[106,20.6]],[{_HOLE}]]}}',
    f'{{"type":"MultiPolygon","coordinates":[[[{_SQUARE},[106,20.6]]]]}}',
    '{"type":"Circle","coordinates":[106.05,20.65]}',
    f'{{"type":"Polygon","coordinates":[[{_SQUARE}]]}}',
    '{"type":"Point","coordinates":[20.65,106.05]}',
    '{"type":"Point","coordinates":[550000,2290000]}',
    '{"type":"Polygon","coordinates":[[[106,20.6],[106.02,20.62],[106.02,20.6],[106,20.62],[106,20.6]]]}',
)
"""Shapes of each kind, then one for each fault: small, because proofs draw thousands of rows."""


@lru_cache(maxsize=_KEPT)
def fault_of(text: str) -> Fault | None:
    """What is wrong with a shape, None when nothing is: the first of the faults, in their order."""
    lines = _lines_of(text)
    if lines is None:
        return "unreadable"
    if type_of(text) in _AREAS and any(len(ring) < _RING or ring[0] != ring[-1] for ring in lines):
        return "open"
    positions = [(p[0], p[1]) for line in lines for p in line]
    if all(_within(y, _LONGITUDES) and _within(x, _LATITUDES) for x, y in positions):
        return "swapped"
    if not all(_within(x, _LONGITUDES) and _within(y, _LATITUDES) for x, y in positions):
        return "outside"
    shape = shapely.from_geojson(text, on_invalid="ignore")
    return None if shape is not None and shape.is_valid else "crossing"


def type_of(text: str) -> str | None:
    """The kind that a GeoJSON geometry says it is."""
    try:
        return str(json.loads(text)["type"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def is_of_type(column_name: str, *types: str) -> pl.Expr:
    """Whether a shape is of one of these kinds; one with a fault is another rule's to refuse."""

    def judged(texts: pl.Series) -> pl.Series:
        fits = [t is None or fault_of(t) is not None or type_of(t) in types for t in texts]
        return pl.Series(texts.name, fits, dtype=pl.Boolean)

    return pl.col(column_name).map_batches(judged, return_dtype=pl.Boolean)


class Located(Contract):
    """Base of the contracts of things on a map: each has a ``geometry``, as GeoJSON text."""

    geometry: str = column(vi="Hình học", en="Geometry as GeoJSON", unit=WGS84, samples=SAMPLES)

    @pa.check(
        "geometry",
        error="correct.geometry_readable",
        description="Hình học không đọc được: phải là Point, LineString, MultiLineString, Polygon "
        "hoặc MultiPolygon theo chuẩn GeoJSON (RFC 7946)",
    )
    def geometry_readable(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: D102
        return _free_of("unreadable", data)

    @pa.check(
        "geometry",
        error="correct.geometry_closed",
        description="Hình học có đường bao chưa khép kín: điểm cuối phải trùng điểm đầu, "
        "mỗi đường bao có ít nhất 4 điểm",
    )
    def geometry_closed(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: D102
        return _free_of("open", data)

    @pa.check(
        "geometry",
        error="correct.geometry_not_swapped",
        description="Hình học bị đảo kinh độ và vĩ độ: phải ghi kinh độ trước, vĩ độ sau, ví dụ "
        "[106.05, 20.65]",
    )
    def geometry_not_swapped(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: D102
        return _free_of("swapped", data)

    @pa.check(
        "geometry",
        error="correct.geometry_in_viet_nam",
        description="Hình học nằm ngoài Việt Nam: tọa độ phải là kinh độ, vĩ độ theo độ, hệ WGS 84 "
        "(EPSG:4326); tọa độ VN-2000 tính bằng mét phải chuyển đổi trước khi gửi",
    )
    def geometry_in_viet_nam(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: D102
        return _free_of("outside", data)

    @pa.check(
        "geometry",
        error="correct.geometry_not_crossing",
        description="Hình học tự cắt hoặc không hợp lệ: đường bao tự cắt, lỗ nằm ngoài vùng, "
        "các phần chồng lên nhau; sửa lại hình trong phần mềm bản đồ",
    )
    def geometry_not_crossing(cls, data: PolarsData) -> pl.LazyFrame:  # noqa: D102
        return _free_of("crossing", data)


def _free_of(fault: Fault, data: PolarsData) -> pl.LazyFrame:
    """Whether each shape is free of one fault; an empty cell is another rule's to refuse."""

    def judged(texts: pl.Series) -> pl.Series:
        free = [text is None or fault_of(text) != fault for text in texts]
        return pl.Series(texts.name, free, dtype=pl.Boolean)

    return data.lazyframe.select(pl.col(data.key).map_batches(judged, return_dtype=pl.Boolean))


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _lines_of(text: str) -> list[list[list[float]]] | None:
    """The rings, lines or the point of a shape as lists of positions; None where it has none."""
    try:
        shape = json.loads(text)
        lines = list(_descend(shape["coordinates"], _DEPTH[shape["type"]]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sound = all(line and all(_is_position(p) for p in line) for line in lines)
    return lines if lines and sound else None


def _descend(node: Any, depth: int) -> Iterator[list[Any]]:
    if not isinstance(node, list):
        raise TypeError
    if depth <= 1:
        yield node if depth else [node]
        return
    for child in node:
        yield from _descend(child, depth - 1)


def _is_position(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (2, 3)
        and all(type(n) in (int, float) and math.isfinite(n) for n in value)
    )
