"""What becomes of a batch whose rows were judged: all valid, some, too few, seen before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.orchestration.deployments import (
    DAY,
    HEADERS,
    LATE_AFTER,
    NIGHT,
    Bench,
    csv_feed,
    expected_scores,
    fallen,
    given,
    good,
    sql_feed,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)

LATER = NIGHT + LATE_AFTER
TOO_LATE = LATER + timedelta(seconds=1)


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
