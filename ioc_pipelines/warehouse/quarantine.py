"""The quarantine: refused rows as received, what is published of them, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl

from contracts.base import Contract
from ioc_pipelines.home import table_name
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.control_totals import CONTROL_SCHEMA
from ioc_pipelines.intake.corrections import CORRECTION_SCHEMA, MARK
from ioc_pipelines.intake.layout.table import FILE, PLACE, ROW, SHEET
from ioc_pipelines.intake.read_batch import ReadBatch, with_letters
from ioc_pipelines.warehouse.key_hashes import KeyHashes
from ioc_pipelines.warehouse.parquet import PieceWriter, write_frame

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
_PLACES = ["ticket", "batch_id", "source_file", "sheet", "row_number"]
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


class Quarantine:
    """The quarantine of one profile."""

    def __init__(self, folder: Path, hashes: KeyHashes) -> None:
        """Use a folder; ``hashes`` are those of business keys and of rows."""
        self._folder, self._hashes = folder, hashes

    def prepare(self) -> None:
        """Empty files, so that there is always one of each kind to read."""
        control = {"batch_id": pl.String(), "feed": pl.String(), **CONTROL_SCHEMA}
        for name, schema in (
            ("refusals", REFUSAL_SCHEMA),
            ("control_totals", control),
            ("corrections", _KNOWN_ERROR_SCHEMA),
        ):
            path = self._folder / "_empty" / "_empty" / f"{name}.parquet"
            write_frame(path, pl.DataFrame(schema=schema))

    def write(
        self,
        contract: type[Contract],
        feed: str,
        batch_id: str,
        read: ReadBatch,
        quarantined: pl.DataFrame,
        broken: pl.DataFrame,
        of_batch: Collection[str] = (),
    ) -> None:
        """The refused rows as received and as judged; what is published: place, rule, key hash.

        ``of_batch`` are rules for which the batch as a whole is held back: a row that breaks no
        other has nothing to be corrected. Raises LookupError when nothing was read.
        """
        folder = self._of_batch(contract.info().dataset, batch_id)
        frames = self._frames(contract, feed, batch_id, read, quarantined, broken, of_batch)
        for name, frame in frames.items():
            write_frame(folder / f"{name}.parquet", frame)

    @contextmanager
    def writing(
        self,
        contract: type[Contract],
        feed: str,
        batch_id: str,
        of_batch: Collection[str] = (),
    ) -> Iterator[Callable[[ReadBatch, pl.DataFrame, pl.DataFrame], None]]:
        """As ``write``, of a batch that comes in pieces: call what it gives with each.

        Each with what was read of its refused rows, these rows, and the rules that they break.
        """
        folder = self._of_batch(contract.info().dataset, batch_id)
        with ExitStack() as opened:
            files = {
                name: opened.enter_context(PieceWriter(folder / f"{name}.parquet"))
                for name in ("rows", "conformed", "cells", "refusals")
            }

            def write(read: ReadBatch, quarantined: pl.DataFrame, broken: pl.DataFrame) -> None:
                frames = self._frames(contract, feed, batch_id, read, quarantined, broken, of_batch)
                for name, frame in frames.items():
                    files[name].write(frame)

            yield write

    def _frames(
        self,
        contract: type[Contract],
        feed: str,
        batch_id: str,
        read: ReadBatch,
        quarantined: pl.DataFrame,
        broken: pl.DataFrame,
        of_batch: Collection[str],
    ) -> dict[str, pl.DataFrame]:
        if read.batch is None:
            msg = f"{feed}: refused rows of a batch without rows"
            raise LookupError(msg)
        own = broken.filter(~pl.col("rule").is_in(list(of_batch)))[ROW_ID]
        places = quarantined.select(
            ROW_ID,
            *PLACE,
            self._hashes.of(contract, quarantined).alias("key_hash"),
            self._hashes.tickets(contract, feed, read.batch, quarantined[ROW_ID]).alias(TICKET),
            pl.all_horizontal(pl.col(contract.info().key).is_not_null()).alias("has_key"),
            (~pl.col(ROW_ID).is_in(own.unique().to_list())).alias("is_held_back"),
        )
        shown = places.drop("has_key", "is_held_back")
        received = shown.join(read.batch.received, on=ROW_ID, how="left", maintain_order="left")
        conformed = [ROW_ID, *contract.polars_schema(), *({MARK} & set(quarantined.columns))]
        mine = places.filter(~pl.col("is_held_back")).select(ROW_ID, TICKET)
        cells = mine.join(read.batch.cells, on=ROW_ID, how="left", maintain_order="left")
        located = with_letters(broken, read.letters)
        refusals = located.join(places, on=ROW_ID, how="left", maintain_order="left").select(
            pl.lit(batch_id).alias("batch_id"),
            pl.lit(feed).alias("feed"),
            pl.col(FILE).alias("source_file"),
            pl.col(SHEET).alias("sheet"),
            pl.col(ROW).alias("row_number"),
            pl.when(pl.col(SHEET).is_not_null())
            .then(pl.format("{}{}", "letter", ROW))
            .alias("cell"),
            "key_hash",
            "rule",
            pl.col("dimension").cast(pl.String),
            "column_name",
            "message_vi",
            pl.when(~pl.col("is_held_back")).then(TICKET).alias("ticket"),
            "has_key",
            "is_held_back",
        )
        return {
            "rows": received,
            "conformed": quarantined.select(conformed),
            "cells": cells.drop(ROW_ID),
            "refusals": refusals,
        }

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
            self._hashes.of(contract, batch.rows).alias("key_hash"),
            self._hashes.tickets(contract, feed, batch, batch.rows[ROW_ID]).alias("new_ticket"),
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
        folder = self._of_batch(contract.info().dataset, batch_id)
        write_frame(folder / "answers.parquet", frame.cast(dict(ANSWER_SCHEMA)))  # type: ignore[arg-type]

    def write_control_totals(
        self, contract: type[Contract], feed: str, batch_id: str, control: pl.DataFrame
    ) -> None:
        """How the totals that the batch's files state compare with the sum of their parts."""
        folder = self._of_batch(contract.info().dataset, batch_id)
        frame = control.select(
            pl.lit(batch_id).alias("batch_id"), pl.lit(feed).alias("feed"), *CONTROL_SCHEMA
        )
        write_frame(folder / "control_totals.parquet", frame)

    def write_corrections(
        self, contract: type[Contract], feed: str, batch_id: str, found: pl.DataFrame
    ) -> None:
        """What became of the feed's known errors in a batch, with raw and corrected values.

        Written only where the feed has any. Private: of it only what holds no value is published.
        """
        folder = self._of_batch(contract.info().dataset, batch_id)
        path = folder / "corrections.parquet"
        if found.is_empty() and not path.exists():
            return
        known = found.with_columns(
            pl.lit(batch_id).alias("batch_id"),
            pl.lit(feed).alias("feed"),
            self._hashes.of(contract, found).alias("key_hash"),
        )
        frame = known.select(pl.col(n).cast(t) for n, t in _KNOWN_ERROR_SCHEMA.items())
        write_frame(path, frame)

    def refusals(self, dataset: str, batch_ids: Iterable[str]) -> pl.DataFrame:
        """What is published of the refused rows of these batches: ``REFUSAL_SCHEMA``."""
        return self._read("refusals", REFUSAL_SCHEMA, dataset, batch_ids)

    def answers(self, dataset: str, batch_ids: Iterable[str]) -> pl.DataFrame:
        """Which tickets came back in these batches with which correction: ``ANSWER_SCHEMA``."""
        return self._read("answers", ANSWER_SCHEMA, dataset, batch_ids)

    def places(
        self, dataset: str, batch_ids: Iterable[str], tickets: Iterable[str]
    ) -> pl.DataFrame:
        """Where rows of these tickets stood: ``ticket, batch_id, source_file, sheet, row_number``.

        Once each, in the order of the batches.
        """
        order = pl.LazyFrame({"batch_id": list(batch_ids)}, schema={"batch_id": pl.String})
        sought = pl.LazyFrame({"ticket": list(tickets)}, schema={"ticket": pl.String})
        there = self._there("refusals", dataset, order.collect()["batch_id"])
        if not there:
            return pl.DataFrame(schema=REFUSAL_SCHEMA).select(_PLACES)
        found = pl.scan_parquet(there, schema=REFUSAL_SCHEMA, missing_columns="insert")
        return (
            found.select(_PLACES)
            .join(sought, on="ticket", how="semi")
            .unique()
            .join(order.with_row_index("order"), on="batch_id")
            .sort("order", *_PLACES)
            .select(_PLACES)
            .collect(engine="streaming")
        )

    def cells(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """The refused rows of a batch as they can be read again, by ``_ticket``.

        Empty when the batch has none on disk. Holds personal data.
        """
        path = self._of_batch(dataset, batch_id) / "cells.parquet"
        if not path.is_file():
            return pl.DataFrame(schema={TICKET: pl.String})
        return pl.read_parquet(path)

    def received(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """The refused rows of a batch as received. Holds personal data: for the IOC's eyes."""
        path = self._of_batch(dataset, batch_id) / "rows.parquet"
        return pl.read_parquet(path)

    def conformed(self, dataset: str, batch_id: str) -> pl.DataFrame:
        """The refused rows of a batch in the contract's columns, as judged, with ``_row_id``.

        ``_row_id`` is that of ``received``; ``_corrections`` names the known errors that were
        corrected. Empty when the batch has none on disk. Holds personal data.
        """
        path = self._of_batch(dataset, batch_id) / "conformed.parquet"
        return pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema={ROW_ID: pl.UInt32})

    def _read(
        self, name: str, schema: pl.Schema, dataset: str, batch_ids: Iterable[str]
    ) -> pl.DataFrame:
        """These files of the batches that have them, as one frame."""
        there = self._there(name, dataset, batch_ids)
        if not there:
            return pl.DataFrame(schema=schema)
        found = pl.scan_parquet(there, schema=schema, missing_columns="insert")
        return found.collect()

    def _there(self, name: str, dataset: str, batch_ids: Iterable[str]) -> list[Path]:
        paths = (self._of_batch(dataset, batch) / f"{name}.parquet" for batch in batch_ids)
        return [path for path in paths if path.is_file()]

    def _of_batch(self, dataset: str, batch_id: str) -> Path:
        return self._folder / table_name(dataset) / batch_id
