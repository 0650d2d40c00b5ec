"""Shapes on a map, and for each rule about a shape one that breaks it alone."""

from __future__ import annotations

import json
from typing import Any


def shape(kind: str, coordinates: Any) -> str:
    """A GeoJSON geometry as text."""
    return json.dumps({"type": kind, "coordinates": coordinates})


_RING = [[106.0, 20.6], [106.2, 20.6], [106.2, 20.8], [106.0, 20.8], [106.0, 20.6]]
_HOLE = [[106.05, 20.65], [106.1, 20.65], [106.1, 20.7], [106.05, 20.65]]
_OTHER = [[106.3, 20.6], [106.4, 20.6], [106.4, 20.7], [106.3, 20.6]]

POINT = shape("Point", [106.05, 20.65])
LINE = shape("LineString", [[106.0, 20.6], [106.1, 20.7]])
AREA = shape("Polygon", [_RING])
WITH_HOLE = shape("Polygon", [_RING, _HOLE])
TWO_AREAS = shape("MultiPolygon", [[_RING, _HOLE], [_OTHER]])

UNREADABLE = {
    "no JSON": "Phố Hiến",
    "no shape": "[106.05, 20.65]",
    "another kind": shape("Circle", [106.05, 20.65]),
    "no coordinates": shape("Polygon", []),
    "an empty ring": shape("Polygon", [[]]),
    "one number": shape("Point", [106.05]),
    "text for a number": shape("Point", ["106,05", "20,65"]),
    "not as deep": shape("Polygon", _RING),
    "no number": '{"type": "Point", "coordinates": [NaN, 20.65]}',
    "too deep": "[" * 100_000,
}
OPEN = {
    "not back at its beginning": shape("Polygon", [_RING[:-1]]),
    "three positions": shape("Polygon", [[*_RING[:2], _RING[0]]]),
    "the hole": shape("Polygon", [_RING, _HOLE[:-1]]),
    "the second part": shape("MultiPolygon", [[_RING], [_OTHER[:-1]]]),
}
SWAPPED = {
    "point": shape("Point", [20.65, 106.05]),
    "area": shape("Polygon", [[[y, x] for x, y in _RING]]),
}
OUTSIDE = {
    "metres of VN-2000": shape("Point", [550_000.0, 2_290_000.0]),
    "Laos": shape("Point", [101.9, 20.65]),
    "China": shape("Point", [106.05, 24.1]),
    "one position of a line": shape("LineString", [[106.0, 20.6], [0.0, 0.0]]),
}
CROSSING = {
    "bow tie": shape("Polygon", [[_RING[0], _RING[2], _RING[1], _RING[3], _RING[0]]]),
    "a hole outside": shape("Polygon", [_RING, _OTHER]),
    "parts that overlap": shape("MultiPolygon", [[_RING], [_RING]]),
    "a line without length": shape("LineString", [[106.0, 20.6], [106.0, 20.6]]),
}
FAULTS: dict[tuple[str, str | None], dict[str, Any]] = {
    ("correct.geometry_readable", "geometry"): {"geometry": UNREADABLE["another kind"]},
    ("correct.geometry_closed", "geometry"): {"geometry": OPEN["not back at its beginning"]},
    ("correct.geometry_not_swapped", "geometry"): {"geometry": SWAPPED["point"]},
    ("correct.geometry_in_viet_nam", "geometry"): {"geometry": OUTSIDE["metres of VN-2000"]},
    ("correct.geometry_not_crossing", "geometry"): {"geometry": CROSSING["bow tie"]},
}
