"""What happens to a batch: each line of the design's table, on small sources of every kind."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from contracts.base import VIETNAM, column
from ioc_pipelines.connectors import fetch as fetching
from ioc_pipelines.connectors.fetched import Fetched, SourceFaultyError, SourceFile
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.orchestration import delivery, judging
from ioc_pipelines.orchestration.feeds import intake_assets
from ioc_pipelines.orchestration.judging import OUTCOMES
from tests.orchestration.deployments import (
    DAY,
    HEADERS,
    LATE_AFTER,
    NAME,
    NIGHT,
    PHONE,
    Bench,
    Claims,
    csv_feed,
    dropped,
    entry,
    expected_scores,
    fallen,
    given,
    good,
    hashes,
    info,
    sql_feed,
    utc,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)

LATER = NIGHT + LATE_AFTER
TOO_LATE = LATER + timedelta(seconds=1)


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the agencies' files lie in."""
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("TEST_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    return tmp_path / "drop"


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """One feed of CSV files in mode upsert, with ten good rows delivered."""
    made = Bench.of(tmp_path, csv_feed())
    write_csv(drop / "so_a" / "1.csv", good(10))
    assert made.deliver().outcome == "accepted"
    return made


# -- all rows valid -------------------------------------------------------------------------------


def test_all_valid_rows_are_accepted(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    write_csv(drop / "so_a" / "1.csv", good(10))
    report = bench.deliver()
    assert report.outcome == "accepted"
    assert report.batch is not None
    batch = report.batch.batch_id
    rows = bench.accepted(batch).select("code", "name", "amount", "paid_on").rows()
    assert [(c, n, str(a), f"{d:%d/%m/%Y}") for c, n, a, d in rows] == good(10)
    assert bench.acceptances() == [(batch, 1)]
    assert bench.current() == batch
    assert bench.quarantined(batch).height == 0
    assert bench.refusals(batch) == set()
    assert given(report) == pytest.approx(expected_scores())
    assert (report.age, report.is_late, report.arrived) == (timedelta(0), False, True)


def test_a_spreadsheet_and_a_database_are_delivered_like_files(tmp_path: Path, drop: Path) -> None:
    benches = [Bench.of(tmp_path, feed) for feed in (csv_feed(), xlsx_feed(), sql_feed())]
    write_csv(drop / "so_a" / "1.csv", good(10))
    write_xlsx(drop / "so_b" / "1.xlsx", good(10))
    rows = [(c, n, int(a), "2026-11-15", "2026-11-16 08:00:00") for c, n, a, _ in good(10)]
    write_database(tmp_path / "claims.db", rows)
    accepted = []
    for bench in benches:
        report = bench.deliver()
        assert (report.outcome, report.is_late) == ("accepted", False), bench.entry.id
        assert report.batch is not None
        accepted.append(bench.accepted(report.batch.batch_id).select("code", "amount").rows())
    assert accepted[0] == accepted[1] == accepted[2] == [(c, int(a)) for c, _, a, _ in good(10)]


# -- some rows refused ----------------------------------------------------------------------------


def test_survivors_of_a_batch_above_its_floor_are_accepted(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    rows = good(10)
    rows[3] = ("K004", "", "-5", "15/11/2026")
    write_csv(drop / "so_a" / "1.csv", rows)
    report = bench.deliver()
    assert report.outcome == "partly_accepted"
    assert report.batch is not None
    batch = report.batch.batch_id
    assert bench.accepted(batch)["code"].to_list() == [c for c, *_ in good(10) if c != "K004"]
    assert bench.refusals(batch) == {
        ("so_a/1.csv", 5, "complete.required", "name"),
        ("so_a/1.csv", 5, "correct.min", "amount"),
    }
    refused = bench.quarantined(batch)
    assert refused.select(HEADERS).rows() == [("K004", None, "-5", "15/11/2026")]
    assert bench.acceptances() == [(batch, 1)]
    shares = {"correct_min__amount": 0.9, "complete_required__name": 0.9}
    assert given(report) == pytest.approx(expected_scores(**shares))
    assert report.scores["correct"].score == pytest.approx(100 * 5.9 / 6)


# -- below the floor, every row refused -----------------------------------------------------------


@pytest.mark.parametrize(("floor", "spoilt"), [(0.8, 3), (0.0, 10)], ids=["below", "every row"])
def test_a_batch_below_its_floor_is_quarantined_whole(
    tmp_path: Path, drop: Path, floor: float, spoilt: int
) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=floor))
    write_csv(drop / "so_a" / "1.csv", good(10))
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    rows = [
        (c, n, "-1" if i < spoilt else "7", d) for i, (c, n, _, d) in enumerate(good(10, start=11))
    ]
    write_csv(drop / "so_a" / "1.csv", rows)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "below_floor"
    assert report.batch is not None
    batch = report.batch
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert bench.current() == first.batch.batch_id if first.batch else False
    counts = (batch.rows_received, batch.rows_accepted, batch.rows_quarantined)
    assert counts == (10, 0, 10)
    assert bench.quarantined(batch.batch_id).select(HEADERS).rows() == rows
    floor_rule = "complete.acceptance_floor"
    assert bench.refusals(batch.batch_id) == {
        *(("so_a/1.csv", n + 2, "correct.min", "amount") for n in range(spoilt)),
        *(("so_a/1.csv", n + 2, floor_rule, None) for n in range(spoilt, 10)),
    }
    assert f"{10 - spoilt} of 10 rows valid" in bench.detail()["problem"]
    assert fallen(first, report) == {"correct"}
    assert given(report)["correct"] == pytest.approx(100 * (5 + (10 - spoilt) / 10) / 6)
    assert (report.arrived, report.is_late) == (False, False)


def test_a_batch_exactly_at_its_floor_is_accepted(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.8))
    rows = [(c, n, "-1" if c in {"K001", "K002"} else a, d) for c, n, a, d in good(10)]
    write_csv(drop / "so_a" / "1.csv", rows)
    report = bench.deliver()
    assert report.outcome == "partly_accepted"
    assert report.batch is not None
    assert (report.batch.rows_accepted, report.batch.rows_quarantined) == (8, 2)


def test_a_refused_batch_that_stays_in_the_folder_is_refused_every_night(bench: Bench) -> None:
    write_csv(bench.drop / "so_a" / "1.csv", [(c, n, "-1", d) for c, n, _, d in good(10)])
    nights = [bench.deliver(NIGHT + night * DAY) for night in (1, 2)]
    assert [night.outcome for night in nights] == ["below_floor", "below_floor"]
    assert [night.is_late for night in nights] == [False, True]
    assert len(bench.acceptances()) == 1


# -- structure mismatch ---------------------------------------------------------------------------


def test_a_renamed_column_is_named_with_its_nearest(bench: Bench) -> None:
    before = bench.accepted_files(), bench.acceptances()
    first = bench.deliver()
    renamed = ("Mã", "Họ tên", "Số tiền (đồng)", "Ngày")
    path = write_csv(bench.drop / "so_a" / "1.csv", good(10), renamed)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "structure_mismatch"
    assert (bench.accepted_files(), bench.acceptances()) == before
    problem = bench.detail()["problem"]
    assert "so_a/1.csv" in problem
    assert "'Số tiền' (nearest: Số tiền (đồng)" in problem
    assert fallen(first, report) == {"correct", "complete"}
    assert (given(report)["correct"], given(report)["complete"]) == (0, 0)
    assert given(report)["clean"] == pytest.approx(100)
    assert not report.is_late
    assert hashes(path.parent)["1.csv"] in _landed(bench)


def test_a_file_of_another_table_is_refused(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, xlsx_feed())
    write_xlsx(drop / "so_b" / "1.xlsx", good(10))
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    wrong = {
        "no sheet": {"sheet": "Trang khác"},
        "no header": {"headers": ("STT", "Cây trồng", "Diện tích", "Năng suất")},
    }
    problems = []
    for index, (case, how) in enumerate(wrong.items(), start=1):
        write_xlsx(drop / "so_b" / "1.xlsx", good(10), **how)  # type: ignore[arg-type]
        report = bench.deliver(NIGHT + timedelta(minutes=index))
        assert report.outcome == "structure_mismatch", case
        assert fallen(first, report) == {"correct", "complete"}, case
        assert (bench.accepted_files(), bench.acceptances()) == before, case
        problems.append(bench.detail()["problem"])
    assert "Trang khác" in problems[0]
    assert "'Số tiền'" in problems[1]
    assert all("so_b/1.xlsx" in problem for problem in problems)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("alter table claims rename column amount to so_tien", "'amount'"),
        ("alter table claims rename to ho_so", "'claims'"),
    ],
    ids=["column", "table"],
)
def test_a_changed_database_is_a_structure_mismatch(
    tmp_path: Path, drop: Path, change: str, named: str
) -> None:
    bench = Bench.of(tmp_path, sql_feed())
    path = tmp_path / "claims.db"
    write_database(path, [("K001", "Người 1", 5, "2026-11-15", "2026-11-16 08:00:00")])
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(change)
    report = bench.deliver(NIGHT + DAY)
    assert (first.outcome, report.outcome) == ("accepted", "structure_mismatch")
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert named in bench.detail()["problem"]
    assert "correct" in fallen(first, report)


def test_a_csv_without_its_header_shows_none_of_its_values(bench: Bench) -> None:
    """The first line is then a row of data: it may not be quoted as the header that was found."""
    rows = [("K900", NAME, PHONE, "15/11/2026"), *good(9)]
    write_csv(bench.drop / "so_a" / "1.csv", rows, headers=None)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "structure_mismatch"
    assert "so_a/1.csv" in bench.detail()["problem"]
    shown = str(bench.detail())
    assert NAME not in shown
    assert PHONE not in shown


def test_a_sheet_without_its_header_shows_none_of_its_values(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, xlsx_feed())
    rows = [("K900", NAME, PHONE, "15/11/2026"), *good(9)]
    write_xlsx(drop / "so_b" / "1.xlsx", rows, headers=None)
    report = bench.deliver()
    assert report.outcome == "structure_mismatch"
    shown = str(bench.detail())
    assert "so_b/1.xlsx" in shown
    assert NAME not in shown
    assert PHONE not in shown


# -- unreadable -----------------------------------------------------------------------------------


def test_an_unreadable_file_leaves_the_last_good(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, xlsx_feed())
    path = write_xlsx(drop / "so_b" / "1.xlsx", good(10))
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    whole = path.read_bytes()
    broken = {"half": whole[: len(whole) // 2], "empty": b"", "text": "không phải XLSX".encode()}
    for index, (case, content) in enumerate(broken.items(), start=1):
        path.write_bytes(content)
        report = bench.deliver(NIGHT + timedelta(minutes=index))
        assert report.outcome == "unreadable", case
        assert (bench.accepted_files(), bench.acceptances()) == before, case
        assert "so_b/1.xlsx" in bench.detail()["problem"], case
        assert fallen(first, report) == {"correct", "complete"}, case
        assert not report.is_late


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00M\x00\xe3", b"PK\x03\x04\x00\xff\xfe"])
def test_a_csv_of_other_bytes_is_refused(bench: Bench, content: bytes) -> None:
    before = bench.accepted_files(), bench.acceptances()
    (bench.drop / "so_a" / "1.csv").write_bytes(content)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome in {"unreadable", "structure_mismatch"}
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert "so_a/1.csv" in bench.detail()["problem"]


# -- content seen before --------------------------------------------------------------------------


def test_a_renamed_file_is_content_seen_before(bench: Bench) -> None:
    before = bench.accepted_files(), bench.acceptances()
    (bench.drop / "so_a" / "1.csv").rename(bench.drop / "so_a" / "moi.csv")
    report = bench.deliver(TOO_LATE)
    assert report.outcome == "seen_before"
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert (report.arrived, report.is_late) == (True, False)
    assert given(report)["live"] == pytest.approx(100)
    assert bench.deployment.ledger.deliveries.last_arrival(bench.entry.id) == TOO_LATE


def test_a_touched_file_changes_nothing(bench: Bench) -> None:
    before = bench.accepted_files(), bench.acceptances(), bench.table("batch")
    (bench.drop / "so_a" / "1.csv").touch()
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome in {"seen_before", "no_news"}
    assert (bench.accepted_files(), bench.acceptances(), bench.table("batch")) == before
    assert given(report) == pytest.approx(expected_scores())


def test_a_database_without_news_is_alive(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, sql_feed())
    rows = [("K001", "Người 1", 5, "2026-11-15", "2026-11-16 08:00:00")]
    write_database(tmp_path / "claims.db", rows)
    bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    report = bench.deliver(NIGHT + 30 * DAY)
    assert report.outcome == "no_news"
    assert (report.age, report.is_late) == (timedelta(0), False)
    # what was accepted 30 days ago was never published
    assert given(report) == pytest.approx(expected_scores(live_published__=0))
    assert (bench.accepted_files(), bench.acceptances()) == before


def test_the_same_content_later_loses_no_row_that_grew_old(tmp_path: Path, drop: Path) -> None:
    """Seen before means untouched: rows accepted in time are not judged by a later clock."""
    bench = Bench.of(tmp_path, csv_feed())
    rows = [*good(9), ("K010", "Người 10", "7", "13/08/2026")]  # 99 days before the first night
    write_csv(drop / "so_a" / "1.csv", rows)
    first = bench.deliver()
    assert first.outcome == "accepted"
    before = bench.accepted_files(), bench.acceptances(), bench.table("batch")[0]["rows_accepted"]
    (drop / "so_a" / "1.csv").rename(drop / "so_a" / "2.csv")
    report = bench.deliver(NIGHT + 5 * DAY)
    after = bench.accepted_files(), bench.acceptances(), bench.table("batch")[0]["rows_accepted"]
    assert report.outcome == "seen_before"
    assert after == before


# -- nothing arrived, source down -----------------------------------------------------------------


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


# -- a source that answers with something else, or never -------------------------------------------


def test_a_source_that_answers_with_something_else_leaves_everything_but_live(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances(), len(_landed(bench))

    def answer_html(*_: object) -> Fetched:
        raise SourceFaultyError("TEST_API/ho-so: page 1: HTML instead of JSON")

    monkeypatch.setattr(delivery, "fetch", answer_html)
    in_time, late = bench.deliver(LATER), bench.deliver(TOO_LATE)
    for report in (in_time, late):
        assert (report.outcome, report.arrived, report.is_good) == ("source_faulty", False, False)
        assert report.detail == {"problem": "TEST_API/ho-so: page 1: HTML instead of JSON"}
    assert bench.detail() == late.detail
    assert (bench.accepted_files(), bench.acceptances(), len(_landed(bench))) == before
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


# -- several files --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["append", "upsert"])
@pytest.mark.parametrize("how", ["unreadable", "another table"])
def test_one_broken_file_does_not_stop_the_others(
    tmp_path: Path, drop: Path, mode: str, how: str
) -> None:
    bench = Bench.of(tmp_path, csv_feed(mode))
    for number in range(3):
        write_csv(drop / "so_a" / f"{number}.csv", good(5, start=1 + 5 * number))
    first = bench.deliver()
    for number in range(3):
        write_csv(drop / "so_a" / f"{number}.csv", good(5, start=101 + 5 * number))
    if how == "unreadable":
        (drop / "so_a" / "1.csv").write_bytes(b"")
    else:
        write_csv(drop / "so_a" / "1.csv", good(5), ("A", "B", "C", "D"))
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "partly_accepted"
    assert list(bench.detail()["refused_files"]) == ["so_a/1.csv"]
    assert bench.detail()["refused_files"]["so_a/1.csv"]
    assert report.batch is not None
    assert first.batch is not None
    codes = bench.accepted(report.batch.batch_id)["code"].to_list()
    assert codes == [f"K{n}" for n in (*range(101, 106), *range(111, 116))]
    assert bench.acceptances() == [(first.batch.batch_id, 1), (report.batch.batch_id, 2)]
    shares = {"complete_source_files__": 2 / 3, "correct_structure__": 2 / 3}
    assert given(report) == pytest.approx(expected_scores(**shares))
    # the broken file is asked for again until it is mended
    again = bench.deliver(NIGHT + DAY)
    assert (again.outcome, len(bench.acceptances())) == ("partly_accepted", 2)
    write_csv(drop / "so_a" / "1.csv", good(5, start=106))
    mended = bench.deliver(NIGHT + DAY)
    assert (mended.outcome, len(bench.acceptances())) == ("accepted", 3)
    assert "refused_files" not in bench.detail()


def test_a_snapshot_without_one_of_its_files_is_refused_whole(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed("snapshot"))
    for number in range(3):
        write_csv(drop / "so_a" / f"{number}.csv", good(5, start=1 + 5 * number))
    first = bench.deliver()
    before = bench.accepted_files(), bench.acceptances()
    write_csv(drop / "so_a" / "0.csv", good(4))
    (drop / "so_a" / "1.csv").write_bytes(b"")
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "unreadable"
    assert "so_a/1.csv" in bench.detail()["problem"]
    assert (bench.accepted_files(), bench.acceptances()) == before
    assert fallen(first, report) == {"correct", "complete"}


def test_a_file_that_is_gone_is_named_and_the_others_are_taken(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    for number in range(2):
        write_csv(drop / "so_a" / f"{number}.csv", good(5, start=1 + 5 * number))
    first = bench.deliver()
    (drop / "so_a" / "1.csv").unlink()
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "partly_accepted"
    assert bench.detail()["missing_files"] == ["so_a/1.csv"]
    assert fallen(first, report) == {"complete"}
    shares = {"complete_source_files__": 1 / 2}
    assert given(report) == pytest.approx(expected_scores(**shares))


# -- A, B, A --------------------------------------------------------------------------------------


def test_a_then_refused_b_then_a_again_leaves_a_current(bench: Bench) -> None:
    path = bench.drop / "so_a" / "1.csv"
    a, standing = path.read_bytes(), bench.acceptances()
    write_csv(path, good(10), ("x", "y", "z", "t"))
    assert bench.deliver(NIGHT + DAY).outcome == "structure_mismatch"
    path.write_bytes(a)
    again = bench.deliver(NIGHT + 2 * DAY)
    assert again.outcome in {"seen_before", "no_news"}
    assert bench.acceptances() == standing
    assert bench.current() == standing[0][0]
    # the mismatch is history: its zeros are not the feed's scores any more
    assert given(again)["correct"] == pytest.approx(100)
    assert given(again)["complete"] == pytest.approx(100)


@pytest.mark.parametrize("mode", ["append", "upsert", "snapshot"])
def test_a_then_wrong_b_then_a_again_makes_a_current(tmp_path: Path, drop: Path, mode: str) -> None:
    bench = Bench.of(tmp_path, csv_feed(mode))
    path = write_csv(drop / "so_a" / "1.csv", good(10))
    a = path.read_bytes()
    first = bench.deliver()
    write_csv(path, [(c, n, "999", d) for c, n, _, d in good(10)])
    wrong = bench.deliver(NIGHT + DAY)
    path.write_bytes(a)
    again = bench.deliver(NIGHT + 2 * DAY)
    assert [r.outcome for r in (first, wrong, again)] == ["accepted"] * 3
    names = [r.batch.batch_id for r in (first, wrong, again) if r.batch]
    assert names[0] == names[2] != names[1]
    assert bench.current() == names[0]
    assert bench.acceptances() == [(names[0], 1), (names[1], 2), (names[0], 3)]
    once_more = bench.deliver(NIGHT + 3 * DAY)
    assert once_more.outcome in {"seen_before", "no_news"}
    assert len(bench.acceptances()) == 3


# -- an unforeseen failure ------------------------------------------------------------------------


def test_an_unforeseen_failure_is_an_outcome_and_the_next_feed_goes_on(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"))
    write_csv(drop / "so_a" / "1.csv", good(10))
    write_csv(drop / "so_z" / "1.csv", good(10, start=51))
    first, second = bench.deployment.catalog.entries
    bench.deliver()
    before = bench.accepted_files(), bench.acceptances()

    real = Landing.land

    def fail_one(self, feed, *rest):  # type: ignore[no-untyped-def]
        if feed == first.id:
            raise OSError(28, "No space left on device")
        return real(self, feed, *rest)

    monkeypatch.setattr(Landing, "land", fail_one)
    write_csv(drop / "so_a" / "1.csv", good(3, start=31))
    failed = bench.deliver(NIGHT + DAY)
    assert failed.outcome == "error"
    assert "OSError" in failed.detail["problem"]
    assert (bench.accepted_files(), bench.acceptances()) == before
    other = bench.deliver(NIGHT + DAY, second)
    assert (other.outcome, len(bench.acceptances())) == ("accepted", 2)
    assert {row["outcome"] for row in bench.table("delivery")} == {"accepted", "error"}


def test_what_an_unforeseen_error_says_is_not_logged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Libraries quote the value they failed on."""

    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"conversion failed for value '{NAME}', {PHONE}")

    write_csv(bench.drop / "so_a" / "1.csv", good(3))
    monkeypatch.setattr(judging, "judge", fail)
    report = bench.deliver(NIGHT + DAY)
    assert (report.outcome, report.detail["problem"]) == ("error", "internal error: ValueError")
    said = caplog.text + str(bench.table("delivery"))
    assert "ValueError" in caplog.text
    assert NAME not in said
    assert PHONE not in said


class TwoFormats(Claims):
    """Two of pandera's own checks of one column that have one rule id: both are formats."""

    __contract__ = info("two_formats")

    code: str = column(vi="Mã", en="Code", str_matches=r"^K\d{3}$", str_startswith="K0")


def test_a_column_may_have_two_checks_of_one_kind(tmp_path: Path, drop: Path) -> None:
    """A contract is valid or refused when it is loaded; it never breaks the delivery."""
    known = csv_feed()
    facts = known.feed.model_dump(include={"connector", "layout", "columns"})
    bench = Bench.of(tmp_path, entry(TwoFormats, "so_a", **facts))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K101", "Người", "5", "15/11/2026")])
    report = bench.deliver()
    assert report.outcome == "partly_accepted"
    assert report.batch is not None
    assert report.batch.rows_quarantined == 1


# -- what always holds ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["append", "upsert", "snapshot"])
def test_no_row_vanishes_whatever_comes(tmp_path: Path, drop: Path, mode: str) -> None:
    rng = random.Random(f"{mode}-2026")  # noqa: S311
    bench = Bench.of(tmp_path, csv_feed(mode, acceptance_floor=0.5))
    wanted = {}
    for night in range(12):
        rows = [_any_row(rng) for _ in range(rng.randint(1, 40))]
        rows += rng.choices(rows, k=rng.randint(0, 8))
        write_csv(drop / "so_a" / "1.csv", rows)
        report = bench.deliver(NIGHT + night * DAY)
        assert report.batch is not None
        wanted[report.batch.batch_id] = (len(rows), len(rows) - len(set(rows)))
        accepted = report.batch.rows_accepted
        assert bench.quarantined(report.batch.batch_id).height == report.batch.rows_quarantined
        if accepted:
            assert bench.accepted(report.batch.batch_id).height == accepted
    found = bench.table("batch")
    assert len(found) == len(wanted) == 12
    for row in found:
        parts = row["rows_accepted"] + row["rows_quarantined"] + row["rows_duplicate"]
        assert row["rows_received"] == parts
        assert (row["rows_received"], row["rows_duplicate"]) == wanted[row["batch_id"]]
    statuses = Counter(row["status"] for row in found)
    assert statuses["below_floor"] > 0
    assert statuses["partly_accepted"] + statuses["accepted"] > 0


def test_sources_are_only_read(tmp_path: Path, drop: Path) -> None:
    benches = [Bench.of(tmp_path, feed) for feed in (csv_feed(), xlsx_feed(), sql_feed())]
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("?", "", "-1", "x")])
    write_csv(drop / "so_a" / "2.csv", good(3), ("a", "b", "c", "d"))
    write_xlsx(drop / "so_b" / "1.xlsx", good(10))
    path = tmp_path / "claims.db"
    write_database(path, [("K001", "Người 1", 5, "2026-11-15", "2026-11-16 08:00:00")])
    files = [path, *sorted(p for p in drop.rglob("*") if p.is_file())]
    before = [(p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_mode) for p in files]
    outcomes = {bench.deliver(NIGHT + n * DAY).outcome for bench in benches for n in (0, 1)}
    assert {"accepted", "partly_accepted", "no_news"} <= outcomes
    assert [(p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_mode) for p in files] == before
    assert len(before) == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["claims.db", "drop", "var"]


def test_an_outcome_and_every_rule_is_recorded(bench: Bench) -> None:
    (delivered,) = bench.table("delivery")
    assert delivered["outcome"] in OUTCOMES
    assert delivered["started_at"] == utc(NIGHT)
    assert delivered["arrived"]
    rules = {(row["rule"], row["column_name"]) for row in bench.table("rule_result")}
    assert len(rules) == 17
    assert ("live.on_time", "") in rules
    assert {row["dimension"] for row in bench.table("score")} == set(expected_scores())


def test_another_process_sees_what_was_concluded(bench: Bench) -> None:
    other = bench.again(bench.entry)
    assert other.deployment.ledger is not bench.deployment.ledger
    assert other.current() == bench.current() is not None


# -- as Dagster assets ----------------------------------------------------------------------------


def test_a_failing_feed_leaves_the_other_feeds_their_assets(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"), sql_feed())
    write_csv(drop / "so_a" / "1.csv", good(10))
    write_csv(drop / "so_z" / "1.csv", good(10, start=51))
    real = Landing.land

    def fail_one(self, feed, *rest):  # type: ignore[no-untyped-def]
        if feed == bench.entry.id:
            raise RuntimeError(NAME)
        return real(self, feed, *rest)

    monkeypatch.setattr(Landing, "land", fail_one)
    result, _ = _materialized(bench)
    assert result.success
    keys = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    # no database: that feed is skipped; the dataset stands on what is good
    assert keys == {"so_z/test.upsert", "accepted/test__upsert"}
    checks = {
        (e.asset_key.to_user_string(), e.check_name): e
        for e in result.get_asset_check_evaluations()
    }
    assert len(checks) == 12
    outcomes = {key: e.metadata["outcome"].value for (key, _), e in checks.items()}
    assert outcomes == {
        "so_a/test.upsert": "error",
        "so_z/test.upsert": "accepted",
        "so_c/test.upsert": "source_unavailable",
    }
    assert all(e.passed for (key, _), e in checks.items() if key == "so_z/test.upsert")


def test_the_check_of_a_source_that_is_faulty_says_why(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"))
    write_csv(drop / "so_z" / "1.csv", good(10))
    real = delivery.fetch

    def fetch(feed: Any, *rest: Any) -> Fetched:
        if feed.connector.pattern == "so_a/*.csv":
            raise SourceFaultyError("page 3: the paging does not end")
        return real(feed, *rest)

    monkeypatch.setattr(delivery, "fetch", fetch)
    result, _ = _materialized(bench)
    assert result.success
    live = {
        e.asset_key.path[0]: e
        for e in result.get_asset_check_evaluations()
        if e.check_name == "live"
    }
    # never had news since it became active: late, and the check is an error
    assert (live["so_a"].passed, live["so_a"].severity.value) == (False, "ERROR")
    assert live["so_a"].metadata["outcome"].value == "source_faulty"
    assert live["so_a"].metadata["problem"].value == "page 3: the paging does not end"
    assert live["so_a"].metadata["score"].value == 0
    assert "source_faulty" in (live["so_a"].description or "")
    assert live["so_z"].passed


def test_a_launch_with_a_deadline_opens_a_round_of_what_it_fetches(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"), xlsx_feed())
    write_csv(drop / "so_z" / "1.csv", good(10))
    chosen = ["so_a/test.upsert", "so_z/test.upsert"]
    deadline = datetime.now(VIETNAM).replace(microsecond=0) + timedelta(hours=3)
    config = {
        "feeds": chosen,
        "deadline": f"{deadline:%Y-%m-%dT%H:%M:%S}",
        "reason": "bão số 9",
    }
    result, _ = _materialized(bench, config)
    assert result.success
    (round_,) = bench.deployment.rounds.unfinished()
    assert round_.deadline == deadline
    assert round_.pending == ("so_a/test.upsert",)  # so_z delivered in the very run
    (recorded,) = bench.table("collection_round")
    assert (recorded["reason"], recorded["run_id"]) == ("bão số 9", result.run_id)
    asked = {row["feed"] for row in bench.table("collection_round_feed")}
    assert asked == set(chosen) == {row["feed"] for row in bench.table("delivery")}


def test_a_launch_without_a_deadline_opens_none(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    _materialized(bench, {"reason": "bão số 9"})
    assert bench.table("collection_round") == []


def test_a_deadline_that_is_past_is_refused_before_anything_is_fetched(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    past = datetime.now(UTC) - timedelta(minutes=1)
    with pytest.raises(dg.DagsterInvalidInvocationError, match="a deadline ahead"):
        _materialized(bench, {"deadline": past.isoformat()})
    assert bench.table("collection_round") == bench.table("delivery") == []


def test_checks_tell_refused_rows_from_a_refused_batch(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K010", "Người", "-5", "15/11/2026")])
    write_csv(drop / "so_z" / "1.csv", good(10), ("x", "y", "z", "t"))
    result, _ = _materialized(bench)
    found = {
        (e.asset_key.path[0], e.check_name): (e.passed, e.severity.value)
        for e in result.get_asset_check_evaluations()
    }
    assert found[("so_a", "correct")] == (False, "WARN")
    assert found[("so_a", "complete")][0]
    assert found[("so_a", "clean")][0]
    assert found[("so_z", "correct")] == (False, "ERROR")
    assert found[("so_z", "complete")] == (False, "ERROR")
    scores = {
        e.check_name: e.metadata["score"].value
        for e in result.get_asset_check_evaluations()
        if e.asset_key.path[0] == "so_a" and e.check_name != "live"
    }
    shares = {"correct_min__amount": 0.9}
    wanted = {k: v for k, v in expected_scores(**shares).items() if k != "live"}
    assert scores == pytest.approx(wanted, abs=0.005)  # shown with two decimals


def test_nothing_personal_is_told_of_refused_rows(
    tmp_path: Path, drop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rules 11: a name and a telephone number in every place that a refused row has."""
    bench = Bench.of(tmp_path, csv_feed(), xlsx_feed(), sql_feed(), csv_feed(agency="so_z"))
    bad = [
        (NAME, NAME, PHONE, "15/11/2026"),
        ("K090", f"{NAME} {PHONE}", NAME, PHONE),
        ("K091", NAME, f"-{PHONE}", NAME),
    ]
    write_csv(drop / "so_a" / "1.csv", [*good(20), *bad])
    write_xlsx(drop / "so_b" / "1.xlsx", [*good(20), *bad])
    write_csv(drop / "so_z" / "1.csv", bad)  # the whole batch refused
    rows = [(c, n, int(a), "2026-11-15", "2026-11-16 08:00:00") for c, n, a, _ in good(20)]
    rows.append((PHONE, NAME, -1, NAME, "2026-11-16 09:00:00"))
    write_database(tmp_path / "claims.db", rows)
    result, told = _materialized(bench)
    assert result.success
    home = bench.deployment.home
    counts = {row["feed"]: row["rows_quarantined"] for row in bench.table("batch")}
    assert counts == {
        "so_a/test.upsert": 3,
        "so_b/test.upsert": 3,
        "so_c/test.upsert": 1,
        "so_z/test.upsert": 3,
    }
    told["log"] = caplog.text
    told["ledger"] = "".join(
        path.read_bytes().decode("utf-8", "ignore") for path in home.root.glob("ledger.db*")
    )
    refusals = [pl.read_parquet(path) for path in home.quarantine.rglob("refusals.parquet")]
    assert sum(frame.height for frame in refusals) > 10
    told["refusals"] = str([frame.rows() for frame in refusals])
    told["batches"] = str(bench.table("batch"))
    assert "so_z/1.csv" in told["ledger"]
    assert "below_floor" in told["events"]
    assert set(told) == {"events", "log", "ledger", "refusals", "batches"}
    for place, text in told.items():
        assert text or place == "log"
        assert NAME not in text, place
        assert PHONE not in text, place
    # and it was there to be found: quarantine keeps what was received for who may see it
    kept = [pl.read_parquet(path) for path in home.quarantine.rglob("rows.parquet")]
    assert NAME in str([frame.rows() for frame in kept])


def _materialized(
    bench: Bench, config: dict[str, Any] | None = None
) -> tuple[dg.ExecuteInProcessResult, dict[str, str]]:
    """One run of the bench's assets, and all that Dagster keeps of it, as text."""
    run_config = {"ops": {"intake": {"config": config or {}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        assets = [intake_assets(bench.deployment)]
        result = dg.materialize(assets, instance=instance, run_config=run_config)
        records = instance.all_logs(result.run_id)
        assert len(records) > 10
        return result, {"events": "\n".join(repr(record) for record in records)}


def _any_row(rng: random.Random) -> tuple[str, str, str, str]:
    return (
        rng.choice(["K001", "k2", "", *(f"K{rng.randint(3, 999):03d}" for _ in range(17))]),
        rng.choice(["Người", "Người khác", "Ai đó", "Ai khác", "Không ai", ""]),
        rng.choice(["5", "17", "400", "9", "21", "-3", "mười", ""]),
        rng.choice([*["15/11/2026", "01/11/2026"] * 4, "32/13/2026", "01/01/2020"]),
    )


def _landed(bench: Bench) -> set[str]:
    root = bench.deployment.home.landing / bench.entry.id / "blobs"
    frame = pl.DataFrame({"name": [path.name for path in root.iterdir()]})
    return set(frame["name"])
