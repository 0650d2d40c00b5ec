"""A published file with a map, made by the project's own models and macros, without dbt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import polars as pl
import shapely

from ioc_pipelines.home import DBT_PROJECT

PROVINCE, OTHER = "33@2025-07-01", "34@2025-07-01"
_FILES = ("dialect", "edges", "map_questions")
_TABLES = {"dim_admin_unit": "ioc.core.dim_admin_unit", "map_shape": "map_shape"}


def rendered(text: str) -> str:
    """SQL of the project, as dbt renders it for DuckDB; ``ref`` is a table of the test."""
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701
    macros = "".join((DBT_PROJECT / "macros" / f"{n}.sql").read_text() for n in _FILES)
    found: dict[str, Any] = {}

    class Adapter:
        @staticmethod
        def dispatch(name: str, _: str) -> Any:
            return found[f"duckdb__{name}"]

    environment.globals.update(
        adapter=Adapter(),
        ref=lambda name: _TABLES.get(name, f"ioc.marts.{name}"),
        config=lambda **_: "",
        **{"return": lambda value: value},
    )
    found.update(vars(environment.from_string(macros).module))
    return environment.from_string(text, globals=found).render()


def publish_map(path: Path, communes: Mapping[str, Any], things: Mapping[str, Any]) -> None:
    """Write a file: communes by code, all of one province, and assets by code."""
    layers = ["commune_boundary"] * len(communes) + ["infrastructure_asset"] * len(things)
    units = [f"{code}@2025-07-01" for code in communes]
    shapes = [*communes.values(), *things.values()]
    frame = pl.DataFrame(
        {
            "layer": layers,
            "feature_id": [*units, *things],
            "kind": ["commune"] * len(communes) + ["road"] * len(things),
            "geometry": [shapely.to_geojson(shape) for shape in shapes],
        }
    ).with_columns(pl.lit("x").alias(name) for name in ("name", "feed", "batch_id"))
    frame = frame.with_columns(
        pl.lit(None, pl.String).alias(name) for name in ("state", "unit_id", "recorded_at")
    )
    known = pl.DataFrame(
        [
            (PROVINCE, None, "33", "Hưng Yên", "Tỉnh Hưng Yên"),
            (OTHER, None, "34", "Nơi khác", "Tỉnh Nơi khác"),
            *((f"{c}@2025-07-01", PROVINCE, c, f"Nơi {c}", f"Xã Nơi {c}") for c in communes),
        ],
        schema=["unit_id", "parent_unit_id", "code", "name", "full_name"],
        orient="row",
    )
    with duckdb.connect() as build:
        build.execute(f"attach '{path}' as ioc; create schema ioc.marts; create schema ioc.core")
        build.register("map_shape", frame)
        build.register("known", known)
        build.execute("create table ioc.core.dim_admin_unit as from known")
        for name in ("map_edge", "map_feature"):
            text = (DBT_PROJECT / "models" / "marts" / f"{name}.sql").read_text()
            build.execute(f"create table ioc.marts.{name} as {rendered(text)}")
        build.execute(rendered("{{ map_questions('ioc.marts') }}"))
