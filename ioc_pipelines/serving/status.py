"""Where every feed stands: last delivery, rows, four scores, age against its limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.home import Home
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.snapshots import published_id, read_manifest


class SnapshotStatus(BaseModel):
    """The snapshot that analysts open now."""

    id: str
    built_at: datetime


class FeedStatus(BaseModel):
    """One feed of the inventory.

    ``outcome`` is that of the last delivery; ``batch_id`` and the rows are those of its batch, or
    of the last good batch when it brought none: ``brought_rows`` says which.
    """

    feed: str
    agency: str
    dataset: str
    status: str
    outcome: str | None
    problem: str | None
    last_delivery_at: datetime | None
    batch_id: str | None
    brought_rows: bool
    rows_received: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    scores: dict[str, float | None]
    age_s: int | None
    late_after_s: int
    is_late: bool


class StatusReport(BaseModel):
    """What ``ioc status`` shows."""

    profile: str
    snapshot: SnapshotStatus | None
    feeds: list[FeedStatus]


def status_of(home: Home, catalog: Catalog, ledger: Ledger) -> StatusReport:
    """The status of a profile now."""
    now = datetime.now(UTC)
    snapshot_id = published_id(home)
    snapshot = None
    if snapshot_id:
        built_at = read_manifest(home, snapshot_id).built_at
        snapshot = SnapshotStatus(id=snapshot_id, built_at=built_at)
    return StatusReport(
        profile=home.profile,
        snapshot=snapshot,
        feeds=[_feed_status(entry, ledger, now) for entry in catalog.entries],
    )


def _feed_status(entry: FeedEntry, ledger: Ledger, now: datetime) -> FeedStatus:
    delivery: dict[str, Any] = ledger.last_delivery(entry.id) or {}
    batch_id = delivery.get("batch_id") or ledger.current_batch(entry.id)
    batch = (ledger.batch(batch_id) if batch_id else None) or {}
    arrival = ledger.last_arrival(entry.id)
    age_s = int((now - arrival).total_seconds()) if arrival else None
    since = datetime.combine(entry.feed.status.since, datetime.min.time(), UTC)
    late_after_s = int(entry.feed.late_after.total_seconds())
    known = ledger.latest_scores(entry.id)
    ended_at = delivery.get("ended_at")
    return FeedStatus(
        feed=entry.id,
        agency=entry.agency.code,
        dataset=entry.feed.dataset,
        status=entry.feed.status.state if not entry.is_withdrawn else "withdrawn",
        outcome=delivery.get("outcome"),
        problem=(delivery.get("detail") or {}).get("problem"),
        last_delivery_at=datetime.fromisoformat(ended_at) if ended_at else None,
        batch_id=batch_id,
        brought_rows=bool(delivery.get("batch_id")),
        rows_received=batch.get("rows_received", 0),
        rows_accepted=batch.get("rows_accepted", 0),
        rows_quarantined=batch.get("rows_quarantined", 0),
        rows_duplicate=batch.get("rows_duplicate", 0),
        scores={dimension: known.get(dimension) for dimension in DIMENSIONS},
        age_s=age_s,
        late_after_s=late_after_s,
        is_late=entry.is_active and now - (arrival or since) > entry.feed.late_after,
    )
