"""The files of a delivery as one batch in the contract's columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.intake.child.read import Files, read_files
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.intake.control_totals import CONTROL_SCHEMA, control_totals
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.layout.read import Part, read_file
from ioc_pipelines.intake.layout.table import ROW, Table, Wanted, wanted_of
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.names import Spellings

LETTER_SCHEMA = pl.Schema({ROW_ID: pl.UInt32, "column": pl.String, "letter": pl.String})
_FOUND_SHOWN = 150
_USUAL = ReadingLimits()


@dataclass(frozen=True)
class ReadBatch:
    """What the files of a delivery came to.

    ``batch`` is None when no table was read. ``found`` says where each table was; ``refused`` the
    files that are not taken; ``passed_over`` those that have no such table, where the layout says
    that this is no fault; ``control`` how the totals compare with their parts; ``letters`` in which
    column of its sheet a contract column stood, from which row of the batch on: ``_row_id, column,
    letter``.
    """

    batch: Conformed | None
    read: int = 0
    found: list[dict[str, Any]] = field(default_factory=list)
    refused: list[FileRefusedError] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    control: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CONTROL_SCHEMA))
    letters: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LETTER_SCHEMA))


def read_batch(
    feed: Feed,
    contract: type[Contract],
    files: Iterable[tuple[str, Path]],
    spellings: Spellings,
    known: Mapping[str, Sequence[int]] = MappingProxyType({}),
    limits: ReadingLimits = _USUAL,
) -> ReadBatch:
    """Read every file of ``files`` (name and where its bytes are) by the feed's layout.

    ``known`` numbers the rows of a file that an earlier delivery brought: they are passed over.
    ``limits`` are those of the process that reads them. Raises LookupError when the feed has no
    layout and ReaderFailedError for a defect of a reader.
    """
    wanted = wanted_of(feed.columns)
    tables: list[Table] = []
    result = ReadBatch(None)
    read = 0
    given = list(files)
    for number, part in _parts(feed, wanted, [(readable(name), p) for name, p in given], limits):
        if part.refused:
            result.refused.append(part.refused)
        elif not part.tables:
            result.passed_over.append(part.name)
        else:
            read += part.files
            rows = known.get(given[number][0], ())
            tables += [_without(table, rows) for table in part.tables]
            result.found.extend({"file": part.name, **table.found} for table in part.tables)
    shown = _shown(result.found)
    if not tables:
        return ReadBatch(None, 0, shown, result.refused, result.passed_over)
    batch, control = _conformed(feed, contract, tables, spellings)
    letters = _letters(feed, tables)
    return ReadBatch(batch, read, shown, result.refused, result.passed_over, control, letters)


def _parts(
    feed: Feed, wanted: Collection[Wanted], files: Files, limits: ReadingLimits
) -> Iterator[tuple[int, Part]]:
    """The parts of each file by its number: what an agency wrote is read by another process."""
    if feed.layout is None:
        msg = f"{feed.dataset} has no layout"
        raise LookupError(msg)
    if not isinstance(feed.connector, SqlConnector):
        yield from read_files(feed.layout, wanted, files, limits)
        return
    for number, (name, path) in enumerate(files):  # what our own connector wrote of a database
        for part in read_file(feed.layout, wanted, path, name):
            yield number, part


def _conformed(
    feed: Feed, contract: type[Contract], tables: list[Table], spellings: Spellings
) -> tuple[Conformed, pl.DataFrame]:
    data = _joined([table.frame for table in tables])
    batch = _conform(feed, contract, data, spellings)
    summed = [table.totals for table in tables if table.totals is not None]
    if not summed:
        return batch, pl.DataFrame(schema=CONTROL_SCHEMA)
    totals = _joined(summed)
    keys = list(dict.fromkeys(key for table in tables for key in table.keys))
    absent = [pl.lit(None, pl.String).alias(key) for key in keys if key not in totals.columns]
    totals = totals.with_columns(absent)
    in_unit = _conform(feed, contract, totals, spellings)
    captured = feed.layout.captures if feed.layout else ()
    return batch, control_totals(data, batch, totals, in_unit, feed.columns, keys, captured)


def _without(table: Table, known: Sequence[int]) -> Table:
    return replace(table, frame=table.frame.filter(~pl.col(ROW).is_in(known))) if known else table


def _letters(feed: Feed, tables: list[Table]) -> pl.DataFrame:
    """Where each contract column stood, from the first row of each piece of the batch on."""
    rows, start = [], 0
    for table in tables:
        first = start
        for count, letters in table.letters:
            rows += [(first, name, letters.get(c.source)) for name, c in feed.columns.items()]
            first += count
        if not table.letters:
            rows += [(first, name, None) for name in feed.columns]
        start += table.frame.height
    return pl.DataFrame(rows, schema=LETTER_SCHEMA, orient="row").sort(ROW_ID, maintain_order=True)


def with_letters(cells: pl.DataFrame, letters: pl.DataFrame) -> pl.DataFrame:
    """Cells, by ``_row_id`` and ``column_name``, with the letter that their column stood under."""
    return cells.sort(ROW_ID, maintain_order=True).join_asof(
        letters.with_columns(pl.col(ROW_ID).cast(cells.schema[ROW_ID])),
        on=ROW_ID,
        by_left="column_name",
        by_right="column",
        strategy="backward",
        check_sortedness=False,
    )


def _conform(
    feed: Feed, contract: type[Contract], table: pl.DataFrame, spellings: Spellings
) -> Conformed:
    return conform(table, feed.columns, contract.polars_schema(), units_of(contract), spellings)


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal_relaxed") if len(frames) > 1 else frames[0]


def units_of(contract: type[Contract]) -> Mapping[str, str]:
    """The units of the contract's columns, of those that have one."""
    stated = {name: (col.metadata or {}).get("unit") for name, col in contract.columns().items()}
    return {name: unit for name, unit in stated.items() if unit}


def _shown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All places, or the first and how many more: an archive may hold thousands of files."""
    if len(found) <= _FOUND_SHOWN:
        return found
    rest = found[_FOUND_SHOWN:]
    rows = sum(place["rows"] for place in rest)
    return [*found[:_FOUND_SHOWN], {"more_tables": len(rest), "rows": rows}]
