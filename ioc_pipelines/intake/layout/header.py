"""Find a table's header by its words, and in it the column of every source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ioc_pipelines.catalog.layouts import TableLayout
from ioc_pipelines.catalog.patterns import (
    groups_of,
    is_first,
    is_left_of,
    names_in,
    pattern_of,
    words_of,
)
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.table import Wanted, letter_index, missing_columns, normal, spaced
from ioc_pipelines.intake.pack_form import is_pack_header

_SEARCH_ROWS = 100
_LETTER = re.compile(r"^[A-Z]{1,3}$")

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Head:
    """The upper rows of a sheet or text file as text, decoded, with its merged cells."""

    rows: Sequence[Sequence[str]]
    merged: Sequence[Range] = ()


@dataclass(frozen=True)
class Place:
    """A column of the table, and what its header says by the names of the pattern's groups."""

    position: int
    groups: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Header:
    """Rows of a header and the columns of each source; several where the table is wide.

    ``start`` is the first row that was looked at: what stands above is another table.
    """

    top: int
    height: int
    columns: dict[str, tuple[Place, ...]]
    start: int = 0

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height


def from_header(wanted: Sequence[Wanted], captured: Sequence[str]) -> list[Wanted]:
    """Those sources that must be looked for: no captured value, no group, no template."""
    grouped = {name for w in wanted for source in w.sources for name in groups_of(source)}
    known = {*captured, *grouped}
    sought = [w for w in wanted if w.source not in known and not names_in(w.source)]
    return list({w.source: w for w in sought}.values())


def find_header(
    head: Head, wanted: Sequence[Wanted], layout: TableLayout, file: str, sheet: str, start: int = 0
) -> Header:
    """The first rows, as many as the layout says, that hold every wanted source.

    Raises StructureMismatchError naming what is missing, with the nearest candidates.
    """
    _refuse_packs(head, file, start)
    optional = {w.source for w in wanted if w.optional}
    best: tuple[list[str], list[str]] | None = None
    without_optional: Header | None = None
    for top in range(start, min(len(head.rows), start + _SEARCH_ROWS)):
        if without_optional and top >= without_optional.bottom:
            break  # what has the optional columns below it is another table
        for height in range(layout.header_rows[0], layout.header_rows[1] + 1):
            texts = header_texts(head, top, height, spread=layout.spread)
            columns, missing = _match(texts, wanted)
            header = Header(top, height, columns, start)
            if columns and not _begins_here(head, header):
                continue
            if optional.issuperset(missing):
                if not missing:
                    return header
                without_optional = without_optional or header
            required = [source for source in missing if source not in optional]
            if best is None or len(required) < len(best[0]):
                best = (required, texts)
    if without_optional is not None:
        return without_optional
    missing, texts = best or ([w.source for w in wanted], [])
    recognised = texts if len(missing) < len(wanted) else []
    where = f"sheet '{sheet}': " if sheet else ""
    raise StructureMismatchError(file, where + missing_columns(missing, recognised))


def _refuse_packs(head: Head, file: str, start: int) -> None:
    """A feedback pack under another name: it has the feed's columns, and masks for values."""
    for row in head.rows[start : start + _SEARCH_ROWS]:
        if is_pack_header([spaced(cell) for cell in row]):
            raise StructureMismatchError(
                file, "đây là phiếu phản hồi đã đổi tên: đặt lại tên can-sua-….xlsx như khi nhận"
            )


def header_texts(head: Head, top: int, height: int, *, spread: bool) -> list[str]:
    """Header text of each column: the words of its cells from top to bottom, once each.

    A merged cell counts for every column and row it spans; with ``spread`` an empty cell above
    the last row belongs to the heading on its left.
    """
    window = [list(row) for row in head.rows[top : top + height]]
    bottom = top + len(window) - 1
    for (first_row, first_column), (last_row, last_column) in head.merged:
        if first_row > bottom or last_row < top:
            continue
        for row in range(max(first_row, top), min(last_row, bottom) + 1):
            for col in range(first_column, min(last_column, len(window[row - top]) - 1) + 1):
                window[row - top][col] = head.rows[first_row][first_column]
    for cells in window[:-1] if spread else []:
        for col in range(1, len(cells)):
            cells[col] = cells[col] or cells[col - 1]
    width = max((len(row) for row in window), default=0)
    columns = [[row[c] for row in window if c < len(row)] for c in range(width)]
    texts = [" ".join(dict.fromkeys(part for part in column if part)) for column in columns]
    own = [
        any(c < len(row) and row[c] for row in head.rows[top : bottom + 1]) for c in range(width)
    ]
    # a header merged over several columns, all the way down, is the header of the first
    return [
        "" if c and not own[c] and text == texts[c - 1] else text for c, text in enumerate(texts)
    ]


def _begins_here(head: Head, header: Header) -> bool:
    """Whether the first row says something in a column of the table: it is not the row above."""
    row = head.rows[header.top]
    spanned = [
        column
        for (top, left), (bottom, right) in head.merged
        if top <= header.top <= bottom
        for column in range(left, right + 1)
    ]
    positions = {place.position for places in header.columns.values() for place in places}
    return any((p < len(row) and row[p]) or p in spanned for p in positions)


def _match(
    texts: list[str], wanted: Sequence[Wanted]
) -> tuple[dict[str, tuple[Place, ...]], list[str]]:
    """The columns of each source, and the sources not found."""
    columns: dict[str, tuple[Place, ...]] = {}
    missing: list[str] = []
    clean = [spaced(text) for text in texts]
    folded = [text.casefold() for text in clean]
    for want in wanted:
        found = next((p for s in want.sources if (p := _places(s, clean, folded))), ())
        if found:
            columns[want.source] = found
        else:
            missing.append(want.source)
    # letters alone prove nothing: some real header must be there
    named = [s for s in columns if not _LETTER.match(s) or normal(s) in folded]
    return (columns, missing) if named else ({}, [w.source for w in wanted])


def _places(source: str, texts: Sequence[str], folded: Sequence[str]) -> tuple[Place, ...]:
    """Where a source stands: once, or as often as groups tell apart. A letter names a column."""
    pattern = pattern_of(source)
    if pattern is not None:
        matches = [(i, m) for i, text in enumerate(texts) if (m := pattern.search(text))]
        places = [Place(i, tuple(m.groupdict().items())) for i, m in matches]
    else:
        words = normal(words_of(source))
        places = [Place(i) for i, text in enumerate(folded) if text == words]
        if not places and _LETTER.match(source) and letter_index(source) < len(texts):
            places = [Place(letter_index(source))]
    if is_first(source):
        places = places[:1]
    if len({place.groups for place in places}) < len(places):
        return ()
    if is_left_of(source):
        return tuple(Place(p.position - 1, p.groups) for p in places if p.position > 0)
    return tuple(places)
