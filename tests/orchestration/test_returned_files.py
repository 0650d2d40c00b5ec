"""Packs that come back by a folder, over SFTP, by the sensor; under any name, with any content."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import openpyxl
import polars as pl
import pytest

from ioc_pipelines.connectors.files import returned
from ioc_pipelines.intake.pack_form import MASK, ROWS_SHEET
from ioc_pipelines.orchestration import feedback
from ioc_pipelines.orchestration.feedback import feedback_of
from ioc_pipelines.orchestration.feeds import intake_assets
from ioc_pipelines.orchestration.jobs import all_jobs
from ioc_pipelines.orchestration.sensors import all_sensors
from tests.orchestration.deployments import (
    DAY,
    NIGHT,
    Bench,
    csv_feed,
    dropped,
    good,
    sql_feed,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)
from tests.orchestration.loop import FIXED, OUTBOX, corrected, night, pack, statuses
from tests.sftp_server import SftpServer, sftp_server

LIKE_FORMULAS = (
    "=cmd|'/c calc'!A1",
    "+84 912 000 111",
    "-5 người",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1+1",
    '=HYPERLINK("http://x.example","y")',
)
OTHERS = (
    "'=1",
    "007",
    "1e3",
    "NaN",
    "TRUE",
    "15/11/2026",
    "#N/A",
    "<b>x</b>",
    "x" * 40_000,
    "a\nb",
)
BOTH_CLOSED = [("corrected", 2), ("corrected", 2)]


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("TEST_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    return tmp_path / "drop"


def two_refused() -> list[tuple[str, ...]]:
    rows = good(10)
    rows[3] = ("K004", "", "-5", "15/11/2026")
    rows[6] = ("K007", "=cmd|'/c calc'!A1", "nhiều", "15/11/2026")
    return rows


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """Ten rows, two of them refused, and the pack in the outbox."""
    made = Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    write_csv(drop / "so_a" / "1.csv", two_refused())
    night(made, NIGHT)
    return made


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "{stem} (1).xlsx",
        "Bản sao của {stem}.xlsx",
        "{upper}.XLSX",
        "{stem}.xlsm",
        "{stem}.xls",
        "{stem} - đã sửa.ods",
    ],
)
def test_a_pack_is_known_by_its_name_and_read_by_its_content(bench: Bench, name: str) -> None:
    first = pack(bench)
    target = bench.drop / "so_a" / name.format(stem=first.stem, upper=first.stem.upper())
    corrected(first, first.with_name("x.xlsx"), **FIXED).rename(target)
    correction, full = night(bench, NIGHT + DAY)
    assert (correction.outcome, full.outcome) == ("accepted", "no_news")
    assert statuses(bench) == BOTH_CLOSED


def test_a_pack_saved_as_csv_is_refused_and_is_no_file_of_the_feed(bench: Bench) -> None:
    target = bench.drop / "so_a" / f"{pack(bench).stem}.csv"
    target.write_text("Mã phiếu;Quy tắc;Mã;Họ tên;Số tiền;Ngày\n", encoding="utf-8")
    correction, full = night(bench, NIGHT + DAY)
    assert (correction.outcome, full.outcome) == ("unreadable", "no_news")
    receipt = bench.drop / OUTBOX / "bien-nhan-can-sua-test.upsert.txt"
    assert "không lưu dạng .xlsx" in receipt.read_text(encoding="utf-8-sig")


def test_a_list_of_what_needs_repair_is_no_pack(bench: Bench) -> None:
    write_csv(bench.drop / "so_a" / "cau-can-sua-chua.csv", good(5, start=50))
    (full,) = night(bench, NIGHT + DAY)
    assert full.batch is not None
    assert full.batch.rows_received == 15


def test_a_pack_under_another_name_is_never_read_as_rows(tmp_path: Path, drop: Path) -> None:
    """It has the headings of the feed, and masks where values were."""
    layout = {"format": "xlsx", "sheet": "."}
    bench = Bench.of(tmp_path, xlsx_feed(connector=dropped("so_b/*.xlsx"), layout=layout))
    rows: list[Any] = [(c, n, int(a), d) for c, n, a, d in good(10)]
    rows[2] = ("K003", "Người 3", -1.5, "15/11/2026")
    write_xlsx(drop / "so_b" / "1.xlsx", rows)
    report = bench.deliver()
    assert report.batch is not None
    now, name = datetime.now(UTC), report.batch.batch_id
    made = feedback_of(bench.deployment, bench.entry, name, now, masked=True)
    path = tmp_path / "masked.xlsx"
    path.write_bytes(made.pack)
    corrected(path, drop / "so_b" / "da sua.xlsx", K003={"Số tiền": 3})
    full = bench.deliver(NIGHT + DAY)
    assert "phiếu phản hồi đã đổi tên" in full.detail["refused_files"]["so_b/da sua.xlsx"]
    assert full.batch is not None
    assert full.batch.rows_received == 10
    assert MASK not in bench.accepted(full.batch.batch_id)["name"].to_list()


# -- what happens meanwhile -----------------------------------------------------------------------


def test_a_pack_that_is_taken_away_while_it_is_looked_at_stops_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pack(bench)
    target = Path(shutil.copy(first, bench.drop / "so_a" / first.name))
    look = returned.whole_files

    def then_gone(*arguments: Any) -> Any:
        found = look(*arguments)
        target.unlink()
        return found

    monkeypatch.setattr(returned, "whole_files", then_gone)
    (full,) = night(bench, NIGHT + DAY)
    assert full.outcome == "no_news"
    monkeypatch.undo()
    monkeypatch.setenv("TEST_DROP", str(bench.drop))
    corrected(first, target, **FIXED)
    night(bench, NIGHT + 2 * DAY)
    assert statuses(bench) == BOTH_CLOSED


def test_a_pack_that_cannot_be_made_stops_nothing_and_is_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        msg = "Người Bí Mật"
        raise RuntimeError(msg)

    monkeypatch.setattr(feedback, "workbook", fail)
    write_csv(bench.drop / "so_a" / "2.csv", good(5, start=50))
    (full,) = night(bench, NIGHT + DAY)
    assert full.outcome == "partly_accepted"
    assert "no feedback for so_a/test.upsert: RuntimeError" in caplog.text
    assert "Bí Mật" not in caplog.text


# -- what stands in the cells ---------------------------------------------------------------------


def test_cells_are_inert_and_come_back_as_they_were(bench: Bench, tmp_path: Path) -> None:
    """Every cell that was not corrected is as received, formula-looking or not."""
    names = {f"K{n}": text for n, text in enumerate((*LIKE_FORMULAS, *OTHERS), start=100)}
    wrong = [(code, text, "-1", "15/11/2026") for code, text in names.items()]
    write_csv(bench.drop / "so_a" / "2.csv", [*good(200, start=200), *wrong])
    (full,) = night(bench, NIGHT + DAY)
    assert full.batch is not None
    first = pack(bench)
    cells = [cell for sheet in openpyxl.load_workbook(first) for row in sheet for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    shown = {str(cell.value).strip()[:3]: cell.quotePrefix for cell in cells if cell.value}
    assert all(shown[text.strip()[:3]] for text in LIKE_FORMULAS)
    page = first.with_name(f"tom-tat-test.upsert-{full.batch.batch_id}.html").read_text()
    assert "HYPERLINK" not in page
    assert "cmd|" not in page

    mended = {code: {"Số tiền": 1} for code in names}
    corrected(first, bench.drop / "so_a" / first.name, **mended)
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert correction.batch is not None
    rows = bench.accepted(correction.batch.batch_id).filter(pl.col("code").is_in(list(names)))
    # the intake keeps single spaces, whichever way a row came
    assert dict(rows.select("code", "name").rows()) == {
        code: " ".join(text.split()) for code, text in names.items()
    }


def test_a_file_s_name_is_as_inert_as_its_cells(bench: Bench) -> None:
    write_csv(bench.drop / "so_a" / "1.csv", good(10))
    write_csv(bench.drop / "so_a" / "=cmd|'<i>calc'!A1.csv", [("K050", "", "1", "15/11/2026")])
    night(bench, NIGHT + DAY)
    sheet = openpyxl.load_workbook(pack(bench))[ROWS_SHEET]
    assert sheet.cell(4, 2).value == "so_a/=cmd|'<i>calc'!A1.csv"
    assert sheet.cell(4, 2).data_type == "s"
    (page,) = [p for p in (bench.drop / OUTBOX).glob("tom-tat-*") if "cmd|" in p.read_text()]
    assert "<i>" not in page.read_text()


def test_a_number_that_is_none_is_shown_and_kept(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, sql_feed())
    day, at = "2026-11-15", "2026-11-13 08:00:00"
    rows: list[Any] = [(f"K0{n}", "A", 1, day, at) for n in range(10, 20)]
    write_database(tmp_path / "claims.db", [*rows, ("K099", "B", float("inf"), day, at)])
    report = bench.deliver()
    assert report.batch is not None
    now, name = datetime.now(UTC), report.batch.batch_id
    made = feedback_of(bench.deployment, bench.entry, name, now, masked=False)
    path = tmp_path / "x.xlsx"
    path.write_bytes(made.pack)
    sheet = openpyxl.load_workbook(path)[ROWS_SHEET]
    assert "inf" in [cell.value for cell in sheet[4]]


def test_a_mask_that_was_written_into_is_refused_with_its_place(bench: Bench) -> None:
    write_csv(bench.drop / "so_a" / "1.csv", [*good(9), ("K010", "Bí Mật", "-1", "15/11/2026")])
    (full,) = night(bench, NIGHT + DAY)
    assert full.batch is not None
    now, name = datetime.now(UTC), full.batch.batch_id
    made = feedback_of(bench.deployment, bench.entry, name, now, masked=True)
    path = bench.drop / "masked.xlsx"
    path.write_bytes(made.pack)
    written = {"Số tiền": 10, "Họ tên": f"{MASK} A"}
    corrected(path, bench.drop / "so_a" / made.pack_name, K010=written)
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert correction.outcome == "structure_mismatch"
    assert f"còn dấu {MASK} ở cột Họ tên, hàng 4" in correction.detail["problem"]


# -- which row counts -----------------------------------------------------------------------------


def test_an_old_pack_reopens_no_row_that_the_source_mended(bench: Bench) -> None:
    first = pack(bench)
    write_csv(bench.drop / "so_a" / "1.csv", good(10))
    night(bench, NIGHT + DAY)
    assert statuses(bench) == BOTH_CLOSED
    corrected(first, bench.drop / "so_a" / first.name, K004=FIXED["K004"])
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert correction.outcome == "already_closed"
    assert statuses(bench) == BOTH_CLOSED


def test_of_two_rows_in_conflict_the_one_that_comes_back_settles_both(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    other = ("K003", "Người khác", "1", "15/11/2026")
    write_csv(drop / "so_a" / "1.csv", [*good(20), other])
    night(bench, NIGHT)
    first = pack(bench)
    book = openpyxl.load_workbook(first)
    book[ROWS_SHEET].delete_rows(5)
    book.save(drop / "so_a" / first.name)
    assert night(bench, NIGHT + DAY)[0].outcome == "accepted"
    # the folder is read again with both rows in it, and they stay closed
    write_csv(drop / "so_a" / "2.csv", good(3, start=50))
    full = night(bench, NIGHT + 2 * DAY)[-1]
    assert full.batch is not None
    assert full.batch.rows_quarantined == 2
    assert {status for status, _ in statuses(bench)} == {"corrected"}
    assert len(list((drop / OUTBOX).glob("can-sua-*"))) == 1


# -- by the sensor and over SFTP ------------------------------------------------------------------


def test_the_sensor_takes_a_pack_that_lands(bench: Bench, tmp_path: Path) -> None:
    sensors = all_sensors(bench.deployment, all_jobs(bench.deployment))
    (sensor,) = [found for found in sensors if found.name == "new_files"]
    cursor: str | None = None

    def look() -> list[dg.RunRequest]:
        nonlocal cursor
        with dg.DagsterInstance.ephemeral() as instance:
            found = sensor(dg.build_sensor_context(instance, cursor=cursor))
        assert isinstance(found, dg.SensorResult)
        cursor = found.cursor
        return list(found.run_requests or [])

    assert look() == []
    first = pack(bench)
    name = f"{first.stem.upper()} (1).XLSX"
    corrected(first, tmp_path / "x.xlsx", **FIXED).rename(bench.drop / "so_a" / name)
    (request,) = look()
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [intake_assets(bench.deployment)], instance=instance, run_config=request.run_config
        )
    assert done.success
    assert statuses(bench) == BOTH_CLOSED
    # what was put into the outbox is no news to it
    assert look() == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sftp")) as running:
        yield running


@pytest.fixture
def remote(
    server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Bench]:
    """The same feed, whose folder is an SFTP server's."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    connector = {
        "kind": "sftp",
        "url_env": "SFTP_URL",
        "known_hosts_env": "SFTP_HOSTS",
        "key_file_env": "SFTP_KEY",
        "pattern": "so_a/*.csv",
        "quiet_s": 0,
        "outbox": OUTBOX,
    }
    return lambda: Bench(
        Bench.of(tmp_path, csv_feed(connector=connector)).deployment, server.folder
    )


def test_the_whole_loop_over_sftp(remote: Callable[[], Bench]) -> None:
    bench = remote()
    write_csv(bench.drop / "so_a" / "1.csv", two_refused())
    (full,) = night(bench, NIGHT)
    assert full.outcome == "partly_accepted"
    first = pack(bench)
    assert {p.suffix for p in (bench.drop / OUTBOX).iterdir()} == {".xlsx", ".html", ".txt"}
    wrong = {**FIXED, "K007": {"Số tiền": "-7"}}
    corrected(first, bench.drop / "so_a" / f"{first.stem.upper()} (1).XLSX", **wrong)
    correction, full = night(bench, NIGHT + DAY)
    assert (correction.outcome, full.outcome) == ("partly_accepted", "no_news")
    assert statuses(bench) == [("corrected", 2), ("open", 2), ("superseded", 1)]
    second = pack(bench)
    assert second.name != first.name
    corrected(second, bench.drop / "so_a" / second.name, K007={"Số tiền": 7})
    assert night(bench, NIGHT + 2 * DAY)[0].outcome == "accepted"
    assert statuses(bench) == [("corrected", 2), ("corrected", 3), ("superseded", 1)]
    # they lie there still, and are taken once
    assert len(night(bench, NIGHT + 3 * DAY)) == 1
