"""``ioc quarantine``: refused rows listed, handed out, taken back corrected, closed by hand."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner, Result

from ioc_pipelines.cli import app
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.intake import returned
from ioc_pipelines.intake.pack_form import FEED_FACT, GUIDE_SHEET, ROWS_SHEET
from ioc_pipelines.orchestration.delivery import deliver
from ioc_pipelines.orchestration.deployment import Deployment
from tests.officer import HEADER_ROW, corrected, places, retyped, tickets

FEED = "so_nnmt_ha_noi/environment.air_quality_hourly"
HOUR = "Local Time"
GOOD = [f"2023-03-08 0{hour}:00:00,Hanoi,131,47.0" for hour in range(8)]
EIGHT, NINE = "2023-03-08 08:00:00", "2023-03-08 09:00:00"
# one cell that is no number, one out of its range: at the floor of acceptance
BAD = [f"{EIGHT},Hanoi,126,4.8x", f"{NINE},Hanoi,501,45.0"]
FIXED: dict[str, dict[str, Any]] = {EIGHT: {"PM25": 4.8}, NINE: {"AQI": 50}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The feed's folder with one file, of which two rows of ten were refused."""
    monkeypatch.setenv("IOC_OPEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("IOC_PROFILE", "open_data")
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    made = tmp_path / "data" / "hanoi_aqi_weather_hourly"
    made.mkdir(parents=True)
    lines = ["Local Time,City,AQI,PM25", *GOOD, *BAD]
    (made / "tram.csv").write_text("\n".join(lines), encoding="utf-8")
    deployment = Deployment.of("open_data")
    (entry,) = [e for e in deployment.catalog.active if e.id == FEED]
    report = deliver(deployment, entry, "run", Window(), datetime.now(UTC))
    assert report.outcome == "partly_accepted"
    return made


def quarantine(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["quarantine", *map(str, arguments)])


def told(*arguments: str | Path) -> Any:
    done = quarantine(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def shown(batch: str) -> list[tuple[str, str, int]]:
    """Rule, status and attempt of the refused rows of a batch."""
    return sorted((row["rule"], row["status"], row["attempt"]) for row in told("show", batch))


def pack(folder: Path) -> Path:
    """The pack of what is open, as `export` writes it."""
    written = told("export", "--feed", FEED, "--output", folder.parent / "out")
    assert [Path(row["file"]).suffix for row in written] == [".xlsx", ".html"]
    return Path(written[0]["file"])


def open_rows() -> dict[str, int]:
    """How many are open, by rule."""
    return {row["rule"]: row["open"] for row in told("list", "--feed", FEED)}


def the_batch() -> str:
    (batch,) = {row["batch_id"] for row in told("list", "--feed", FEED)}
    return str(batch)


# -- the loop -------------------------------------------------------------------------------------


def test_a_pack_goes_out_and_comes_back_corrected(folder: Path) -> None:
    batch, sent = the_batch(), pack(folder)
    assert open_rows() == {"correct.readable": 1, "correct.range": 1}
    answer = told("correct", corrected(sent, folder.parent / sent.name, HOUR, FIXED))
    assert (answer["outcome"], answer["received"], answer["accepted"]) == ("accepted", 2, 2)
    assert open_rows() == {"correct.readable": 0, "correct.range": 0}
    assert shown(batch) == [
        ("correct.range", "corrected", 2),
        ("correct.readable", "corrected", 2),
    ]
    (closed_by,) = {row["closed_by_batch"] for row in told("show", batch)}
    assert closed_by == answer["batch"]
    # nothing is left to hand out
    assert quarantine("export", batch, "--output", folder.parent / "out").exit_code == 1
    assert told("export", "--feed", FEED, "--output", folder.parent / "out") == []


def test_a_pack_that_a_program_retyped_says_the_same(folder: Path) -> None:
    sent = pack(folder)
    path = corrected(sent, folder.parent / sent.name, HOUR, FIXED)
    again = retyped(path, folder.parent / f"Copy of {sent.stem} (1).xlsm")
    assert told("correct", again)["outcome"] == "accepted"
    batch = told("correct", path)
    assert (batch["outcome"], batch["accepted"]) == ("seen_before", 2)


def test_wrong_again_is_the_second_attempt_and_right_then_the_third(folder: Path) -> None:
    first, sent = the_batch(), pack(folder)
    wrong = {**FIXED, NINE: {"AQI": 777}}
    answer = told("correct", corrected(sent, folder.parent / sent.name, HOUR, wrong))
    assert (answer["outcome"], answer["refused"]) == ("partly_accepted", 1)
    assert shown(first) == [
        ("correct.range", "superseded", 1),
        ("correct.readable", "corrected", 2),
    ]
    assert shown(answer["batch"]) == [("correct.range", "open", 2)]
    second = pack(folder)
    assert tickets(second) != tickets(sent)
    right = corrected(second, folder.parent / second.name, HOUR, {NINE: FIXED[NINE]})
    assert told("correct", right)["outcome"] == "accepted"
    assert shown(answer["batch"]) == [("correct.range", "corrected", 3)]
    assert sum(open_rows().values()) == 0


def test_the_same_file_again_and_another_of_the_same_pack_change_nothing(folder: Path) -> None:
    batch, sent = the_batch(), pack(folder)
    path = corrected(sent, folder.parent / sent.name, HOUR, FIXED)
    assert told("correct", path)["outcome"] == "accepted"
    before = told("show", batch)
    copy = Path(shutil.copy(path, folder.parent / f"{sent.stem} (1).xlsx"))
    again = quarantine("correct", copy)
    assert again.exit_code == 0
    assert "seen_before" in again.stdout
    other = {**FIXED, NINE: {"AQI": 51}}
    later = quarantine("correct", corrected(sent, folder.parent / f"2 {sent.name}", HOUR, other))
    assert later.exit_code == 1
    assert "2 phiếu đã đóng (hàng 4, 5)" in later.stdout
    # the rows were closed by the first, and stay so
    assert told("show", batch) == before


# -- a pack that cannot be taken ------------------------------------------------------------------


def _edited(change: Callable[[Worksheet], None]) -> Callable[[Path, Path], None]:
    def spoil(sent: Path, target: Path) -> None:
        book = openpyxl.load_workbook(sent)
        change(book[ROWS_SHEET])
        book.save(target)

    return spoil


def _put(row: int, column: int, value: Any) -> Callable[[Path, Path], None]:
    def change(sheet: Worksheet) -> None:
        sheet.cell(row, column).value = value

    return _edited(change)


def _twice(sheet: Worksheet) -> None:
    at = places(sheet)
    sheet.cell(HEADER_ROW, max(at.values()) + 1).value = "AQI"


def _halved(sent: Path, target: Path) -> None:
    data = sent.read_bytes()
    target.write_bytes(data[: len(data) // 2])


def _another_zip(_sent: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("thu.txt", "không phải bảng tính")


def _bomb(sent: Path, target: Path) -> None:
    """Small as it lies there, and too large once it is unpacked."""
    shutil.copy(sent, target)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/image1.png", bytes(returned.MOST_UNPACKED_BYTES))
    assert target.stat().st_size < returned.MOST_UNPACKED_BYTES / 10


SPOILT: dict[str, tuple[Callable[[Path, Path], Any], str]] = {
    "a ticket that was edited": (_put(4, 1, "P00000000000000A"), "mã phiếu không đúng ở hàng 4"),
    "a ticket that is gone": (_put(5, 1, None), "thiếu mã phiếu ở hàng 5"),
    "a row that was added": (_put(6, 8, "2023-03-08 10:00:00"), "thiếu mã phiếu ở hàng 6"),
    "a signature below": (_put(9, 9, "Người lập biểu"), "thiếu mã phiếu ở hàng 9"),
    "a row that was copied": (
        _edited(lambda sheet: sheet.append([cell.value for cell in sheet[4]])),
        "mã phiếu lặp lại ở hàng 4, 6",
    ),
    "a column that is gone": (_edited(lambda sheet: sheet.delete_cols(8)), "thiếu cột"),
    "a column that was copied": (_edited(_twice), "có nhiều cột AQI"),
    "a heading row that is gone": (_edited(lambda s: s.delete_rows(3)), "hàng tiêu đề"),
    "every row deleted": (_edited(lambda s: s.delete_rows(4, 9)), "tệp không có dòng nào"),
    "another sheet": (
        _edited(lambda sheet: setattr(sheet, "title", "Sheet1")),
        "không có trang tính 'Cần sửa'",
    ),
    "half a file": (_halved, "không mở được"),
    "no pack": (lambda _, target: target.write_text("a;b\n1;2\n"), "không mở được"),
    "nothing": (lambda _, target: target.write_bytes(b""), "không mở được"),
    "another archive": (_another_zip, "không mở được"),
    "a bomb": (_bomb, "quá lớn"),
}


def test_a_pack_that_was_spoilt_is_refused_with_the_place_and_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returned, "MOST_UNPACKED_BYTES", 1_000_000)
    batch, sent = the_batch(), pack(folder)
    before = told("show", batch)
    target = folder.parent / sent.name
    for what, (spoil, reason) in SPOILT.items():
        spoil(sent, target)
        done = quarantine("correct", target, "--feed", FEED)
        assert done.exit_code == 1, what
        assert reason in done.stdout, what
        assert "Traceback" not in done.output
        assert "published" not in done.stderr
    assert told("show", batch) == before


def test_whose_pack_it_is_must_be_known(folder: Path) -> None:
    sent, target = pack(folder), folder.parent / "x.xlsx"
    half = folder.parent / "half.xlsx"
    _halved(sent, half)
    done = quarantine("correct", half)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "không mở được" in done.stderr

    book = openpyxl.load_workbook(sent)
    del book[GUIDE_SHEET]
    book.save(target)
    done = quarantine("correct", target)
    assert done.exit_code == 2
    assert "--feed" in done.stderr
    # a pack of another profile, and of another feed of this one
    other = "so_tai_chinh/finance.public_investment"
    book = openpyxl.load_workbook(sent)
    (fact,) = [row for row in book[GUIDE_SHEET].iter_rows() if row[0].value == FEED_FACT]
    fact[1].value = other
    book.save(target)
    done = quarantine("correct", target)
    assert done.exit_code == 2
    assert f"no feed '{other}'" in done.stderr
    done = quarantine("correct", target, "--feed", FEED)
    assert done.exit_code == 1
    assert f"của nguồn {other}" in done.stdout
    assert quarantine("correct", folder.parent / "nothing.xlsx").exit_code == 2


# -- wrong usage ----------------------------------------------------------------------------------


def test_wrong_usage_ends_with_2_and_says_what_there_is(folder: Path) -> None:
    batch, out = the_batch(), folder.parent / "out"
    a_file = folder / "tram.csv"
    for arguments, said in (
        (("list", "--feed", "x/y.z"), FEED),
        (("show", "0" * 16), "ioc quarantine list"),
        (("show", batch, "--status", "opne"), "superseded"),
        (("export", "--output", out), "--feed"),
        (("export", batch, "--feed", FEED, "--output", out), "--feed"),
        (("export", "--feed", "x/y.z", "--output", out), FEED),
        (("export", "0" * 16, "--output", out), "ioc quarantine list"),
        (("export", batch, "--output", a_file), "is a file"),
        (("close", "P0", "--reason", "số 1"), "nothing was closed"),
        (("close", "P0", "--reason", " "), "--reason"),
    ):
        done = quarantine(*arguments)
        assert done.exit_code == 2, arguments
        assert said in done.stderr, arguments
    assert not out.exists()


# -- closing --------------------------------------------------------------------------------------


def test_a_row_is_closed_by_hand_with_a_reason_and_an_actor(folder: Path) -> None:
    batch, sent = the_batch(), pack(folder)
    first, second = tickets(sent)
    # all or none
    assert quarantine("close", first, "P0", "--reason", "trạm ngừng").exit_code == 2
    assert sum(open_rows().values()) == 2
    answer = told("close", first, first, "--reason", " trạm ngừng, CV số 12 ")
    assert answer == {"closed": [first], "actor": "chi Lan", "reason": "trạm ngừng, CV số 12"}
    found = {row["ticket"]: row for row in told("show", batch)}
    assert {ticket: row["status"] for ticket, row in found.items()} == {
        first: "closed",
        second: "open",
    }
    assert found[first]["closed_at"]
    assert not found[first]["is_overdue"]
    assert [row["ticket"] for row in told("show", batch, "--status", "open")] == [second]
    assert tickets(pack(folder)) == [second]
    assert quarantine("close", first, "--reason", "nữa").exit_code == 2


# -- all of it ------------------------------------------------------------------------------------


def test_json_has_every_row_and_the_terminal_says_what_it_leaves_out(folder: Path) -> None:
    lines = [
        f"2023-01-{1 + hour // 24:02} {hour % 24:02}:00:00,Hanoi,{700 + hour},{hour % 7}.5"
        for hour in range(60)
    ]
    good = [
        f"2023-02-{1 + hour // 24:02} {hour % 24:02}:00:00,Hanoi,{hour % 50 + 20},{hour % 7}.5"
        for hour in range(400)
    ]
    (folder / "tram.csv").write_text("\n".join(["Local Time,City,AQI,PM25", *good, *lines]))
    deployment = Deployment.of("open_data")
    (entry,) = [e for e in deployment.catalog.active if e.id == FEED]
    report = deliver(deployment, entry, "run", Window(), datetime.now(UTC))
    assert report.batch is not None
    assert report.batch.rows_quarantined == 60
    batch = report.batch.batch_id
    assert len(told("show", batch, "--rule", "correct.range")) == 60
    assert len(told("show", batch, "--rule", "correct.range", "--limit", "7")) == 7
    printed = quarantine("show", batch, "--rule", "correct.range")
    assert len(printed.stdout.splitlines()) == 1 + 50
    assert "50 of 60 shown" in printed.stderr
    whole = quarantine("show", batch, "--rule", "correct.range", "--limit", "60")
    assert len(whole.stdout.splitlines()) == 1 + 60
    assert "shown" not in whole.stderr
