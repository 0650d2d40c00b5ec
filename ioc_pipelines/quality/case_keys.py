"""Which case each refused row of a feed belongs to.

A row that comes again with the same business key is the same case; one without a whole key is
known by its content, which is its ticket, and so is one that was given the key of another row. A
case whose ticket came back with another key, and was refused again, goes on under that key.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from contracts.base import KEY_UNIQUE
from ioc_pipelines.quality.taken_keys import KEY_TAKEN


def case_rows(refused: pl.DataFrame) -> pl.DataFrame:
    """``batch_id, ticket, shown, is_conflict``: the refused rows, once each.

    ``shown`` is the case that a row shows by itself. Rows that are held back only with their batch
    have no ticket, and no case.
    """
    is_taken = (pl.col("rule") == KEY_TAKEN.id).any()
    return (
        refused.filter(pl.col("ticket").is_not_null())
        .group_by("batch_id", "ticket")
        .agg(
            pl.when(pl.col("has_key").first() & ~is_taken)
            .then(pl.col("key_hash").first())
            .otherwise(pl.col("ticket").first())
            .alias("shown"),
            (pl.col("rule") == KEY_UNIQUE).any().alias("is_conflict"),
        )
    )


def renamings(
    rows: pl.DataFrame, answers: pl.DataFrame, deliveries: pl.DataFrame
) -> Mapping[str, str]:
    """The first name of each case that goes on under another key.

    There are as many as officers changed keys by hand, so a loop is fast enough.
    """
    again = rows.select(
        "batch_id", pl.col("ticket").alias("new_ticket"), pl.col("shown").alias("new")
    )
    changed = (
        answers.filter(~pl.col("is_accepted"))
        .join(again, on=["batch_id", "new_ticket"])
        .join(deliveries, on="batch_id")
        .join(rows.select("ticket", pl.col("shown").alias("old")).unique("ticket"), on="ticket")
        .filter(pl.col("old") != pl.col("new"))
        .sort("order", "ticket")
    )
    links: dict[str, str] = {}
    for old, then in changed.select("old", "new").iter_rows():
        root = _root(links, old)
        if _root(links, then) != root:
            links[_root(links, then)] = root
    return {case: _root(links, case) for case in links}


def _root(links: Mapping[str, str], case: str) -> str:
    while case in links:
        case = links[case]
    return case


def first_names(shown: pl.Expr, names: Mapping[str, str]) -> pl.Expr:
    """The case of each row: what it shows, under the name that it began with."""
    return shown.replace(names).alias("case") if names else shown.alias("case")
