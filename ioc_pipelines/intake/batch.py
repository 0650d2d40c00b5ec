"""What makes a batch: its id and its exact duplicates."""

from __future__ import annotations

import hashlib
import json

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.repeats import marked, repeated
from ioc_pipelines.intake.rows_digest import RowsDigest

_UNREADABLE = "_unreadable"


def layout_hash(entry: FeedEntry) -> str:
    """Hash of how the feed is read: its layout and column declarations."""
    declared = {
        "layout": entry.feed.layout.model_dump(mode="json") if entry.feed.layout else None,
        "columns": {k: c.model_dump(mode="json") for k, c in sorted(entry.feed.columns.items())},
    }
    text = json.dumps(declared, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def batch_id(
    entry: FeedEntry,
    contract: type[Contract],
    batch: Conformed,
    corrections: str = "",
    version: str | None = None,
) -> str:
    """The id of a batch: the same feed, rows, layout and contract version give the same id.

    Rows count as they came and as a multiset: neither their order nor the file they came in
    matters. ``corrections`` says which known errors were corrected, empty for none. ``version``:
    that of the contract unless another is asked for, to know rows that were judged under it.
    """
    return id_of_rows(entry, contract, rows_digest(batch, contract), corrections, version)


def rows_digest(batch: Conformed, contract: type[Contract]) -> RowsDigest:
    """What the rows of a batch say."""
    digest = RowsDigest()
    digest.add(canonical_rows(batch, contract))
    return digest


def id_of_rows(
    entry: FeedEntry,
    contract: type[Contract],
    rows: RowsDigest,
    corrections: str = "",
    version: str | None = None,
) -> str:
    """``batch_id`` of rows whose digest is known."""
    digest = hashlib.sha256()
    for part in (entry.id, version or contract.info().version, layout_hash(entry)):
        digest.update(part.encode() + b"\x00")
    if corrections:
        digest.update(b"corrections\x00" + corrections.encode() + b"\x00")
    digest.update(rows.value())
    return digest.hexdigest()[:16]


def duplicate_rows(batch: Conformed, contract: type[Contract]) -> pl.Series:
    """True for each row that says exactly what an earlier one says.

    It has the earlier one's key: only rows that share a key are compared whole.
    """
    shared = repeated(batch.rows, contract.info().key).arg_true()
    some = Conformed(batch.rows[shared], batch.received, batch.unreadable)
    rows = canonical_rows(some, contract)
    again = ~rows.select(pl.struct(pl.all()).is_first_distinct()).to_series()
    return marked(shared.filter(again), batch.rows.height)


def canonical_rows(batch: Conformed, contract: type[Contract]) -> pl.DataFrame:
    """What the rows say: the contract's columns, and the text of the cells it cannot hold.

    Two different unreadable cells are two rows, though both are null.
    """
    said = (
        batch.unreadable.sort("column")
        .select(ROW_ID, pl.format("{}={}", "column", "text").alias(_UNREADABLE))
        .group_by(ROW_ID)
        .agg(pl.col(_UNREADABLE).str.join("\x1f"))
    )
    rows = batch.rows.select(ROW_ID, *contract.polars_schema())
    if said.is_empty():
        return rows.with_columns(pl.lit(None, pl.String).alias(_UNREADABLE)).drop(ROW_ID)
    return rows.join(said, on=ROW_ID, how="left", maintain_order="left").drop(ROW_ID)
