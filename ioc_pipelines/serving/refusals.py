"""Refused rows of the current batches, counted; never their values."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.rows import Rows


def refusals_by_rule(
    catalog: Catalog, ledger: Ledger, rows: Rows, feed: str | None = None
) -> pl.DataFrame:
    """``feed, batch_id, rule, dimension, column_name, rows`` of each feed's last judged batch."""
    batches = []
    for entry in catalog.entries:
        if feed in (None, entry.id):
            delivery = ledger.last_delivery(entry.id) or {}
            batches.append(delivery.get("batch_id") or ledger.current_batch(entry.id))
    keys = ["feed", "batch_id", "rule", "dimension", "column_name"]
    return (
        rows.refusals([batch for batch in batches if batch])
        .group_by(keys)
        .agg(pl.len().alias("rows"))
        .sort(keys)
    )
