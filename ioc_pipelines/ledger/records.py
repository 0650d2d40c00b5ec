"""What is written about a delivery: whose it is, what was judged, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# outcomes of a delivery that has not been concluded
RUNNING, INTERRUPTED = "running", "interrupted"


@dataclass(frozen=True)
class DeliveryRef:
    """A delivery under way."""

    seq: int
    delivery_id: str
    started_at: datetime


@dataclass(frozen=True)
class Feeder:
    """Whose delivery it is."""

    feed: str
    agency: str
    dataset: str


@dataclass(frozen=True)
class BatchRecord:
    """A judged batch, as ``quality.batch`` shows it."""

    batch_id: str
    contract_version: str
    rows_received: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    status: str


@dataclass(frozen=True)
class ResultRecord:
    """How one rule fared in one delivery."""

    rule: str
    column_name: str
    dimension: str
    passed: int
    evaluated: int
    detail: str = ""


@dataclass(frozen=True)
class ScoreRecord:
    """Score of one dimension, 0–100, None when nothing of it was ever evaluated."""

    dimension: str
    score: float | None
    passed: int
    evaluated: int


@dataclass(frozen=True)
class Conclusion:
    """What became of a delivery.

    ``accept_for`` is the delivery whose rows the batch stands for from now on: the delivery
    itself, or the one a reprocess replays; None leaves the accepted data as it was.
    """

    outcome: str
    arrived: bool
    detail: dict[str, Any]
    batch: BatchRecord | None = None
    accept_for: int | None = None
    cursor: dict[str, Any] | None = None
    bytes_landed: int | None = None
    newest_event: datetime | None = None
    results: Sequence[ResultRecord] = ()
    scores: Sequence[ScoreRecord] = field(default=())
