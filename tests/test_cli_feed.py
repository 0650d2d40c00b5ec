"""``ioc feed``: look into a file, try a layout, get back what was landed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from typer.testing import CliRunner, Result

from ioc_pipelines.cli import app
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration.delivery import deliver
from ioc_pipelines.orchestration.deployment import Deployment

FEED = "so_nnmt_ha_noi/environment.air_quality_hourly"
GOOD = "Local Time,City,AQI,PM25\n2023-03-08 00:00:00,Hanoi,131,47.0\n"
# eight good rows, two bad ones: at the floor of acceptance
MORE = "".join(f"2023-03-08 0{hour}:00:00,Hanoi,131,47.0\n" for hour in range(1, 8))
BAD = GOOD + MORE + "2023-03-08 08:00:00,Hanoi,126,4.8x\n2023-03-08 09:00:00,Hanoi,501,45.0\n"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the feed reads, with one good file."""
    monkeypatch.setenv("IOC_OPEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("IOC_PROFILE", "open_data")
    folder = tmp_path / "data" / "hanoi_aqi_weather_hourly"
    folder.mkdir(parents=True)
    (folder / "tram.csv").write_text(GOOD, encoding="utf-8")
    return folder


def feed(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["feed", *arguments])


def tried(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(feed("try", FEED, *arguments, "--json").stdout)
    return answer


# --- try ----------------------------------------------------------------------------------------


def test_the_source_is_read_and_nothing_is_recorded(source: Path) -> None:
    found = tried()
    assert (found["rows_received"], found["rows_accepted"], found["unreadable"]) == (1, 1, [])
    assert [place["file"] for place in found["found"]] == [f"{source.name}/tram.csv"]
    deployment = Deployment.of("open_data")
    assert deployment.ledger.deliveries.last(FEED) is None
    assert not list(deployment.home.landing.rglob("*.json"))


def test_what_would_be_refused_as_a_whole_ends_with_1(source: Path) -> None:
    all_bad = GOOD.replace("47.0", "4.8x")
    (source / "tram.csv").write_text(all_bad, encoding="utf-8")
    tried_again = feed("try", FEED)
    assert tried_again.exit_code == 1
    assert "REFUSED as a whole" in tried_again.stdout
    assert feed("try", FEED, "--json").exit_code == 1


def test_what_would_be_refused_is_named_with_its_place(source: Path) -> None:
    path = source / "xau.csv"
    path.write_text(BAD, encoding="utf-8")
    found = tried(str(path))
    assert (found["rows_received"], found["rows_accepted"], found["rows_refused"]) == (10, 8, 2)
    assert found["unreadable"] == [
        {"file": str(path), "sheet": None, "row": 10, "column": "pm25_ug_m3", "text": "4.8x"}
    ]
    broken = {(b["rule"], b["column_name"]): b["rows"] for b in found["rules_broken"]}
    assert broken[("correct.range", "aqi")] == 1
    shown = feed("try", FEED, str(path))
    assert shown.exit_code == 0
    assert "cannot be read: pm25_ug_m3 '4.8x', 1 cells" in shown.stdout
    assert "10 rows: 8 would be accepted, 2 refused, 0 duplicates" in shown.stdout


def test_a_file_that_is_refused_ends_with_1(source: Path) -> None:
    path = source / "khac.csv"
    path.write_text("Ngày,PM\n1,2\n", encoding="utf-8")
    shown = feed("try", FEED, str(path))
    assert shown.exit_code == 1
    assert f"REFUSED {path}: column" in shown.stdout


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("arguments", [(FEED, "there_is_none.csv"), ("so_x/finance.y",)])
def test_what_is_not_there_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert feed("try", *arguments).exit_code == 2


# --- files and file -----------------------------------------------------------------------------


def test_a_landed_file_comes_back_byte_for_byte(source: Path, tmp_path: Path) -> None:
    content = (source / "tram.csv").read_bytes()
    deployment = Deployment.of("open_data")
    (entry,) = [e for e in deployment.catalog.active if e.id == FEED]
    deliver(deployment, entry, "run", Window(), datetime.now(UTC))
    (listed,) = json.loads(feed("files", FEED, "--json").stdout)
    assert (listed["name"], listed["size"]) == (f"{source.name}/tram.csv", len(content))
    back = tmp_path / "back.csv"
    assert feed("file", FEED, listed["sha256"][:12], "--output", str(back)).exit_code == 0
    assert back.read_bytes() == content
    assert feed("file", FEED, listed["sha256"], "--output", str(back)).exit_code == 2  # is there
    assert feed("file", FEED, "ffff", "--output", str(tmp_path / "x")).exit_code == 2


# --- look ---------------------------------------------------------------------------------------


def test_the_sheets_and_cells_of_a_workbook_are_shown_decoded(tmp_path: Path) -> None:
    path = tmp_path / "so_lieu.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet("Bìa").write(0, 0, "x")
        workbook.add_worksheet("FDI").write_row(2, 1, ["H\u00adng Yªn", 71])
    shown = feed("look", str(path), "--sheet", "FDI").stdout
    assert "sheets: 'Bìa', 'FDI'" in shown
    assert "sheet 'FDI', 3 rows, 3 columns:" in shown
    assert "   3  B: Hưng Yên | C: 71.0" in shown


def test_a_member_of_an_archive_is_opened_and_the_others_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/lon (con).csv", "a/trau.csv", "doc.txt"):
            archive.writestr(name, "Tỉnh;2015\nHưng Yên;615.1\n")
    path = tmp_path / "kho.zip"
    path.write_bytes(buffer.getvalue())
    assert feed("look", str(path)).stdout.splitlines() == [
        "3 members:",
        "a/lon (con).csv",
        "a/trau.csv",
        "doc.txt",
    ]
    shown = feed("look", str(path), "--member", r"\.csv$").stdout
    assert "kho.zip!a/lon (con).csv" in shown
    assert "delimiter perhaps ';'" in shown
    assert "   2  Hưng Yên;615.1" in shown
    assert "also matches: kho.zip!a/trau.csv" in shown
    assert feed("look", str(path), "--member", "(").exit_code == 2
    assert feed("look", str(path), "--member", "pdf").exit_code == 1
