"""Must-show 5: a target breach opens one alert, a second refresh none, recovery closes it."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ioc_pipelines.home import DBT_PROJECT
from tests.e2e.province import Province, copied, query
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

DATASET = "socio_economic.monthly_indicator"
LABEL, COLUMN = "Chỉ số sản xuất công nghiệp (IIP)", "Ước tháng"
EVENTS = "select * from quality.indicator_alert_event order by alert_id, event_no"
IIP = (
    "select status, value, bound, closed_value, closed_reason, unit_id"
    " from marts.indicator_alert where indicator_code = 'IIP' order by alert_id"
)


@dataclass
class Night:
    """What a snapshot says of alerts, and the messages and notices there are by then."""

    events: list[Any]
    iip: list[Any]
    messages: dict[str, str]
    notices: list[Any]


@dataclass
class Nights:
    province: Province
    target: float
    first: Night
    missed: Night
    again: Night
    recovered: Night


@pytest.fixture(scope="module")
def nights(first: First, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    province = copied(first.province, tmp_path_factory.mktemp("alerts") / "var")
    newest = max(province.sandbox.glob("thong_ke_tinh/ktxh-*.xlsx"))
    target = _target(newest.stem.removeprefix("ktxh-")[:4])
    before = seen(province)
    _write(newest, target - 3)
    missed = refreshed(province)
    again = refreshed(province)
    _write(newest, target)
    return Nights(province, target, before, missed, again, refreshed(province))


def _target(year: str) -> float:
    """What the seed asks of the index in a year."""
    with (DBT_PROJECT / "seeds" / "indicator_target.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["indicator_code"] == "IIP"]
    for row in rows:
        if row["year"] == year:
            return float(row["target"])
    pytest.skip(f"no target of {year} is in the seed")


def _write(path: Path, value: float) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["Biểu tổng hợp"]
    (column,) = (c.column for row in sheet for c in row if c.value == COLUMN)
    (row,) = (c.row for line in sheet for c in line if c.value == LABEL)
    sheet.cell(row, column).value = value
    book.save(path)


def refreshed(province: Province) -> Night:
    done = province.ioc("refresh", "--dataset", DATASET)
    assert done.code == 0, done.err
    return seen(province)


def seen(province: Province) -> Night:
    path = f"file:{province.home}/ledger.db?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as database:
        told = "select alert_id, sink, event, problem from alert_notification order by 1, 2, 3"
        notices = database.execute(told).fetchall()
    folder = province.home / "reports" / "alerts" / "tat_ca"
    return Night(
        query(province.published, EVENTS),
        query(province.published, IIP),
        {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()},
        notices,
    )


def test_the_first_snapshot_has_alerts_and_one_message_tells_of_all(nights: Nights) -> None:
    found = nights.first
    assert 5 < len(found.events) < 100
    ((name, text),) = found.messages.items()
    published = {row[0] for row in found.events}
    assert name.startswith("canh-bao-")
    assert all(f"Mã cảnh báo: {alert}" in text for alert in published)
    assert {notice[0] for notice in found.notices} == published


def test_a_missed_target_opens_one_alert(nights: Nights) -> None:
    is_open = [row for row in nights.missed.iip if row[0] == "open"]
    assert [row[:3] for row in is_open] == [("open", nights.target - 3, nights.target)]
    before = {row[0] for row in nights.first.events}
    new = {row[0] for row in nights.missed.events} - before
    assert all(alert.startswith("IIP/") for alert in new)
    assert bool(new) == (not [row for row in nights.first.iip if row[0] == "open"])


def test_a_second_refresh_opens_none_and_tells_nobody(nights: Nights) -> None:
    assert nights.again == nights.missed


def test_recovery_closes_it_and_keeps_its_history(nights: Nights) -> None:
    (last,) = nights.recovered.iip
    assert last[:5] == (
        *("closed", nights.target - 3, nights.target),
        *(nights.target, "recovered"),
    )
    kept = nights.recovered.events
    assert [row for row in kept if row in nights.again.events] == nights.again.events
    ((_, _, _, _, event, *_),) = [row for row in kept if row not in nights.again.events]
    assert event == "closed"
    (name,) = nights.recovered.messages.keys() - nights.again.messages.keys()
    text = nights.recovered.messages[name]
    assert "CẢNH BÁO ĐÃ ĐÓNG (1)" in text
    assert "không còn vi phạm" in text
    once = [notice[:3] for notice in nights.recovered.notices]
    assert len(once) == len(set(once))
    assert {problem for *_, problem in nights.recovered.notices} == {""}


def test_the_command_tells_the_same(nights: Nights) -> None:
    told = nights.province.here("alerts", "list", "--all", "--json").json()
    (iip,) = [row for row in told if row["indicator_code"] == "IIP"]
    assert (iip["status"], iip["closed_reason"]) == ("closed", "recovered")
    shown = nights.province.here("alerts", "show", iip["alert_id"], "--json").json()
    assert [event["event"] for event in shown["events"]][-1] == "closed"
    assert [(n["sink"], n["event"]) for n in shown["notifications"]] == [
        ("tat_ca", "opened"),
        ("tat_ca", "closed"),
    ]
