"""The accepted rows, one Parquet file per batch: written, and asked where they are needed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from contracts.base import Contract
from ioc_pipelines.home import table_name
from ioc_pipelines.intake.corrections import MARK
from ioc_pipelines.intake.layout.table import FILE, PLACE, ROW, SHEET
from ioc_pipelines.warehouse.key_hashes import KeyHashes
from ioc_pipelines.warehouse.parquet import PieceWriter, write_frame

_PROVENANCE_SCHEMA = pl.Schema(
    {
        "_batch_id": pl.String,
        "_feed": pl.String,
        "_key_hash": pl.String,
        FILE: pl.String,
        SHEET: pl.String,
        ROW: pl.Int64,
        MARK: pl.String,
    }
)


class DamagedRowsError(Exception):
    """A file of rows is not what was written; `ioc reprocess` writes it again."""


class Accepted:
    """The accepted area of one profile."""

    def __init__(self, folder: Path, hashes: KeyHashes) -> None:
        """Use a folder; ``hashes`` are those of business keys."""
        self._folder, self._hashes = folder, hashes

    def prepare(self, contracts: Iterable[type[Contract]]) -> None:
        """Empty files, so that there is always one to read of each dataset."""
        for contract in contracts:
            schema = {**_PROVENANCE_SCHEMA, **contract.polars_schema()}
            path = self._file(contract.info().dataset, "_empty")
            write_frame(path, pl.DataFrame(schema=schema))

    def write(self, contract: type[Contract], feed: str, batch_id: str, rows: pl.DataFrame) -> None:
        """The accepted rows of a batch: where each came from, which known errors it had."""
        frame = self._frame(contract, feed, batch_id, rows)
        write_frame(self._file(contract.info().dataset, batch_id), frame)

    @contextmanager
    def writing(
        self, contract: type[Contract], feed: str, batch_id: str
    ) -> Iterator[Callable[[pl.DataFrame], None]]:
        """As ``write``, of a batch that comes in pieces: call what it gives with each."""
        with PieceWriter(self._file(contract.info().dataset, batch_id)) as file:
            yield lambda rows: file.write(self._frame(contract, feed, batch_id, rows))

    def _frame(
        self, contract: type[Contract], feed: str, batch_id: str, rows: pl.DataFrame
    ) -> pl.DataFrame:
        mark = pl.col(MARK) if MARK in rows.columns else pl.lit(None, pl.String).alias(MARK)
        return rows.select(
            pl.lit(batch_id).alias("_batch_id"),
            pl.lit(feed).alias("_feed"),
            self._hashes.of(contract, rows).alias("_key_hash"),
            *PLACE,
            mark,
            *contract.polars_schema(),
        )

    def keys(self, dataset: str, batches: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
        """Which of these key hashes were accepted in which of ``batches``.

        The columns of ``batches``, which has a ``batch_id``, and ``key_hash``.
        Raises DamagedRowsError when a file of accepted rows cannot be read.
        """
        paths = [self._file(dataset, name) for name in batches["batch_id"].unique().sort()]
        paths = [path for path in paths if path.is_file()]
        sought = pl.LazyFrame({"_key_hash": keys.unique()}).with_columns(key_hash="_key_hash")
        if not paths:
            return batches.clear().with_columns(pl.lit(None, pl.String).alias("key_hash"))
        found = (
            pl.scan_parquet(paths)
            .select(pl.col("_batch_id").alias("batch_id"), "_key_hash")
            .join(sought, on="_key_hash")
            .join(batches.lazy(), on="batch_id")
            .select(*batches.columns, "key_hash")
        )
        try:
            # by parts: of many rows those that are sought are few
            return found.collect(engine="streaming")
        except PolarsError:
            raise _damaged(paths) from None  # an operator is shown the innermost error

    def places(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """Where each accepted row of a batch stood: ``_file, _sheet, _row, key_hash``.

        Empty when the batch has no accepted rows on disk.
        """
        path = self._file(dataset, batch_id)
        rows = (
            pl.read_parquet(path, columns=[*PLACE, "_key_hash"])
            if path.is_file()
            else pl.DataFrame(schema=_PROVENANCE_SCHEMA)
        )
        return rows.select(*PLACE, pl.col("_key_hash").alias("key_hash"))

    def read(self, contract: type[Contract], batch_id: str) -> pl.LazyFrame | None:
        """The accepted rows of a batch in the contract's columns; None when there are none on disk.

        A column that the batch's contract did not have yet is empty, and so is a cell that its
        type of today cannot hold.
        """
        path = self._file(contract.info().dataset, batch_id)
        if not path.is_file():
            return None
        frame, schema = pl.scan_parquet(path), contract.polars_schema()
        known = frame.collect_schema()
        return frame.select(
            (pl.col(name) if name in known else pl.lit(None)).cast(kind, strict=False).alias(name)
            for name, kind in schema.items()
        )

    def values(self, dataset: str, column: str, batch_ids: Sequence[str]) -> pl.Series:
        """The distinct values of a column in the accepted rows of these batches."""
        paths = [self._file(dataset, batch_id) for batch_id in batch_ids]
        there = [path for path in paths if path.is_file()]
        if not there:
            return pl.Series(column, [], dtype=pl.String)
        values = pl.scan_parquet(there, missing_columns="insert").select(column)
        return values.unique().drop_nulls().collect()[column]

    def _file(self, dataset: str, batch_id: str) -> Path:
        return self._folder / table_name(dataset) / "batches" / f"{batch_id}.parquet"


def _damaged(paths: Sequence[Path]) -> DamagedRowsError:
    """Which of the files it is that cannot be read."""
    for path in paths:
        try:
            pl.read_parquet(path, columns=["_batch_id", "_key_hash"])
        except PolarsError:
            return DamagedRowsError(
                f"accepted rows of {path.parent.parent.name}: {path.name} is damaged"
            )
    return DamagedRowsError(f"accepted rows of {paths[0].parent.parent.name} cannot be read")
