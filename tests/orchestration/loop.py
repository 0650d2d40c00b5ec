"""What a refresh and an officer do with a feed, and where its refused rows stand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ioc_pipelines.orchestration.delivery import Report
from ioc_pipelines.orchestration.receipts import send_receipt
from ioc_pipelines.orchestration.returned_files import take_corrections
from tests import officer
from tests.orchestration.deployments import HEADERS, Bench

OUTBOX = "so_a/phan-hoi"


def night(bench: Bench, now: datetime) -> list[Report]:
    """What a refresh does with a feed."""
    reports = take_corrections(bench.deployment, bench.entry, "run", now)
    reports.append(bench.deliver(now))
    for report in reports:
        send_receipt(bench.deployment, report)
    return reports


def pack(bench: Bench) -> Path:
    """The newest pack in the outbox."""
    packs = sorted((bench.drop / OUTBOX).glob("can-sua-*.xlsx"), key=lambda p: p.stat().st_mtime)
    return packs[-1]


def corrected(source: Path, target: Path, **cells: dict[str, Any]) -> Path:
    """As an officer: change cells by the key in column Mã, by heading; save."""
    return officer.corrected(source, target, HEADERS[0], cells)


def cases(bench: Bench, now: datetime | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Every case by batch and ticket."""
    frame = bench.deployment.cases(now or datetime.now(UTC))
    return {(row["batch_id"], row["ticket"]): row for row in frame.iter_rows(named=True)}


def statuses(bench: Bench) -> list[tuple[str, int]]:
    return sorted((row["status"], row["attempt"]) for row in cases(bench).values())


FIXED: dict[str, dict[str, Any]] = {
    "K004": {"Họ tên": "Người 4", "Số tiền": 4000},
    "K007": {"Số tiền": "7000"},
}
