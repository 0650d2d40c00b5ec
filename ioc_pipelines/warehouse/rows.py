"""Accepted and quarantined rows as Parquet, one file per batch, written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.dataset  # noqa: F401  duckdb imports it on first use: not in two threads at once
from polars.exceptions import PolarsError

from contracts.base import Contract
from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import table_name
from ioc_pipelines.intake.batch import canonical_rows
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.control_totals import CONTROL_SCHEMA
from ioc_pipelines.intake.corrections import CORRECTION_SCHEMA, MARK
from ioc_pipelines.intake.layout.table import FILE, PLACE, ROW, SHEET
from ioc_pipelines.intake.read_batch import ReadBatch

REFUSAL_SCHEMA = pl.Schema(
    {
        "batch_id": pl.String,
        "feed": pl.String,
        "source_file": pl.String,
        "sheet": pl.String,
        "row_number": pl.Int64,
        "cell": pl.String,
        "key_hash": pl.String,
        "rule": pl.String,
        "dimension": pl.String,
        "column_name": pl.String,
        "message_vi": pl.String,
        "ticket": pl.String,
        "has_key": pl.Boolean,
        "is_held_back": pl.Boolean,
    }
)
ANSWER_SCHEMA = pl.Schema(
    {
        "batch_id": pl.String,
        "feed": pl.String,
        "ticket": pl.String,
        "new_ticket": pl.String,
        "key_hash": pl.String,
        "has_key": pl.Boolean,
        "is_accepted": pl.Boolean,
    }
)
TICKET = "_ticket"
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
_KNOWN_ERROR_SCHEMA = pl.Schema(
    {
        "batch_id": pl.String(),
        "feed": pl.String(),
        "key_hash": pl.String(),
        FILE: pl.String(),
        SHEET: pl.String(),
        ROW: pl.Int64(),
        **CORRECTION_SCHEMA,
    }
)
_SEPARATOR, _NOTHING = "\x1f", "\x01"
_TICKET_DIGITS = 15


class DamagedRowsError(Exception):
    """A file of rows is not what was written; `ioc reprocess` writes it again."""


class Rows:
    """The accepted and quarantine areas of one profile."""

    def __init__(self, accepted: Path, quarantine: Path, hash_key: bytes) -> None:
        """Use the two folders; ``hash_key`` keys the hashes of business keys."""
        self._accepted, self._quarantine, self._hash_key = accepted, quarantine, hash_key

    def write_accepted(
        self, contract: type[Contract], feed: str, batch_id: str, rows: pl.DataFrame
    ) -> None:
        """The accepted rows of a batch: where each came from, which known errors it had."""
        mark = pl.col(MARK) if MARK in rows.columns else pl.lit(None, pl.String).alias(MARK)
        frame = rows.select(
            pl.lit(batch_id).alias("_batch_id"),
            pl.lit(feed).alias("_feed"),
            self.key_hashes(contract, rows).alias("_key_hash"),
            *PLACE,
            mark,
            *contract.polars_schema(),
        )
        folder = self._accepted / table_name(contract.info().dataset) / "batches"
        _write(folder / f"{batch_id}.parquet", frame)

    def prepare(self, contracts: Iterable[type[Contract]]) -> None:
        """Empty files, so that there is always one to read of each dataset and of refusals."""
        _write(
            self._quarantine / "_empty" / "_empty" / "refusals.parquet",
            pl.DataFrame(schema=REFUSAL_SCHEMA),
        )
        control = {"batch_id": pl.String(), "feed": pl.String(), **CONTROL_SCHEMA}
        _write(
            self._quarantine / "_empty" / "_empty" / "control_totals.parquet",
            pl.DataFrame(schema=control),
        )
        _write(
            self._quarantine / "_empty" / "_empty" / "corrections.parquet",
            pl.DataFrame(schema=_KNOWN_ERROR_SCHEMA),
        )
        for contract in contracts:
            folder = self._accepted / table_name(contract.info().dataset) / "batches"
            schema = {**_PROVENANCE_SCHEMA, **contract.polars_schema()}
            _write(folder / "_empty.parquet", pl.DataFrame(schema=schema))

    def write_quarantine(
        self,
        contract: type[Contract],
        feed: str,
        batch_id: str,
        read: ReadBatch,
        quarantined: pl.DataFrame,
        broken: pl.DataFrame,
        of_batch: Collection[str] = (),
    ) -> None:
        """The refused rows as received, and what is published of them: place, rule, key hash.

        ``of_batch`` are rules for which the batch as a whole is held back: a row that breaks no
        other has nothing to be corrected. Raises LookupError when nothing was read.
        """
        if read.batch is None:
            msg = f"{feed}: refused rows of a batch without rows"
            raise LookupError(msg)
        folder = self._quarantine / table_name(contract.info().dataset) / batch_id
        own = broken.filter(~pl.col("rule").is_in(list(of_batch)))[ROW_ID]
        places = quarantined.select(
            ROW_ID,
            *PLACE,
            self.key_hashes(contract, quarantined).alias("key_hash"),
            self.tickets(contract, feed, read.batch, quarantined[ROW_ID]).alias(TICKET),
            pl.all_horizontal(pl.col(contract.info().key).is_not_null()).alias("has_key"),
            (~pl.col(ROW_ID).is_in(own.unique().to_list())).alias("is_held_back"),
        )
        shown = places.drop("has_key", "is_held_back")
        received = shown.join(read.batch.received, on=ROW_ID, how="left", maintain_order="left")
        _write(folder / "rows.parquet", received)
        mine = places.filter(~pl.col("is_held_back")).select(ROW_ID, TICKET)
        cells = mine.join(read.batch.cells, on=ROW_ID, how="left", maintain_order="left")
        _write(folder / "cells.parquet", cells.drop(ROW_ID))
        located = _with_letters(broken, read.letters)
        refusals = located.join(places, on=ROW_ID, how="left", maintain_order="left").select(
            pl.lit(batch_id).alias("batch_id"),
            pl.lit(feed).alias("feed"),
            pl.col(FILE).alias("source_file"),
            pl.col(SHEET).alias("sheet"),
            pl.col(ROW).alias("row_number"),
            pl.format("{}{}", "letter", ROW).alias("cell"),
            "key_hash",
            "rule",
            pl.col("dimension").cast(pl.String),
            "column_name",
            "message_vi",
            pl.when(~pl.col("is_held_back")).then(TICKET).alias("ticket"),
            "has_key",
            "is_held_back",
        )
        _write(folder / "refusals.parquet", refusals)

    def write_answers(
        self,
        contract: type[Contract],
        feed: str,
        batch_id: str,
        batch: Conformed,
        answered: pl.DataFrame,
        accepted: pl.Series,
    ) -> None:
        """Which tickets came back with a correction, and what became of each.

        ``answered``: ``_row_id, ticket``; ``accepted``: the ids of rows that are in.
        """
        rows = batch.rows.select(
            ROW_ID,
            self.key_hashes(contract, batch.rows).alias("key_hash"),
            self.tickets(contract, feed, batch, batch.rows[ROW_ID]).alias("new_ticket"),
            pl.all_horizontal(pl.col(contract.info().key).is_not_null()).alias("has_key"),
        )
        # of rows that say the same one was judged, and that stands for all of them
        says_in = rows.filter(pl.col(ROW_ID).is_in(accepted.to_list()))["new_ticket"]
        frame = answered.join(rows, on=ROW_ID).select(
            pl.lit(batch_id).alias("batch_id"),
            pl.lit(feed).alias("feed"),
            "ticket",
            "new_ticket",
            "key_hash",
            "has_key",
            pl.col("new_ticket").is_in(says_in.to_list()).alias("is_accepted"),
        )
        folder = self._quarantine / table_name(contract.info().dataset) / batch_id
        _write(folder / "answers.parquet", frame.cast(dict(ANSWER_SCHEMA)))  # type: ignore[arg-type]

    def write_control_totals(
        self, contract: type[Contract], feed: str, batch_id: str, control: pl.DataFrame
    ) -> None:
        """How the totals that the batch's files state compare with the sum of their parts."""
        folder = self._quarantine / table_name(contract.info().dataset) / batch_id
        frame = control.select(
            pl.lit(batch_id).alias("batch_id"), pl.lit(feed).alias("feed"), *CONTROL_SCHEMA
        )
        _write(folder / "control_totals.parquet", frame)

    def write_corrections(
        self, contract: type[Contract], feed: str, batch_id: str, found: pl.DataFrame
    ) -> None:
        """What became of the feed's known errors in a batch, with raw and corrected values.

        Written only where the feed has any. Private: of it only what holds no value is published.
        """
        folder = self._quarantine / table_name(contract.info().dataset) / batch_id
        path = folder / "corrections.parquet"
        if found.is_empty() and not path.exists():
            return
        known = found.with_columns(
            pl.lit(batch_id).alias("batch_id"),
            pl.lit(feed).alias("feed"),
            self.key_hashes(contract, found).alias("key_hash"),
        )
        frame = known.select(pl.col(n).cast(t) for n, t in _KNOWN_ERROR_SCHEMA.items())
        _write(path, frame)

    def refusals(
        self, batch_ids: Sequence[str] | None = None, dataset: str | None = None
    ) -> pl.DataFrame:
        """What is published of refused rows, of all batches or the given ones, or of a dataset."""
        paths = sorted(self._quarantine.glob(f"{_folder(dataset)}/*/refusals.parquet"))
        if batch_ids is not None:
            paths = [path for path in paths if path.parent.name in batch_ids]
        frames = [pl.read_parquet(path) for path in paths]
        empty = pl.DataFrame(schema=REFUSAL_SCHEMA)
        return pl.concat([empty, *frames], how="diagonal") if frames else empty

    def answers(self, dataset: str | None = None) -> pl.DataFrame:
        """Which tickets came back with which correction: ``ANSWER_SCHEMA``."""
        paths = sorted(self._quarantine.glob(f"{_folder(dataset)}/*/answers.parquet"))
        frames = [pl.read_parquet(path) for path in paths]
        return pl.concat([pl.DataFrame(schema=ANSWER_SCHEMA), *frames])

    def cells(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """The refused rows of a batch as they can be read again, by ``_ticket``.

        Empty when the batch has none on disk. Holds personal data.
        """
        path = self._quarantine / table_name(dataset) / batch_id / "cells.parquet"
        if not path.is_file():
            return pl.DataFrame(schema={TICKET: pl.String})
        return pl.read_parquet(path)

    def batches_with_cells(self, dataset: str) -> list[str]:
        """The batches whose refused rows can be read again, newest first."""
        paths = (self._quarantine / table_name(dataset)).glob("*/cells.parquet")
        ordered = sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)
        return [path.parent.name for path in ordered]

    def accepted_keys(self, keys: pl.Series, dataset: str | None = None) -> pl.DataFrame:
        """Of these key hashes those that were ever accepted: ``batch_id, feed, key_hash``.

        Raises DamagedRowsError when a file of accepted rows cannot be read.
        """
        paths = sorted(self._accepted.glob(f"{_folder(dataset)}/batches/*.parquet"))
        schema = {"batch_id": pl.String, "feed": pl.String, "key_hash": pl.String}
        if not paths or keys.is_empty():
            return pl.DataFrame(schema=schema)
        sought = pl.DataFrame({"key_hash": keys.unique()}).lazy()
        found = [_keys_among(path, sought) for path in paths]
        return pl.concat([pl.DataFrame(schema=schema), *found])

    def accepted_places(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """Where each accepted row of a batch stood: ``_file, _sheet, _row, key_hash``.

        Empty when the batch has no accepted rows on disk.
        """
        path = self._accepted_file(dataset, batch_id)
        rows = (
            pl.read_parquet(path, columns=[*PLACE, "_key_hash"])
            if path.is_file()
            else pl.DataFrame(schema=_PROVENANCE_SCHEMA)
        )
        return rows.select(*PLACE, pl.col("_key_hash").alias("key_hash"))

    def accepted(self, contract: type[Contract], batch_id: str) -> pl.LazyFrame | None:
        """The accepted rows of a batch in the contract's columns; None when there are none on disk.

        A column that the batch's contract did not have yet is empty.
        """
        path = self._accepted_file(contract.info().dataset, batch_id)
        if not path.is_file():
            return None
        frame, schema = pl.scan_parquet(path), contract.polars_schema()
        known = frame.collect_schema()
        return frame.select(
            (pl.col(name) if name in known else pl.lit(None)).cast(kind).alias(name)
            for name, kind in schema.items()
        )

    def accepted_values(self, dataset: str, column: str, batch_ids: Sequence[str]) -> pl.Series:
        """The distinct values of a column in the accepted rows of these batches."""
        paths = [self._accepted_file(dataset, batch_id) for batch_id in batch_ids]
        there = [path for path in paths if path.is_file()]
        if not there:
            return pl.Series(column, [], dtype=pl.String)
        values = pl.scan_parquet(there, missing_columns="insert").select(column)
        return values.unique().drop_nulls().collect()[column]

    def _accepted_file(self, dataset: str, batch_id: str) -> Path:
        return self._accepted / table_name(dataset) / "batches" / f"{batch_id}.parquet"

    def received(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """The refused rows of a batch as received. Holds personal data: for the IOC's eyes."""
        path = self._quarantine / table_name(dataset) / batch_id / "rows.parquet"
        return pl.read_parquet(path)

    def key_hashes(self, contract: type[Contract], rows: pl.DataFrame) -> pl.Series:
        """Keyed hash of each row's business key (DESIGN, rule 11): nested SHA-256 (ADR 0012).

        The hash leads to the same row sent again, and to nobody who lacks the secret.
        """
        texts = rows.select(
            pl.concat_str(
                [pl.col(name).cast(pl.String).fill_null("") for name in contract.info().key],
                separator=_SEPARATOR,
            ).alias("key")
        )
        return self._keyed(texts)

    def tickets(
        self, contract: type[Contract], feed: str, batch: Conformed, ids: pl.Series
    ) -> pl.Series:
        """The ticket of each row of a batch: what the feed said in it, under the same secret.

        A row that comes again unchanged has the same ticket, in whichever batch and place.
        """
        rows = ids.to_frame().join(batch.rows, on=ROW_ID, how="left", maintain_order="left")
        unread = batch.unreadable.filter(pl.col(ROW_ID).is_in(ids.to_list()))
        said = canonical_rows(Conformed(rows, batch.received, unread), contract)
        parts = [pl.col(name).cast(pl.String).fill_null(_NOTHING) for name in said.columns]
        texts = said.select(
            pl.concat_str([pl.lit(feed), *parts], separator=_SEPARATOR).alias("key")
        )
        return "P" + self._keyed(texts).str.slice(0, _TICKET_DIGITS).str.to_uppercase()

    def _keyed(self, texts: pl.DataFrame) -> pl.Series:
        secret = self._hash_key.hex()
        with duckdb.connect() as connection:
            connection.register("texts", texts.to_arrow())
            hashed: pl.DataFrame = connection.sql(
                "select left(sha256($secret || sha256($secret || key)), 32) as h from texts",
                params={"secret": secret},
            ).pl()
        return hashed["h"]


def _keys_among(path: Path, sought: pl.LazyFrame) -> pl.DataFrame:
    """The accepted rows of a file whose key is sought. Raises DamagedRowsError."""
    keys = pl.scan_parquet(path).select(
        pl.col("_batch_id").alias("batch_id"),
        pl.col("_feed").alias("feed"),
        pl.col("_key_hash").alias("key_hash"),
    )
    try:
        return keys.join(sought, on="key_hash", how="semi").collect()
    except PolarsError:
        msg = f"accepted rows of {path.parent.parent.name}: {path.name} is damaged"
        raise DamagedRowsError(msg) from None  # an operator is shown the innermost error


def _folder(dataset: str | None) -> str:
    """The folder of a dataset, as a pattern: of any when none is given."""
    return table_name(dataset) if dataset else "*"


def _with_letters(broken: pl.DataFrame, letters: pl.DataFrame) -> pl.DataFrame:
    """The broken rules with the letter of their column, where the row stood on a sheet."""
    return broken.sort(ROW_ID, maintain_order=True).join_asof(
        letters.with_columns(pl.col(ROW_ID).cast(broken.schema[ROW_ID])),
        on=ROW_ID,
        by_left="column_name",
        by_right="column",
        strategy="backward",
        check_sortedness=False,
    )


def _write(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_durably(path, buffer.getvalue())
