"""Deliveries of two feeds, as the tests of the ledger conclude them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ioc_pipelines.ledger.records import BatchRecord, Conclusion, DeliveryRef, Feeder, ResultRecord
from ioc_pipelines.ledger.store import Ledger

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)
A = Feeder("so_a/test.x", "so_a", "test.x")
B = Feeder("so_b/test.x", "so_b", "test.x")
GOOD = ResultRecord("correct.min", "amount", "correct", 8, 9)
TABLES = ("delivery", "batch", "acceptance", "rule_result", "score")


def batch(name: str, accepted: int = 8, refused: int = 1, duplicate: int = 1) -> BatchRecord:
    received = accepted + refused + duplicate
    return BatchRecord(name, "1.0.0", received, accepted, refused, duplicate, "partly_accepted")


def deliver(
    ledger: Ledger,
    feeder: Feeder = A,
    at: datetime = NOW,
    *,
    name: str | None = "b1",
    accept: bool = True,
    replays: int | None = None,
    kind: str = "fetch",
    submitted_by: str | None = None,
    **facts: Any,
) -> DeliveryRef:
    """A concluded delivery, by default of one batch that is accepted."""
    ref = ledger.begin(feeder, "run", now=at, replays=replays, kind=kind, submitted_by=submitted_by)
    conclusion = Conclusion(
        outcome="accepted" if name else "source_unavailable",
        arrived=bool(name),
        detail={},
        batch=batch(name) if name else None,
        accept_for=(replays or ref.seq) if accept and name else None,
    )
    ledger.conclude(ref, feeder, replace(conclusion, **facts), now=at)
    return ref


def rows(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    return ledger.table(name).to_dicts()


def state(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(ledger, name) for name in TABLES}


def standing(ledger: Ledger, dataset: str = "test.x") -> list[tuple[str, str, int]]:
    return ledger.acceptances.of(dataset).select("batch_id", "feed", "delivery_seq").rows()
