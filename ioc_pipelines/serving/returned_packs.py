"""Feedback packs that came back and are not in: an officer waits for an answer to each."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from pydantic import BaseModel

from ioc_pipelines.ledger.records import INTERRUPTED, RUNNING

_TAKEN = ("accepted", "partly_accepted", "seen_before")
# nothing is left to do for a pack of rows that have ended by then
_DONE = (*_TAKEN, "already_closed")


class ReturnedPack(BaseModel):
    """A pack that came back: ``outcome`` is that of its newest judgement, none of them good."""

    delivery_id: str
    outcome: str
    problem: str | None
    received_at: datetime
    batch_id: str | None


def packs_not_in(delivery: pl.DataFrame) -> dict[str, list[ReturnedPack]]:
    """Of each feed, by its id: the packs that are not in, oldest first.

    Those that wait for approval, and those that were refused since a pack of the feed was last
    taken: what came later has answered the older ones. ``delivery``: the ledger's table.
    """
    packs = _newest_judgements(delivery)
    taken = pl.col("seq").filter(pl.col("outcome").is_in(_TAKEN)).max().over("feed")
    is_open = (pl.col("outcome") == "awaiting_approval") | (
        ~pl.col("outcome").is_in(_DONE) & (pl.col("seq") > taken.fill_null(0))
    )
    found: dict[str, list[ReturnedPack]] = {}
    for row in packs.filter(is_open).iter_rows(named=True):
        pack = ReturnedPack(**{name: row[name] for name in ReturnedPack.model_fields})
        found.setdefault(row["feed"], []).append(pack)
    return found


def batches_of_packs(delivery: pl.DataFrame) -> set[str]:
    """The batches that are corrections, not full deliveries."""
    return set(_newest_judgements(delivery)["batch_id"].drop_nulls())


def _newest_judgements(delivery: pl.DataFrame) -> pl.DataFrame:
    """One row per file that came back, in the order of their coming.

    One that is tried again each night, for an error of ours, is one file.
    """
    sha256, problem = (
        pl.col("detail").str.json_path_match(f"$.{path}")
        for path in ("correction.sha256", "problem")
    )
    landed = delivery.filter(pl.col("kind") == "correction").select(
        pl.col("seq").alias("of"), sha256.alias("sha256"), pl.col("started_at").alias("received_at")
    )
    return (
        delivery.filter(~pl.col("outcome").is_in([RUNNING, INTERRUPTED]))
        .with_columns(pl.coalesce("replays_seq", "seq").alias("of"), problem.alias("problem"))
        .join(landed, on="of")
        .sort("seq")
        .unique(["feed", "sha256"], keep="last", maintain_order=True)
    )
