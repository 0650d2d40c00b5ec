"""Refused rows go out, come back corrected and reach the mart, by the ``ioc`` commands alone.

On a copy of the project whose one feed has data. The second row comes back while the province asks
for approval: it is in the mart with the refresh after somebody approved it.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ioc_pipelines.intake.pack_form import ROWS_SHEET
from tests import officer
from tests.e2e.province import Done, Province
from tests.scaffold.project import Copy

pytestmark = pytest.mark.e2e

FEED = "so_nnmt_ha_noi/environment.air_quality_hourly"
FOLDER = "hanoi_aqi_weather_hourly"
FORMULA = '=HYPERLINK("http://x.example","Hanoi")'
HOURS = [f"2023-03-08 0{hour}:00:00" for hour in range(10)]
EIGHT, NINE = HOURS[8], HOURS[9]
# a cell that is no number, and one out of its range beside a text that looks like a formula
LINES = [
    "Local Time,City,AQI,PM25",
    *(f"{hour},Hanoi,81,47.0" for hour in HOURS[:8]),
    f"{EIGHT},Hanoi,76,4.8x",
    f'{NINE},"{FORMULA.replace(chr(34), chr(34) * 2)}",501,45.0',
]
DEADLINES = """
deadlines: {verify_days: 5, fix_days: 5, conflict_days: 15, source: thử}
"""
APPROVAL = """
approval:
  document: số 1
  approver: {position: Chánh Văn phòng, unit: Văn phòng UBND}
  automatic_from: null
"""
MART = (
    "select arg_max(value, recorded_at) from marts.indicator_value"
    " where indicator_code = 'AIR_HOURS_MEASURED' and period_start = date '2023-03-08'"
    " and period_type = 'day'"
)
STAGED = (
    "select station, aqi, pm25_ug_m3 from staging.environment__air_quality_hourly"
    " where observed_at = timestamp '{}'"
)
FACTS = ("ticket", "status", "attempt", "closed_at", "due_at", "closed_by_batch", "is_overdue")
MOMENTS = ("closed_at", "due_at")


@dataclass
class Told:
    """What the commands say of the refused rows, and what is published of them, after a refresh."""

    listed: dict[str, int]
    shown: list[tuple[Any, ...]]
    published: list[tuple[Any, ...]]
    mart: list[tuple[Any, ...]]
    eight: list[tuple[Any, ...]]
    nine: list[tuple[Any, ...]]


@dataclass
class Loop:
    """The three refreshes, and what was said on the way."""

    nights: list[Told]
    cells: list[Any]
    waits: Done
    listed: list[Any]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    copy = Copy.below(tmp_path_factory.mktemp("loop"))
    province, out = Province(copy.root.parent / "var", "open_data"), copy.root.parent / "out"
    profile, drop = copy.root / "sources/open_data/profile.yaml", copy.drop / FOLDER
    append(profile, DEADLINES)
    drop.mkdir()
    (drop / "tram.csv").write_text("\n".join(LINES), encoding="utf-8")
    let_alone(drop / "tram.csv")

    def ioc(*arguments: str, actor: str = "lich-chay") -> Done:
        found = copy.ioc(
            *arguments, IOC_OPEN_DATA=str(copy.drop), IOC_PROFILE="open_data", IOC_ACTOR=actor
        )
        assert found.code == 0, found.out + found.err
        return found

    def refreshed() -> Told:
        ioc("refresh", "--dataset", "environment.air_quality_hourly")
        return told(ioc, province, batch)

    def pack() -> Path:
        shutil.rmtree(out, ignore_errors=True)
        (found, *_) = ioc(
            "quarantine", "export", "--feed", FEED, "--output", str(out), "--json"
        ).json()
        return Path(shutil.copy(found["file"], out.parent))

    ioc("refresh", "--dataset", "environment.air_quality_hourly")
    (batch,) = {r["batch_id"] for r in ioc("quarantine", "list", "--feed", FEED, "--json").json()}
    nights = [told(ioc, province, batch)]
    first = pack()
    cells = [cell for row in openpyxl.load_workbook(first)[ROWS_SHEET] for cell in row]
    one = officer.corrected(first, first, "Local Time", {NINE: {"AQI": 50}})
    let_alone(without(one, drop / f"{first.stem} (1).xlsx", "Local Time", EIGHT))
    nights.append(refreshed())
    append(profile, APPROVAL)
    second = pack()
    officer.corrected(second, second, "Local Time", {EIGHT: {"PM25": 4.8}})
    waits = ioc("quarantine", "correct", str(second), "--json")
    ioc("approvals", "approve", waits.json()["batch"], actor="chi Lan")
    listed = ioc("approvals", "list", "--json").json()
    nights.append(refreshed())
    return Loop(nights, cells, waits, listed)


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def let_alone(path: Path) -> None:
    """Nobody is writing to it any more."""
    os.utime(path, (1e9, 1e9))


def without(source: Path, target: Path, by: str, value: str) -> Path:
    """The pack without the row whose column says this."""
    book = openpyxl.load_workbook(source)
    sheet = book[ROWS_SHEET]
    at = officer.places(sheet)[by]
    (row,) = [r for r in range(4, sheet.max_row + 1) if sheet.cell(r, at).value == value]
    sheet.delete_rows(row)
    book.save(target)
    return target


def told(ioc: Any, province: Province, batch: str) -> Told:
    listed = ioc("quarantine", "list", "--feed", FEED, "--json").json()
    shown = ioc("quarantine", "show", batch, "--json").json()
    columns = ", ".join(f"epoch_us({name})" if name in MOMENTS else name for name in FACTS)
    published = province.query(
        f"select {columns} from quality.refused_row where batch_id = '{batch}' order by ticket"
    )
    return Told(
        {row["rule"]: row["open"] for row in listed if row["batch_id"] == batch},
        sorted(
            tuple(micros(row[name]) if name in MOMENTS else row[name] for name in FACTS)
            for row in shown
        ),
        published,
        province.query(MART),
        province.query(STAGED.format(EIGHT)),
        province.query(STAGED.format(NINE)),
    )


def micros(moment: str | None) -> int | None:
    """A moment that a command tells, in microseconds since 1970."""
    return round(datetime.fromisoformat(moment).timestamp() * 1e6) if moment else None


def statuses(night: Told) -> list[tuple[Any, Any]]:
    return sorted((row[1], row[2]) for row in night.shown)


def test_nothing_in_the_pack_is_a_formula(loop: Loop) -> None:
    (cell,) = [cell for cell in loop.cells if str(cell.value).startswith("=")]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (FORMULA, "s", True)


def test_the_commands_and_the_published_rows_agree_each_night(loop: Loop) -> None:
    for night in loop.nights:
        assert len(night.shown) == 2
        assert night.shown == night.published


def test_a_row_that_came_back_is_closed_at_its_second_attempt(loop: Loop) -> None:
    first, second, third = loop.nights
    assert statuses(first) == [("open", 1), ("open", 1)]
    assert sum(first.listed.values()) == 2
    assert statuses(second) == [("corrected", 2), ("open", 1)]
    assert sum(second.listed.values()) == 1
    assert statuses(third) == [("corrected", 2), ("corrected", 2)]
    assert sum(third.listed.values()) == 0
    # it has stopped ageing: it was closed at a moment, and that moment stays
    (closed,) = [row for row in second.published if row[1] == "corrected"]
    assert closed[3] is not None
    assert closed[-1] is False
    assert closed in third.published


def test_the_accepted_row_is_in_the_mart(loop: Loop) -> None:
    first, second, third = loop.nights
    assert [night.mart for night in loop.nights] == [[(8,)], [(9,)], [(10,)]]
    assert (first.nine, first.eight) == ([], [])
    assert second.nine == [(FORMULA, 50, 45.0)]
    assert third.nine == second.nine
    assert third.eight == [("Hanoi", 76, 4.8)]


def test_what_waits_for_approval_enters_with_the_next_refresh(loop: Loop) -> None:
    told = loop.waits.json()
    assert (told["outcome"], told["accepted"]) == ("awaiting_approval", 1)
    (waiting,) = [row for row in loop.listed if row["batch"] == told["batch"]]
    assert (waiting["decision"], waiting["decided_by"]) == ("approved", "chi Lan")
