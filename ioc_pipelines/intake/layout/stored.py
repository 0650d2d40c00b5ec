"""What stands in cells of a landed file, before legacy letters in it are decoded (H80).

The readers decode as they read. Here the same cells are looked up by their place alone, so that
the bytes that came can be shown beside what was made of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ioc_pipelines.catalog.layouts import (
    CsvLayout,
    JsonLayout,
    Layout,
    ParquetLayout,
    SqlDumpLayout,
    XlsxLayout,
)
from ioc_pipelines.intake.layout.archive import members
from ioc_pipelines.intake.layout.delimited import stored_records
from ioc_pipelines.intake.layout.records import json_texts, parquet_text
from ioc_pipelines.intake.layout.sql_dump import inserted
from ioc_pipelines.intake.layout.table import letter_index
from ioc_pipelines.intake.layout.workbook import stored_texts

_UTF_8 = "utf-8"


@dataclass(frozen=True)
class CellAt:
    """A cell by its place: row and, by the format, column letter or names that it may bear."""

    file: str
    sheet: str | None
    row: int
    sources: tuple[str, ...]
    letter: str | None = None


@dataclass(frozen=True)
class Stored:
    """The text that stands in a cell and the encoding that its file writes text in."""

    text: str
    encoding: str = _UTF_8

    @property
    def bytes(self) -> bytes:
        """The bytes of the text."""
        return self.text.encode(self.encoding)


def stored_cells(
    layout: Layout, path: Path, name: str, cells: Collection[CellAt]
) -> dict[CellAt, Stored]:
    """What stands in these cells of a file or archive; without those that hold nothing.

    Neither has a cell that does not stand in its row: a value of a title or a name. Raises
    UnreadableFileError and StructureMismatchError as the readers do.
    """
    if layout.members is None:
        return dict(_in_file(layout, path, name, cells))
    found: dict[CellAt, Stored] = {}
    with tempfile.TemporaryDirectory(prefix="ioc-archive-") as folder:
        for member, shown in members(path, name, layout.members, Path(folder)):
            if mine := [cell for cell in cells if cell.file == shown]:
                found.update(_in_file(layout, member, shown, mine))
    return found


def _in_file(
    layout: Layout, path: Path, name: str, cells: Collection[CellAt]
) -> Iterator[tuple[CellAt, Stored]]:
    match layout:
        case XlsxLayout():
            yield from _on_sheets(path, name, cells)
        case CsvLayout():
            yield from _on_lines(layout, path, name, cells)
        case JsonLayout():
            texts = json_texts(layout, path, name, [(c.sheet, c.row, c.sources) for c in cells])
            yield from _told(cells, texts)
        case ParquetLayout():
            yield from _told(cells, [parquet_text(path, c.row, c.sources) for c in cells])
        case SqlDumpLayout():
            columns, rows = inserted(layout, path, name)
            at = [next((s for s in cell.sources if s in columns), None) for cell in cells]
            texts = [
                None if source is None else rows[cell.row - 1][columns.index(source)]
                for cell, source in zip(cells, at, strict=True)
            ]
            yield from _told(cells, texts)


def _told(
    cells: Collection[CellAt], texts: Sequence[str | None]
) -> Iterator[tuple[CellAt, Stored]]:
    for cell, text in zip(cells, texts, strict=True):
        if text is not None:
            yield cell, Stored(text)


def _on_sheets(path: Path, name: str, cells: Collection[CellAt]) -> Iterator[tuple[CellAt, Stored]]:
    for sheet in dict.fromkeys(cell.sheet for cell in cells if cell.sheet):
        texts = stored_texts(path, name, sheet)
        for cell in cells:
            column = str(letter_index(cell.letter)) if cell.letter else ""
            if cell.sheet == sheet and column in texts.columns and cell.row <= texts.height:
                text = texts[column][cell.row - 1]
                if text is not None:
                    yield cell, Stored(text)


def _on_lines(
    layout: CsvLayout, path: Path, name: str, cells: Collection[CellAt]
) -> Iterator[tuple[CellAt, Stored]]:
    encoding, records = stored_records(layout, path, name, {cell.row for cell in cells})
    for cell in cells:
        record = records[cell.row]
        at = letter_index(cell.letter) if cell.letter else len(record)
        if at < len(record) and record[at]:
            yield cell, Stored(record[at], encoding)
