"""The rows of one table in an SQL dump: its INSERT statements, read and never executed."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import polars as pl

from ioc_pipelines.catalog.layouts import SqlDumpLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import (
    FILE,
    ROW,
    SHEET,
    Table,
    Wanted,
    found_in,
    put_together,
)
from ioc_pipelines.intake.legacy_text import decoded

_TEXT = {
    # a backslash is a character like others, except in dumps of MySQL and behind E
    False: r"N?'(?P<quoted>(?:[^']|'')*)'",
    True: r"[NE]?'(?P<quoted>(?:[^'\\]|''|\\.)*)'",
}
_REST = r"(?P<null>null)|(?P<word>true|false)|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_FLAGS = re.IGNORECASE | re.DOTALL
_VALUE = {
    escaped: re.compile(rf"\s*(?:E'(?P<e>(?:[^'\\]|''|\\.)*)'|{text}|{_REST})\s*", _FLAGS)
    for escaped, text in _TEXT.items()
}
# comments and texts are passed over: an INSERT in them is none
_NEXT = {
    escaped: re.compile(
        rf"--[^\n]*|/\*.*?\*/|{text}"
        r"|\b(?P<insert>insert)\s+into\s+(?P<table>[^\s(]+)\s*\((?P<columns>[^)]*)\)\s*values\s*",
        _FLAGS,
    )
    for escaped, text in _TEXT.items()
}
_MYSQL = re.compile(r"\binsert\s+into\s+`", re.IGNORECASE)
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}
_QUOTES = '"`[]'


def read_sql_dump(
    layout: SqlDumpLayout, wanted: Collection[Wanted], path: Path, name: str
) -> Table:
    """Every row inserted into the table, as text; ``_row`` counts them from 1.

    Plain ``INSERT INTO t (columns) VALUES (…), (…)`` of PostgreSQL, MySQL and SQL Server dumps
    with quoted texts, numbers, true, false and NULL; anything else is a structure mismatch that
    names the line.
    """
    columns, rows = inserted(layout, path, name)
    values = capture(layout.captures, {"file": name}, name)
    chosen = found_in(wanted, columns, tuple(values), name)
    found = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    nothing = [None] * len(rows)
    cells = {
        source: pl.Series(nothing if column is None else found.get(column, ()), dtype=pl.String)
        for source, column in chosen.items()
    }
    place = {
        FILE: pl.Series([name] * len(rows), dtype=pl.String),
        SHEET: pl.Series([layout.table] * len(rows), dtype=pl.String),
        ROW: pl.int_range(1, len(rows) + 1, eager=True, dtype=pl.Int64),
    }
    frame = pl.DataFrame({**place, **cells})
    frame = frame.with_columns(
        *decoded(frame.select(*cells)), *(pl.lit(value).alias(key) for key, value in values.items())
    )
    frame = put_together(frame, wanted, name)
    return Table(frame, {"table": layout.table, "rows": frame.height, **values})


def inserted(
    layout: SqlDumpLayout, path: Path, name: str
) -> tuple[list[str], list[list[str | None]]]:
    """The columns of the table and its rows, as they stand in the dump."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(name, "not text in UTF-8") from error
    columns: list[str] = []
    rows: list[list[str | None]] = []
    tables = set()
    position = 0
    escaped = _MYSQL.search(text) is not None
    while statement := _NEXT[escaped].search(text, position):
        position = statement.end()
        if not statement["insert"]:
            continue
        table = _unquoted(statement["table"].split(".")[-1])
        tables.add(table)
        if table != layout.table:
            continue
        names = [_unquoted(part) for part in statement["columns"].split(",")]
        if columns and names != columns:
            raise StructureMismatchError(name, _at(text, position, "other columns than before"))
        columns = names
        position = _tuples(text, position, rows, len(columns), name, _VALUE[escaped])
    if not columns:
        shown = ", ".join(sorted(tables)) or "none"
        raise StructureMismatchError(
            name, f"no INSERT into table '{layout.table}'; the dump fills: {shown}"
        )
    return columns, rows


def _tuples(
    text: str,
    position: int,
    rows: list[list[str | None]],
    width: int,
    name: str,
    values: re.Pattern[str],
) -> int:
    """Read the tuples behind VALUES into ``rows``; where they end."""
    while True:
        position = _expect(text, position, "(", name)
        row: list[str | None] = []
        while True:
            value = values.match(text, position)
            if value is None:
                raise StructureMismatchError(name, _at(text, position, "not a plain value"))
            row.append(_read(value, escaped=values is _VALUE[True]))
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


def _read(value: re.Match[str], *, escaped: bool) -> str | None:
    if value["null"]:
        return None
    if value["e"] is not None:
        return _unescaped(value["e"])
    if value["quoted"] is not None:
        quoted = value["quoted"]
        return _unescaped(quoted) if escaped else quoted.replace("''", "'")
    return value["word"].lower() if value["word"] else value["number"]


def _unescaped(quoted: str) -> str:
    return _BACKSLASH.sub(lambda found: _ESCAPED.get(found[1], found[1]), quoted.replace("''", "'"))


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
