"""The frames that Great Expectations is given: only the columns that an expectation speaks of.

A frame is read from the build in one query each, so that a query that fails is the error of its
own expectation and of no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from ioc_pipelines.warehouse.acceptance.suites import Expected, Suite

OK = "ok"
INDICATOR = "indicator_code"


class SubjectError(RuntimeError):
    """What an expectation speaks of is not in the build."""


def columns_of(connection: duckdb.DuckDBPyConnection, suite: Suite) -> set[str]:
    """The columns of a mart in the build. Raises SubjectError when it is not there."""
    found = connection.execute(
        "select column_name from duckdb_columns()"
        " where database_name = current_database() and schema_name = ? and table_name = ?",
        [suite.schema, suite.table],
    ).fetchall()
    if not found:
        msg = f"{suite.mart} is not in the build"
        raise SubjectError(msg)
    return {name for (name,) in found}


def whole(
    connection: duckdb.DuckDBPyConnection, suite: Suite, expected: Iterable[Expected], has: set[str]
) -> Any:
    """The columns of a mart that these expectations need, for every row."""
    wanted = {column for one in expected for column in one.columns} | ({INDICATOR} & has)
    if not wanted:  # to count rows, one column is enough
        wanted = {min(has)}
    listed = ", ".join(_quoted(column) for column in sorted(wanted))
    return connection.execute(f"select {listed} from {_table(suite)}").df()


def judged(
    connection: duckdb.DuckDBPyConnection, suite: Suite, expected: Expected, has: set[str]
) -> Any:
    """For every row whether the condition holds, and which indicator the row is about."""
    about = f"t.{_quoted(INDICATOR)}, " if INDICATOR in has else ""
    return connection.execute(
        f"select {about}coalesce(({expected.sql}), true) as {OK} from {_table(suite)} as t"
    ).df()


def missing(connection: duckdb.DuckDBPyConnection, expected: Expected) -> Any:
    """What is missing, a row each."""
    return connection.execute(expected.sql).df()


def _table(suite: Suite) -> str:
    return f"{_quoted(suite.schema)}.{_quoted(suite.table)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
