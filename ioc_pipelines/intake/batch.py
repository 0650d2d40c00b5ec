"""What makes a batch: its id and its exact duplicates."""

from __future__ import annotations

import hashlib
import json

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.conform import ROW_ID, Conformed


def layout_hash(entry: FeedEntry) -> str:
    """Hash of how the feed is read: its layout and column declarations."""
    declared = {
        "layout": entry.feed.layout.model_dump(mode="json") if entry.feed.layout else None,
        "columns": {k: c.model_dump(mode="json") for k, c in sorted(entry.feed.columns.items())},
    }
    text = json.dumps(declared, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def batch_id(entry: FeedEntry, contract: type[Contract], received: pl.DataFrame) -> str:
    """The id of a batch: the same feed, rows, layout and contract version give the same id.

    Rows count as a multiset: neither their order nor the file they came in matters.
    """
    rows = received.drop(ROW_ID)
    canonical = rows.select(sorted(rows.columns)).sort(sorted(rows.columns), nulls_last=True)
    digest = hashlib.sha256()
    for part in (entry.id, contract.info().version, layout_hash(entry)):
        digest.update(part.encode() + b"\x00")
    digest.update(canonical.write_csv(quote_style="non_numeric", null_value="").encode())
    return digest.hexdigest()[:16]


def duplicate_rows(conformed: Conformed, contract: type[Contract]) -> pl.Series:
    """True for each row that repeats an earlier one in every contract column.

    A cell that could not be read counts by its own text, so that two different unreadable cells
    are two rows.
    """
    columns = list(contract.polars_schema())
    rows = conformed.rows.select(ROW_ID, *columns)
    if conformed.unreadable.height:
        unread = conformed.unreadable[ROW_ID].unique().to_list()
        texts = conformed.received.with_columns(
            pl.when(pl.col(ROW_ID).is_in(unread)).then(pl.exclude(ROW_ID))
        )
        rows = rows.join(texts, on=ROW_ID, suffix="_received", maintain_order="left")
    return ~rows.drop(ROW_ID).select(pl.struct(pl.all()).is_first_distinct()).to_series()
