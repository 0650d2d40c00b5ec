"""What makes a batch: its id and its exact duplicates."""

from __future__ import annotations

import hashlib
import json

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.repeats import marked, repeated

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
    rows = canonical_rows(batch, contract)
    digest = hashlib.sha256()
    for part in (entry.id, version or contract.info().version, layout_hash(entry)):
        digest.update(part.encode() + b"\x00")
    if corrections:
        digest.update(b"corrections\x00" + corrections.encode() + b"\x00")
    ordered = rows.sort(rows.columns, nulls_last=True)
    digest.update(ordered.write_csv(quote_style="non_numeric", null_value="").encode())
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
    return rows.join(said, on=ROW_ID, how="left", maintain_order="left").drop(ROW_ID)
