"""Which batches wait for a person, and which decision about them counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger.approvals import Approvals, Decision, Waiting
from ioc_pipelines.ledger.records import Feeder
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import HOUR, NOW, A, B, batch, deliver

ALL = frozenset({"awaiting_approval", "rejected", "held", "below_floor"})


@pytest.fixture
def approvals(engine: sa.Engine) -> Approvals:
    return Approvals(engine)


def waits(
    ledger: Ledger, name: str, status: str = "held", feeder: Feeder = A, **facts: Any
) -> None:
    """A delivery of a batch that is not accepted."""
    record = replace(batch(name), status=status)
    deliver(ledger, feeder, accept=False, batch=record, outcome=status, **facts)


def names(approvals: Approvals) -> list[str]:
    return [one.batch_id for one in approvals.waiting(ALL)]


def decide(approvals: Approvals, name: str, decision: Decision, feeder: Feeder = A) -> None:
    waiting = Waiting(name, feeder.feed, "held", "", NOW, 1)
    approvals.record(waiting, decision, actor="x", reason="", score=None, now=NOW)


def said(approvals: Approvals, *names: str) -> tuple[str, Decision]:
    found = approvals.decided(*names)
    assert found is not None
    return found.batch_id, found.decision


def test_the_newest_decision_counts_whichever_name_the_rows_had(
    ledger: Ledger, approvals: Approvals
) -> None:
    for name in ("b1", "b2"):
        waits(ledger, name)
    decide(approvals, "b1", "rejected")
    assert said(approvals, "b1") == ("b1", "rejected")
    assert approvals.decided("b2") is None
    decide(approvals, "b1", "approved")
    assert said(approvals, "b1") == said(approvals, "b2", "b1") == ("b1", "approved")
    decide(approvals, "b2", "waived")
    assert said(approvals, "b1") == ("b1", "approved")
    assert said(approvals, "b2", "b1") == said(approvals, "b1", "b2") == ("b2", "waived")


def test_the_versions_that_were_decided_about_are_those_of_the_feed(
    ledger: Ledger, approvals: Approvals
) -> None:
    for name, version, feeder in (("b1", "1.0.0", A), ("b2", "2.0.0", A), ("b3", "3.0.0", B)):
        record = replace(batch(name), contract_version=version, status="held")
        deliver(ledger, feeder, accept=False, batch=record)
    assert approvals.versions(A.feed) == []
    decide(approvals, "b2", "rejected")
    decide(approvals, "b2", "waived")
    decide(approvals, "b3", "waived", B)
    assert approvals.versions(A.feed) == ["2.0.0"]


def test_the_oldest_submission_comes_first(ledger: Ledger, approvals: Approvals) -> None:
    waits(ledger, "b9", feeder=B, submitted_by="chi B")
    waits(ledger, "b1", "awaiting_approval", submitted_by="chi A")
    assert names(approvals) == ["b9", "b1"]
    # the first one came again: it is as old as it was, and who submitted it did
    waits(ledger, "b9", feeder=B, submitted_by="another", at=NOW + HOUR)
    first, _ = approvals.waiting(ALL)
    assert (first.batch_id, first.submitted_by, first.submitted_at) == ("b9", "chi B", NOW)
    assert [one.batch_id for one in approvals.waiting(frozenset({"held"}))] == ["b9"]


def test_what_was_delivered_since_takes_the_place_of_what_waited(
    ledger: Ledger, approvals: Approvals
) -> None:
    waits(ledger, "b1")
    waits(ledger, "b2", "below_floor")
    assert names(approvals) == ["b2"]
    deliver(ledger, name=None)  # nothing arrived: that takes nothing's place
    assert names(approvals) == ["b2"]
    deliver(ledger, name="b3")
    assert names(approvals) == []


@pytest.mark.parametrize("status", ["awaiting_approval", "held"])
def test_what_was_judged_again_waits_in_place_of_its_older_judgement(
    ledger: Ledger, approvals: Approvals, status: str
) -> None:
    waits(ledger, "b1", status)
    waits(ledger, "b2", status, replays=1)
    assert names(approvals) == ["b2"]


def test_a_held_replay_waits_while_an_older_judgement_stands_for_it(
    ledger: Ledger, approvals: Approvals
) -> None:
    """Of a delivery that is not the newest, a decision changes something only then."""
    deliver(ledger, name="b1")
    waits(ledger, "b2")
    deliver(ledger, name="b3")
    waits(ledger, "b4", replays=1)
    waits(ledger, "b5", replays=2)
    assert names(approvals) == ["b4"]
    # waiting for approval it is asked about in any case
    waits(ledger, "b6", "awaiting_approval", replays=2)
    assert names(approvals) == ["b4", "b6"]
