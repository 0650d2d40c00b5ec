"""What ``ioc status`` says of open rows, returned packs and batches that wait (H25, H68)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.batch_rules import row_count_as_before
from ioc_pipelines.catalog.models import Approval, Deadlines
from ioc_pipelines.orchestration.approving import decide, waiting
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.serving import show
from ioc_pipelines.serving.status import FeedStatus, StatusReport, status_of
from tests.orchestration.deployments import (
    APPROVER,
    COLUMNS,
    DAY,
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
from tests.orchestration.loop import FIXED, OUTBOX, corrected, night, pack

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=40)


class Counted(Claims):
    __contract__ = info("counted")
    __batch_rules__ = (row_count_as_before(at_least=0.5),)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")


def bench_of(tmp_path: Path, contract: Any = None, **profile: Any) -> Bench:
    connector = dropped("so_a/*.csv", outbox=OUTBOX)
    feed = csv_feed(connector=connector)
    if contract:
        layout = {"format": "csv", "delimiter": ";"}
        feed = entry(contract, "so_a", connector=connector, layout=layout, columns=COLUMNS)
    made = Bench.of(tmp_path, feed)
    changed = PROFILE.model_copy(update=profile)
    catalog = replace(made.deployment.catalog, profile=changed)
    return Bench(Deployment(made.deployment.home, catalog), made.drop)


def today(count: int) -> list[Any]:
    return [(code, name, amount, f"{NOW:%d/%m/%Y}") for code, name, amount, _ in good(count)]


def two_wrong() -> list[Any]:
    rows = today(10)
    rows[3] = ("K004", "", "-5", rows[3][3])
    rows[6] = ("K007", "Người 7", "nhiều", rows[6][3])
    return rows


def report(bench: Bench) -> StatusReport:
    deployment = bench.deployment
    cases = deployment.cases(NOW)
    home, catalog, ledger = deployment.home, deployment.catalog, deployment.ledger
    return status_of(home, catalog, ledger, cases, waiting(deployment))


def feed_of(bench: Bench) -> FeedStatus:
    (feed,) = report(bench).feeds
    return feed


def test_what_was_corrected_is_no_longer_open(tmp_path: Path) -> None:
    limits = Deadlines(verify_days=5, fix_days=5, conflict_days=15, source="thử")
    bench = bench_of(tmp_path, deadlines=limits)
    write_csv(bench.drop / "so_a" / "1.csv", two_wrong())
    night(bench, LONG_AGO)
    before = feed_of(bench)
    assert (before.rows_quarantined, before.rows_open, before.rows_overdue) == (2, 2, 2)
    assert "2 refused rows open, 2 overdue" in str(show.warning_of(before))
    half = corrected(pack(bench), bench.drop / "so_a" / pack(bench).name, K004=FIXED["K004"])
    night(bench, LONG_AGO + DAY)
    assert (feed_of(bench).rows_open, feed_of(bench).rows_overdue) == (1, 1)
    half.unlink()
    rest = pack(bench)
    corrected(rest, bench.drop / "so_a" / rest.name, K007=FIXED["K007"])
    night(bench, LONG_AGO + 2 * DAY)
    after = feed_of(bench)
    # the batch had two refused rows, and nothing is left to do
    assert (after.rows_quarantined, after.rows_open, after.rows_overdue) == (2, 0, 0)
    assert "open" not in str(show.warning_of(after))


def test_a_pack_that_cannot_be_read_is_seen_until_one_is_taken(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    write_csv(bench.drop / "so_a" / "1.csv", two_wrong())
    night(bench, NOW - 3 * DAY)
    first = pack(bench)
    spoilt = bench.drop / "so_a" / first.name
    spoilt.write_bytes(b"PK not a workbook")
    night(bench, NOW - 2 * DAY)
    (found,) = feed_of(bench).packs_not_in
    assert (found.outcome, found.batch_id) == ("unreadable", None)
    assert first.name in str(found.problem)
    assert "returned pack unreadable" in str(show.warning_of(feed_of(bench)))
    # it lies there another night: still one
    night(bench, NOW - DAY)
    assert len(feed_of(bench).packs_not_in) == 1
    corrected(first, spoilt, **FIXED)
    night(bench, NOW)
    assert feed_of(bench).packs_not_in == []


def test_a_pack_whose_every_row_is_refused_again_is_seen(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    write_csv(bench.drop / "so_a" / "1.csv", two_wrong())
    night(bench, NOW - DAY)
    corrected(pack(bench), bench.drop / "so_a" / pack(bench).name, K004={"Số tiền": "-6"})
    night(bench, NOW)
    feed = feed_of(bench)
    assert [found.outcome for found in feed.packs_not_in] == ["below_floor"]
    assert feed.rows_open == 2
    assert not feed.is_held, "what readers see is the newest full delivery"


def test_a_pack_of_rows_that_were_mended_meanwhile_asks_for_nothing(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    write_csv(bench.drop / "so_a" / "1.csv", two_wrong())
    night(bench, NOW - 2 * DAY)
    first = pack(bench)
    write_csv(bench.drop / "so_a" / "1.csv", today(10))
    night(bench, NOW - DAY)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    assert night(bench, NOW)[0].outcome == "already_closed"
    assert (feed_of(bench).packs_not_in, feed_of(bench).rows_open) == ([], 0)


def test_a_correction_that_waits_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = bench_of(tmp_path, approval=Approval(approver=APPROVER, document="số 1"))
    write_csv(bench.drop / "so_a" / "1.csv", two_wrong())
    night(bench, NOW - 2 * DAY)
    monkeypatch.setenv("IOC_ACTOR", "chị Lan")
    (batch,) = waiting(bench.deployment)
    decide(bench.deployment, batch.batch_id, "waived", "kịp họp")
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")
    corrected(pack(bench), bench.drop / "so_a" / pack(bench).name, **FIXED)
    night(bench, NOW - DAY)
    feed = feed_of(bench)
    assert [(w.status, w.rows_received, w.is_correction) for w in feed.waiting] == [
        ("awaiting_approval", 2, True)
    ]
    assert not feed.is_held
    assert "correction" in str(show.warning_of(feed))
    assert str(show.warning_of(feed)).count("awaiting approval") == 1


def test_a_feed_whose_newest_batch_waits_is_neither_green_nor_on_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = bench_of(tmp_path, approval=Approval(approver=APPROVER, document="số 1"))
    write_csv(bench.drop / "so_a" / "1.csv", today(10))
    bench.deliver(NOW)
    found = report(bench)
    (feed,) = found.feeds
    assert (feed.overall, feed.rating, found.rating) == (100, "amber", "amber")
    assert [(why.kind, why.status) for why in feed.why] == [("held", "awaiting_approval")]
    assert (feed.is_held, feed.is_late) == (True, False)
    show.status(found)
    out = capsys.readouterr().out
    assert "0 on time and 1 held" in out
    (line,) = [line for line in out.splitlines() if line.startswith("so_a/")]
    assert "amber  awaiting approval" in line


@pytest.mark.parametrize("wrong", [0, 9])
def test_a_batch_that_is_held_or_below_its_floor_stays_seen_when_nothing_new_comes(
    tmp_path: Path, wrong: int
) -> None:
    bench = bench_of(tmp_path, Counted)
    write_csv(bench.drop / "so_a" / "1.csv", today(10))
    bench.deliver(NOW - 2 * DAY)
    assert (feed_of(bench).rating, feed_of(bench).why) == ("green", [])
    rows = [(code, name, "-1", day) for code, name, _, day in today(10)] if wrong else today(2)
    write_csv(bench.drop / "so_a" / "1.csv", rows)
    outcome = bench.deliver(NOW - DAY).outcome
    assert outcome == ("below_floor" if wrong else "held")
    (bench.drop / "so_a" / "1.csv").unlink()
    bench.deliver(NOW)
    feed = feed_of(bench)
    assert feed.outcome == "nothing_arrived"
    assert [(batch.status, batch.is_correction) for batch in feed.waiting] == [(outcome, False)]
    assert feed.why[0].kind == "held"
    assert f"waits, {outcome.replace('_', ' ')} (ioc approvals list)" in str(show.warning_of(feed))


def test_amber_says_which_identifier_is_wrong(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    rows = today(10)
    rows[0] = ("k1", *rows[0][1:])
    write_csv(bench.drop / "so_a" / "1.csv", rows)
    bench.deliver(NOW)
    feed = feed_of(bench)
    assert (feed.rating, feed.identifiers_whole) == ("amber", False)
    (why,) = feed.why
    assert (why.kind, why.rule, why.column_name) == ("identifier", "clean.format", "code")
    assert (why.failed, why.evaluated) == (1, 10)
    assert "amber: identifier code, clean.format failed 1 of 10" in str(show.warning_of(feed))


def test_red_says_which_dimension_is_lowest_and_by_which_rule(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    write_csv(bench.drop / "so_a" / "1.csv", today(10))
    bench.deliver(NOW - DAY)
    write_csv(bench.drop / "so_a" / "1.csv", today(10), ("x", "y", "z", "t"))
    bench.deliver(NOW)
    feed = feed_of(bench)
    assert feed.rating == "red"
    (why,) = feed.why
    assert (why.kind, why.dimension, why.score) == ("score", "correct", 0)
    assert (why.rule, why.failed, why.evaluated) == ("correct.structure", 1, 1)
    assert "red: lowest is correct, correct.structure failed 1 of 1" in str(show.warning_of(feed))
