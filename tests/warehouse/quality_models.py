"""Models over tables made by hand, without dbt: their own SQL, rendered and run.

That dbt builds them is seen in ``test_staged.py``; here each question has its own few rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from jinja2 import Environment, FileSystemLoader

from ioc_pipelines.home import DBT_PROJECT

_FOLDERS = [DBT_PROJECT / "models" / layer for layer in ("quality", "marts", "core")]
_MACROS = ("dialect", "measured", "periods")


class _Adapter:
    """As dbt finds the macro of an engine: by its prefix."""

    def __init__(self) -> None:
        self.macros: dict[str, Any] = {}

    def dispatch(self, name: str, _: str) -> Any:
        return self.macros[f"duckdb__{name}"]


class _Dbt:
    """The macros that dbt brings along, as they are for DuckDB."""

    @staticmethod
    def string_literal(text: str) -> str:
        return f"'{text}'"

    @staticmethod
    def listagg(measure: str, delimiter: str, order: str) -> str:
        return f"string_agg({measure}, {delimiter} {order})"


def environment(table: Callable[[str], str], facts: Mapping[str, str] | None = None) -> Environment:
    """What dbt's templates need: ``table`` says where another model is found.

    ``facts`` are the environment variables that the refresh sets.
    """
    found = Environment(
        loader=FileSystemLoader([*map(str, _FOLDERS), str(DBT_PROJECT / "macros")]),
        autoescape=False,  # noqa: S701  SQL, no page
        extensions=["jinja2.ext.do"],
    )
    adapter = _Adapter()
    found.globals |= {
        "adapter": adapter,
        "dbt": _Dbt,
        "env_var": lambda name, default: (facts or {}).get(name, default),
        "return": str,
        "ref": table,
        "source": lambda schema, name: f"{schema}.{name}",
    }
    for file in _MACROS:
        adapter.macros |= vars(found.get_template(f"{file}.sql").module)
        found.globals |= adapter.macros
    return found


def rendered(model: str, facts: Mapping[str, str] | None = None) -> str:
    """The SQL of a model; sources and other models are tables ``<schema>.<name>``."""
    found = environment(lambda name: f"quality.{name}", facts)
    return found.get_template(f"{model}.sql").render()


def answers(
    models: Sequence[str],
    tables: Mapping[str, pl.DataFrame],
    sql: str,
    facts: Mapping[str, str] | None = None,
    file: Path | str = ":memory:",
) -> list[tuple[Any, ...]]:
    """What ``sql`` finds in these models, made in order of ``tables`` by ``schema.name``.

    ``file`` keeps them.
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in tables.items():
            connection.execute(f"create schema if not exists {Path(name).stem}")
            connection.register("given", table.to_arrow())
            connection.execute(f"create table {name} as select * from given")
        connection.execute("create schema if not exists quality")
        for model in models:
            connection.execute(f"create table quality.{model} as {rendered(model, facts)}")
        return connection.execute(sql).fetchall()
