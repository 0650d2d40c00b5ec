"""An office revises a figure of last month but one: the marts as known before, and after.

Expected values are what stands in the office's own workbook, before and after it was changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import html

from contracts.base import VIETNAM
from tests.e2e.province import Province, copied, differing, query, tables
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

FIGURE, CODE, UNIT = "Lượt khách du lịch", "VISITORS", "33@2025-07-01"
ADDED = 10_000
KNOWN_THEN = """
    select indicator_code, period_type, period_start, unit_id, value
    from marts.indicator_value_recorded
    where known_from <= timestamptz '{moment}'
        and (known_to > timestamptz '{moment}' or known_to is null)
        and value is not null
"""


@dataclass(frozen=True)
class Known:
    """What ``ioc refresh --as-of`` made."""

    file: Path
    bytes: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What ``ioc report`` made."""

    folder: Path
    bytes: dict[str, str]


@dataclass(frozen=True)
class Revised:
    """The province after the revision, with what it was known to be before and since."""

    province: Province
    month: date
    before: float
    first: str
    then: str
    known_first: Known
    known_again: Known
    report_first: Report


def as_of(province: Province, moment: str) -> Known:
    done = province.ioc("refresh", "--as-of", moment, "--json")
    assert done.code == 0, done.err
    told = done.json()
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(told["marts"]).iterdir()
    }
    assert len(hashes) > 8
    return Known(Path(told["file"]), hashes)


def report_of(province: Province, month: str, *more: str) -> Report:
    """The monthly report; what was made of it before is put aside, so that it is made anew."""
    done = province.here("report", "monthly", "--period", month, *more, "--json")
    assert done.code == 0, done.err
    folder = Path(done.json()["folder"])
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    folder.rename(folder.with_name(f".{datetime.now(UTC):%H%M%S%f}"))
    return Report(folder, files)


def revise(province: Province) -> tuple[date, float]:
    """Add visitors in the workbook of the last month but one; its month and what stood there."""
    path = sorted((province.sandbox / "thong_ke_tinh").glob("ktxh-*.xlsx"))[-2]
    book = openpyxl.load_workbook(path)
    (row,) = [row for row in book.active.iter_rows() if row[1].value == FIGURE]  # type: ignore[union-attr]
    told = row[3].value  # a number, or as text: 294.239,6
    before = float(told.replace(".", "").replace(",", ".") if isinstance(told, str) else told)  # type: ignore[arg-type]
    row[3].value = before + ADDED
    book.save(path)
    return date.fromisoformat(f"{path.stem.removeprefix('ktxh-')}-01"), before


@pytest.fixture(scope="module")
def revised(first: First, tmp_path_factory: pytest.TempPathFactory) -> Revised:
    province = copied(first.province, tmp_path_factory.mktemp("revised") / "var")
    # as an officer of the province would say it
    earlier, then = province.published_id(), datetime.now(VIETNAM).isoformat()
    known_first = as_of(province, then)
    path = sorted((province.sandbox / "thong_ke_tinh").glob("ktxh-*.xlsx"))[-2]
    report_first = report_of(province, path.stem.removeprefix("ktxh-"))
    month, before = revise(province)
    done = province.ioc("refresh", "--agency", "thong_ke_tinh")
    assert done.code == 0, done.err
    known_again = as_of(province, then)
    return Revised(province, month, before, earlier, then, known_first, known_again, report_first)


def test_the_earlier_rendering_repeats_byte_for_byte(revised: Revised) -> None:
    assert revised.known_again.bytes == revised.known_first.bytes


def test_as_of_the_first_night_it_says_what_was_published_then(revised: Revised) -> None:
    published = revised.province.snapshot(revised.first)
    layers = ("staging", "core", "marts")
    names = tables(revised.known_first.file, layers)
    # what became of alerts is history as it is
    assert set(tables(published, layers)) - set(names) == {"marts.indicator_alert"}
    assert len(names) > 40
    assert differing(published, revised.known_first.file, names) == {}


def test_two_moments_differ_where_a_figure_was_revised_and_nowhere_else(revised: Revised) -> None:
    sql = (
        "select indicator_code, period_type, period_start, unit_id, value"
        " from marts.indicator_value"
    )
    then = set(query(revised.known_again.file, sql))
    now = set(revised.province.query(sql))
    assert {row[0] for row in then ^ now} == {CODE}
    # the month itself, and the quarter, half and year that hold it
    assert sorted(row[1] for row in now - then) == ["half", "month", "quarter", "year"]
    assert [row[4] for row in then - now if row[1] == "month"] == [revised.before]
    assert [row[4] for row in now - then if row[1] == "month"] == [revised.before + ADDED]


def test_the_recipe_tells_what_was_known_then_from_what_is_published(revised: Revised) -> None:
    values = "select indicator_code, period_type, period_start, unit_id, value"
    recorded = revised.province.query(KNOWN_THEN.format(moment=revised.then))
    known = query(revised.known_first.file, f"{values} from marts.indicator_value")
    assert len(known) > 10_000
    assert set(recorded) == set(known)
    now = revised.province.query(KNOWN_THEN.format(moment=datetime.now(UTC).isoformat()))
    assert set(now) == set(revised.province.query(f"{values} from marts.indicator_value"))


def test_a_revision_is_listed_with_both_values(revised: Revised) -> None:
    sql = (
        "select indicator_code, period_type, period_start, unit_id, earlier_value, value, change,"
        " is_withdrawn from marts.indicator_revision where period_type = 'month'"
    )
    (row,) = revised.province.query(sql)
    before, after = revised.before, revised.before + ADDED
    expected: tuple[Any, ...] = (CODE, "month", revised.month, UNIT, before, after, ADDED, False)
    assert row == expected


def test_a_report_as_of_an_earlier_moment_repeats_that_of_then(revised: Revised) -> None:
    again = report_of(revised.province, f"{revised.month:%Y-%m}", "--as-of", revised.then)
    assert again == revised.report_first


def test_the_next_report_restates_the_revised_figure_with_both_values(revised: Revised) -> None:
    month = f"{revised.month:%Y-%m}"
    done = revised.province.here("report", "monthly", "--period", month, "--json")
    told, folder = done.json(), Path(done.json()["folder"])
    assert folder != revised.report_first.folder
    assert told["restatements"] == 1
    page = html.fromstring((folder / f"monthly-{month}.html").read_bytes().decode())
    (table,) = [t for t in page.iter("table") if "được điều chỉnh" in t.find("caption").text]
    (row,) = table.find("tbody").findall("tr")
    name, period, unit, before, after = [cell.text_content().strip() for cell in row]
    assert (name, unit) == ("Lượt khách du lịch", "Tỉnh Hưng Yên")
    assert period == f"tháng {revised.month.month}/{revised.month.year}"
    for said, value in ((before, revised.before), (after, revised.before + ADDED)):
        assert said.startswith(f"{round(value):,}".replace(",", ".") + " lượt khách (")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--as-of", "2020-01-01"), 1, "nothing was accepted yet"),
        (("--as-of", "2999-01-01"), 1, "is still to come"),
        (("--as-of", "gestern"), 2, "'gestern' is not a date"),
        (("--as-of", "2026-11-01", "--agency", "so_y_te"), 2, "none of the others"),
    ],
)
def test_what_cannot_be_known_is_said(
    revised: Revised, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = revised.province.here("refresh", *arguments)
    assert done.code == code
    assert said in done.err
