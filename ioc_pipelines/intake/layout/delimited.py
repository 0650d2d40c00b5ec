"""Delimited text: any delimiter and encoding, with or without lines above the header."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection
from itertools import islice
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ioc_pipelines.catalog.layouts import CsvLayout
from ioc_pipelines.intake.errors import OversizedFileError, UnreadableFileError
from ioc_pipelines.intake.layout.assemble import assemble
from ioc_pipelines.intake.layout.body import Body, first_below, needs_row_text
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.header import Head, find_header, from_header
from ioc_pipelines.intake.layout.package import require_cells
from ioc_pipelines.intake.layout.table import Table, Wanted, spaced
from ioc_pipelines.intake.legacy_text import decode, decoded

_HEAD_RECORDS = 120
_BEYOND = 8
_LONGEST_LINE = 16 * 1024**2
_LINE_END = re.compile("\r*\n|\r")
_BYTE_ORDER_MARKS = {
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"\xef\xbb\xbf": "utf-8",
}


def read_csv(layout: CsvLayout, wanted: Collection[Wanted], path: Path, name: str) -> Table:
    """Every line below the header as text, but blank ones; ``_row`` is the line's number."""
    text, _ = _text_of(layout, path, name)
    content = text.encode()
    records, ends = _head(text, layout.delimiter, name)
    head = Head([[decode(spoken) for spoken in record] for record in records])
    if any(_is_not_text(cell) for record in head.rows for cell in record):
        raise UnreadableFileError(name, f"not text in {layout.encoding.upper()}")
    start = 0
    if layout.below:
        lines = pl.Series([" | ".join(part for part in row if part) for row in head.rows])
        start = first_below(lines, layout.below, name)
    looked_for = from_header(list(wanted), tuple(layout.captures))
    header = find_header(head, looked_for, layout, name, "", start)
    width = max(len(record) for record in records[header.top : header.bottom])
    frame = decoded(_body_frame(content, layout.delimiter, ends[header.bottom - 1], width, name))
    title = " ".join(part for row in head.rows[start : header.bottom] for part in row)
    values = capture(layout.captures, {"title": spaced(title), "file": name}, name)
    positions = {place.position for places in header.columns.values() for place in places}
    row_text = pl.Series([""] * frame.height, dtype=pl.String)
    if needs_row_text(layout):
        joined = pl.concat_str(pl.all().replace("", None), separator=" | ", ignore_nulls=True)
        row_text = frame.select(joined.alias("text"))["text"]
    body = Body(
        rows=_line_numbers(frame, ends[header.bottom - 1]),
        texts={p: frame[:, p] for p in positions},
        numbers=None,
        row_text=row_text,
    )
    return assemble(layout, list(wanted), head, header, body, values, name, None)


def stored_records(
    layout: CsvLayout, path: Path, name: str, lines: Collection[int]
) -> tuple[str, dict[int, list[str]]]:
    """The encoding of the file, and the cells of the records that begin on these lines, from 1.

    As they stand there: no legacy letters are decoded. Raises UnreadableFileError.
    """
    text, encoding = _text_of(layout, path, name)
    written = [f"{line}\n" for line in text.split("\n")]
    records = {}
    for line in lines:
        below = csv.reader(islice(written, line - 1, None), delimiter=layout.delimiter)
        try:
            records[line] = next(below, [])
        except csv.Error as error:
            raise UnreadableFileError(name, f"not readable as CSV: line {line}") from error
    return encoding, records


def _text_of(layout: CsvLayout, path: Path, name: str) -> tuple[str, str]:
    """The file as text, and its encoding; a byte order mark is believed."""
    with path.open("rb") as file:
        content = file.read(_LONGEST_LINE + 1)
        if len(content) > _LONGEST_LINE and not re.search(rb"[\r\n]", content):
            raise _endless(name, 1)
        content += file.read()
    mark = next((mark for mark in _BYTE_ORDER_MARKS if content.startswith(mark)), b"")
    declared = "utf-16-le" if layout.encoding == "utf-16" else layout.encoding
    encoding = _BYTE_ORDER_MARKS.get(mark, declared)
    try:
        text = content.removeprefix(mark).decode(encoding)
    except UnicodeDecodeError as error:
        at = len(mark) + error.start
        raise UnreadableFileError(name, f"not text in {encoding.upper()}: byte {at}") from error
    # one way of ending lines, so that all that count lines count alike
    text = _LINE_END.sub("\n", text)
    _require_lines(text, name)
    return text, encoding


def _require_lines(text: str, name: str) -> None:
    """Raise for what no program writes as lines of text: one without end, or a NUL."""
    nul = text.find("\0")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise UnreadableFileError(name, f"line {line}: a NUL character, which no text has")
    begin = 0
    while len(text) - begin > _LONGEST_LINE:
        end = text.rfind("\n", begin, begin + _LONGEST_LINE)
        if end < 0:
            raise _endless(name, text.count("\n", 0, begin) + 1)
        begin = end + 1


def _endless(name: str, line: int) -> OversizedFileError:
    return OversizedFileError(
        name, f"line {line}: longer than {_LONGEST_LINE} characters, no line of a table"
    )


def _head(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    """The first records and the number of lines down to the end of each."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records, ends = [], []
    try:
        for record in islice(reader, _HEAD_RECORDS):
            require_cells(1, len(record), name, f"line {reader.line_num}")
            records.append([cell.strip() for cell in record])
            ends.append(reader.line_num)
    except csv.Error as error:
        raise UnreadableFileError(name, f"not readable as CSV: line {reader.line_num}") from error
    if not any(cell for record in records for cell in record):
        raise UnreadableFileError(name, "not readable as CSV: an empty file")
    return records, ends


def _body_frame(content: bytes, delimiter: str, lines: int, width: int, name: str) -> pl.DataFrame:
    """The records below the header as text.

    Delimiters at the end of a line, with nothing behind them, do no harm.
    """
    below = content.split(b"\n", lines)[-1] if content.count(b"\n") >= lines else b""
    known = [str(i) for i in range(width)]
    schema = dict.fromkeys([*known, *(f"beyond {i}" for i in range(_BEYOND))], pl.String)
    if not below.strip():
        return pl.DataFrame(schema=dict.fromkeys(known, pl.String))
    try:
        frame = pl.read_csv(
            below,
            separator=delimiter,
            has_header=False,
            schema=schema,
            missing_columns="insert",
        )
    except PolarsError as error:
        why = _unclosed(below, lines) or type(error).__name__
        raise UnreadableFileError(name, f"not readable as CSV: {why}") from error
    beyond = frame.select(pl.exclude(known).str.strip_chars() != "")
    too_wide = beyond.select(pl.any_horizontal(pl.all()).arg_true())
    if not too_wide.is_empty():
        row = int(_line_numbers(frame, lines)[too_wide.item(0, 0)])
        raise UnreadableFileError(name, f"line {row}: more cells than the header has columns")
    return frame.select(known)


def _unclosed(below: bytes, lines_above: int) -> str | None:
    """Where a quote may be opened that nothing closes."""
    for number, line in enumerate(below.split(b"\n"), start=lines_above + 1):
        if line.count(b'"') % 2:
            return f"line {number} may open a quote that is not closed"
    return None


def _line_numbers(frame: pl.DataFrame, lines_above: int) -> pl.Series:
    """The line each row begins on, from 1; a cell of two lines counts for two."""
    if frame.is_empty():
        return pl.Series([], dtype=pl.Int64)
    breaks = frame.select(
        pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))
        .cum_sum()
        .shift(1, fill_value=0)
        .cast(pl.Int64)
        .alias("breaks")
    )["breaks"]
    first = 1 + lines_above
    return pl.int_range(first, first + frame.height, eager=True, dtype=pl.Int64) + breaks


def _is_not_text(cell: str) -> bool:
    return "\ufffd" in cell or any(
        unicodedata.category(char) == "Cc" and not char.isspace() for char in cell
    )
