"""Where refused rows stand in the agency's own files, through every round of corrections."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.quality.lineage import lineages


def places_of(deployment: Deployment, entry: FeedEntry, tickets: Iterable[str]) -> pl.DataFrame:
    """``ticket, source_file, sheet, row_number, is_own``: where these tickets stood, newest first.

    A row that a pack brought, wrong again, stood where the row did that it corrects; ``is_own``: in
    a file of the agency, not in a pack.
    """
    quarantine, dataset = deployment.rows.quarantine, entry.feed.dataset
    batches = deployment.ledger.table("batch", entry.id).sort("judged_at", descending=True)
    answers = quarantine.answers(dataset, batches["batch_id"])
    lines = lineages(answers, tickets)
    stood = quarantine.places(dataset, batches["batch_id"], lines["was"].unique())
    packs = answers["batch_id"].unique()
    return (
        stood.with_row_index("order")
        .join(lines, left_on="ticket", right_on="was")
        .sort("order", "ticket_right")
        .select(
            pl.col("ticket_right").alias("ticket"),
            "source_file",
            "sheet",
            "row_number",
            (~pl.col("batch_id").is_in(packs.implode())).alias("is_own"),
        )
        .unique(maintain_order=True)
    )
