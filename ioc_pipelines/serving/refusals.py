"""Refused rows of the current batches, counted; never their values."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

import polars as pl

from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.quarantine import REFUSAL_SCHEMA
from ioc_pipelines.warehouse.rows import Rows


def refusals_by_rule(
    catalog: Catalog, ledger: Ledger, rows: Rows, cases: pl.DataFrame, feed: str | None = None
) -> pl.DataFrame:
    """``feed, batch_id, rule, dimension, column_name, rows, open, overdue``, of one feed or all.

    Of each feed's last judged batch, and of older ones what is still open. ``cases``:
    ``quality.cases.CASE_SCHEMA``.
    """
    batches = set(cases.filter(pl.col("status") == "open").select("feed", "batch_id").rows())
    for entry in catalog.entries:
        delivery = ledger.deliveries.last(entry.id) or {}
        last = delivery.get("batch_id") or ledger.acceptances.current_batch(entry.id)
        batches |= {(entry.id, last)} if last else set()
    found = [pl.DataFrame(schema=REFUSAL_SCHEMA)]
    for name, own in groupby(sorted(batches), key=itemgetter(0)):
        if feed in (None, name):
            dataset = name.split("/")[1]
            found.append(rows.quarantine.refusals(dataset, [batch for _, batch in own]))
    keys = ["feed", "batch_id", "rule", "dimension", "column_name"]
    return (
        with_cases(pl.concat(found), cases)
        .group_by(keys)
        .agg(
            pl.len().alias("rows"),
            (pl.col("status") == "open").sum().alias("open"),
            pl.col("is_overdue").fill_null(value=False).sum().alias("overdue"),
        )
        .sort(keys)
    )


def with_cases(refused: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """Refused rows with what became of each, as ``quality.refused_row`` has it."""
    facts = ["status", "attempt", "first_refused_at", "closed_at", "closed_by_batch", "due_at"]
    known = cases.select("batch_id", "ticket", *facts, "is_overdue")
    joined = refused.join(known, on=["batch_id", "ticket"], how="left", maintain_order="left")
    held = pl.col("is_held_back").fill_null(value=False)
    status = pl.when(held).then(pl.lit("held_with_batch"))
    return joined.with_columns(status.otherwise(pl.col("status").fill_null("open")).alias("status"))
