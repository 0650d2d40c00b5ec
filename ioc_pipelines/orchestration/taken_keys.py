"""Which rows of a correction have a key that another row was accepted with."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.orchestration.deployment import Deployment


def taken_keys(
    deployment: Deployment, entry: FeedEntry, before: int, sought: pl.DataFrame
) -> pl.Series:
    """The ``_row_id`` of those of ``sought`` whose key is taken: ``_row_id, ticket, key_hash``.

    Of the dataset's rows as they stood before the delivery ``before``; of accepted rows no more is
    read than the keys that are sought. What the ticket itself brought in is not another row.
    """
    dataset, rows = entry.feed.dataset, deployment.rows
    standing = deployment.ledger.acceptances.of(dataset).filter(pl.col("delivery_seq") < before)
    found = rows.accepted.keys(dataset, standing, sought["key_hash"])
    if entry.required_contract().info().load_mode == "snapshot":
        found = _of_sets(deployment, dataset, standing, found)
    own = rows.quarantine.answers(dataset, found["batch_id"].unique())
    return (
        sought.join(found.select("batch_id", "key_hash").unique(), on="key_hash")
        .join(own, on=["batch_id", "key_hash", "ticket"], how="anti")
        .to_series()
        .unique()
    )


def _of_sets(
    deployment: Deployment, dataset: str, standing: pl.DataFrame, found: pl.DataFrame
) -> pl.DataFrame:
    """Of snapshots what is in the newest set, came after it, or is carried forward into it."""
    newest = (
        standing.filter(~pl.col("is_correction")).sort("delivery_seq").unique("feed", keep="last")
    )
    refused = deployment.rows.quarantine.refusals(dataset, newest["batch_id"])
    since = found.join(newest.select("feed", since="delivery_seq"), on="feed", how="left")
    is_older = (pl.col("delivery_seq") < pl.col("since")).fill_null(value=False)
    carried = since.filter(is_older).join(refused, on=["feed", "key_hash"], how="semi")
    return pl.concat([since.filter(~is_older), carried])
