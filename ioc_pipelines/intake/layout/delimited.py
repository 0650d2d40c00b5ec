"""Delimited text with a header line."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ioc_pipelines.catalog.layouts import CsvLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import FILE, ROW, SHEET, Table, missing_columns, normal


def read_csv(layout: CsvLayout, sources: Collection[str], path: Path, name: str) -> Table:
    """Every line below the header as text; ``_row`` is the line's number in the file."""
    try:
        frame = pl.read_csv(
            path,
            separator=layout.delimiter,
            infer_schema=False,
            row_index_name=ROW,
            row_index_offset=2,
        )
    except (PolarsError, UnicodeDecodeError) as error:
        raise UnreadableFileError(name, f"not readable as CSV: {type(error).__name__}") from error
    values = capture(layout.captures, {"file": name}, name)
    by_name = {normal(header): header for header in frame.columns if header != ROW}
    wanted = [source for source in sources if source not in values]
    missing = [source for source in wanted if normal(source) not in by_name]
    if missing:
        recognised = list(by_name.values()) if len(missing) < len(wanted) else []
        raise StructureMismatchError(name, missing_columns(missing, recognised))
    table = frame.select(
        pl.lit(name).alias(FILE),
        pl.lit(None, pl.String).alias(SHEET),
        pl.col(ROW).cast(pl.Int64),
        *(pl.col(by_name[normal(source)]).alias(source) for source in wanted),
        *(pl.lit(value).alias(key) for key, value in values.items()),
    )
    return Table(table, {"rows": table.height})
