"""Apply a feed's layout to a landed file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ioc_pipelines.catalog.layouts import (
    CsvLayout,
    JsonLayout,
    Layout,
    ParquetLayout,
    XlsxLayout,
)
from ioc_pipelines.intake.layout.delimited import read_csv
from ioc_pipelines.intake.layout.records import read_json, read_parquet
from ioc_pipelines.intake.layout.table import Table
from ioc_pipelines.intake.layout.workbook import read_xlsx


def read_table(layout: Layout, sources: Collection[str], path: Path, name: str) -> Table:
    """The table of one file, with the source columns that the feed maps.

    Raises UnreadableFileError when the bytes are not of the declared format and
    StructureMismatchError when the table is not the declared one.
    """
    match layout:
        case XlsxLayout():
            return read_xlsx(layout, sources, path, name)
        case CsvLayout():
            return read_csv(layout, sources, path, name)
        case JsonLayout():
            return read_json(layout, sources, path, name)
        case ParquetLayout():
            return read_parquet(sources, path, name)
