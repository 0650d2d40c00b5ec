"""The head of an agency checks what it supplied in a month, and signs that off (H57, 9.5)."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from contracts.base import DIMENSIONS, VIETNAM
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.quality.sign_off import sign_offs


class SignOffRefusedError(ValueError):
    """Nothing to sign: no such agency or month, or nobody is asked to."""


def sign_offs_now(deployment: Deployment, now: datetime) -> pl.DataFrame:
    """Where every agency's months stand: ``quality.sign_off.SIGN_OFF_SCHEMA``."""
    deadlines = deployment.catalog.profile.deadlines
    return sign_offs(
        deployment.ledger.table("delivery"),
        deployment.ledger.table("sign_off"),
        {entry.agency.code for entry in deployment.catalog.active},
        deadlines.sign_off_days if deadlines else None,
        now,
    )


def supplied(deployment: Deployment, agency: str, month: str) -> pl.DataFrame:
    """What the head checks, one row per active feed.

    ``feed, deliveries, failed`` of the month; ``rows_received, rows_accepted, rows_refused`` of
    its last full delivery; ``open_refused`` rows and the four scores as they are now. Raises
    SignOffRefusedError.
    """
    now = datetime.now(UTC)
    _require(deployment, agency, month, now)
    entries = [entry for entry in deployment.catalog.active if entry.agency.code == agency]
    started = pl.col("started_at").str.to_datetime(time_zone="UTC")
    local = started.dt.convert_time_zone(str(VIETNAM)).dt.strftime("%Y-%m")
    came = deployment.ledger.table("delivery").filter(pl.col("agency") == agency, local == month)
    fetched = came.filter(pl.col("kind") == "fetch")
    # what a folder without news says is no failure
    has_failed = (
        ~pl.col("arrived") & pl.col("batch_id").is_null() & (pl.col("outcome") != "no_news")
    )
    counted = fetched.group_by("feed").agg(deliveries=pl.len(), failed=has_failed.sum())
    last = fetched.filter(pl.col("batch_id").is_not_null()).sort("seq").group_by("feed").last()
    rows = last.select("feed", "batch_id").join(
        deployment.ledger.table("batch").select(
            "batch_id",
            "rows_received",
            "rows_accepted",
            pl.col("rows_quarantined").alias("rows_refused"),
        ),
        on="batch_id",
    )
    rows = rows.drop("batch_id")
    known = pl.DataFrame({"feed": [entry.id for entry in entries]})
    known = known.join(counted, on="feed", how="left").join(rows, on="feed", how="left")
    return known.with_columns(pl.exclude("feed").fill_null(0)).with_columns(
        pl.Series("open_refused", [_open(deployment, entry.id, now) for entry in entries]),
        *_scores(deployment, [entry.id for entry in entries]),
    )


def sign_off(deployment: Deployment, agency: str, month: str, note: str) -> None:
    """Write down that the head checked it, as far as it has come. Raises SignOffRefusedError."""
    now = datetime.now(UTC)
    _require(deployment, agency, month, now)
    deployment.sign_offs.record(agency, month, actor=deployment.actor, note=note.strip(), now=now)


def _require(deployment: Deployment, agency: str, month: str, now: datetime) -> None:
    known = sign_offs_now(deployment, now)
    if known.is_empty():
        msg = "nothing to sign off: no delivery yet, or the profile has no deadlines.sign_off_days"
        raise SignOffRefusedError(msg)
    mine = known.filter(pl.col("agency") == agency)
    if mine.is_empty():
        there = ", ".join(known["agency"].unique().sort())
        msg = f"agency '{agency}' has delivered nothing yet; those that have: {there}"
        raise SignOffRefusedError(msg)
    if month not in mine["month"]:
        there = ", ".join(mine["month"])
        msg = f"{agency} has nothing to sign off for '{month}'; its months: {there}"
        raise SignOffRefusedError(msg)


def _open(deployment: Deployment, feed: str, now: datetime) -> int:
    found = deployment.cases(now, feed).filter(pl.col("status") == "open")
    return found["ticket"].n_unique()


def _scores(deployment: Deployment, feeds: list[str]) -> list[pl.Series]:
    known = [deployment.ledger.batches.latest_scores(feed) for feed in feeds]
    return [
        pl.Series(name, [scores.get(name) for scores in known], pl.Float64).round(2)
        for name in DIMENSIONS
    ]
