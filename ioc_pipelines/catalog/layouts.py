"""How a feed says where the table is inside the bytes. Applied by ``intake.layout``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import polars as pl
from polars.exceptions import PolarsError
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

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
    """A value that stands outside the table: in the title, the sheet name or the file name.

    The title is all text above the table, its header included.
    """

    where: Literal["title", "sheet", "file"]
    pattern: Pattern = Field(description="Regular expression; its first group is the value")


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


Captures = Annotated[
    tuple[Capture, ...],
    BeforeValidator(_several, json_schema_input_type=Capture | list[Capture]),
]


class Total(Strict):
    """Rows that sum others up: kept apart from the data, as control totals.

    Rows are matched by their whole text, the cells joined by `` | ``.
    """

    rows: RowPattern = Field(description="Regular expression of the rows' text")
    parts: Literal["all", "following", "none"] = Field(
        default="following",
        description="Which rows add up to it: `all` data rows of the table, those `following` "
        "until the next total, or `none` that are listed",
    )
    parts_matching: RowPattern | None = Field(
        default=None, description="The rows that add up to it, by their text; totals may be parts"
    )
    some: bool = Field(
        default=False, description="Only some parts are listed: their sum may fall short"
    )
    tolerance: float = Field(
        default=0, ge=0, description="Largest difference by rounding, in the contract's unit"
    )
    columns: tuple[str, ...] = Field(
        default=(), description="The feed's columns that add up; all that hold numbers by default"
    )


class FileLayout(Strict):
    """What every file may have: an archive around it, values in its name."""

    members: Pattern | None = Field(
        default=None,
        description="The file is a ZIP or tar archive: read the members whose path matches",
    )
    captures: dict[str, Captures] = Field(
        default_factory=dict, description="Values by name; of several places, tried in turn"
    )


def _span(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else value


Rows = Annotated[int, Field(ge=1, le=10)]
HeaderRows = Annotated[
    tuple[Rows, Rows], BeforeValidator(_span, json_schema_input_type=Rows | tuple[Rows, Rows])
]


class TableLayout(FileLayout):
    """A table among other text.

    The header is found by its words: the first rows in which every source of the feed occurs.
    Rows of the header that come again, at the top of each page, are not data.
    """

    header_rows: HeaderRows = Field(
        default=(1, 1), description="Rows the header has, or the least and the most: `[2, 5]`"
    )
    spread: bool = Field(
        default=False,
        description="An empty cell in an upper row of the header belongs to the heading on its "
        "left, although the cells are not merged",
    )
    below: RowPattern | None = Field(
        default=None, description="The header is below the first row whose text matches"
    )
    label: str | None = Field(
        default=None,
        description="The feed's column that names the row: a row without it, or with nothing "
        "beside it, is a heading or a note",
    )
    start_after: RowPattern | None = Field(
        default=None, description="Rows begin after the first row whose text matches"
    )
    stop_before: RowPattern | None = Field(
        default=None, description="Rows end before the first row whose text matches"
    )
    skip_rows: RowPattern | None = Field(
        default=None, description="Rows whose text matches are not data: column numbers, notes"
    )
    totals: tuple[Total, ...] = ()

    @model_validator(mode="after")
    def _header_grows(self) -> TableLayout:
        if self.header_rows[0] > self.header_rows[1]:
            msg = "header_rows: the least comes first"
            raise ValueError(msg)
        return self


class XlsxLayout(TableLayout):
    """A table on a worksheet of an XLSX or XLS workbook.

    A column without a header is named by its letter.
    """

    format: Literal["xlsx"]
    sheet: Pattern = Field(description="Regular expression the sheet's name must match")
    title: Pattern | None = Field(
        default=None, description="Words above the table, where the sheet's name is not enough"
    )
    sheets: Literal["one", "each"] = Field(
        default="one", description="Whether every sheet that matches holds a part of the table"
    )
    absent: Literal["refuse", "skip"] = Field(
        default="refuse", description="What a workbook without such a sheet is: wrong, or no news"
    )


class CsvLayout(TableLayout):
    """Delimited text."""

    format: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: Literal["utf-8", "utf-16", "windows-1252", "windows-1258"] = "utf-8"


class JsonLayout(FileLayout):
    """JSON objects: one, an array, one per line, or the features of a GeoJSON collection.

    A source is a field of the object, ``a.b`` a field inside a field, ``^.a`` a field of the
    object around it. Features have their properties, ``id`` and ``geometry`` as JSON text.
    """

    format: Literal["json", "ndjson", "geojson"]
    path: tuple[str, ...] = Field(
        default=(), description="Fields that lead to the objects: each an object or an array"
    )
    children: str | None = Field(
        default=None, description="Field that holds nested objects, which are rows too"
    )


class SqlDumpLayout(FileLayout):
    """The rows that the INSERT statements of an SQL dump put into one table."""

    format: Literal["sql_dump"]
    table: str = Field(description="Name of the table, without its schema")


class ParquetLayout(FileLayout):
    """A table as a connector wrote it, with the types of its source."""

    format: Literal["parquet"]


class DocumentLayout(FileLayout):
    """Files that are kept as they are: drawings, decisions, pictures (H02, H35).

    Each is one row with ``name``, ``media_type``, ``size_bytes`` and ``sha256``.
    """

    format: Literal["document"]


Layout = Annotated[
    XlsxLayout | CsvLayout | JsonLayout | SqlDumpLayout | ParquetLayout | DocumentLayout,
    Field(discriminator="format"),
]
