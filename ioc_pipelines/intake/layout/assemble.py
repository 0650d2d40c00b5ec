"""Put the table together: columns by source, wide columns made long, captured values beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ioc_pipelines.catalog.layouts import TableLayout
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.body import Body, Sorted, parts_of, sort_rows
from ioc_pipelines.intake.layout.header import Head, Header, from_header
from ioc_pipelines.intake.layout.table import (
    CELL,
    FILE,
    ROW,
    SHEET,
    Table,
    Wanted,
    index_letter,
    put_together,
)

_LABEL_LENGTH = 80

Groups = tuple[tuple[str, str | None], ...]


def assemble(
    layout: TableLayout,
    wanted: Sequence[Wanted],
    head: Head,
    header: Header,
    body: Body,
    values: Mapping[str, str],
    file: str,
    sheet: str | None,
) -> Table:
    """The data rows and the control totals of one table."""
    found = sort_rows(body, layout, header, head, wanted, file)
    keys = _keys(header, file)
    sources = [
        w.source
        for w in from_header(wanted, tuple(values))
        if w.source in header.columns or w.optional
    ]
    frame = _long(body, header, keys, found.data, sources)
    frame = _beside(frame, values, wanted, file, sheet)
    totals = None
    if found.totals:
        at = pl.Series([position for position, _ in found.totals], dtype=pl.UInt32)
        summed = _beside(_long(body, header, keys, at, sources), values, wanted, file, sheet)
        totals = summed.join(_declared(body, found), on=ROW, how="left", maintain_order="left")
    names = tuple(dict.fromkeys(name for key in keys for name, _ in key))
    facts = {**_found(header, frame, values, sheet), **found.notes}
    letters = [(len(found.data), _letters(header, key)) for key in keys]
    return Table(frame, facts, totals, names, tuple(letters))


def _declared(body: Body, found: Sorted) -> pl.DataFrame:
    """Of each total its label, its parts, and how they must add up."""
    at = [position for position, _ in found.totals]
    totals = [total for _, total in found.totals]
    parts = [parts_of(body, found, position, total) for position, total in found.totals]
    return pl.DataFrame(
        {
            ROW: body.rows.gather(at),
            "_label": body.row_text.gather(at).str.slice(0, _LABEL_LENGTH),
            "_parts": pl.Series(parts, dtype=pl.List(pl.Int64)),
            "_some": [total.some for total in totals],
            "_tolerance": [float(total.tolerance) for total in totals],
            "_columns": pl.Series([list(t.columns) for t in totals], dtype=pl.List(pl.String)),
        }
    )


def _letters(header: Header, key: Groups) -> dict[str, str]:
    """The letter of each source's column for one key of a wide table."""
    return {
        source: index_letter(place.position)
        for source, places in header.columns.items()
        for place in places
        if not place.groups or place.groups == key
    }


def _keys(header: Header, file: str) -> list[Groups]:
    """What tells the columns of a wide table apart, in the order of the file."""
    keys: dict[Groups, None] = {}
    names: set[tuple[str, ...]] = set()
    for places in header.columns.values():
        for place in places:
            if place.groups:
                keys.setdefault(place.groups)
                names.add(tuple(name for name, _ in place.groups))
    if len(names) > 1:
        raise StructureMismatchError(
            file, f"the patterns of wide columns must have the same groups, not {sorted(names)}"
        )
    return list(keys) or [()]


def _long(
    body: Body, header: Header, keys: Sequence[Groups], at: pl.Series, sources: Sequence[str]
) -> pl.DataFrame:
    """One row per data row and key, under the names of the sources and of the groups."""
    kind = CELL if body.numbers is not None else pl.String
    frames = []
    for key in keys:
        columns = []
        for source in sources:
            places = header.columns.get(source, ())
            place = next((p for p in places if not p.groups or p.groups == key), None)
            if place is None:
                columns.append(pl.lit(None, kind).alias(source))
            else:
                columns.append(pl.lit(_cells(body, place.position, at)).alias(source))
        rows = body.rows.gather(at).alias(ROW).to_frame()
        groups = [pl.lit(value, pl.String).alias(name) for name, value in key]
        frames.append(rows.with_columns(*columns, *groups))
    return pl.concat(frames)


def _cells(body: Body, position: int, at: pl.Series) -> pl.Series:
    texts = body.texts[position].gather(at)
    if body.numbers is None:
        return texts
    numbers = body.numbers[position].gather(at)
    return pl.DataFrame({"text": texts, "number": numbers}).to_struct("cell")


def _beside(
    frame: pl.DataFrame,
    values: Mapping[str, str],
    wanted: Sequence[Wanted],
    file: str,
    sheet: str | None,
) -> pl.DataFrame:
    """The frame with its place, the captured values, and what is put together from them."""
    frame = frame.select(
        pl.lit(file).alias(FILE),
        pl.lit(sheet, pl.String).alias(SHEET),
        ROW,
        *(column for column in frame.columns if column != ROW),
        *(pl.lit(value).alias(name) for name, value in values.items()),
    )
    return put_together(frame, wanted, file)


def _found(
    header: Header, frame: pl.DataFrame, values: Mapping[str, str], sheet: str | None
) -> dict[str, Any]:
    """Where the table was: sheet, header, columns by letter, rows."""
    columns = {
        source: index_letter(places[0].position)
        + (f"…{index_letter(places[-1].position)}" if len(places) > 1 else "")
        for source, places in header.columns.items()
    }
    found: dict[str, Any] = {"sheet": sheet} if sheet is not None else {}
    return {
        **found,
        "header_row": header.top + 1,
        "columns": columns,
        "rows": frame.height,
        **values,
    }
