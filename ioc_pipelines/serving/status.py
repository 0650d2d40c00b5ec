"""Where every feed stands: last delivery, rows, four scores, age against its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.connectors import channel_of
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.catalog.models import Scoring
from ioc_pipelines.home import Home
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.quality.clocks import age_of_news
from ioc_pipelines.quality.score import Rating, identifiers_whole, overall, rating
from ioc_pipelines.warehouse.cases import faults_of_deliveries
from ioc_pipelines.warehouse.snapshots import published_id, read_manifest


class SnapshotStatus(BaseModel):
    """The snapshot that analysts open now."""

    id: str
    built_at: datetime


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
    scores: dict[str, float | None]
    overall: float | None
    rating: Rating | None
    identifiers_whole: bool
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


def status_of(home: Home, catalog: Catalog, ledger: Ledger) -> StatusReport:
    """The status of a profile now."""
    now = datetime.now(UTC)
    snapshot_id = published_id(home)
    snapshot = None
    if snapshot_id:
        built_at = read_manifest(home, snapshot_id).built_at
        snapshot = SnapshotStatus(id=snapshot_id, built_at=built_at)
    scoring = catalog.profile.scoring
    faults = {id_: found for id_, *found in faults_of_deliveries(ledger.table("delivery")).rows()}
    feeds = [_feed_status(entry, ledger, scoring, now, faults) for entry in catalog.entries]
    known = [feed.overall for feed in feeds if feed.overall is not None]
    mean = sum(known) / len(known) if known else None
    whole = all(feed.identifiers_whole for feed in feeds)
    return StatusReport(
        profile=home.profile,
        snapshot=snapshot,
        overall=mean,
        rating=None if mean is None else rating(mean, scoring, identifiers_whole=whole),
        feeds=feeds,
    )


def _feed_status(
    entry: FeedEntry,
    ledger: Ledger,
    scoring: Scoring,
    now: datetime,
    faults: Mapping[str, Sequence[str | None]],
) -> FeedStatus:
    delivery: dict[str, Any] = ledger.deliveries.last(entry.id) or {}
    batch_id = delivery.get("batch_id") or ledger.acceptances.current_batch(entry.id)
    batch = (ledger.batches.get(batch_id) if batch_id else None) or {}
    arrival = ledger.deliveries.last_arrival(entry.id)
    age_s = int((now - arrival).total_seconds()) if arrival else None
    since = datetime.combine(entry.feed.status.since, datetime.min.time(), UTC)
    late_after_s = int(entry.feed.late_after.total_seconds())
    known = ledger.batches.latest_scores(entry.id)
    scores = {name: known.get(name) for name in DIMENSIONS}
    mean = overall(scores, scoring)
    results = ledger.batches.last_results(entry.id)
    whole = entry.contract is None or identifiers_whole(entry.contract, results)
    quiet = age_of_news(arrival or since, now, entry.agency.maintenance_of(entry.feed.dataset))
    ended_at = delivery.get("ended_at")
    detail: dict[str, Any] = delivery.get("detail") or {}
    fault, reason = faults.get(delivery.get("delivery_id", ""), (None, None))
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
        scores=scores,
        overall=mean,
        rating=None if mean is None else rating(mean, scoring, identifiers_whole=whole),
        identifiers_whole=whole,
        age_s=age_s,
        late_after_s=late_after_s,
        is_late=entry.is_active and quiet > entry.feed.late_after,
    )
