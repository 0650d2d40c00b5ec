"""Runs that ended are written once; a sink is told of each failed one until it took the message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.runs import Runs

NIGHT = datetime(2026, 11, 20, 19, tzinfo=UTC)


def run(run_id: str, status: str, nights: int = 0) -> dict[str, str]:
    began = NIGHT + timedelta(days=nights)
    return {
        "run_id": run_id,
        "job": "nightly_refresh",
        "trigger": "schedule",
        "status": status,
        "started_at": as_text(began),
        "ended_at": as_text(began + timedelta(minutes=1)),
        "problem": "" if status == "succeeded" else "intake: OSError",
    }


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(open_ledger(f"sqlite:///{tmp_path}/ledger.db"))


def test_a_run_is_written_once_and_stays_as_it_was(runs: Runs) -> None:
    runs.record([run("a", "failed")])
    runs.record([run("a", "succeeded"), run("b", "succeeded")])
    assert runs.unknown(["a", "b", "c"]) == {"c"}
    assert [row["run_id"] for row in runs.failed_untold("x")] == ["a"]


def test_a_sink_is_told_until_it_took_the_message(runs: Runs) -> None:
    runs.record([run("late", "failed", 1), run("early", "failed"), run("c", "canceled")])
    assert [row["run_id"] for row in runs.failed_untold("x")] == ["early", "late"]
    runs.record_told("x", ["early"], problem="no answer", now=NIGHT)
    assert [row["run_id"] for row in runs.failed_untold("x")] == ["early", "late"]
    runs.record_told("x", ["early"], problem="", now=NIGHT)
    assert [row["run_id"] for row in runs.failed_untold("x")] == ["late"]
    # another sink has heard of neither
    assert len(runs.failed_untold("y")) == 2
