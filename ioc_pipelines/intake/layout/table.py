"""The table that a layout finds in a file."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.patterns import names_in

FILE, SHEET, ROW = "_file", "_sheet", "_row"
PLACE = (FILE, SHEET, ROW)

# A spreadsheet cell keeps both faces: what it says and, where it is a number, its exact value.
# The text "1.234" may mean 1234; the number 1.234 may not.
CELL = pl.Struct({"text": pl.String, "number": pl.Float64})


@dataclass(frozen=True)
class Wanted:
    """What a feed's column asks of a file: its source in every form, and whether it must be."""

    source: str
    others: tuple[str, ...] = ()
    optional: bool = False
    name: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Every form of the source, in the order they are tried."""
        return (self.source, *self.others)


@dataclass(frozen=True)
class Table:
    """Rows under the source's column names, with ``_file, _sheet, _row``.

    Columns are String (delimited text), ``CELL`` (spreadsheets) or typed (databases).
    ``found`` says where the table was, for the delivery's detail. ``totals`` are the rows that sum
    others up, with ``_label``, ``_parts`` (their row numbers) and how they must add up; ``keys``
    the columns that tell the values of one row of a wide table apart.
    """

    frame: pl.DataFrame
    found: dict[str, Any] = field(default_factory=dict)
    totals: pl.DataFrame | None = None
    keys: tuple[str, ...] = ()


def wanted_of(columns: Mapping[str, Column]) -> list[Wanted]:
    """What the feed's columns ask for, the values that templates and units are made of included."""
    wanted = [Wanted(c.source, c.others, c.optional, name) for name, c in columns.items()]
    units = [part for c in columns.values() if c.unit for part in names_in(c.unit)]
    return [*wanted, *(Wanted(part) for part in dict.fromkeys(units))]


def normal(text: str) -> str:
    """A header or name as it is compared: NFC, one space between words, no case."""
    return spaced(text).casefold()


def spaced(text: str) -> str:
    """Text in NFC with one space between words."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def letter_index(letters: str) -> int:
    """The position, from 0, of a spreadsheet column: A is 0, AA is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def index_letter(index: int) -> str:
    """The letters of a spreadsheet column by its position from 0."""
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return letters


def missing_columns(missing: Iterable[str], present: Collection[str]) -> str:
    """Name the source columns that are not there, each with its nearest candidates.

    ``present`` is empty where no header was recognised: what stands there then may be data, and
    data is not quoted in messages.
    """
    parts = []
    for name in missing:
        near = difflib.get_close_matches(name, [p for p in present if p], n=2, cutoff=0.5)
        parts.append(f"'{name}'" + (f" (nearest: {', '.join(near)})" if near else ""))
    shown = ", ".join(p for p in present if p)
    header = f"the header has: {shown}" if shown else "no header was recognised"
    return f"column {', '.join(parts)} not found; {header}"
