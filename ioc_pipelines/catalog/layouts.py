"""How a feed says where the table is inside the bytes. Applied by ``intake.layout``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import polars as pl
from polars.exceptions import PolarsError
from pydantic import AfterValidator, Field

from ioc_pipelines.catalog.connectors import Strict


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        msg = f"not a regular expression: {error}"
        raise ValueError(msg) from error
    return pattern


def _matches_rows(pattern: str) -> str:
    try:
        pl.Series([""]).str.contains(_compiles(pattern))
    except PolarsError as error:
        msg = "not a pattern that rows can be matched by: no look-around, no back-references"
        raise ValueError(msg) from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
RowPattern = Annotated[str, AfterValidator(_matches_rows)]


class Capture(Strict):
    """A value that stands outside the table: in the title, the sheet name or the file name."""

    where: Literal["title", "sheet", "file"]
    pattern: Pattern = Field(description="Regular expression; its first group is the value")


class FileCapture(Capture):
    """A value that stands in the file name: a text file has no title and no sheets."""

    where: Literal["file"]


class XlsxLayout(Strict):
    """A table on a worksheet of an XLSX or XLS workbook.

    The header is found by its words: the first ``header_rows`` rows in which every source column
    of the feed occurs. A column without a header is named by its letter.
    """

    format: Literal["xlsx"]
    sheet: Pattern = Field(description="Regular expression the sheet's name must match")
    header_rows: int = Field(default=1, ge=1, le=10)
    start_after: RowPattern | None = Field(
        default=None, description="Rows begin after the first row whose text matches"
    )
    stop_before: RowPattern | None = Field(
        default=None, description="Rows end before the first row whose text matches"
    )
    skip_rows: RowPattern | None = Field(
        default=None, description="Rows whose text matches are not data: totals, column numbers"
    )
    captures: dict[str, Capture] = Field(default_factory=dict)


class CsvLayout(Strict):
    """Delimited text with a header line."""

    format: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: Literal["utf-8"] = "utf-8"
    captures: dict[str, FileCapture] = Field(default_factory=dict)


class JsonLayout(Strict):
    """A JSON array of objects; objects nested under ``children`` are rows too."""

    format: Literal["json"]
    children: str | None = Field(default=None, description="Field that holds nested objects")


class ParquetLayout(Strict):
    """A table as a connector wrote it, with the types of its source."""

    format: Literal["parquet"]


Layout = Annotated[
    XlsxLayout | CsvLayout | JsonLayout | ParquetLayout, Field(discriminator="format")
]
