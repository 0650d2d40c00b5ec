"""Tables as files that people take along: CSV, XLSX and Parquet, made once for each snapshot.

Text that a spreadsheet would take for a formula is inert: in XLSX it is a text cell, in CSV an
apostrophe stands before it. Numbers are numbers. Rows stand in the order of their columns, text as
the Vietnamese alphabet has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import xlsxwriter

from contracts.base import VIETNAM
from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.serving.portal.opened import Snapshot

Format = Literal["csv", "xlsx", "parquet"]
XLSX_MOST_ROWS = 60_000
_FORMULA = r"^\s*[=+\-@]|^[\t\r\n]"
# a figure is no formula, be it negative or signed
_FIGURE = r"^[+\-]?[0-9]+([.,][0-9]+)*$"
_BOM = b"\xef\xbb\xbf"


class TooLargeError(ValueError):
    """A table has more rows than a workbook should: CSV or Parquet are offered instead."""


def is_permitted(catalog: Catalog, schema: str, table: str) -> bool:
    """Whether a published table may be taken along: not rows of what is shared by request only."""
    if schema != "staging":
        return True
    dataset = table.replace("__", ".", 1)
    return all(
        entry.feed.sharing == "default" and entry.feed.classification in ("public", "internal")
        for entry in catalog.feeds_of(dataset)
    )


def exported(
    snapshot: Snapshot,
    name: str,
    form: Format,
    *,
    titles: Mapping[str, str],
    where: Mapping[str, str] | None = None,
) -> Path:
    """The file of a table, ``schema.name``, of the rows whose columns equal ``where``.

    ``titles``: what columns are called, ``vi · en``, for the workbook. The table and the columns
    are those of the snapshot: the caller has looked them up. Raises TooLargeError.
    """
    chosen = "".join(f"-{value}" for value in (where or {}).values())
    path = snapshot.exports / f"{name}{chosen}.{form}"
    with snapshot.lock:
        if path.exists():
            return path
        unfinished = path.with_suffix(".part")
        with snapshot.connection.cursor() as cursor:
            match form:
                case "xlsx":
                    _write_workbook(cursor, name, where or {}, titles, unfinished)
                case "csv":
                    _write_csv(cursor, name, where or {}, unfinished)
                case "parquet":
                    _copy(cursor, _rows(cursor, name, where or {}), where or {}, unfinished, form)
        return unfinished.replace(path)


def _columns(cursor: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    schema, _, table = name.partition(".")
    return cursor.execute(
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = ? and table_name = ? and not internal order by column_index",
        [schema, table],
    ).fetchall()


def _rows(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    where: Mapping[str, str],
    shown: Mapping[str, str] | None = None,
) -> str:
    """The query: all columns, those in ``shown`` by an expression, in the order of the columns."""
    schema, _, table = name.partition(".")
    columns = _columns(cursor, name)
    said = ", ".join((shown or {}).get(c, _quoted(c)) for c, _ in columns)
    order = ", ".join(
        f"t.{_quoted(c)}{' collate vi' if kind == 'VARCHAR' else ''}" for c, kind in columns
    )
    chosen = " and ".join(f"t.{_quoted(column)} = ${column}" for column in where) or "true"
    return (
        f"select {said} from {_quoted(schema)}.{_quoted(table)} as t"
        f" where {chosen} order by {order}"
    )


def _write_csv(
    cursor: duckdb.DuckDBPyConnection, name: str, where: Mapping[str, str], path: Path
) -> None:
    shown = {
        column: f"case when regexp_matches({_quoted(column)}, '{_FORMULA}') and not"
        f" regexp_matches({_quoted(column)}, '{_FIGURE}') then '''' || {_quoted(column)}"
        f" else {_quoted(column)} end as {_quoted(column)}"
        for column, kind in _columns(cursor, name)
        if kind == "VARCHAR"
    }
    plain = path.with_suffix(".plain")
    _copy(cursor, _rows(cursor, name, where, shown), where, plain, "csv")
    # without its mark Excel takes the letters of UTF-8 for others
    with plain.open("rb") as source, path.open("wb") as target:
        target.write(_BOM)
        while block := source.read(1 << 20):
            target.write(block)
    plain.unlink()


def _copy(
    cursor: duckdb.DuckDBPyConnection, query: str, where: Mapping[str, str], path: Path, form: str
) -> None:
    options = "format csv, header true" if form == "csv" else "format parquet"
    target = str(path).replace("'", "''")
    cursor.execute(f"copy ({query}) to '{target}' ({options})", dict(where) or None).fetchall()


def _write_workbook(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    where: Mapping[str, str],
    titles: Mapping[str, str],
    path: Path,
) -> None:
    query = _rows(cursor, name, where)
    counted = cursor.execute(f"select count(*) from ({query})", dict(where) or None).fetchone()
    if counted and counted[0] > XLSX_MOST_ROWS:
        msg = f"{name} has {counted[0]} rows, a workbook has at most {XLSX_MOST_ROWS} here"
        raise TooLargeError(msg)
    cursor.execute(query, dict(where) or None)
    columns = [column for column, *_ in cursor.description or ()]
    safe = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(path, safe) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        formats = {
            date: book.add_format({"num_format": "dd/mm/yyyy"}),
            datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"}),
        }
        sheet = book.add_worksheet("Số liệu")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 18)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, _title(titles, column), bold)
        for number, row in enumerate(_batches(cursor), start=1):
            _write_row(sheet, number, row, formats)
        sheet.autofilter(0, 0, max(counted[0] if counted else 0, 1), len(columns) - 1)
        _write_columns(book, columns, titles, bold)


def _title(titles: Mapping[str, str], column: str) -> str:
    return titles.get(column, "").partition(" · ")[0] or column


def _write_row(sheet: Any, number: int, row: Sequence[Any], formats: Mapping[type, Any]) -> None:
    for place, value in enumerate(row):
        match value:
            case None:
                continue
            case bool():
                sheet.write_boolean(number, place, value)
            case datetime():
                local = value.astimezone(VIETNAM).replace(tzinfo=None) if value.tzinfo else value
                sheet.write_datetime(number, place, local, formats[datetime])
            case date():
                sheet.write_datetime(number, place, value, formats[date])
            case int() | float():
                sheet.write_number(number, place, value)
            case _:
                sheet.write_string(number, place, str(value))


def _write_columns(book: Any, columns: Sequence[str], titles: Mapping[str, str], bold: Any) -> None:
    """A second sheet: what each column is called in the warehouse, and what it holds."""
    sheet = book.add_worksheet("Các cột")
    sheet.set_column(0, 1, 30)
    sheet.set_column(2, 2, 80)
    for place, heading in enumerate(("Cột trong bảng", "Tên cột trong kho", "Nội dung")):
        sheet.write_string(0, place, heading, bold)
    for number, column in enumerate(columns, start=1):
        for place, text in enumerate((_title(titles, column), column, titles.get(column, ""))):
            sheet.write_string(number, place, text)


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(5_000):
        yield from rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
