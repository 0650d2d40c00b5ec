"""Keyed hashes of keys and rows: they lead to the same row, and nowhere without the secret."""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow.dataset  # noqa: F401  duckdb imports it on first use: not in two threads at once

from contracts.base import Contract
from ioc_pipelines.intake.batch import canonical_rows
from ioc_pipelines.intake.conform import ROW_ID, Conformed

_SEPARATOR, _NOTHING = "\x1f", "\x01"
_TICKET_DIGITS = 15


class KeyHashes:
    """Hashes under the secret of one profile."""

    def __init__(self, secret: bytes) -> None:
        """Use a secret: `Home.hash_key`."""
        self._secret = secret

    def of(self, contract: type[Contract], rows: pl.DataFrame) -> pl.Series:
        """Keyed hash of each row's business key (DESIGN, rule 11): nested SHA-256 (ADR 0012)."""
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
        secret = self._secret.hex()
        with duckdb.connect() as connection:
            connection.register("texts", texts.to_arrow())
            hashed: pl.DataFrame = connection.sql(
                "select left(sha256($secret || sha256($secret || key)), 32) as h from texts",
                params={"secret": secret},
            ).pl()
        return hashed["h"]
