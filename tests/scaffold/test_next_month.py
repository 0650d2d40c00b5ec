"""A dataset that is proposed from one month takes the next month beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.base import BatchContext
from ioc_pipelines.scaffold.propose import Proposal
from ioc_pipelines.serving.rehearsal import rehearse
from tests.scaffold.proposals import known, proposed
from tests.scaffold.samples import COMMUNES, beds_form, write_workbook

NOW = datetime(2026, 12, 20, tzinfo=UTC)


def guesses_of(proposal: Proposal) -> Mapping[str, str]:
    return {guess.column: guess.why for guess in proposal.draft.all_guesses}


def write_csv(path: Path, month: int, header: str, day: str | None, above: str = "") -> None:
    lines = [f"{code},{100 + n}" for n, code in enumerate(COMMUNES)]
    if day:
        lines = [f"{line},{day}" for line in lines]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(above.format(month) + "\n".join([header, *lines, ""]), encoding="utf-8")


def csv_by_name(folder: Path, month: int) -> Path:
    path = folder / f"giuong-benh-2026-{month:02}.csv"
    write_csv(path, month, "commune_code,beds,reported_on", f"2026-{month + 1:02}-03")
    return path


def csv_without_days(folder: Path, month: int) -> Path:
    path = folder / f"T{month}.2026.csv"
    write_csv(path, month, "Mã xã,Số giường", None)
    return path


def csv_by_title(folder: Path, month: int) -> Path:
    path = folder / f"bieu-{month}.csv"
    day = f"03/{month + 1:02}/2026"
    write_csv(path, month, "Mã xã,Số giường,Ngày báo cáo", day, "Kỳ báo cáo: {}/2026\n")
    return path


def csv_with_a_year(folder: Path, month: int) -> Path:
    path = folder / f"bieu_2026{month:02}.csv"
    write_csv(path, month, "Mã xã,Số giường,Năm", "2026")
    return path


def csv_by_day_of_report(folder: Path, month: int) -> Path:
    path = folder / f"giuong ({month - 9}).csv"
    write_csv(path, month, "Mã xã,Số giường,Ngày báo cáo", f"03/{month + 1:02}/2026")
    return path


def folder_of_a_month(folder: Path, month: int) -> Path:
    path = folder / f"2026-{month:02}" / "giuong.csv"
    write_csv(path, month, "Mã xã,Số giường", None)
    return path


def json_with_a_month_around(folder: Path, month: int) -> Path:
    path = folder / f"x{month}.json"
    records = [{"ma_xa": code, "so_giuong": n} for n, code in enumerate(COMMUNES)]
    answer = {"ky": f"2026-{month:02}", "ket_qua": {"ds": records}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(answer), encoding="utf-8")
    return path


def form_by_title(folder: Path, month: int) -> Path:
    path = folder / f"giuong-benh-{month}.xlsx"
    beds_form(path, month=month)
    return path


def form_by_cells(folder: Path, month: int) -> Path:
    path = folder / f"bieu-{month}.xlsx"
    rows: list[list[Any]] = [["SỞ Y TẾ"], ["Tháng", f"{month:02}/2026"], ["Mã xã", "Số giường"]]
    write_workbook(path, {"Biểu": [*rows, *([code, 9] for code in COMMUNES)]})
    return path


@pytest.mark.parametrize(
    ("write", "first"),
    [
        (csv_by_name, "period"),
        (csv_without_days, "period"),
        (csv_by_title, "period"),
        (csv_with_a_year, "period"),
        (csv_by_day_of_report, "reported_on"),
        (folder_of_a_month, "period"),
        (json_with_a_month_around, "period"),
        (form_by_title, "period"),
        (form_by_cells, "period"),
    ],
)
def test_two_months_stand_side_by_side(tmp_path: Path, write: Any, first: str) -> None:
    folder = tmp_path / "so_y_te" / "giuong-thang"
    october, november = write(folder, 10), write(folder, 11)
    proposal = proposed(october, tmp_path)
    entry, key = proposal.entry, proposal.draft.key
    assert key[0] == first
    assert key[-1] == "commune_code"
    pattern = proposal.draft.sample.connector["pattern"]
    files = [(p.relative_to(tmp_path).as_posix(), p) for p in sorted(tmp_path.glob(pattern))]
    assert [path for _, path in files] == sorted([october, november]), "the glob finds both"
    found = rehearse(entry, files, BatchContext(NOW, known().references), known().spellings)
    assert found.verdict is not None
    assert found.rules.rows() == []
    assert found.verdict.accepted.height == 2 * len(COMMUNES)
    assert found.verdict.accepted.select(key).n_unique() == 2 * len(COMMUNES)


def test_the_cadence_says_what_tells_it(tmp_path: Path) -> None:
    folder = tmp_path / "so_y_te"
    said = guesses_of(proposed(csv_by_name(folder, 10), tmp_path))
    assert said["cadence"] == "the file's name says the month"
    said = guesses_of(proposed(form_by_title(folder, 10), tmp_path))
    assert said["cadence"] == "the title says the month"
    said = guesses_of(proposed(csv_by_day_of_report(folder, 10), tmp_path))
    assert "only a guess" in said["cadence"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Bieu 02 T10-2026.csv", "Bieu 02 T*.csv"),
        ("quy-III-2026.csv", "quy-*.csv"),
        ("bieu-2026-10_1.csv", "bieu-*.csv"),
        ("bieu 2.csv", "bieu *.csv"),
        ("2026-10/bieu.csv", "*/bieu.csv"),
    ],
)
def test_the_period_of_a_name_is_any_and_the_number_of_a_form_stays(
    tmp_path: Path, name: str, pattern: str
) -> None:
    path = tmp_path / "so_y_te" / "x" / name
    write_csv(path, 10, "Mã xã,Số giường", None)
    sample = proposed(path, tmp_path).draft.sample
    assert sample.connector["pattern"] == f"so_y_te/x/{pattern}"


def test_the_number_of_a_sheet_stays_where_it_tells_sheets_apart(tmp_path: Path) -> None:
    path = tmp_path / "so_y_te" / "bieu.xlsx"
    rows: list[list[Any]] = [["Mã xã", "Số giường"], *([code, 9] for code in COMMUNES)]
    write_workbook(path, {"Bieu 1": rows, "Bieu 2": rows})
    assert proposed(path, tmp_path).draft.sample.layout["sheet"] == "^Bieu 1$"
    write_workbook(path, {"Bieu 1": rows, "Ghi chú": [["a"], ["b"]]})
    assert proposed(path, tmp_path).draft.sample.layout["sheet"] == r"^Bieu \d+$"


def test_a_glob_that_takes_files_of_another_feed_is_said(tmp_path: Path) -> None:
    other = csv_without_days(tmp_path / "so_y_te" / "bao-cao-thang", 10)
    said = guesses_of(proposed(other, tmp_path))
    assert "ALSO MATCHES files of so_y_te/health.commune_monthly:" in said["connector.pattern"]
    alone = guesses_of(proposed(csv_without_days(tmp_path / "so_y_te", 10), tmp_path))
    assert alone["connector.pattern"] == "where it lies"


def test_receipts_go_where_those_of_the_agency_go(tmp_path: Path) -> None:
    proposal = proposed(csv_by_name(tmp_path / "so_y_te", 10), tmp_path)
    assert proposal.entry.feed.connector is not None
    assert proposal.entry.feed.connector.model_dump()["outbox"] == "so_y_te/phan-hoi"
    assert "receipts" in guesses_of(proposal)["connector.outbox"]
