"""Sources are read only, no more than feeds name, and no person leaves where rows are kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from tests.e2e.answers import databases, drop_folders, engines
from tests.e2e.province import DOSSIER, LAND
from tests.e2e.refresh.first_night import NAME, PHONE, First
from tests.published import columns_holding

pytestmark = pytest.mark.e2e


def test_sources_are_as_they_were(first: First) -> None:
    """Every file and every row; only outboxes have something new."""
    sandbox = first.province.sandbox
    assert drop_folders(sandbox) == first.files
    assert databases(sandbox) == first.databases
    assert len(first.files) > 200
    assert sum(name.startswith("so_y_te/benh-tuan/") for name in first.files) > 100
    # PostgreSQL, MariaDB and SQLite, where the two servers listen
    assert {feed.split("/")[0] for feed in first.databases} == {"kho_bac", "thue_tinh", "so_nnmt"}
    assert all(rows > 2_000 for rows, _ in first.databases.values())
    assert engines(sandbox) == {"postgresql", "mysql", "sqlite"}


def test_the_comparison_of_sources_would_find_a_change(first: First, tmp_path: Path) -> None:
    copy = tmp_path / "sandbox"
    (copy / "so_y_te" / "phan-hoi").mkdir(parents=True)
    (copy / "so_y_te" / "a.csv").write_text("1")
    before = drop_folders(copy)
    (copy / "so_y_te" / "phan-hoi" / "back.txt").write_text("new")
    assert drop_folders(copy) == before
    (copy / "so_y_te" / "a.csv").write_text("2")
    assert drop_folders(copy) != before


def test_what_no_feed_names_is_not_read_of_a_database(first: First) -> None:
    home = first.province.home
    landed = [pl.read_parquet(path) for path in home.glob(f"landing/{LAND}/blobs/*")]
    assert landed
    assert all("chu_su_dung" in frame.columns for frame in landed)
    assert all("so_dien_thoai" not in frame.columns for frame in landed)
    # of a web service whole pages are kept, and no more than the feed names goes on from there
    kept = b"".join(path.read_bytes() for path in home.glob(f"landing/{DOSSIER}/blobs/*"))
    assert PHONE.encode() in kept
    for area in ("accepted", "quarantine"):
        for path in home.glob(f"{area}/public_services__procedure_dossier/**/*.parquet"):
            assert PHONE not in pl.read_parquet(path).write_csv(), path


def test_a_person_is_nowhere_but_where_rows_are_kept(first: First) -> None:
    home = first.province.home
    # where rows are kept as received, and the private build
    private = {"landing", "accepted", "quarantine", "build"}
    checked = Counter[str]()
    for path in sorted(home.rglob("*")):
        top = path.relative_to(home).parts[0]
        if not path.is_file() or top in private:
            continue
        content = path.read_bytes()
        for value in (NAME.encode(), PHONE.encode(), NAME.encode("utf-16-le")):
            assert value not in content, path
        checked[top] += 1
    assert checked["dagster"] > 0
    assert checked["ledger.db"] == 1
    assert checked["snapshots"] >= 5
    for text in (first.refresh.out, first.refresh.err):
        assert NAME not in text
        assert PHONE not in text
    assert columns_holding(first.province.published, NAME, PHONE) == set()
    for path in (home / "published" / "marts").glob("*.parquet"):
        text = pl.read_parquet(path).select(pl.col(pl.String)).write_csv()
        assert NAME not in text
        assert PHONE not in text
    receipts = list(first.province.sandbox.glob("*/phan-hoi/*"))
    # of the reports themselves tests/e2e/refresh/test_reports.py tells
    folders = ("acceptance", "alerts", "feedback")
    found = [path for name in folders for path in (home / "reports" / name).rglob("*")]
    kept = [path for path in found if path.is_file()]
    assert receipts
    assert {path.suffix for path in kept} == {".html", ".txt", ".xlsx"}
    for path in receipts + kept:
        text = _said(path)
        assert NAME not in text
        assert PHONE not in text


def _said(path: Path) -> str:
    """All that a file in an outbox says."""
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8-sig")
    cells = (cell.value for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row)
    return " ".join(map(str, cells))


def test_the_person_was_there_to_be_found(first: First) -> None:
    home = first.province.home
    for dataset, source, column, value in (
        ("public_services__procedure_dossier", "NguoiNop", "applicant_name", NAME),
        ("public_services__citizen_feedback", "SoDienThoai", "sender_phone", PHONE),
        ("land__transaction", "chu_su_dung", "owner_name", NAME),
    ):
        rows = [pl.read_parquet(path) for path in home.glob(f"quarantine/{dataset}/*/rows.parquet")]
        assert value in set(pl.concat(rows)[source]), dataset
        accepted = [
            pl.read_parquet(path)
            for path in home.glob(f"accepted/{dataset}/batches/*.parquet")
            if path.stem != "_empty"
        ]
        assert value in set(pl.concat(accepted)[column]), dataset
