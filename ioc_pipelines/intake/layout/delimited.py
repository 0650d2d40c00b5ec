"""Delimited text with a header line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ioc_pipelines.catalog.layouts import CsvLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import FILE, ROW, SHEET, Table, missing_columns, normal

# how polars names the second column of one name
_REPEATED = re.compile(r"_duplicated_\d+$")


def read_csv(layout: CsvLayout, sources: Collection[str], path: Path, name: str) -> Table:
    """Every line below the header as text, but blank ones; ``_row`` is the line's number."""
    try:
        frame = pl.read_csv(path, separator=layout.delimiter, infer_schema=False)
    except (PolarsError, UnicodeDecodeError) as error:
        raise UnreadableFileError(name, f"not readable as CSV: {type(error).__name__}") from error
    if any(_is_not_text(header) for header in frame.columns):
        raise UnreadableFileError(name, "not text in UTF-8")
    values = capture(layout.captures, {"file": name}, name)
    wanted = [source for source in dict.fromkeys(sources) if source not in values]
    columns = _columns(frame.columns, wanted, name)
    table = frame.select(
        pl.lit(name).alias(FILE),
        pl.lit(None, pl.String).alias(SHEET),
        _line_numbers(frame, _header_lines(path)).alias(ROW),
        *(pl.col(columns[source]).alias(source) for source in wanted),
        *(pl.lit(value).alias(key) for key, value in values.items()),
    ).filter(pl.any_horizontal(pl.col(wanted).str.strip_chars().fill_null("") != ""))
    return Table(table, {"rows": table.height})


def _columns(headers: list[str], wanted: list[str], name: str) -> dict[str, str]:
    """The column of each wanted source. Raises StructureMismatchError; twice is as bad as never."""
    normalised = [normal(_REPEATED.sub("", header)) for header in headers]
    missing = [source for source in wanted if normalised.count(normal(source)) != 1]
    if missing:
        recognised = headers if len(missing) < len(wanted) else []
        raise StructureMismatchError(name, missing_columns(missing, recognised))
    return {source: headers[normalised.index(normal(source))] for source in wanted}


def _header_lines(path: Path) -> int:
    """Lines down to the end of the header: blank ones before it and breaks within it count."""
    lines, quotes = 0, 0
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for line in file:
            lines += 1
            quotes += line.count('"')
            if line.strip() and quotes % 2 == 0:
                break
    return lines


def _line_numbers(frame: pl.DataFrame, header_lines: int) -> pl.Series:
    """The line each row begins on, from 1; a cell of two lines counts for two."""
    breaks = frame.select(
        pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))
        .cum_sum()
        .shift(1, fill_value=0)
        .cast(pl.Int64)
        .alias("breaks")
    )["breaks"]
    first = 1 + header_lines
    return pl.int_range(first, first + frame.height, eager=True, dtype=pl.Int64) + breaks


def _is_not_text(header: str) -> bool:
    return "\ufffd" in header or any(
        unicodedata.category(char) == "Cc" and not char.isspace() for char in header
    )
