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
from ioc_pipelines.catalog.patterns import names_in, pattern_of, words_of
from ioc_pipelines.intake.errors import StructureMismatchError

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
    the columns that tell the values of one row of a wide table apart. ``letters`` say in which
    column of the sheet or of the text each source stood, for so many rows each.
    """

    frame: pl.DataFrame
    found: dict[str, Any] = field(default_factory=dict)
    totals: pl.DataFrame | None = None
    keys: tuple[str, ...] = ()
    letters: tuple[tuple[int, Mapping[str, str]], ...] = ()


def wanted_of(columns: Mapping[str, Column]) -> list[Wanted]:
    """What the feed's columns ask for, the values that templates and units are made of included."""
    wanted = [Wanted(c.source, c.others, c.optional, name) for name, c in columns.items()]
    units = [part for c in columns.values() if c.unit for part in names_in(c.unit)]
    return [*wanted, *(Wanted(part) for part in dict.fromkeys(units))]


def put_together(frame: pl.DataFrame, wanted: Collection[Wanted], file: str) -> pl.DataFrame:
    """The frame with the sources that are put together from values beside the table.

    What is optional and has not all its values is empty. Raises StructureMismatchError when a
    source that must be has no column by now.
    """
    for want in wanted:
        if want.source in frame.columns:
            continue
        names = names_in(want.source) or (want.source,)
        unknown = [name for name in names if name not in frame.columns]
        if unknown and not want.optional:
            raise StructureMismatchError(
                file, f"'{want.source}': neither captured nor in the header: {', '.join(unknown)}"
            )
        form = want.source
        for name in names:
            form = form.replace("{" + name + "}", "{}", 1)
        value = pl.lit(None, pl.String) if unknown else pl.format(form, *names)
        frame = frame.with_columns(value.alias(want.source))
    return frame


def found_in(
    wanted: Collection[Wanted], present: Collection[str], outside: Collection[str], file: str
) -> dict[str, str | None]:
    """Of each source the column that holds it, None where it may be missing.

    The parts of what is put together count as well, except those that stand ``outside``. Raises
    StructureMismatchError naming what is missing.
    """
    parts = [Wanted(part, optional=w.optional) for w in wanted for part in names_in(w.source)]
    sought = [w for w in (*parts, *wanted) if w.source not in outside and not names_in(w.source)]
    found = {w.source: next((s for s in w.sources if s in present), None) for w in sought}
    missing = [w.source for w in sought if found[w.source] is None and not w.optional]
    if missing:
        raise StructureMismatchError(file, missing_columns(dict.fromkeys(missing), present))
    return found


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


def _plain(source: str) -> str:
    """The words of a source, without the signs of a pattern."""
    if pattern_of(source) is None:
        return words_of(source)
    named = re.sub(r"\(\?P<\w+>|\\[a-zA-Z][+*]?|[?*+^$()/|\[\]{}:.]", " ", words_of(source))
    return spaced(named)


def missing_columns(missing: Iterable[str], present: Collection[str]) -> str:
    """Name the source columns that are not there, each with its nearest candidates.

    ``present`` is empty where no header was recognised: what stands there then may be data, and
    data is not quoted in messages.
    """
    parts = []
    for name in missing:
        near = difflib.get_close_matches(_plain(name), [p for p in present if p], n=2, cutoff=0.5)
        parts.append(f"'{name}'" + (f" (nearest: {', '.join(near)})" if near else ""))
    shown = ", ".join(p for p in present if p)
    header = f"the header has: {shown}" if shown else "no header was recognised"
    return f"column {', '.join(parts)} not found; {header}"
