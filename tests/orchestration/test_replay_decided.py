"""What people decided about rows holds when the rows are judged again under another contract."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.base import ContractInfo, column
from contracts.batch_rules import row_count_as_before
from contracts.value_rules import exists_in
from ioc_pipelines.orchestration.approving import decide, waiting
from ioc_pipelines.orchestration.delivery import reprocess
from ioc_pipelines.orchestration.dry_run import dry_run
from ioc_pipelines.orchestration.waves import waves
from ioc_pipelines.serving.replay import DeliveryChange
from tests.orchestration.deployments import (
    COLUMNS,
    DAY,
    NIGHT,
    Bench,
    Claims,
    dropped,
    entry,
    good,
    info,
    write_csv,
)
from tests.orchestration.loop import statuses


def version(text: str) -> ContractInfo:
    return replace(info("counted"), version=text)


class Counted(Claims):
    __contract__ = version("1.0.0")
    __batch_rules__ = (row_count_as_before(at_least=0.5),)


class Loose(Claims):
    __contract__ = version("0.1.0")
    __batch_rules__ = (row_count_as_before(at_least=0.4),)


class Tightened(Claims):
    __contract__ = version("2.0.0")
    __batch_rules__ = (row_count_as_before(at_least=0.5),)

    amount: int = column(vi="Số tiền", en="Amount", ge=0, le=9000)


class TightenedAgain(Claims):
    __contract__ = version("3.0.0")
    __batch_rules__ = (row_count_as_before(at_least=0.55),)

    amount: int = column(vi="Số tiền", en="Amount", ge=0, le=8000)


class Referring(Claims):
    __contract__ = info("referring")
    __batch_rules__ = (exists_in("code", dataset="test.counted"),)


class Strict(Claims):
    """Refuses most of what was good: a whole delivery falls below its floor."""

    __contract__ = version("2.0.0")

    amount: int = column(vi="Số tiền", en="Amount", ge=0, le=2000)


@pytest.fixture(autouse=True)
def actor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")


def deliver(bench: Bench, rows: list[Any], night: int) -> str:
    write_csv(bench.drop / "so_a" / "1.csv", rows)
    return bench.deliver(NIGHT + night * DAY).outcome


def waive(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> str:
    (batch,) = waiting(bench.deployment)
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    decide(bench.deployment, batch.batch_id, "waived", "CV 12/VP")
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")
    return batch.batch_id


def under(bench: Bench, contract: Any) -> Bench:
    return bench.again(replace(bench.entry, contract=contract))


def shown(bench: Bench) -> list[DeliveryChange]:
    return list(dry_run(bench.deployment, [bench.entry]))


def standing(bench: Bench) -> list[list[int]]:
    """The amounts that stand, by delivery."""
    return [bench.accepted(batch)["amount"].to_list() for batch, _ in bench.acceptances()]


def counted(tmp_path: Path, contract: Any = Counted) -> Bench:
    facts = {
        "connector": dropped("so_a/*.csv"),
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": COLUMNS,
    }
    return Bench.of(tmp_path, entry(contract, "so_a", **facts))


@pytest.fixture
def waived(tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Twenty rows; then five, let through by a waiver; then six others."""
    bench = counted(tmp_path)
    assert deliver(bench, [(*row[:2], "1", row[3]) for row in good(20)], 0) == "accepted"
    assert deliver(bench, good(5, start=6), 1) == "held"
    waive(bench, monkeypatch)
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "accepted"
    assert deliver(bench, good(6, start=1), 3) == "accepted"
    return bench


def test_a_waiver_of_the_same_rows_holds_under_a_tightened_contract(waived: Bench) -> None:
    """Its rows are held to the new contract: they are refused, and do not linger."""
    assert standing(waived)[1] == [6000, 7000, 8000, 9000, 10000]
    bench = under(waived, Tightened)
    changes = shown(bench)
    assert [(c.outcome, c.applies) for c in changes] == [
        ("accepted", True),
        ("partly_accepted", True),
        ("accepted", True),
    ]
    assert [(row.row, row.rules) for row in changes[1].newly_refused] == [
        (6, ["correct.max (amount)"])
    ]
    reports = reprocess(bench.deployment, bench.entry, "again")
    assert [r.outcome for r in reports] == [c.outcome for c in changes]
    assert standing(bench)[1] == [6000, 7000, 8000, 9000]
    # nobody decided anew, and nobody is asked to; it is said whose decision it is
    (row,) = bench.table("approval")
    assert row["decision"] == "waived"
    assert [r.detail.get("decided_as") for r in reports] == [
        None,
        {"batch_id": row["batch_id"], "decision": "waived"},
        None,
    ]
    assert waiting(bench.deployment) == []


def test_a_waiver_holds_under_the_version_after_the_next_too(waived: Bench) -> None:
    bench = under(waived, Tightened)
    reprocess(bench.deployment, bench.entry, "again")
    bench = under(bench, TightenedAgain)
    reprocess(bench.deployment, bench.entry, "once more")
    assert standing(bench)[1] == [6000, 7000, 8000]


def test_what_waits_after_a_replay_can_be_decided_about_though_it_is_not_the_newest(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waived the rows before: what stands stays until somebody does."""
    bench = counted(tmp_path)
    assert deliver(bench, good(5), 0) == "accepted"
    assert deliver(bench, good(2), 1) == "held"
    waive(bench, monkeypatch)
    assert bench.deliver(NIGHT + 2 * DAY).outcome == "accepted"
    bench = under(bench, Strict)
    old = standing(bench)
    first, *_ = shown(bench)
    assert (first.outcome, first.applies) == ("below_floor", False)
    reports = reprocess(bench.deployment, bench.entry, "again")
    assert [r.outcome for r in reports] == ["below_floor", "accepted"]
    assert standing(bench)[0] == old[0] == [1000, 2000, 3000, 4000, 5000]
    (batch,) = waiting(bench.deployment)
    assert (batch.status, batch.rows_received) == ("below_floor", 5)
    assert waive(bench, monkeypatch) == reports[0].batch.batch_id  # type: ignore[union-attr]
    reprocess(bench.deployment, bench.entry, "once more")
    assert standing(bench)[0] == [1000, 2000]
    assert waiting(bench.deployment) == []


def test_a_row_is_not_corrected_by_its_own_acceptance_before_it_was_refused(
    tmp_path: Path, drop: Path
) -> None:
    """The delivery as a whole is refused now; what stands for it was accepted before."""
    bench = counted(tmp_path)
    assert deliver(bench, good(5), 0) == "accepted"
    bench = under(bench, Strict)
    (report,) = reprocess(bench.deployment, bench.entry, "again")
    assert report.outcome == "below_floor"
    assert [status for status, _ in statuses(bench)] == ["open"] * 3
    # when the old contract is in force again, its acceptance is the newer word
    bench = under(bench, Counted)
    reprocess(bench.deployment, bench.entry, "back")
    assert [status for status, _ in statuses(bench)] == ["corrected"] * 3


def test_the_dry_run_measures_a_delivery_against_what_would_stand_before_it(
    tmp_path: Path, drop: Path
) -> None:
    """Two of ten rows are refused: five are enough beside eight, and were not beside ten."""
    bench = counted(tmp_path, Loose)
    assert deliver(bench, good(10), 0) == "accepted"
    assert deliver(bench, [(*row[:2], "1", row[3]) for row in good(5)], 1) == "accepted"
    bench = under(bench, TightenedAgain)
    changes = shown(bench)
    reports = reprocess(bench.deployment, bench.entry, "again")
    assert [r.outcome for r in reports] == ["partly_accepted", "accepted"]
    assert [c.outcome for c in changes] == ["partly_accepted", "accepted"]


def test_the_dry_run_holds_a_feed_against_what_would_be_accepted_of_another(
    tmp_path: Path, drop: Path
) -> None:
    """Both are judged again: what the first loses, the second may no longer refer to."""
    facts = {"layout": {"format": "csv", "delimiter": ";"}, "columns": COLUMNS}
    listed = entry(Counted, "so_a", connector=dropped("so_a/*.csv"), **facts)
    referring = entry(Referring, "so_b", connector=dropped("so_b/*.csv"), **facts)
    bench = Bench.of(tmp_path, referring, listed)
    for agency in ("so_a", "so_b"):
        write_csv(drop / agency / "1.csv", good(10))
    assert [bench.deliver(feed=feed).outcome for feed in (listed, referring)] == ["accepted"] * 2
    entries = [referring, replace(listed, contract=Tightened)]
    bench = bench.again(*entries)
    changes = {change.feed: change for change in dry_run(bench.deployment, entries)}
    said = changes[referring.id].newly_refused
    assert [(row.row, row.rules) for row in said] == [(11, ["correct.code_exists (code)"])]
    reports = [
        report
        for wave in waves(entries)
        for feed in wave
        for report in reprocess(bench.deployment, feed, "again")
    ]
    assert [report.entry.id for report in reports] == list(changes) == [listed.id, referring.id]
    assert [report.outcome for report in reports] == [c.outcome for c in changes.values()]
    refused = bench.deployment.rows.quarantine.refusals(
        "test.referring",
        [reports[1].batch.batch_id],  # type: ignore[union-attr]
    )
    assert refused.select("row_number", "rule").rows() == [(11, "correct.code_exists")]
