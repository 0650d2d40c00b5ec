"""Apply a feed's layout to a landed file."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ioc_pipelines.catalog.layouts import (
    CsvLayout,
    DocumentLayout,
    JsonLayout,
    Layout,
    ParquetLayout,
    SqlDumpLayout,
    XlsxLayout,
)
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.layout.archive import members
from ioc_pipelines.intake.layout.delimited import read_csv
from ioc_pipelines.intake.layout.documents import read_document
from ioc_pipelines.intake.layout.records import json_table, parse_json, read_parquet
from ioc_pipelines.intake.layout.sql_dump import read_sql_dump
from ioc_pipelines.intake.layout.table import Table, Wanted
from ioc_pipelines.intake.layout.workbook import read_xlsx


@dataclass(frozen=True)
class Part:
    """What a file, or members of an archive, came to: tables, or why it is refused."""

    name: str
    tables: list[Table]
    refused: FileRefusedError | None = None
    files: int = 1


def read_file(layout: Layout, wanted: Collection[Wanted], path: Path, name: str) -> Iterator[Part]:
    """The tables of a file, or of each member of an archive; a broken one is refused alone."""
    if layout.members is None:
        yield _part(layout, wanted, path, name)
        return
    with tempfile.TemporaryDirectory(prefix="ioc-archive-") as folder:
        try:
            found = members(path, name, layout.members, Path(folder))
            if isinstance(layout, JsonLayout):
                yield from _json_members(layout, wanted, found, name)
                return
            for member, shown in found:
                yield _part(layout, wanted, member, shown)
        except FileRefusedError as error:
            yield Part(name, [], error)


def _json_members(
    layout: JsonLayout, wanted: Collection[Wanted], found: Iterator[tuple[Path, str]], name: str
) -> Iterator[Part]:
    """One table of all members: an archive of records may hold thousands of files."""
    parsed = []
    for member, shown in found:
        try:
            parsed.append(parse_json(layout, member, shown))
        except FileRefusedError as error:
            yield Part(shown, [], error)
    if parsed:
        yield Part(name, [json_table(wanted, parsed)], files=len(parsed))


def _part(layout: Layout, wanted: Collection[Wanted], path: Path, name: str) -> Part:
    try:
        return Part(name, read_tables(layout, wanted, path, name))
    except FileRefusedError as error:
        return Part(name, [], error)


def read_tables(
    layout: Layout, wanted: Collection[Wanted | str], path: Path, name: str
) -> list[Table]:
    """The tables of one file, with the source columns that the feed maps.

    Raises UnreadableFileError when the bytes are not of the declared format and
    StructureMismatchError when the table is not the declared one.
    """
    asked = [want if isinstance(want, Wanted) else Wanted(want) for want in wanted]
    match layout:
        case XlsxLayout():
            return read_xlsx(layout, asked, path, name)
        case CsvLayout():
            return [read_csv(layout, asked, path, name)]
        case JsonLayout():
            return [json_table(asked, [parse_json(layout, path, name)])]
        case SqlDumpLayout():
            return [read_sql_dump(layout, asked, path, name)]
        case ParquetLayout():
            return [read_parquet(asked, path, name)]
        case DocumentLayout():
            return [read_document(layout, asked, path, name)]
