"""``ioc map``: what lies at a point, within a radius, in an area, in an administrative unit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

map_ = typer.Typer(no_args_is_help=True, help="What lies where, asked of the published file.")

Lon = Annotated[float, typer.Argument(help="Longitude in degrees, WGS 84: 106.05")]
Lat = Annotated[float, typer.Argument(help="Latitude in degrees, WGS 84: 20.65")]
Layer = Annotated[
    str | None, typer.Option(help="commune_boundary, point_of_interest, infrastructure_asset")
]
Kind = Annotated[str | None, typer.Option(help="Only this kind: road, school, market …")]
GeoJson = Annotated[bool, typer.Option("--geojson", help="A GeoJSON collection, with the shapes")]


@map_.command("at")
def at(
    lon: Lon,
    lat: Lat,
    layer: Layer = None,
    kind: Kind = None,
    profile: Profile = None,
    as_json: Json = False,
    as_geojson: GeoJson = False,
) -> None:
    """The areas that a place lies in: its commune, the grounds it is on."""
    from ioc_pipelines.serving import map_questions

    _show(
        lambda asked: map_questions.at(asked, lon, lat), layer, kind, profile, as_json, as_geojson
    )


@map_.command("within-radius")
def within_radius(
    lon: Lon,
    lat: Lat,
    metres: Annotated[float, typer.Argument(help="Radius in metres")],
    layer: Layer = None,
    kind: Kind = None,
    profile: Profile = None,
    as_json: Json = False,
    as_geojson: GeoJson = False,
) -> None:
    """What is not farther from a place, the nearest first."""
    from ioc_pipelines.serving import map_questions

    def ask(asked: DuckDBPyConnection) -> map_questions.Rows:
        return map_questions.within_radius(asked, lon, lat, metres)

    _show(ask, layer, kind, profile, as_json, as_geojson)


@map_.command("within-area")
def within_area(
    area: Annotated[Path, typer.Argument(help="GeoJSON file with one polygon", exists=True)],
    layer: Layer = None,
    kind: Kind = None,
    profile: Profile = None,
    as_json: Json = False,
    as_geojson: GeoJson = False,
) -> None:
    """What touches an area that was drawn."""
    from ioc_pipelines.serving import map_questions

    def ask(asked: DuckDBPyConnection) -> map_questions.Rows:
        return map_questions.within_area(asked, area.read_bytes())

    _show(ask, layer, kind, profile, as_json, as_geojson)


@map_.command("within")
def within(
    unit: Annotated[str, typer.Argument(help="unit_id, code or name of a commune or province")],
    layer: Layer = None,
    kind: Kind = None,
    profile: Profile = None,
    as_json: Json = False,
    as_geojson: GeoJson = False,
) -> None:
    """What touches an administrative unit, by its boundary."""
    from ioc_pipelines.serving import map_questions

    def ask(asked: DuckDBPyConnection) -> map_questions.Rows:
        return map_questions.within_unit(asked, unit)

    _show(ask, layer, kind, profile, as_json, as_geojson)


def _show(
    ask: Callable[[DuckDBPyConnection], list[dict[str, Any]]],
    layer: str | None,
    kind: str | None,
    profile: str | None,
    as_json: bool,
    as_geojson: bool,
) -> None:
    from ioc_pipelines.home import PUBLISHED_FILE
    from ioc_pipelines.serving import map_questions, show

    try:
        file = deployment_of(profile).home.published / PUBLISHED_FILE
        with map_questions.opened(file) as asked:
            rows = map_questions.narrowed(ask(asked), layer, kind)
    except map_questions.MapQuestionError as error:
        stop(str(error), code=2)
    except map_questions.NoMapError as error:
        stop(str(error), code=1)
    if as_geojson:
        print_json(map_questions.collection(rows))
        return
    told = [{k: v for k, v in row.items() if k != map_questions.GEOMETRY} for row in rows]
    if as_json:
        print_json(told)
    elif not told:
        show.say("nothing on the map is there")
    else:
        columns = ["layer", "feature_id", "kind", "name", "state", "unit_id"]
        columns += ["distance_m"] if "distance_m" in told[0] else []
        show.table(columns, [[_said(row[name]) for name in columns] for row in told])


def _said(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value
