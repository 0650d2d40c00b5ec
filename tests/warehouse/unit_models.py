"""The models of administrative units over the reviewed seeds, rendered and run without dbt."""

from __future__ import annotations

from typing import Any

import duckdb

from ioc_pipelines.home import DBT_PROJECT
from tests.warehouse.quality_models import environment

SEEDS = DBT_PROJECT / "seeds"
MODELS = ("dim_admin_unit", "admin_unit_successor", "admin_unit_rebase", "quoted_figure")
_TYPES = {
    "admin_unit": {"valid_from": "date", "valid_to": "date"},
    "admin_unit_succession": {"effective_date": "date", "weight": "double"},
    "admin_unit_three_tiers": {},
    "quoted_figures": {"period_start": "date", "period_end": "date", "value": "double"},
}
# the lists that only the profile of public files has
_LISTS = (
    "create table reference__admin_unit (code varchar, name varchar, full_name varchar,"
    " level varchar, unit_type varchar, province_code varchar)",
    "create table reference__admin_unit_change"
    " (old_code varchar, old_district_code varchar, new_code varchar)",
)


def built(*changes: str) -> duckdb.DuckDBPyConnection:
    """The models over the seeds, after ``changes`` to the tables that they read."""
    connection = duckdb.connect()
    for name, types in _TYPES.items():
        typed = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types.items())
        columns = f"* replace ({typed})" if typed else "*"
        file = str(SEEDS / f"{name}.csv")
        connection.execute(
            f"create table {name} as select {columns} from read_csv(?, all_varchar = true)", [file]
        )
    for statement in (*_LISTS, *changes):
        connection.execute(statement)
    templates = environment(str)
    for model in MODELS:
        sql = templates.get_template(f"{model}.sql").render()
        connection.execute(f"create table {model} as {sql}")
    return connection


def rebased(
    connection: duckdb.DuckDBPyConnection, call: str, columns: str = "*"
) -> list[tuple[Any, ...]]:
    """What a call of the macro ``rebased`` finds, in order of its columns."""
    templates = environment(str)
    text = "{% from 'rebased.sql' import rebased %}{{ " + call + " }}"
    sql = templates.from_string(text).render()
    return connection.execute(f"select {columns} from ({sql}) order by all").fetchall()
