"""The quality models over tables made by hand, without dbt: their own SQL, rendered and run.

That dbt builds them is seen in ``test_staged.py``; here each question has its own few rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from jinja2 import Environment, FileSystemLoader

from ioc_pipelines.home import DBT_PROJECT

_MODELS = DBT_PROJECT / "models" / "quality"


class _Adapter:
    """As dbt finds the macro of an engine: by its prefix."""

    macros: Any = None

    def dispatch(self, name: str, _: str) -> Any:
        return getattr(self.macros, f"duckdb__{name}")


def rendered(model: str) -> str:
    """The SQL of a model; sources and other models are tables ``<schema>.<name>``."""
    folders = [str(_MODELS), str(DBT_PROJECT / "macros")]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=False,  # noqa: S701  SQL, no page
        extensions=["jinja2.ext.do"],
    )
    adapter = _Adapter()
    environment.globals |= {
        "adapter": adapter,
        "return": str,
        "ref": lambda name: f"quality.{name}",
        "source": lambda schema, name: f"{schema}.{name}",
    }
    adapter.macros = environment.get_template("dialect.sql").module
    environment.globals |= vars(adapter.macros)
    return environment.get_template(f"{model}.sql").render()


def answers(
    models: Sequence[str], tables: Mapping[str, pl.DataFrame], sql: str
) -> list[tuple[Any, ...]]:
    """What ``sql`` finds in these models, made in order of ``tables`` by ``schema.name``."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in tables.items():
            connection.execute(f"create schema if not exists {Path(name).stem}")
            connection.register("given", table.to_arrow())
            connection.execute(f"create table {name} as select * from given")
        connection.execute("create schema if not exists quality")
        for model in models:
            connection.execute(f"create table quality.{model} as {rendered(model)}")
        return connection.execute(sql).fetchall()
