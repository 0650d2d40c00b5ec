from __future__ import annotations

from datetime import date
from statistics import mean

import polars as pl
import pytest

from ioc_pipelines.sandbox.disease_drop import DISEASES, complete_weeks
from tests.sandbox import reading
from tests.sandbox.conftest import Sandbox

HEADER = "Tuần;Mã xã;Tên xã;Bệnh;Số mắc;Số tử vong;Ngày báo cáo"


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (date(2026, 11, 20), date(2026, 11, 9)),  # Friday
        (date(2026, 11, 16), date(2026, 11, 9)),  # Monday
        (date(2026, 11, 15), date(2026, 11, 2)),  # Sunday: the week is not over
    ],
)
def test_complete_weeks(as_of: date, last: date) -> None:
    weeks = complete_weeks(as_of)
    assert weeks[-1] == last
    assert len(weeks) == 8


def test_one_file_per_commune_as_stations_save_them(
    sandbox: Sandbox, communes: pl.DataFrame
) -> None:
    files = {path.stem: path.read_bytes() for path in (sandbox.folder / "so_y_te").iterdir()}
    assert set(files) == set(communes["code"])
    for content in files.values():
        assert content.startswith(b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n")
        assert content.endswith(b"\r\n")
        assert content.count(b"\n") == content.count(b"\r\n")
        assert b'"' not in content


def test_good_rows_are_believable(sandbox: Sandbox) -> None:
    refused = sandbox.answers.feeds["so_y_te/health.disease_weekly"].refused
    places = {(row.file, row.row) for row in refused}
    rows = [r for r in reading.disease(sandbox.folder) if (r.file, r.row) not in places]
    cases = [row.values["cases"] for row in rows]
    assert mean(count <= 12 for count in cases) > 0.97
    assert max(cases) < 40
    assert sum(row.values["deaths"] for row in rows) < 0.01 * sum(cases)
    for row in rows:
        year, week, _ = row.values["reported_on"].isocalendar()
        monday = date.fromisocalendar(int(row.raw["week"][:4]), int(row.raw["week"][6:]), 1)
        assert (row.values["reported_on"] - monday).days == 7, (year, week)


def test_dengue_has_its_season() -> None:
    dengue = DISEASES[0]
    assert dengue.expected(42) > 3 * dengue.expected(16)
    assert all(each.expected(week) >= 0 for each in DISEASES for week in range(1, 54))
