"""One delivery of several files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.orchestration.deployments import (
    DAY,
    NIGHT,
    Bench,
    csv_feed,
    expected_scores,
    fallen,
    given,
    good,
    write_csv,
)


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
