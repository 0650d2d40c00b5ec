"""A table on a worksheet: find the sheet, the header by its words, and the rows below it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from ioc_pipelines.catalog.layouts import XlsxLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.archive import DAMAGED
from ioc_pipelines.intake.layout.assemble import assemble
from ioc_pipelines.intake.layout.body import Body, first_below, needs_row_text
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.formula_errors import formula_errors
from ioc_pipelines.intake.layout.header import Head, Header, find_header, from_header
from ioc_pipelines.intake.layout.join import joined
from ioc_pipelines.intake.layout.package import MOST_BYTES, require_cells, require_harmless
from ioc_pipelines.intake.layout.size_hints import without_size_hints
from ioc_pipelines.intake.layout.table import Table, Wanted, spaced
from ioc_pipelines.intake.legacy_text import decoded, readable

_ROWS_AT_ONCE = 20_000
_TITLE_ROWS = 10
_HEAD_ROWS = 120


def read_xlsx(layout: XlsxLayout, wanted: Collection[Wanted], path: Path, name: str) -> list[Table]:
    """The data rows of the declared sheet or sheets; ``_row`` is the row's number in the sheet.

    No table at all when the workbook has no such sheet and the layout passes over those.
    """
    workbook = _open(path, name)
    named = [sheet for sheet in workbook.sheet_names if re.search(layout.sheet, sheet)]
    candidates = [_Sheet(workbook, sheet, path, name) for sheet in named]
    if layout.title:
        candidates = [sheet for sheet in candidates if _is_titled(sheet, layout.title)]
    if not candidates and layout.absent == "skip":
        return []
    if not candidates:
        titled = f" with the title {layout.title!r}" if layout.title else ""
        raise StructureMismatchError(
            name,
            f"no sheets match {layout.sheet!r}{titled}; "
            f"the workbook has: {', '.join(workbook.sheet_names)}",
        )
    if layout.sheets == "each" or len(candidates) == 1:
        return [_read_sheet(layout, list(wanted), sheet, name) for sheet in candidates]
    found = _only_one(layout, list(wanted), candidates, name)
    if isinstance(found, str):
        shown = ", ".join(workbook.sheet_names)
        raise StructureMismatchError(name, f"{found}; the workbook has: {shown}")
    return [found]


def cells_of(
    path: Path, name: str, sheet: str, most_bytes: int = MOST_BYTES
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """What the cells of a sheet say and their numbers, by position; None without such a sheet.

    Which format it is, the content says and not the name. Raises UnreadableFileError, also of a
    workbook that unpacks to more than ``most_bytes``.
    """
    require_harmless(path, name, most_bytes)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    except (CalamineError, OSError) as error:
        raise UnreadableFileError(name, f"not a workbook: {type(error).__name__}") from error
    named = [found for found in workbook.sheet_names if spaced(found) == sheet]
    if not named:
        return None
    found = _Sheet(workbook, named[0], path, name)
    return found.texts, found.numbers


def stored_texts(path: Path, name: str, sheet: str) -> pl.DataFrame:
    """What the cells of a sheet say, by position, before legacy letters are decoded.

    Empty without such a sheet. Raises UnreadableFileError.
    """
    workbook = _open(path, name)
    named = [found for found in workbook.sheet_names if readable(found) == sheet]
    return _stored(workbook, named[0], path, name)[0] if named else pl.DataFrame()


def _only_one(
    layout: XlsxLayout, wanted: list[Wanted], candidates: Sequence[_Sheet], name: str
) -> Table | str:
    """The table of the one sheet of several that has it, or why there is none or more."""
    tables: dict[str, Table] = {}
    reasons: list[str] = []
    for sheet in candidates:
        try:
            tables[sheet.name] = _read_sheet(layout, wanted, sheet, name)
        except StructureMismatchError as error:
            reasons.append(error.reason)
    if len(tables) == 1:
        return next(iter(tables.values()))
    if tables:
        return f"{len(tables)} sheets match and hold the table: {', '.join(tables)}"
    return f"{len(candidates)} sheets match {layout.sheet!r}: {'; '.join(reasons)}"


class _Sheet:
    """The cells of a sheet by column, named by position: what they say, and their numbers."""

    def __init__(self, workbook: CalamineWorkbook, sheet: str, path: Path, name: str) -> None:
        self.name = readable(sheet)
        texts, self.numbers, self._merged = _stored(workbook, sheet, path, name)
        self.texts = decoded(texts)

    def head(self, rows: int) -> Head:
        """The first rows."""
        return Head([list(row) for row in self.texts[:rows].fill_null("").rows()], self._merged)


def _is_titled(sheet: _Sheet, title: str) -> bool:
    """Whether the first rows of the sheet have the title's words."""
    rows = sheet.head(_TITLE_ROWS).rows
    return re.search(title, spaced(" ".join(part for row in rows for part in row))) is not None


def _read_sheet(layout: XlsxLayout, wanted: list[Wanted], sheet: _Sheet, name: str) -> Table:
    row_text = _row_text(sheet) if layout.below or needs_row_text(layout) else None
    start = 0
    if layout.below and row_text is not None:
        start = first_below(row_text, layout.below, name)
    head = sheet.head(start + _HEAD_ROWS)
    looked_for = from_header(wanted, tuple(layout.captures))
    header = find_header(head, looked_for, layout, name, sheet.name, start)
    top = [part for row in head.rows[start : header.bottom] for part in row if part]
    texts = {"title": spaced(" ".join(top)), "sheet": sheet.name, "file": name}
    values = capture(layout.captures, texts, name)
    body = _body(sheet, header, row_text)
    return assemble(layout, wanted, head, header, body, values, name, sheet.name)


def _open(path: Path, name: str) -> CalamineWorkbook:
    require_harmless(path, name)
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        raise UnreadableFileError(name, f"not a workbook: {type(error).__name__}") from error


def _opened(workbook: CalamineWorkbook, sheet: str, path: Path) -> CalamineSheet:
    """The sheet; where the hint of its size is not well-formed, without that hint."""
    try:
        return workbook.get_sheet_by_name(sheet)
    except CalamineError:
        if not zipfile.is_zipfile(path):
            raise
        return CalamineWorkbook.from_filelike(without_size_hints(path)).get_sheet_by_name(sheet)


def _stored(
    workbook: CalamineWorkbook, sheet: str, path: Path, name: str
) -> tuple[pl.DataFrame, pl.DataFrame, list[Any]]:
    """The cells of a sheet as they stand there: what they say, their numbers, what is merged."""
    try:
        opened = _opened(workbook, sheet, path)
    except (CalamineError, *DAMAGED) as error:
        raise UnreadableFileError(
            name, f"sheet '{sheet}': not readable: {type(error).__name__}"
        ) from error
    rows, columns = opened.end or (0, 0)
    require_cells(rows + 1, columns + 1, name, f"sheet '{readable(sheet)}'")
    texts, numbers = _columns(opened)
    _put_formula_errors(texts, path, sheet, name)
    return joined(pl.DataFrame(texts), numbers), numbers, opened.merged_cell_ranges or []


def _columns(sheet: CalamineSheet) -> tuple[list[pl.Series], pl.DataFrame]:
    """Text and number of each cell, column by column; empty columns on the left count.

    Rows are taken some at a time, so that what stands between the reader and the columns is small.
    """
    left = sheet.start[1] if sheet.start else 0
    parts: list[list[tuple[pl.Series, pl.Series]]] = []
    rows: Iterator[list[Any]] = iter(sheet.iter_rows())
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        parts.append([_column(values) for values in zip(*chunk, strict=True)])
    count = sum(len(part[0][0]) for part in parts if part)
    width = len(parts[0]) if parts else 0
    empty = [None] * count
    texts = [pl.Series(str(i), empty, dtype=pl.String) for i in range(left)]
    numbers = [pl.Series(str(i), empty, dtype=pl.Float64) for i in range(left)]
    for i in range(width):
        texts.append(pl.concat([part[i][0] for part in parts]).alias(str(left + i)))
        numbers.append(pl.concat([part[i][1] for part in parts]).alias(str(left + i)))
    return texts, pl.DataFrame(numbers)


def _column(values: Sequence[Any]) -> tuple[pl.Series, pl.Series]:
    kinds = set(map(type, values))
    if kinds <= {str, float}:
        texts = [(v.strip() or None) if type(v) is str else None for v in values]
        numbers = [v if type(v) is float else None for v in values]
    else:
        texts = [None if _is_number(v) else _text(v).strip() or None for v in values]
        numbers = [float(v) if _is_number(v) else None for v in values]
    return pl.Series(texts, dtype=pl.String), pl.Series(numbers, dtype=pl.Float64)


def _put_formula_errors(texts: list[pl.Series], path: Path, sheet: str, name: str) -> None:
    """Give the cells of formula errors their text."""
    try:
        errors = formula_errors(path, sheet)
    except DAMAGED as error:
        raise UnreadableFileError(name, f"damaged workbook: {type(error).__name__}") from error
    for (row, col), text in errors.items():
        if col < len(texts) and row < len(texts[col]):
            texts[col] = texts[col].scatter(row, text)


def _row_text(sheet: _Sheet) -> pl.Series:
    """The text of each whole row, its cells joined by `` | ``."""
    if not sheet.texts.columns:
        return pl.Series([], dtype=pl.String)
    row = pl.concat_str(pl.all(), separator=" | ", ignore_nulls=True)
    return sheet.texts.select(row.alias("text"))["text"]


def _body(sheet: _Sheet, header: Header, row_text: pl.Series | None) -> Body:
    height, start = sheet.texts.height, header.bottom
    count = max(height - start, 0)
    positions = {place.position for places in header.columns.values() for place in places}
    if row_text is None:
        row_text = pl.Series([""] * height, dtype=pl.String)
    return Body(
        rows=pl.int_range(start + 1, start + 1 + count, eager=True, dtype=pl.Int64),
        texts={p: sheet.texts[str(p)][start:] for p in positions},
        numbers={p: sheet.numbers[str(p)][start:] for p in positions},
        row_text=row_text[start:],
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    """What a cell says: dates in ISO form."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)
