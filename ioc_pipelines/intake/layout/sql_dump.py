"""The rows of one table in an SQL dump: its INSERT statements, read and never executed."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import polars as pl

from ioc_pipelines.catalog.layouts import SqlDumpLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import FILE, ROW, SHEET, Table, Wanted, missing_columns
from ioc_pipelines.intake.legacy_text import decoded

_INSERT = re.compile(r"\binsert\s+into\s+([^\s(]+)\s*\(([^)]*)\)\s*values\s*", re.IGNORECASE)
_VALUE = re.compile(
    r"\s*(?:[NE]?'((?:[^'\\]|''|\\.)*)'|(null)|(true|false)|([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))\s*",
    re.IGNORECASE | re.DOTALL,
)
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_QUOTES = '"`[]'


def read_sql_dump(
    layout: SqlDumpLayout, wanted: Collection[Wanted], path: Path, name: str
) -> Table:
    """Every row inserted into the table, as text; ``_row`` counts them from 1.

    Plain ``INSERT INTO t (columns) VALUES (…), (…)`` of PostgreSQL, MySQL and SQL Server dumps
    with quoted texts, numbers, true, false and NULL; anything else is a structure mismatch that
    names the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(name, "not text in UTF-8") from error
    columns: list[str] = []
    rows: list[list[str | None]] = []
    tables = set()
    position = 0
    while statement := _INSERT.search(text, position):
        table = _unquoted(statement[1].split(".")[-1])
        tables.add(table)
        position = statement.end()
        if table != layout.table:
            continue
        names = [_unquoted(part) for part in statement[2].split(",")]
        if columns and names != columns:
            raise StructureMismatchError(name, _at(text, position, "other columns than before"))
        columns = names
        position = _tuples(text, position, rows, len(columns), name)
    if not columns:
        shown = ", ".join(sorted(tables)) or "none"
        raise StructureMismatchError(
            name, f"no INSERT into table '{layout.table}'; the dump fills: {shown}"
        )
    values = capture(layout.captures, {"file": name}, name)
    sources = list(dict.fromkeys(w.source for w in wanted if w.source not in values))
    missing = [source for source in sources if source not in columns]
    if missing:
        raise StructureMismatchError(name, missing_columns(missing, columns))
    found = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    frame = pl.DataFrame(
        {
            FILE: pl.Series([name] * len(rows), dtype=pl.String),
            SHEET: pl.Series([layout.table] * len(rows), dtype=pl.String),
            ROW: pl.int_range(1, len(rows) + 1, eager=True, dtype=pl.Int64),
            **{s: pl.Series(found.get(s, ()), dtype=pl.String) for s in sources},
        }
    )
    frame = frame.with_columns(decoded(frame.select(sources))).with_columns(
        pl.lit(value).alias(key) for key, value in values.items()
    )
    return Table(frame, {"table": layout.table, "rows": frame.height, **values})


def _tuples(text: str, position: int, rows: list[list[str | None]], width: int, name: str) -> int:
    """Read the tuples behind VALUES into ``rows``; where they end."""
    while True:
        position = _expect(text, position, "(", name)
        row: list[str | None] = []
        while True:
            value = _VALUE.match(text, position)
            if value is None:
                raise StructureMismatchError(name, _at(text, position, "not a plain value"))
            row.append(_read(value))
            position = value.end()
            if text.startswith(")", position):
                break
            position = _expect(text, position, ",", name)
        if len(row) != width:
            raise StructureMismatchError(
                name, _at(text, position, f"{len(row)} values for {width} columns")
            )
        rows.append(row)
        position = _blank(text, position + 1)
        if not text.startswith(",", position):
            return position
        position += 1


def _read(value: re.Match[str]) -> str | None:
    quoted, null, boolean, number = value.groups()
    if null:
        return None
    if quoted is not None:
        return _BACKSLASH.sub(r"\1", quoted.replace("''", "'"))
    return boolean.lower() if boolean else number


def _expect(text: str, position: int, char: str, name: str) -> int:
    position = _blank(text, position)
    if not text.startswith(char, position):
        raise StructureMismatchError(name, _at(text, position, f"'{char}' expected"))
    return position + 1


def _blank(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _at(text: str, position: int, problem: str) -> str:
    return f"line {text.count(chr(10), 0, position) + 1}: {problem}"


def _unquoted(identifier: str) -> str:
    return identifier.strip().strip(_QUOTES)
