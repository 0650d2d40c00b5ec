"""What differs between two published files: tables, columns, rows, and values key by key.

Worked out by DuckDB on both files at once, read-only, within a bound of memory; what is larger
spills to a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

EXAMPLES = 5
_MEMORY = "1GB"
_FILES = ("older", "newer")

Columns = dict[str, str]


class Example(BaseModel, frozen=True):
    """One key that differs: `added`, `removed` or `changed`, and of a changed one which values.

    ``changes``: of each column the older and the newer value.
    """

    what: str
    key: dict[str, Any]
    changes: dict[str, tuple[Any, Any]] = {}


class TableDifference(BaseModel, frozen=True):
    """How a table differs. Numbers are None where the table is in one file only.

    With a key that is unique in both, ``added``, ``removed`` and ``changed`` count keys; without
    one, ``added`` and ``removed`` count rows of two multisets and nothing is ``changed``.
    ``columns_changed``: of how many keys a column has another value. A column that only one file
    has, or that has another type there, is not compared.
    """

    table: str
    rows_older: int | None = None
    rows_newer: int | None = None
    columns_added: Columns = {}
    columns_removed: Columns = {}
    columns_retyped: dict[str, tuple[str, str]] = {}
    key: tuple[str, ...] = ()
    added: int | None = None
    removed: int | None = None
    changed: int | None = None
    columns_changed: dict[str, int] = {}
    examples: tuple[Example, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether the table is the same in both."""
        schema = self.columns_added or self.columns_removed or self.columns_retyped
        whole = self.rows_older is not None and self.rows_newer is not None
        return whole and not (schema or self.added or self.removed or self.changed)


def differences(
    older: Path,
    newer: Path,
    keys: Mapping[str, tuple[str, ...]],
    *,
    tables: Collection[str] = (),
    examples: int = 0,
    personal: Collection[str] = (),
) -> list[TableDifference]:
    """The tables (``schema.name``) that differ between two files, or those asked for.

    ``keys``: columns of each table's key. ``examples``: how many keys to show of each kind; one
    with a ``personal`` column is not shown, nor is such a column's value.
    """
    with _both(older, newer) as connection:
        before, after = (_columns(connection, file) for file in _FILES)
        chosen = sorted(tables or before.keys() | after.keys())
        found = [
            _compare(connection, table, before, after, keys.get(table, ()), examples, set(personal))
            for table in chosen
            if table in before or table in after
        ]
    return [one for one in found if tables or not one.is_none]


@contextmanager
def _both(older: Path, newer: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        for name, value in (("memory_limit", _MEMORY), ("temp_directory", spill)):
            connection.execute(f"set {name} = {_text(value)}").fetchall()
        connection.execute("set preserve_insertion_order = false").fetchall()
        for name, path in zip(_FILES, (older, newer), strict=True):
            connection.execute(f"attach {_text(str(path))} as {name} (read_only)").fetchall()
        yield connection


def _columns(connection: duckdb.DuckDBPyConnection, file: str) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for schema, table, column, kind in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? and not internal order by all",
        [file],
    ).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column] = kind
    return found


def _compare(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    before: Mapping[str, Columns],
    after: Mapping[str, Columns],
    key: tuple[str, ...],
    examples: int,
    personal: set[str],
) -> TableDifference:
    old, new = before.get(table), after.get(table)
    rows = [
        None if columns is None else _one(connection, f"select count(*) from {_name(file, table)}")
        for file, columns in zip(_FILES, (old, new), strict=True)
    ]
    base = TableDifference(table=table, rows_older=rows[0], rows_newer=rows[1])
    if old is None or new is None:
        return base
    base = base.model_copy(
        update={
            "columns_added": {c: k for c, k in new.items() if c not in old},
            "columns_removed": {c: k for c, k in old.items() if c not in new},
            "columns_retyped": {c: (k, new[c]) for c, k in old.items() if c in new and new[c] != k},
        }
    )
    common = [column for column, kind in old.items() if new.get(column) == kind]
    if not key or not set(key) <= set(common) or not _is_unique(connection, table, key):
        return base.model_copy(update=_by_rows(connection, table, common))
    values = [column for column in common if column not in key]
    found = _by_key(connection, table, key, values)
    if examples and not personal & set(key):
        shown = [value for value in values if value not in personal]
        found["examples"] = _examples(connection, table, key, shown, values, examples)
    return base.model_copy(update={"key": key, **found})


def _is_unique(connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...]) -> bool:
    return not any(duplicates(connection, _name(file, table), key) for file in _FILES)


def duplicates(connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...]) -> int:
    """How many keys a table has more than once; ``table`` is quoted."""
    columns = ", ".join(_quoted(column) for column in key)
    query = f"from (select 1 from {table} group by {columns} having count(*) > 1)"
    return _one(connection, f"select count(*) {query}")


def _by_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]
) -> dict[str, Any]:
    """Two multisets: rows that only one file has, each as often as it has it more."""
    listed = ", ".join(_quoted(column) for column in columns) or "1"
    selects = {file: f"select {listed} from {_name(file, table)}" for file in _FILES}
    only = {
        "removed": f"{selects['older']} except all {selects['newer']}",
        "added": f"{selects['newer']} except all {selects['older']}",
    }
    counts = {what: _one(connection, f"select count(*) from ({sql})") for what, sql in only.items()}
    return {**counts, "changed": 0}


def _joined(table: str, key: tuple[str, ...], values: list[str]) -> str:
    """Both files side by side: keys ``k0…``, values ``o0…`` and ``n0…``, and which file has it."""
    sides = []
    for file, letter in zip(_FILES, "on", strict=True):
        keys = [f"{_quoted(column)} as {letter}k{i}" for i, column in enumerate(key)]
        rest = [f"{_quoted(column)} as {letter}{i}" for i, column in enumerate(values)]
        listed = ", ".join([*keys, *rest, f"true as in_{file}"])
        sides.append(f"(select {listed} from {_name(file, table)})")
    on = " and ".join(f"ok{i} is not distinct from nk{i}" for i in range(len(key)))
    return f"{sides[0]} full join {sides[1]} on {on}"


def _any_of(values: list[str]) -> str:
    differ = [f"o{i} is distinct from n{i}" for i in range(len(values))]
    return f"(in_older and in_newer and ({' or '.join(differ) or 'false'}))"


def _by_key(
    connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...], values: list[str]
) -> dict[str, Any]:
    each = [
        f"count(*) filter (in_older and in_newer and o{i} is distinct from n{i})"
        for i in range(len(values))
    ]
    counts = [
        "count(*) filter (in_older is null)",
        "count(*) filter (in_newer is null)",
        f"count(*) filter ({_any_of(values)})",
    ]
    query = f"select {', '.join([*counts, *each])} from {_joined(table, key, values)}"
    ((added, removed, changed, *columns),) = connection.execute(query).fetchall()
    return {
        "added": added,
        "removed": removed,
        "changed": changed,
        "columns_changed": {c: n for c, n in zip(values, columns, strict=True) if n},
    }


def _examples(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: tuple[str, ...],
    shown: list[str],
    values: list[str],
    limit: int,
) -> tuple[Example, ...]:
    found: list[Example] = []
    keys = ", ".join(f"coalesce(ok{i}, nk{i}) as k{i}" for i in range(len(key)))
    places = [values.index(column) for column in shown]
    pairs = "".join(f", o{i}, n{i}, o{i} is distinct from n{i}" for i in places)
    for what, where in (
        ("added", "in_older is null"),
        ("removed", "in_newer is null"),
        ("changed", _any_of(values)),
    ):
        order = ", ".join(f"k{i}" for i in range(len(key)))
        query = (
            f"select {keys}{pairs} from {_joined(table, key, values)} where {where}"
            f" order by {order} limit {int(limit)}"
        )
        for row in connection.execute(query).fetchall():
            cells = [row[i : i + 3] for i in range(len(key), len(row), 3)]
            changes = {
                column: (old, new)
                for column, (old, new, differs) in zip(shown, cells, strict=True)
                if differs and what == "changed"
            }
            known = dict(zip(key, row[: len(key)], strict=True))
            found.append(Example(what=what, key=known, changes=changes))
    return tuple(found)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    ((number,),) = connection.execute(query).fetchall()
    return int(number)


def _name(file: str, table: str) -> str:
    schema, _, name = table.partition(".")
    return f"{file}.{_quoted(schema)}.{_quoted(name)}"


def _quoted(identifier: str) -> str:
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
