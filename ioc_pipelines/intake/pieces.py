"""A batch that is too large to be held at once: conformed piece by piece, kept in a folder.

Only feeds that land Parquet are read so; of a text or a workbook the rows cannot be told before it
is read (ADR 0045).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.layouts import ParquetLayout
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.intake.batch import canonical_rows
from ioc_pipelines.intake.child.read import Files, read_pieces
from ioc_pipelines.intake.conform import ROW_ID, Conformed, as_sent, typed_rows
from ioc_pipelines.intake.corrections import Corrected, correct, merged
from ioc_pipelines.intake.layout.table import ROW, wanted_of
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.names import Spellings
from ioc_pipelines.intake.read_batch import units_of
from ioc_pipelines.intake.rows_digest import RowsDigest

PIECE_ROWS = 250_000
LARGE_BYTES = 16 * 1024**2  # a million rows of a dozen columns, compressed


@dataclass(frozen=True)
class Part:
    """A piece: so many rows of a file, and the first of their ids."""

    name: str
    rows: int
    first_id: int


@dataclass
class Pieces:
    """A batch in pieces, each with its known errors corrected.

    ``digest`` is that of the rows as they came. ``corrected`` has what became of the known errors
    of all, and the rows that the register drops; its batch is empty.
    """

    entry: FeedEntry
    folder: Path
    spellings: Spellings
    known: Mapping[str, Sequence[int]]
    parts: list[Part] = field(default_factory=list)
    digest: RowsDigest = field(default_factory=RowsDigest)
    rows_received: int = 0
    corrected: Corrected = field(init=False)

    @property
    def found(self) -> list[dict[str, Any]]:
        """Where the tables were, as ``ReadBatch`` says it."""
        rows: dict[str, int] = {}
        for part in self.parts:
            rows[part.name] = rows.get(part.name, 0) + part.rows
        return [{"file": name, "rows": count} for name, count in rows.items()]

    def rows(self, number: int) -> pl.DataFrame:
        """The conformed rows of a piece: those that go on to the contract."""
        return pl.read_parquet(self._file("rows", number))

    def unreadable(self, number: int) -> pl.DataFrame:
        """The unreadable cells of a piece."""
        return pl.read_parquet(self._file("unreadable", number))

    def all_rows(self) -> pl.LazyFrame:
        """The conformed rows of all pieces, in order."""
        return pl.scan_parquet([self._file("rows", n) for n in range(len(self.parts))])

    def all_unreadable(self) -> pl.LazyFrame:
        """The unreadable cells of all pieces."""
        return pl.scan_parquet([self._file("unreadable", n) for n in range(len(self.parts))])

    def sent(self, number: int, ids: pl.Series) -> Conformed:
        """Rows of a piece as they came, with all that they were read from, read anew."""
        table = self._table(number)
        chosen = table.filter(pl.col(ROW_ID).is_in(ids.implode()))
        rows, unreadable = self._typed(chosen)
        received, cells = as_sent(chosen, self.entry.feed.columns)
        return Conformed(rows, received, unreadable, cells)

    def shared_ids(self, names: Sequence[str]) -> pl.Series:
        """Ids of the rows that may share these cells with another: few, and all that do."""
        hashes = np.concatenate(
            [self.rows_of(n, names).hash_rows().to_numpy() for n in range(len(self.parts))]
        )
        ordered = np.sort(hashes)
        shared = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        if not len(shared):
            return pl.Series(ROW_ID, [], dtype=pl.UInt32)
        maybe = pl.Series(np.flatnonzero(np.isin(hashes, shared))).cast(pl.UInt32)
        ids = self.all_rows().select(ROW_ID).collect()[ROW_ID]
        return ids.gather(maybe)

    def rows_of(self, number: int, names: Sequence[str]) -> pl.DataFrame:
        """Some columns of a piece."""
        return pl.read_parquet(self._file("rows", number), columns=list(names)).select(names)

    def _table(self, number: int) -> pl.DataFrame:
        part = self.parts[number]
        table = pl.read_ipc(self._file("table", number))
        if known := self.known.get(part.name, ()):
            table = table.filter(~pl.col(ROW).is_in(list(known)))
        return table.with_row_index(ROW_ID, part.first_id)

    def _typed(self, table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        contract = self.entry.required_contract()
        return typed_rows(
            table,
            self.entry.feed.columns,
            contract.polars_schema(),
            units_of(contract),
            self.spellings,
        )

    def add(self, part: Part, table: Path) -> Corrected:
        """Conform and keep a piece that was read; what became of the known errors in it."""
        contract, number = self.entry.required_contract(), len(self.parts)
        self.parts.append(part)
        shutil.move(table, self._file("table", number))
        rows, unreadable = self._typed(self._table(number))
        batch = Conformed(rows, rows.select(ROW_ID), unreadable)
        self.digest.add(canonical_rows(batch, contract))
        self.rows_received += rows.height
        found = correct(batch, contract, self.entry.corrections)
        found.batch.rows.write_parquet(self._file("rows", number), compression="lz4")
        found.batch.unreadable.write_parquet(self._file("unreadable", number), compression="lz4")
        return found.without_rows()

    def _file(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number:05d}.parquet"


def is_large(entry: FeedEntry, size: int) -> bool:
    """Whether a delivery of so many bytes is read in pieces: Parquet that is not held at once."""
    layout = entry.feed.layout
    return isinstance(layout, ParquetLayout) and layout.members is None and size > LARGE_BYTES


def read_in_pieces(
    entry: FeedEntry,
    files: Files,
    spellings: Spellings,
    folder: Path,
    limits: ReadingLimits,
    known: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> Pieces:
    """Conform a delivery piece by piece. Raises FileRefusedError on the first that is refused."""
    shown = [(readable(name), path) for name, path in files]
    pieces = Pieces(
        entry, folder, spellings, {readable(name): rows for name, rows in known.items()}
    )
    wanted, found, first_id = wanted_of(entry.feed.columns), [], 0
    for number, table, rows in read_pieces(wanted, shown, PIECE_ROWS, limits):
        found.append(pieces.add(Part(shown[number][0], rows, first_id), table))
        first_id += rows
    pieces.corrected = merged(found, entry.corrections)
    return pieces


def conformed_rows(contract: type[Contract]) -> list[str]:
    """The columns that a piece is judged by."""
    return [ROW_ID, *contract.polars_schema()]
