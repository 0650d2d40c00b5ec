"""The rows below a header: which are data, which sum others up, which are neither."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import polars as pl

from ioc_pipelines.catalog.layouts import TableLayout, Total
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.header import Head, Header
from ioc_pipelines.intake.layout.table import ROW, Wanted

_SHOWN = 20
_TEXT, _KIND, _TOTAL = "_row_text", "_kind", "_total"


@dataclass(frozen=True)
class Body:
    """The rows below the header.

    ``texts`` and ``numbers``: each wanted column by its position, what its cells say and, in
    spreadsheets, their numbers; ``rows`` their numbers in the file; ``row_text`` all their text.
    """

    rows: pl.Series
    texts: Mapping[int, pl.Series]
    numbers: Mapping[int, pl.Series] | None
    row_text: pl.Series


@dataclass(frozen=True)
class Sorted:
    """Positions in the body of its data rows and of its totals, each with its declaration.

    ``headings`` are rows that say what they are and hold no figure.
    """

    data: pl.Series
    totals: list[tuple[int, Total]]
    headings: pl.Series
    notes: dict[str, Any]


def needs_row_text(layout: TableLayout) -> bool:
    """Whether the layout looks at the text of whole rows."""
    return bool(layout.start_after or layout.stop_before or layout.skip_rows or layout.totals)


def sort_rows(
    body: Body, layout: TableLayout, header: Header, head: Head, wanted: Sequence[Wanted], file: str
) -> Sorted:
    """Say of each row what it is. Raises StructureMismatchError when a mark is not there."""
    positions = sorted(body.texts)
    frame = pl.DataFrame(
        [
            body.rows.alias(ROW),
            body.row_text.alias(_TEXT),
            *(body.texts[p].str.strip_chars().alias(str(p)) for p in positions),
        ]
    ).with_row_index("_at")
    cells = [pl.col(str(p)) for p in positions]
    frame = frame.with_columns(pl.when(cell != "").then(cell) for cell in cells)
    blank = pl.all_horizontal(cell.is_null() for cell in cells)
    frame = frame.with_columns(
        pl.when(blank)
        .then(pl.lit("blank"))
        .when(_repeats_head(head, header, positions))
        .then(pl.lit("repeated"))
        .otherwise(pl.lit("data"))
        .alias(_KIND)
    )
    start, stop = _span(frame, layout, file)
    inside = pl.col("_at").is_between(start, stop, closed="left")
    frame = frame.with_columns(_matched(layout.skip_rows, "skipped"))
    labels = _labels(layout, header, wanted)
    figures = [pl.col(str(p)).is_not_null() for p in positions if p not in labels]
    frame = frame.with_columns(pl.lit(None, pl.Int64).alias(_TOTAL))
    for number, total in enumerate(layout.totals):
        is_total = (pl.col(_KIND) == "data") & pl.col(_TEXT).str.contains(total.rows)
        is_total &= pl.any_horizontal(figures)
        frame = frame.with_columns(
            pl.when(is_total).then(pl.lit("total")).otherwise(_KIND).alias(_KIND),
            pl.when(is_total).then(number).otherwise(_TOTAL).alias(_TOTAL),
        )
    if labels:
        frame = frame.with_columns(_headings(labels, figures))
    data = frame.filter(inside, pl.col(_KIND) == "data")["_at"]
    totals = frame.filter(pl.col(_KIND) == "total").select("_at", _TOTAL).rows()
    headings = frame.filter(pl.col(_KIND) == "heading")["_at"]
    notes = _notes(frame.filter(inside))
    return Sorted(data, [(at, layout.totals[n]) for at, n in totals], headings, notes)


def parts_of(body: Body, found: Sorted, at: int, total: Total) -> list[int]:
    """Row numbers of the parts of one total; none when one of them holds no figure."""
    chosen = pl.Series([], dtype=pl.UInt32)
    if total.parts_matching is not None:
        if body.row_text.gather(found.headings).str.contains(total.parts_matching).any():
            return []
        totals = pl.Series([a for a, _ in found.totals if a != at], dtype=found.data.dtype)
        rows = pl.concat([found.data, totals]).sort()
        chosen = rows.filter(body.row_text.gather(rows).str.contains(total.parts_matching))
    elif total.parts == "all":
        chosen = found.data
    elif total.parts == "following":
        behind = bisect_right(found.totals, at, key=itemgetter(0))
        until = found.totals[behind][0] if behind < len(found.totals) else len(body.rows)
        first, last = (int(found.data.search_sorted(row)) for row in (at + 1, until))
        chosen = found.data[first:last]
    return body.rows.gather(chosen).to_list()


def first_below(row_text: pl.Series, pattern: str, file: str) -> int:
    """The row under the first whose text matches. Raises StructureMismatchError."""
    found = row_text.str.contains(pattern).arg_true()
    if found.is_empty():
        raise StructureMismatchError(file, f"no row matches {pattern!r}, below which the table is")
    return int(found[0]) + 1


def _span(frame: pl.DataFrame, layout: TableLayout, file: str) -> tuple[int, int]:
    start = _first_match(frame, layout.start_after, 0, file)
    first = 0 if start is None else start + 1
    stop = _first_match(frame, layout.stop_before, first, file)
    return first, frame.height if stop is None else stop


def _first_match(frame: pl.DataFrame, pattern: str | None, start: int, file: str) -> int | None:
    if pattern is None:
        return None
    found = frame[start:].filter(pl.col(_TEXT).str.contains(pattern))["_at"]
    if found.is_empty():
        raise StructureMismatchError(file, f"no row below the header matches {pattern!r}")
    return int(found[0])


def _repeats_head(head: Head, header: Header, positions: Sequence[int]) -> pl.Expr:
    """Rows that say again what the header's or the title's rows say in the wanted columns.

    A row above the header that fills several of them is no title: another table stands there.
    """
    seen = []
    for at, row in enumerate(head.rows[header.start : header.bottom], start=header.start):
        cells = [row[p] if p < len(row) and row[p] else None for p in positions]
        said = sum(cell is not None for cell in cells)
        if said and (at >= header.top or said == 1) and cells not in seen:
            seen.append(cells)
    same = [
        pl.all_horizontal(
            pl.col(str(p)).eq_missing(pl.lit(cell, pl.String))
            for p, cell in zip(positions, cells, strict=True)
        )
        for cells in seen
    ]
    return pl.any_horizontal(same) if same else pl.lit(value=False)


def _matched(pattern: str | None, kind: str) -> pl.Expr:
    if pattern is None:
        return pl.col(_KIND)
    is_it = (pl.col(_KIND) == "data") & pl.col(_TEXT).str.contains(pattern)
    return pl.when(is_it).then(pl.lit(kind)).otherwise(_KIND).alias(_KIND)


def _labels(layout: TableLayout, header: Header, wanted: Sequence[Wanted]) -> set[int]:
    """Position of the column that names the rows; none when the layout declares none."""
    sources = [w.source for w in wanted if w.name == layout.label and w.source in header.columns]
    return {place.position for source in sources for place in header.columns[source]}


def _headings(labels: set[int], figures: Sequence[pl.Expr]) -> pl.Expr:
    """Rows without their label, or with nothing beside it."""
    unlabelled = pl.all_horizontal(pl.col(str(p)).is_null() for p in sorted(labels))
    alone = ~pl.any_horizontal(figures)
    kind = pl.when(unlabelled).then(pl.lit("unlabelled")).when(alone).then(pl.lit("heading"))
    return (
        pl.when(pl.col(_KIND) != "data").then(_KIND).otherwise(kind.otherwise(_KIND)).alias(_KIND)
    )


def _notes(frame: pl.DataFrame) -> dict[str, Any]:
    """Row numbers of what is neither data nor total: nothing is passed over in silence."""
    notes: dict[str, Any] = {}
    for kind in ("heading", "unlabelled", "repeated", "skipped"):
        rows = frame.filter(pl.col(_KIND) == kind)[ROW].to_list()
        if rows:
            notes[f"{kind}_rows"] = rows[:_SHOWN] + (["…"] if len(rows) > _SHOWN else [])
    return notes
