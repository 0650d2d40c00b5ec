"""Questions about the map, asked of the published file by the macros that are kept in it (H39).

The file is opened read-only. What lies where is decided in SQL alone, so that ``ioc map`` and an
analyst's query answer the same.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from contracts.geometry import Fault, fault_of, type_of

Rows = list[dict[str, Any]]
GEOMETRY = "geometry"
_AREAS = ("Polygon", "MultiPolygon")
_LAYERS = ("commune_boundary", "point_of_interest", "infrastructure_asset")
_WHAT_IS_WRONG: Mapping[Fault, tuple[str, str]] = {
    "unreadable": ("it is no GeoJSON geometry", "không phải hình GeoJSON"),
    "open": (
        "a ring is not closed: its last position must be its first",
        "đường bao chưa khép kín: điểm cuối phải trùng điểm đầu",
    ),
    "swapped": (
        "longitude comes first, then latitude: 106.05 20.65",
        "kinh độ đứng trước, vĩ độ đứng sau: 106.05 20.65",
    ),
    "outside": (
        "it lies outside Viet Nam; degrees of WGS 84 are asked for, not metres of VN-2000",
        "nằm ngoài Việt Nam; cần độ theo WGS 84, không phải mét theo VN-2000",
    ),
    "crossing": ("its boundary crosses itself", "đường ranh giới tự cắt"),
}


class MapQuestionError(ValueError):
    """What was asked cannot be: no such place, area, unit or layer. ``vi``: in Vietnamese."""

    def __init__(self, message: str, vi: str) -> None:
        """``message`` in English, ``vi`` the same in Vietnamese."""
        super().__init__(message)
        self.vi = vi


class NoMapError(RuntimeError):
    """Nothing is published that could be asked."""


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, to be asked. Raises NoMapError when there is none."""
    if not file.exists():
        msg = f"nothing is published yet at {file}; run `ioc refresh`"
        raise NoMapError(msg)
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


def at(connection: duckdb.DuckDBPyConnection, lon: float, lat: float) -> Rows:
    """The areas that a place lies in. Raises MapQuestionError and NoMapError, as all do."""
    return _answer(connection, "features_at", _place(lon, lat))


def within_radius(
    connection: duckdb.DuckDBPyConnection, lon: float, lat: float, metres: float
) -> Rows:
    """What is not farther from a place, with ``distance_m``, the nearest first."""
    if not metres > 0:
        msg = f"a radius of {metres} m: it must be more than nothing"
        raise MapQuestionError(msg, "bán kính phải lớn hơn 0")
    return _answer(connection, "features_within_radius", [*_place(lon, lat), metres])


def within_area(connection: duckdb.DuckDBPyConnection, area: bytes) -> Rows:
    """What touches an area: the content of a GeoJSON geometry, feature, or collection of one."""
    return _answer(connection, "features_within_area", [_area(area)])


def within_unit(connection: duckdb.DuckDBPyConnection, unit: str) -> Rows:
    """What touches an administrative unit, told by its ``unit_id``, code or name."""
    return _answer(connection, "features_within_unit", [_unit(connection, unit)])


def narrowed(rows: Rows, layer: str | None, kind: str | None) -> Rows:
    """The rows of a layer and of a kind. Raises MapQuestionError for no such layer."""
    if layer not in (None, *_LAYERS):
        msg = f"no layer '{layer}'; there are: {', '.join(_LAYERS)}"
        raise MapQuestionError(msg, f"không có lớp bản đồ '{layer}'")
    return [r for r in rows if layer in (None, r["layer"]) and kind in (None, r["kind"])]


def collection(rows: Rows) -> dict[str, Any]:
    """The rows as a GeoJSON collection of features."""
    features = [
        {
            "type": "Feature",
            "properties": {name: value for name, value in row.items() if name != GEOMETRY},
            "geometry": json.loads(row[GEOMETRY]),
        }
        for row in rows
    ]
    return {"type": "FeatureCollection", "features": features}


def _answer(connection: duckdb.DuckDBPyConnection, question: str, arguments: Sequence[Any]) -> Rows:
    _require_map(connection)
    given = ", ".join("?" * len(arguments))
    answer = connection.execute(f"from marts.{question}({given})", arguments)
    names = [name for name, *_ in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _require_map(connection: duckdb.DuckDBPyConnection) -> None:
    found = connection.execute(
        "select 1 from duckdb_functions() where function_name = 'features_at'"
    ).fetchone()
    if found is None:
        msg = "what is published was made before it had a map; run `ioc refresh`"
        raise NoMapError(msg)


def _place(lon: float, lat: float) -> list[float]:
    fault = fault_of(json.dumps({"type": "Point", "coordinates": [lon, lat]}))
    if fault is not None:
        en, vi = _WHAT_IS_WRONG[fault]
        raise MapQuestionError(f"{lon} {lat}: {en}", f"vị trí {lon} {lat}: {vi}")
    return [lon, lat]


def _area(content: bytes) -> str:
    """The geometry of what a file holds. Raises MapQuestionError for what is no sound area."""
    geometry = json.dumps(_geometry_in(content))
    fault = fault_of(geometry)
    if fault is not None:
        en, vi = _WHAT_IS_WRONG[fault]
        raise MapQuestionError(f"the area: {en}", f"vùng: {vi}")
    if type_of(geometry) not in _AREAS:
        msg = f"the area is a {type_of(geometry)}; a Polygon or MultiPolygon is asked for"
        raise MapQuestionError(msg, "vùng phải là Polygon hoặc MultiPolygon")
    return geometry


def _geometry_in(content: bytes) -> Any:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = "the area is no JSON"
        raise MapQuestionError(msg, "vùng không phải JSON") from error
    features = found.get("features") if isinstance(found, dict) else None
    if isinstance(features, list):
        if len(features) != 1:
            msg = f"the area is a collection of {len(features)} features; give it one"
            raise MapQuestionError(msg, "vùng phải là một hình duy nhất")
        found = features[0]
    return found.get(GEOMETRY, found) if isinstance(found, dict) else found


def _unit(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    """The unit on the map that bears this id, code or name."""
    said = unicodedata.normalize("NFC", text).strip()
    found = connection.execute(
        "with bounded as (select feature_id from marts.map_feature"
        " where layer = 'commune_boundary'),"
        " mapped as (select * from core.dim_admin_unit where unit_id in (from bounded)"
        " or unit_id in (select parent_unit_id from core.dim_admin_unit"
        " where unit_id in (from bounded)))"
        " select unit_id, full_name from mapped where $said in (unit_id, code)"
        " or lower($said) in (lower(name), lower(full_name)) order by unit_id",
        {"said": said},
    ).fetchall()
    if not found:
        msg = f"no unit '{said}' has its boundary on the map: give a unit_id, a code or a name"
        raise MapQuestionError(msg, f"không có đơn vị '{said}' trên bản đồ")
    if len(found) > 1:
        several = ", ".join(f"{name} ({unit_id})" for unit_id, name in found)
        msg = f"'{said}' is several units: {several}; give the unit_id of one"
        raise MapQuestionError(msg, f"'{said}' là tên của nhiều đơn vị: {several}")
    return str(found[0][0])
