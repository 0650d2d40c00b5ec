"""Failed deliveries: whose fault each is, why, and the evidence that was kept (H80)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
from pydantic import BaseModel

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.landing import LandedFile, Landing, TamperedLandingError
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.quality.fault import REASONS
from ioc_pipelines.warehouse.cases import faults_of_deliveries

_SHOWN_BYTES = 300


class FirstBytes(BaseModel, frozen=True):
    """The beginning of what came, as text; bytes that are none are spelt out.

    ``text`` is null where it is masked, or where the bytes are not there as they were received.
    """

    of: str
    sha256: str
    size_bytes: int
    is_masked: bool
    is_there: bool
    text: str | None


class Failure(BaseModel, frozen=True):
    """One failed delivery. ``evidence``: as in ``quality.delivery.detail``, without a value."""

    delivery_id: str
    started_at: str
    kind: str
    outcome: str
    batch_id: str | None
    fault: str
    fault_reason: str
    because: str
    problem: str | None
    evidence: dict[str, Any]
    first_bytes: list[FirstBytes]


def failures_of(
    ledger: Ledger, landing: Landing, entry: FeedEntry, limit: int, *, personal: bool
) -> list[Failure]:
    """The failed deliveries of a feed, newest first.

    What came is masked where the dataset has personal columns, unless ``personal``.
    """
    delivery = ledger.table("delivery", entry.id)
    failed = delivery.join(faults_of_deliveries(delivery), on="delivery_id", how="inner")
    newest = failed.filter(pl.col("fault").is_not_null()).sort("seq", descending=True).head(limit)
    has_personal = bool(entry.contract and entry.contract.personal_columns())
    return [
        _failure(row, landing, entry.id, is_masked=has_personal and not personal)
        for row in newest.to_dicts()
    ]


def _failure(row: dict[str, Any], landing: Landing, feed: str, *, is_masked: bool) -> Failure:
    detail = json.loads(row["detail"])
    evidence = detail.get("evidence", {})
    names = ("delivery_id", "started_at", "kind", "outcome", "batch_id", "fault", "fault_reason")
    return Failure(
        **{name: row[name] for name in names},
        because=REASONS[row["fault_reason"]].words,
        problem=detail.get("problem"),
        evidence=evidence,
        first_bytes=list(_first_bytes(evidence, landing, feed, is_masked=is_masked)),
    )


def _first_bytes(
    evidence: dict[str, Any], landing: Landing, feed: str, *, is_masked: bool
) -> Iterator[FirstBytes]:
    if kept := evidence.get("kept"):
        content = landing.kept(feed, kept["sha256"])
        yield _shown("the answer", kept, content, is_masked=is_masked)
    for file in evidence.get("files", ()):
        content = _beginning(landing, feed, file)
        yield _shown(file["name"], file, content, is_masked=is_masked)


def _beginning(landing: Landing, feed: str, file: dict[str, Any]) -> bytes | None:
    landed = LandedFile(name=file["name"], sha256=file["sha256"], size=file["bytes"])
    try:
        with landing.path(feed, landed).open("rb") as content:
            return content.read(_SHOWN_BYTES)
    except TamperedLandingError:
        return None


def _shown(of: str, known: dict[str, Any], content: bytes | None, *, is_masked: bool) -> FirstBytes:
    text = None
    if content is not None and not is_masked:
        text = content[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    return FirstBytes(
        of=of,
        sha256=known["sha256"],
        size_bytes=known["bytes"],
        is_masked=is_masked,
        is_there=content is not None,
        text=text,
    )
