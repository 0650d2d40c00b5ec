"""Where the sandbox's communes lie: made up, a tessellation of a rectangle about Hưng Yên's.

No boundary is a real one. Cells share their edges to the last digit; one commune has another's
exclave within it, so that there is an area with a hole and one of two parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import shapely

from ioc_pipelines.sandbox.chance import Floats, Integers, uniform

_WEST, _SOUTH, _EAST, _NORTH = 105.89, 20.24, 106.66, 21.01
_GRID = 1e-6
# centres stand this far from the sides of their squares, so that no commune is a splinter
_KEPT_OFF = 0.2
# of the way from a commune's centre to its boundary: the exclave, and where things stand
_EXCLAVE, _THINGS = 0.1, (0.2, 0.9)
_KM_A_DEGREE = 111.195


@cache
def cells(seed: int, count: int) -> tuple[shapely.Polygon, ...]:
    """A convex cell for each of ``count`` communes; together they are the whole rectangle."""
    columns = int(np.ceil(np.sqrt(count)))
    rows = int(np.ceil(count / columns))
    nth = np.arange(count)

    def off(purpose: str) -> Floats:
        return _KEPT_OFF + (1 - 2 * _KEPT_OFF) * uniform(seed, f"centre {purpose}", nth)

    x = _WEST + (_EAST - _WEST) * (nth % columns + off("x")) / columns
    y = _SOUTH + (_NORTH - _SOUTH) * (nth // columns + off("y")) / rows
    province = shapely.box(_WEST, _SOUTH, _EAST, _NORTH)
    centres = shapely.MultiPoint(np.column_stack([x, y]))
    found = shapely.voronoi_polygons(centres, extend_to=province, ordered=True)
    clipped = shapely.intersection(np.array(found.geoms), province)
    return tuple(shapely.set_precision(clipped, _GRID))


@cache
def boundaries(seed: int, count: int) -> tuple[Any, ...]:
    """The cells as communes: the last has its exclave in the middle of the first."""
    plain = list(cells(seed, count))
    if count > 1:
        exclave = _towards_centre(plain[0], _EXCLAVE)
        plain[-1] = shapely.MultiPolygon([plain[-1], exclave])
        plain[0] = shapely.Polygon(plain[0].exterior, [exclave.exterior])
    return tuple(shapely.orient_polygons(np.array(plain)))


def area_km2(shape: Any) -> float:
    """The area of a shape in degrees, near enough for a table of communes."""
    return float(shape.area * _KM_A_DEGREE**2 * np.cos(np.radians(shape.centroid.y)))


def places(seed: int, count: int, purpose: str, commune: Integers, nth: Integers) -> Floats:
    """A place in each of the given communes: longitude and latitude in two columns."""
    inside = np.array(cells(seed, count))[commune]
    centre = shapely.get_coordinates(shapely.centroid(inside))
    ring = shapely.get_exterior_ring(inside)
    around = uniform(seed, f"{purpose} around", commune, nth)
    edge = shapely.get_coordinates(shapely.line_interpolate_point(ring, around, normalized=True))
    low, high = _THINGS
    outwards = low + (high - low) * np.sqrt(uniform(seed, f"{purpose} outwards", commune, nth))
    return np.asarray(np.round(centre + (edge - centre) * outwards[:, None], 6), dtype=np.float64)


def geojson(shapes: Any) -> Iterator[str]:
    """Each shape as the text of a GeoJSON geometry."""
    yield from shapely.to_geojson(np.asarray(shapes, dtype=object))


def _towards_centre(cell: shapely.Polygon, share: float) -> shapely.Polygon:
    centre = shapely.get_coordinates(cell.centroid)[0]
    corners = shapely.get_coordinates(cell)
    return shapely.Polygon(np.round(centre + (corners - centre) * share, 6))
