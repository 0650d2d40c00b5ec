"""A batch that waits for a person is in no mart; who may decide, and what a waiver lets through."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from contracts.batch_rules import row_count_as_before
from contracts.value_rules import exists_in
from ioc_pipelines.catalog.models import Approval
from ioc_pipelines.cli import app
from ioc_pipelines.ledger.approvals import Decision
from ioc_pipelines.orchestration.approving import DecisionRefusedError, decide, score_of, waiting
from ioc_pipelines.orchestration.delivery import reprocess
from ioc_pipelines.orchestration.deployment import Deployment
from tests.orchestration.deployments import (
    APPROVER,
    COLUMNS,
    DAY,
    NIGHT,
    PROFILE,
    Bench,
    Claims,
    csv_feed,
    dropped,
    entry,
    good,
    info,
    write_csv,
)


class Counted(Claims):
    __contract__ = info("counted")
    __batch_rules__ = (row_count_as_before(at_least=0.5),)


class Referring(Claims):
    __contract__ = info("referring")
    __batch_rules__ = (exists_in("code", dataset="test.upsert"),)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")


def bench_of(tmp_path: Path, contract: Any = None, **approval: Any) -> Bench:
    feed = csv_feed()
    if contract:
        facts = {
            "connector": dropped("so_a/*.csv"),
            "layout": {"format": "csv", "delimiter": ";"},
            "columns": COLUMNS,
        }
        feed = entry(contract, "so_a", **facts)
    bench = Bench.of(tmp_path, feed)
    asked = Approval(approver=APPROVER, document="so 1", **approval) if approval else None
    profile = PROFILE.model_copy(update={"approval": asked})
    catalog = replace(bench.deployment.catalog, profile=profile)
    return Bench(Deployment(bench.deployment.home, catalog), bench.drop)


def decided(
    bench: Bench, decision: Decision, by: str, monkeypatch: Any, reason: str = "vì thế"
) -> str:
    monkeypatch.setenv("IOC_ACTOR", by)
    (batch,) = waiting(bench.deployment)
    return decide(bench.deployment, batch.batch_id, decision, reason).batch_id


def dropped_rows(bench: Bench, *rows: Any) -> None:
    write_csv(bench.drop / "so_a" / "1.csv", rows)


def test_an_unapproved_batch_stands_for_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    report = bench.deliver()
    assert (report.outcome, report.arrived) == ("awaiting_approval", True)
    assert bench.acceptances() == []
    (batch,) = waiting(bench.deployment)
    assert (batch.status, batch.submitted_by, batch.rows_received) == (
        "awaiting_approval",
        "lich-chay",
        10,
    )
    # the next night it still waits, and is no other batch
    assert bench.deliver(NIGHT + DAY).outcome == "awaiting_approval"
    assert [b.batch_id for b in waiting(bench.deployment)] == [batch.batch_id]
    name = decided(bench, "approved", "chi Lan", monkeypatch)
    assert name == batch.batch_id
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "accepted"
    assert [name for name, _ in bench.acceptances()] == [batch.batch_id]
    assert waiting(bench.deployment) == []
    (row,) = bench.table("approval")
    assert (row["actor"], row["is_authenticated"], row["decision"]) == (
        "chi Lan",
        False,
        "approved",
    )


def test_what_is_approved_counts_at_once_when_reprocessed(tmp_path: Path, monkeypatch: Any) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()
    decided(bench, "approved", "chi Lan", monkeypatch)
    (report,) = reprocess(bench.deployment, bench.entry, "run")
    assert report.outcome == "accepted"
    assert len(bench.acceptances()) == 1


def test_nobody_approves_what_they_submitted(tmp_path: Path, monkeypatch: Any) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()
    for decision in ("approved", "waived"):
        for name in ("lich-chay", " Lich-Chay "):
            with pytest.raises(DecisionRefusedError, match="somebody else"):
                decided(bench, decision, name, monkeypatch)
    assert bench.table("approval") == []


def test_who_fetches_the_same_rows_again_does_not_take_the_submission_over(
    tmp_path: Path, monkeypatch: Any
) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    bench.deliver(NIGHT + DAY)
    with pytest.raises(DecisionRefusedError, match="lich-chay submitted"):
        decided(bench, "approved", "lich-chay", monkeypatch)
    decided(bench, "approved", "chi Lan", monkeypatch)


def test_what_waits_after_it_was_judged_again_can_be_approved(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """A mended layout makes another batch of the same landing; the old one stands until then."""
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()
    old = decided(bench, "approved", "chi Lan", monkeypatch)
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")
    assert bench.deliver(NIGHT + DAY).outcome == "accepted"
    mended = csv_feed(columns={**COLUMNS, "name": {"source": "Họ tên", "nulls": ["-"]}})
    later = bench.again(replace(bench.entry, feed=mended.feed))
    outcomes = [report.outcome for report in reprocess(later.deployment, later.entry, "run")]
    assert outcomes == ["awaiting_approval"] * len(outcomes) != []
    (batch,) = waiting(later.deployment)
    assert batch.batch_id != old
    assert {name for name, _ in later.acceptances()} == {old}
    decided(later, "approved", "chi Lan", monkeypatch)
    reprocess(later.deployment, later.entry, "run")
    assert {name for name, _ in later.acceptances()} == {batch.batch_id}
    assert waiting(later.deployment) == []


def test_an_approval_is_no_waiver_when_the_threshold_is_raised_later(
    tmp_path: Path, monkeypatch: Any
) -> None:
    bench = bench_of(tmp_path, automatic_from=None, waiver_below=50)
    dropped_rows(bench, *good(9), ("X", *good(1)[0][1:]))
    bench.deliver()
    decided(bench, "approved", "chi Lan", monkeypatch)
    stricter = bench_of(tmp_path, automatic_from=None, waiver_below=99)
    assert stricter.deliver(NIGHT + DAY).outcome == "awaiting_approval"
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "partly_accepted"


def test_nobody_is_asked_only_where_no_waiver_is_needed() -> None:
    with pytest.raises(ValidationError, match="must not be below"):
        Approval(approver=APPROVER, document="so 1", automatic_from=60, waiver_below=75)
    assert (
        Approval(
            approver=APPROVER, document="so 1", automatic_from=75, waiver_below=75
        ).automatic_from
        == 75
    )


def test_a_good_score_needs_no_person_and_says_by_which_document(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, automatic_from=99.0)
    dropped_rows(bench, *good(10))
    assert bench.deliver().outcome == "accepted"
    assert bench.detail()["approval"] == {"by": "automatic", "score": 100.0, "document": "so 1"}
    # one of ten codes is wrong: of the rules about being clean one has 0.9, so it waits
    bad = ("X", *good(1)[0][1:])
    dropped_rows(bench, *good(9), bad)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "awaiting_approval"
    assert min(s.score for s in report.scores.values() if s.score is not None) < 99


@pytest.mark.parametrize(("stated", "outcome"), [("55000", "accepted"), ("1", "awaiting_approval")])
def test_a_total_that_differs_counts_in_the_score_that_is_looked_at(
    tmp_path: Path, stated: str, outcome: str
) -> None:
    """Of seven rules about being correct nothing passes one: 86 is below 99."""
    bench = bench_of(tmp_path, automatic_from=99.0)
    totals = [{"rows": "^Tổng", "parts": "all"}]
    layout = {"format": "csv", "delimiter": ";", "label": "Họ tên", "totals": totals}
    catalog = replace(bench.deployment.catalog, entries=(csv_feed(layout=layout),))
    bench = Bench(Deployment(bench.deployment.home, catalog), bench.drop)
    dropped_rows(bench, ("", "Tổng", stated, ""), *good(10))
    report = bench.deliver()
    assert (report.outcome, report.detail["control_totals"]["compared"]) == (outcome, 1)


def test_below_the_threshold_only_a_waiver_helps(tmp_path: Path, monkeypatch: Any) -> None:
    bench = bench_of(tmp_path, automatic_from=None, waiver_below=99.0)
    dropped_rows(bench, *good(9), ("X", *good(1)[0][1:]))
    bench.deliver()
    with pytest.raises(DecisionRefusedError, match=r"below 99: only a waiver"):
        decided(bench, "approved", "chi Lan", monkeypatch)
    with pytest.raises(DecisionRefusedError, match="needs its reason"):
        decided(bench, "waived", "chi Lan", monkeypatch, reason=" ")
    with pytest.raises(DecisionRefusedError, match="needs its reason"):
        decided(bench, "rejected", "chi Lan", monkeypatch, reason="")
    decided(bench, "waived", "chi Lan", monkeypatch, reason="CV 12/VP")
    assert bench.deliver(NIGHT + DAY).outcome == "partly_accepted"
    (row,) = bench.table("approval")
    assert (row["decision"], row["reason"]) == ("waived", "CV 12/VP")
    assert row["score"] < 99


@pytest.mark.parametrize(("waiver_below", "is_enough"), [(95.0, True), (95.1, False)])
def test_at_the_threshold_an_approval_is_enough(
    tmp_path: Path, monkeypatch: Any, waiver_below: float, is_enough: bool
) -> None:
    """Three rules about being clean, one of which 85 % pass: 95."""
    bench = bench_of(tmp_path, automatic_from=None, waiver_below=waiver_below)
    dropped_rows(bench, *good(17), *[(f"X{n}", *good(1)[0][1:]) for n in range(3)])
    assert bench.deliver().outcome == "awaiting_approval"
    (batch,) = waiting(bench.deployment)
    assert score_of(bench.deployment, batch.batch_id) == 95
    if is_enough:
        decided(bench, "approved", "chi Lan", monkeypatch)
        assert bench.deliver(NIGHT + DAY).outcome == "partly_accepted"
    else:
        with pytest.raises(DecisionRefusedError, match="only a waiver"):
            decided(bench, "approved", "chi Lan", monkeypatch)


def test_a_rejected_batch_stays_out(tmp_path: Path, monkeypatch: Any) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()
    decided(bench, "rejected", "chi Lan", monkeypatch)
    assert bench.deliver(NIGHT + DAY).outcome == "rejected"
    assert bench.acceptances() == []
    # better rows make another batch, which nobody has spoken about yet
    dropped_rows(bench, *good(11))
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "awaiting_approval"


def test_a_held_batch_waits_and_the_last_good_one_stays(tmp_path: Path, monkeypatch: Any) -> None:
    bench = bench_of(tmp_path, Counted)
    dropped_rows(bench, *good(10))
    assert bench.deliver().outcome == "accepted"
    standing = bench.acceptances()
    dropped_rows(bench, *good(4))
    report = bench.deliver(NIGHT + DAY)
    assert (report.outcome, report.arrived, bench.acceptances()) == ("held", False, standing)
    assert "4 dòng, trước: 10" in report.detail["problem"]
    assert report.batch is not None
    assert {rule for _, _, rule, _ in bench.refusals(report.batch.batch_id)} == {
        "complete.row_count"
    }
    # judged again it is measured against the same batch before it
    replayed = [again.outcome for again in reprocess(bench.deployment, bench.entry, "run")]
    assert replayed == ["seen_before", "held"]
    with pytest.raises(DecisionRefusedError, match="only a waiver"):
        decided(bench, "approved", "chi Lan", monkeypatch)
    decided(bench, "waived", "chi Lan", monkeypatch, reason="xã đã sáp nhập")
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "accepted"
    assert len(bench.acceptances()) == 2
    assert bench.refusals(report.batch.batch_id) == set()


def test_what_does_not_wait_cannot_be_decided_about(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    with pytest.raises(DecisionRefusedError, match="does not wait"):
        decide(bench.deployment, "0123456789abcdef", "approved", "")


def test_a_row_that_refers_to_another_dataset_is_held_against_what_is_accepted_of_it(
    tmp_path: Path,
) -> None:
    known = Bench.of(tmp_path, csv_feed())
    facts = {
        "connector": dropped("so_b/*.csv"),
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": COLUMNS,
    }
    other = entry(Referring, "so_b", **facts)
    write_csv(known.drop / "so_b" / "1.csv", good(10))
    assert known.deliver(feed=other).outcome == "accepted", "nothing to compare with yet"
    write_csv(known.drop / "so_a" / "1.csv", good(9))
    known.deliver()
    write_csv(known.drop / "so_b" / "1.csv", good(11))
    report = known.deliver(NIGHT + DAY, other)
    assert report.batch is not None
    quarantine = known.deployment.rows.quarantine
    refused = quarantine.refusals(report.entry.feed.dataset, [report.batch.batch_id])
    assert refused.select("row_number", "rule", "column_name").rows() == [
        (11, "correct.code_exists", "code"),
        (12, "correct.code_exists", "code"),
    ]


# -- a decision stands ----------------------------------------------------------------------------


def ioc(bench: Bench, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """``ioc approvals`` of this deployment."""
    monkeypatch.setattr("ioc_pipelines.cli_approvals.deployment_of", lambda _: bench.deployment)
    return CliRunner().invoke(app, ["approvals", *arguments])


def test_a_second_decision_is_refused_unless_it_says_that_it_changes_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()
    name = decided(bench, "approved", "chi Lan", monkeypatch)
    monkeypatch.setenv("IOC_ACTOR", "anh Nam")
    for again in ("reject", "approve"):
        done = ioc(bench, monkeypatch, again, name, "--reason", "sai")
        assert done.exit_code == 1
        assert f"{name} was approved by chi Lan" in done.stderr
        assert "--change" in done.stderr
    assert ioc(bench, monkeypatch, "reject", name, "--change", "--reason", " ").exit_code == 1
    assert len(bench.table("approval")) == 1
    done = ioc(bench, monkeypatch, "reject", name, "--change", "--reason", "sai")
    assert done.exit_code == 0, done.output
    assert bench.deliver(NIGHT + DAY).outcome == "rejected"
    # and back: a change needs its reason whichever way it goes
    assert ioc(bench, monkeypatch, "approve", name, "--change").exit_code == 1
    assert ioc(bench, monkeypatch, "approve", name, "--change", "--reason", "đúng").exit_code == 0
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "accepted"


def test_the_list_shows_what_was_decided_and_all_decisions_are_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_of(tmp_path, automatic_from=None)
    dropped_rows(bench, *good(10))
    bench.deliver()

    def listed() -> list[Any]:
        rows = json.loads(ioc(bench, monkeypatch, "list", "--json").stdout)
        return [(row["decision"], row["decided_by"], bool(row["decided_at"])) for row in rows]

    assert listed() == [(None, None, False)]
    assert "no decision" in ioc(bench, monkeypatch, "decisions").stdout
    name = decided(bench, "approved", "chi Lan", monkeypatch)
    assert listed() == [("approved", "chi Lan", True)]
    monkeypatch.setenv("IOC_ACTOR", "anh Nam")
    ioc(bench, monkeypatch, "reject", name, "--change", "--reason", "sai")
    assert listed() == [("rejected", "anh Nam", True)]
    found = json.loads(ioc(bench, monkeypatch, "decisions", "--json").stdout)
    assert [(row["decision"], row["decided_by"], row["reason"]) for row in found] == [
        ("rejected", "anh Nam", "sai"),
        ("approved", "chi Lan", "vì thế"),
    ]
    assert "chi Lan" in ioc(bench, monkeypatch, "decisions").stdout
