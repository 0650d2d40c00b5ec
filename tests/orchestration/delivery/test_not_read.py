"""A delivery that is another table, or cannot be read, leaves the last good."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.orchestration.deployments import (
    DAY,
    NAME,
    NIGHT,
    PHONE,
    Bench,
    fallen,
    given,
    good,
    hashes,
    sql_feed,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)


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
    assert hashes(path.parent)["1.csv"] in bench.landed()


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
