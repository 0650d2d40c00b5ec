"""A table on a worksheet: find the sheet, the header by its words, and the rows below it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from ioc_pipelines.catalog.layouts import XlsxLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.formula_errors import formula_errors
from ioc_pipelines.intake.layout.table import (
    CELL,
    FILE,
    ROW,
    SHEET,
    Table,
    letter_index,
    missing_columns,
    normal,
)

_HEADER_SEARCH_ROWS = 100
_ROW_TEXT = "_row_text"
_LETTER = re.compile(r"^[A-Z]{1,3}$")

Cells = list[list[Any]]


def read_xlsx(layout: XlsxLayout, sources: Collection[str], path: Path, name: str) -> Table:
    """The data rows of the declared sheet; ``_row`` is the row's number in the sheet.

    A row is a data row when it is below the header, between ``start_after`` and ``stop_before``,
    not matched by ``skip_rows`` and not blank in every mapped column.
    """
    sheet = _sheet(layout, path, name)
    cells = sheet.to_python(skip_empty_area=False)
    _put_formula_errors(cells, path, sheet.name, name)
    # captured values need no column; everything else must be found in the header
    wanted = [source for source in dict.fromkeys(sources) if source not in layout.captures]
    top, columns = _header(layout, sheet, cells, wanted, name)
    title = " ".join(_text(v) for row in cells[:top] for v in row if _text(v))
    values = capture(layout.captures, {"title": title, "sheet": sheet.name, "file": name}, name)
    body = _body(cells, top + layout.header_rows, columns)
    body = _data_rows(body, layout, wanted, name)
    table = body.select(
        pl.lit(name).alias(FILE),
        pl.lit(sheet.name).alias(SHEET),
        ROW,
        *wanted,
        *(pl.lit(value).alias(key) for key, value in values.items()),
    )
    found = {"sheet": sheet.name, "header_row": top + 1, "rows": table.height, **values}
    return Table(table, found)


def _put_formula_errors(cells: Cells, path: Path, sheet: str, name: str) -> None:
    """Give the cells of formula errors their text."""
    try:
        errors = formula_errors(path, sheet)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError) as error:
        raise UnreadableFileError(name, f"damaged workbook: {type(error).__name__}") from error
    for (row, col), text in errors.items():
        if row < len(cells) and col < len(cells[row]):
            cells[row][col] = text


def _sheet(layout: XlsxLayout, path: Path, name: str) -> CalamineSheet:
    """The one sheet whose name matches."""
    try:
        workbook = CalamineWorkbook.from_path(path)
        matching = [s for s in workbook.sheet_names if re.search(layout.sheet, s)]
        if len(matching) != 1:
            raise StructureMismatchError(
                name,
                f"{len(matching) or 'no'} sheets match {layout.sheet!r}; "
                f"the workbook has: {', '.join(workbook.sheet_names)}",
            )
        return workbook.get_sheet_by_name(matching[0])
    except (CalamineError, OSError) as error:
        raise UnreadableFileError(name, f"not a workbook: {type(error).__name__}") from error


def _header(
    layout: XlsxLayout, sheet: CalamineSheet, cells: Cells, wanted: Sequence[str], name: str
) -> tuple[int, dict[str, int]]:
    """Row of the header and column of each wanted source.

    The header is the first ``header_rows`` rows that hold every wanted header text.
    """
    merged = sheet.merged_cell_ranges or []
    best: tuple[list[str], list[str]] | None = None
    for top in range(min(len(cells), _HEADER_SEARCH_ROWS)):
        texts = _header_texts(cells, merged, top, layout.header_rows)
        columns, missing = _match(texts, wanted)
        if not missing:
            return top, columns
        if best is None or len(missing) < len(best[0]):
            best = (missing, texts)
    missing, texts = best or (list(wanted), [])
    if len(missing) == len(wanted):
        texts = []
    raise StructureMismatchError(name, f"sheet '{sheet.name}': {missing_columns(missing, texts)}")


def _header_texts(
    cells: Cells, merged: Sequence[tuple[tuple[int, int], tuple[int, int]]], top: int, height: int
) -> list[str]:
    """Header text of each column: the words of its cells from top to bottom, once each.

    A merged cell counts for every column and row it spans.
    """
    window = [list(row) for row in cells[top : top + height]]
    for (first_row, first_column), (last_row, last_column) in merged:
        for row in range(max(first_row, top), min(last_row, top + height - 1) + 1):
            for col in range(first_column, min(last_column, len(window[row - top]) - 1) + 1):
                window[row - top][col] = cells[first_row][first_column]
    width = max((len(row) for row in window), default=0)
    columns = [[_text(row[c]) for row in window if c < len(row)] for c in range(width)]
    return [" ".join(dict.fromkeys(part for part in column if part)) for column in columns]


def _match(texts: list[str], wanted: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Column of each wanted source, and those not found. A letter names a bare column."""
    normalised = [normal(text) for text in texts]
    columns: dict[str, int] = {}
    missing: list[str] = []
    for source in wanted:
        if normalised.count(normal(source)) == 1:
            columns[source] = normalised.index(normal(source))
        elif _LETTER.match(source) and letter_index(source) < len(texts):
            columns[source] = letter_index(source)
        else:
            missing.append(source)
    # letters alone prove nothing: some real header must be there
    if all(_LETTER.match(source) and normal(source) not in normalised for source in columns):
        return {}, list(wanted)
    return columns, missing


def _body(cells: Cells, start: int, columns: dict[str, int]) -> pl.DataFrame:
    """The rows from ``start`` on: each wanted column as cells, and the text of the whole row."""
    rows = cells[start:]
    by_position = list(zip(*rows, strict=True)) if rows else []
    texts = [pl.Series(f"_{i}", [_text(v) or None for v in c]) for i, c in enumerate(by_position)]
    series = [
        pl.Series(source, _structs(by_position[position]), dtype=CELL)
        if by_position
        else pl.Series(source, [], dtype=CELL)
        for source, position in columns.items()
    ]
    numbers = pl.Series(ROW, range(start + 1, start + 1 + len(rows)), dtype=pl.Int64)
    joined = (
        pl.DataFrame(texts).select(
            pl.concat_str(pl.all().cast(pl.String), separator=" | ", ignore_nulls=True)
        )
        if texts
        else pl.DataFrame({"": []}, schema={"": pl.String})
    )
    return pl.DataFrame([numbers, joined.to_series().alias(_ROW_TEXT), *series])


def _data_rows(
    body: pl.DataFrame, layout: XlsxLayout, wanted: Sequence[str], name: str
) -> pl.DataFrame:
    """Cut the body down to its data rows."""
    start = _first_match(body, layout.start_after, name)
    if start is not None:
        body = body[start + 1 :]
    stop = _first_match(body, layout.stop_before, name)
    if stop is not None:
        body = body[:stop]
    if layout.skip_rows:
        body = body.filter(~pl.col(_ROW_TEXT).str.contains(layout.skip_rows))
    return body.filter(
        pl.any_horizontal(pl.col(source).struct.field("text").is_not_null() for source in wanted)
    )


def _first_match(body: pl.DataFrame, pattern: str | None, name: str) -> int | None:
    if pattern is None:
        return None
    found = body[_ROW_TEXT].str.contains(pattern).arg_true()
    if found.is_empty():
        raise StructureMismatchError(name, f"no row below the header matches {pattern!r}")
    return int(found[0])


def _structs(values: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"text": _text(v) or None, "number": float(v) if _is_number(v) else None} for v in values
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    """What a cell says: dates in ISO form, whole numbers without a decimal point."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)
