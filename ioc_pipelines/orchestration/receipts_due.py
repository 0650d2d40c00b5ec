"""Receipts that a run still owes: a process may be killed between its record and its receipt.

A note is written before a delivery is concluded and goes when its receipt is sent; what is noted at
the next start is sent then. A night without news writes none.
"""

from __future__ import annotations

from pathlib import Path

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.durable import write_durably
from ioc_pipelines.orchestration.deployment import Deployment


def note_due(deployment: Deployment, entry: FeedEntry, delivery_id: str) -> None:
    """Note that this delivery's receipt is to be sent."""
    path = _note_of(deployment, entry)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(path, delivery_id.encode())


def due(deployment: Deployment, entry: FeedEntry) -> str | None:
    """The delivery of the feed whose receipt was not sent, None when there is none."""
    path = _note_of(deployment, entry)
    return path.read_text() if path.is_file() else None


def settle(deployment: Deployment, entry: FeedEntry) -> None:
    """The feed's receipts are sent."""
    _note_of(deployment, entry).unlink(missing_ok=True)


def _note_of(deployment: Deployment, entry: FeedEntry) -> Path:
    return deployment.home.root / "receipts_due" / entry.id.replace("/", "__")
