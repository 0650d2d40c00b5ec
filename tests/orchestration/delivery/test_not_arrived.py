"""A source that has nothing, is down, answers with something else or never."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.connectors import fetch as fetching
from ioc_pipelines.connectors.fetched import Fetched, SourceFaultyError, SourceFile
from ioc_pipelines.orchestration import delivery
from tests.orchestration.deployments import (
    DAY,
    HEADERS,
    LATE_AFTER,
    NIGHT,
    Bench,
    csv_feed,
    dropped,
    fallen,
    given,
    good,
    sql_feed,
    write_csv,
    write_database,
)

LATER = NIGHT + LATE_AFTER
TOO_LATE = LATER + timedelta(seconds=1)


def test_an_emptied_folder_is_named_and_only_late_after_its_limit(bench: Bench) -> None:
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    (bench.drop / "so_a" / "1.csv").unlink()
    in_time, late = bench.deliver(LATER), bench.deliver(TOO_LATE)
    for report in (in_time, late):
        assert report.outcome == "nothing_arrived"
        assert "so_a/1.csv" in report.detail["problem"]
        assert not report.arrived
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert fallen(first, in_time) == {"complete"}
    assert fallen(first, late) == {"complete", "live"}
    assert (in_time.is_late, late.is_late) == (False, True)
    assert given(late)["live"] == 0


def test_a_feed_that_never_delivered_is_late_from_the_day_it_became_active(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed(status={"state": "active", "since": "2026-11-20"}))
    since = NIGHT.astimezone().replace(year=2026, month=11, day=20, hour=0)
    in_time = bench.deliver(since + timedelta(hours=20))
    late = bench.deliver(since + timedelta(hours=60))
    assert (in_time.outcome, late.outcome) == ("nothing_arrived", "nothing_arrived")
    assert (in_time.is_late, late.is_late) == (False, True)
    assert bench.acceptances() == []
    assert bench.table("batch") == []


def test_a_source_that_is_down_leaves_everything_but_live(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    monkeypatch.delenv("TEST_DROP")
    in_time = bench.deliver(LATER)
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "nowhere"))
    late = bench.deliver(TOO_LATE)
    assert (in_time.outcome, late.outcome) == ("source_unavailable", "source_unavailable")
    assert all("TEST_DROP" in report.detail["problem"] for report in (in_time, late))
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert fallen(first, in_time) == set()
    assert fallen(first, late) == {"live"}
    assert (in_time.is_late, late.is_late) == (False, True)
    assert late.age == TOO_LATE - NIGHT


def test_a_database_that_is_gone_is_a_source_that_is_down(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, sql_feed())
    path = tmp_path / "claims.db"
    write_database(path, [("K001", "Người 1", 5, "2026-11-15", "2026-11-16 08:00:00")])
    bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    path.unlink()
    gone = bench.deliver(LATER)
    assert (gone.outcome, gone.is_late) == ("source_unavailable", False)
    assert not path.exists()
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    broken = bench.deliver(TOO_LATE)
    assert (broken.outcome, broken.is_late) == ("source_unavailable", True)
    assert all("TEST_URL" in report.detail["problem"] for report in (gone, broken))
    assert (bench.accepted_files(), bench.acceptances()) == before


def test_a_source_that_answers_with_something_else_leaves_everything_but_live(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances(), len(bench.landed())

    def answer_html(*_: object) -> Fetched:
        raise SourceFaultyError("TEST_API/ho-so: page 1: HTML instead of JSON")

    monkeypatch.setattr(delivery, "fetch", answer_html)
    in_time, late = bench.deliver(LATER), bench.deliver(TOO_LATE)
    for report in (in_time, late):
        assert (report.outcome, report.arrived, report.is_good) == ("source_faulty", False, False)
        assert report.detail == {"problem": "TEST_API/ho-so: page 1: HTML instead of JSON"}
    assert bench.detail() == late.detail
    assert (bench.accepted_files(), bench.acceptances(), len(bench.landed())) == before
    assert fallen(first, in_time) == set()
    assert fallen(first, late) == {"live"}
    assert given(late)["live"] == 0


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Ends what a test let hang."""
    event = threading.Event()
    yield event
    event.set()


def test_a_fetch_that_hangs_costs_its_own_time_and_is_a_source_that_is_down(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch, released: threading.Event
) -> None:
    quick = csv_feed(connector=dropped("so_a/*.csv", timeout_s=1))
    bench = Bench.of(tmp_path, quick, csv_feed(agency="so_z"))
    write_csv(drop / "so_a" / "1.csv", good(10))
    write_csv(drop / "so_z" / "1.csv", good(10, start=51))
    _, other = bench.deployment.catalog.entries
    assert bench.deliver().outcome == "accepted"
    before = bench.accepted_files(), bench.acceptances()
    real = fetching.fetch_files

    def dead_mount(connector: Any, *rest: Any) -> Fetched:
        if connector.pattern == "so_a/*.csv":
            released.wait()
        return real(connector, *rest)

    monkeypatch.setattr(fetching, "_GRACE_S", 0)
    monkeypatch.setattr(fetching, "fetch_files", dead_mount)
    started = time.monotonic()
    report = bench.deliver(NIGHT + DAY)
    assert 1 <= time.monotonic() - started < 5
    assert report.outcome == "source_unavailable"
    assert report.detail["problem"] == "the source did not answer within 1 s"
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert bench.deliver(NIGHT + DAY, other).outcome == "accepted"


@pytest.mark.parametrize("outcome", ["accepted", "structure_mismatch", "no_news"])
def test_what_a_connector_notes_of_a_fetch_is_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    note = {"requests": 3, "left_alone": ["so_a/2.csv"]}

    def fetch(*_: object) -> Fetched:
        headers = HEADERS if outcome == "accepted" else ("a", "b", "c", "d")
        path = write_csv(bench.drop / "so_a" / "1.csv", good(3, start=31), headers)
        files = (SourceFile("so_a/1.csv", path),)
        return Fetched(files, {"at": 1}, outcome != "no_news", confirms=True, note=note)

    monkeypatch.setattr(delivery, "fetch", fetch)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == outcome
    assert bench.detail()["fetch"] == note


def test_a_fetch_of_which_nothing_is_to_be_noted_has_no_note(bench: Bench) -> None:
    assert "fetch" not in bench.detail()
