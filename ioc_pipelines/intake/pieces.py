"""A batch that is too large to be held at once: conformed piece by piece, kept in a folder.

Only feeds that land Parquet are read so; of a text or a workbook the rows cannot be told before it
is read (ADR 0045).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.layouts import ParquetLayout
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.batch import canonical_rows
from ioc_pipelines.intake.conform import ROW_ID, Conformed, as_sent, typed_rows
from ioc_pipelines.intake.corrections import Corrected, correct, merged
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.layout.records import parquet_height, parquet_piece
from ioc_pipelines.intake.layout.table import ROW, wanted_of
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.names import Spellings
from ioc_pipelines.intake.read_batch import units_of
from ioc_pipelines.intake.rows_digest import RowsDigest

PIECE_ROWS = 250_000
LARGE_ROWS = 1_000_000

Files = Sequence[tuple[str, Path]]


@dataclass(frozen=True)
class Part:
    """Where a piece stands: so many rows of a file from ``start`` on, its first row id."""

    name: str
    path: Path
    start: int
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
        table = self._table(self.parts[number])
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

    def _table(self, part: Part) -> pl.DataFrame:
        wanted = wanted_of(self.entry.feed.columns)
        table = parquet_piece(wanted, part.path, part.name, part.start, part.rows)
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

    def add(self, part: Part) -> Corrected:
        """Read, conform and keep a piece; what became of the known errors in it."""
        contract = self.entry.required_contract()
        rows, unreadable = self._typed(self._table(part))
        batch = Conformed(rows, rows.select(ROW_ID), unreadable)
        self.digest.add(canonical_rows(batch, contract))
        self.rows_received += rows.height
        found = correct(batch, contract, self.entry.corrections)
        number = len(self.parts)
        found.batch.rows.write_parquet(self._file("rows", number), compression="lz4")
        found.batch.unreadable.write_parquet(self._file("unreadable", number), compression="lz4")
        self.parts.append(part)
        return found.without_rows()

    def _file(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number:05d}.parquet"


def is_large(entry: FeedEntry, files: Files) -> bool:
    """Whether a delivery is read in pieces: Parquet, and more rows than are held at once."""
    layout = entry.feed.layout
    if not isinstance(layout, ParquetLayout) or layout.members is not None:
        return False
    try:
        return sum(parquet_height(path, name) for name, path in files) > LARGE_ROWS
    except FileRefusedError:
        return False  # said by who reads it whole


def read_pieces(
    entry: FeedEntry,
    files: Files,
    spellings: Spellings,
    folder: Path,
    known: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> Pieces:
    """Conform a delivery piece by piece. Raises FileRefusedError on the first that is refused."""
    named = {readable(name): rows for name, rows in known.items()}
    pieces = Pieces(entry, folder, spellings, named)
    found = [pieces.add(part) for part in _parts(files)]
    pieces.corrected = merged(found, entry.corrections)
    return pieces


def _parts(files: Files) -> Iterator[Part]:
    first_id = 0
    for name, path in files:
        shown = readable(name)
        height = parquet_height(path, shown)
        for start in range(0, max(height, 1), PIECE_ROWS):
            rows = min(PIECE_ROWS, height - start)
            yield Part(shown, path, start, rows, first_id + start)
        first_id += height


def conformed_rows(contract: type[Contract]) -> list[str]:
    """The columns that a piece is judged by."""
    return [ROW_ID, *contract.polars_schema()]
