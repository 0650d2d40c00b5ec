"""Where every feed stands: last delivery, rows, what is open, four scores and why, its age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.connectors import channel_of
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.catalog.models import Scoring
from ioc_pipelines.home import Home
from ioc_pipelines.ledger.approvals import Waiting
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.quality.clocks import age_of_news
from ioc_pipelines.quality.reasons import Reason, lowest_score, wrong_identifier
from ioc_pipelines.quality.score import Rating, identifiers_whole, overall, rating
from ioc_pipelines.serving.returned_packs import ReturnedPack, batches_of_packs, packs_not_in
from ioc_pipelines.warehouse.cases import faults_of_deliveries
from ioc_pipelines.warehouse.snapshots import published_id, read_manifest


class SnapshotStatus(BaseModel):
    """The snapshot that analysts open now."""

    id: str
    built_at: datetime


class WaitingBatch(BaseModel):
    """A batch that a person decides about: ``status`` says why, ``ioc approvals`` how."""

    batch_id: str
    status: str
    rows_received: int
    is_correction: bool


class WhyNotGreen(BaseModel):
    """What keeps a feed from green.

    ``held``: its newest batch waits, so what was scored is not what readers see. ``identifier``: a
    key or code that must be right in every row is wrong in ``failed`` of ``evaluated``. ``score``:
    the lowest dimension and the rule that takes most from it.
    """

    kind: Literal["held", "identifier", "score"]
    status: str | None = None
    dimension: str | None = None
    score: float | None = None
    rule: str | None = None
    column_name: str | None = None
    failed: int | None = None
    evaluated: int | None = None


class FeedStatus(BaseModel):
    """One feed of the inventory.

    ``outcome`` is that of the last delivery; ``batch_id`` and the rows are those of its batch, or
    of the last good batch when it brought none: ``brought_rows`` says which. ``fault`` is whose
    fault it is that the last delivery failed, ``evidence`` what is recorded of it; null if it did
    not.
    """

    feed: str
    agency: str
    dataset: str
    status: str
    outcome: str | None
    problem: str | None
    fault: str | None = None
    fault_reason: str | None = None
    evidence: dict[str, Any] = {}
    last_delivery_at: datetime | None
    batch_id: str | None
    brought_rows: bool
    is_automatic: bool
    rows_received: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    rows_open: int = 0
    rows_overdue: int = 0
    waiting: list[WaitingBatch] = []
    packs_not_in: list[ReturnedPack] = []
    is_held: bool = False
    scores: dict[str, float | None]
    overall: float | None
    rating: Rating | None
    identifiers_whole: bool
    why: list[WhyNotGreen] = []
    age_s: int | None
    late_after_s: int
    is_late: bool


class StatusReport(BaseModel):
    """What ``ioc status`` shows; ``overall`` is the mean of the feeds, as in the scorecard."""

    profile: str
    snapshot: SnapshotStatus | None
    overall: float | None
    rating: Rating | None
    feeds: list[FeedStatus]


@dataclass(frozen=True)
class _Known:
    """What is asked once for all feeds: of a feed by its id, of a delivery by its id."""

    now: datetime
    scoring: Scoring
    faults: Mapping[str, Sequence[str | None]]
    opened: Mapping[str, tuple[int, int]]
    waiting: Sequence[Waiting]
    packs: Mapping[str, list[ReturnedPack]]
    corrections: set[str]


def status_of(
    home: Home, catalog: Catalog, ledger: Ledger, cases: pl.DataFrame, waiting: Sequence[Waiting]
) -> StatusReport:
    """The status of a profile now.

    ``cases``: ``quality.cases.CASE_SCHEMA``; ``waiting``: the batches that a person can decide on.
    """
    snapshot_id = published_id(home)
    snapshot = None
    if snapshot_id:
        built_at = read_manifest(home, snapshot_id).built_at
        snapshot = SnapshotStatus(id=snapshot_id, built_at=built_at)
    scoring, delivery = catalog.profile.scoring, ledger.table("delivery")
    known = _Known(
        now=datetime.now(UTC),
        scoring=scoring,
        faults={id_: found for id_, *found in faults_of_deliveries(delivery).rows()},
        opened=_open_rows(cases),
        waiting=[batch for batch in waiting if batch.status != "rejected"],
        packs=packs_not_in(delivery),
        corrections=batches_of_packs(delivery),
    )
    feeds = [_feed_status(entry, ledger, known) for entry in catalog.entries]
    scored = [feed.overall for feed in feeds if feed.overall is not None]
    mean = sum(scored) / len(scored) if scored else None
    whole = all(feed.identifiers_whole and not feed.is_held for feed in feeds)
    return StatusReport(
        profile=home.profile,
        snapshot=snapshot,
        overall=mean,
        rating=None if mean is None else rating(mean, scoring, identifiers_whole=whole),
        feeds=feeds,
    )


def _open_rows(cases: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Open refused rows of each feed, and those of them that are overdue."""
    counted = (
        cases.filter(pl.col("status") == "open")
        .group_by("feed")
        .agg(pl.len(), pl.col("is_overdue").sum())
    )
    return {feed: (rows, overdue) for feed, rows, overdue in counted.rows()}


def _feed_status(entry: FeedEntry, ledger: Ledger, known: _Known) -> FeedStatus:
    delivery: dict[str, Any] = ledger.deliveries.last(entry.id) or {}
    batch_id = delivery.get("batch_id") or ledger.acceptances.current_batch(entry.id)
    batch = (ledger.batches.get(batch_id) if batch_id else None) or {}
    ended_at = delivery.get("ended_at")
    detail: dict[str, Any] = delivery.get("detail") or {}
    fault, reason = known.faults.get(delivery.get("delivery_id", ""), (None, None))
    rows_open, rows_overdue = known.opened.get(entry.id, (0, 0))
    waiting = _waiting(entry, known)
    return FeedStatus(
        feed=entry.id,
        agency=entry.agency.code,
        dataset=entry.feed.dataset,
        status=entry.feed.status.state if not entry.is_withdrawn else "withdrawn",
        outcome=delivery.get("outcome"),
        problem=detail.get("problem"),
        fault=fault,
        fault_reason=reason,
        evidence=detail.get("evidence", {}) if fault else {},
        last_delivery_at=datetime.fromisoformat(ended_at) if ended_at else None,
        batch_id=batch_id,
        is_automatic=channel_of(entry.feed.connector) in ("api", "database"),
        brought_rows=bool(delivery.get("batch_id")),
        rows_received=batch.get("rows_received", 0),
        rows_accepted=batch.get("rows_accepted", 0),
        rows_quarantined=batch.get("rows_quarantined", 0),
        rows_duplicate=batch.get("rows_duplicate", 0),
        rows_open=rows_open,
        rows_overdue=rows_overdue,
        waiting=waiting,
        packs_not_in=known.packs.get(entry.id, []),
        **_scored(entry, ledger, known, waiting),
        **_aged(entry, ledger, known),
    )


def _waiting(entry: FeedEntry, known: _Known) -> list[WaitingBatch]:
    return [
        WaitingBatch(
            batch_id=batch.batch_id,
            status=batch.status,
            rows_received=batch.rows_received,
            is_correction=batch.batch_id in known.corrections,
        )
        for batch in known.waiting
        if batch.feed == entry.id
    ]


def _scored(
    entry: FeedEntry, ledger: Ledger, known: _Known, waiting: Sequence[WaitingBatch]
) -> dict[str, Any]:
    """The scores of a feed, what they are called, and why it is not green."""
    newest = ledger.batches.latest_scores(entry.id)
    scores = {name: newest.get(name) for name in DIMENSIONS}
    mean = overall(scores, known.scoring)
    results = ledger.batches.last_results(entry.id)
    contract = entry.contract
    whole = contract is None or identifiers_whole(contract, results)
    held = next((batch for batch in waiting if not batch.is_correction), None)
    why = [WhyNotGreen(kind="held", status=held.status)] if held else []
    found: list[Reason | None] = []
    if mean is not None and mean < known.scoring.green_from:
        found.append(lowest_score(scores, results, known.scoring))
    if contract is not None:
        found.append(wrong_identifier(contract, scores, results))
    why += [WhyNotGreen(**vars(reason)) for reason in found if reason]
    good = whole and held is None
    return {
        "scores": scores,
        "overall": mean,
        "rating": None if mean is None else rating(mean, known.scoring, identifiers_whole=good),
        "identifiers_whole": whole,
        "is_held": held is not None,
        "why": why,
    }


def _aged(entry: FeedEntry, ledger: Ledger, known: _Known) -> dict[str, Any]:
    """How old the news of a feed is, against its limit."""
    arrival = ledger.deliveries.last_arrival(entry.id)
    since = datetime.combine(entry.feed.status.since, datetime.min.time(), UTC)
    windows = entry.agency.maintenance_of(entry.feed.dataset)
    quiet = age_of_news(arrival or since, known.now, windows)
    return {
        "age_s": int((known.now - arrival).total_seconds()) if arrival else None,
        "late_after_s": int(entry.feed.late_after.total_seconds()),
        "is_late": entry.is_active and quiet > entry.feed.late_after,
    }
