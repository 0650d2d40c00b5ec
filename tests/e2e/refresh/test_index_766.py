"""The index of Decision 766 of a commune, counted once more from what its agencies hold."""

from __future__ import annotations

from datetime import date

import openpyxl
import pytest

from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

FEED = "van_phong_ubnd/public_services.procedure_quality_monthly"
# LAW.md, B.5: openness, progress, digitisation, online services, satisfaction
WEIGHTS = {
    "QD766_OPENNESS": 18,
    "DOSSIERS_ON_TIME_RATE": 20,
    "QD766_DIGITISATION": 22,
    "DOSSIERS_ONLINE_RATE": 22,
    "QD766_SATISFACTION": 18,
}


def values(first: First, month: date, code: str) -> dict[str, float]:
    rows = first.province.query(
        "select v.indicator_code, v.value from marts.indicator_value as v"
        " join core.dim_admin_unit as u using (unit_id)"
        f" where v.period_type = 'month' and v.period_start = date '{month}'"
        f" and u.code = '{code}'"
    )
    return dict(rows)


def test_the_weights_are_a_hundred_points() -> None:
    assert sum(WEIGHTS.values()) == 100


def test_a_communes_index_is_the_weighted_sum_of_its_groups(first: First) -> None:
    path = max((first.province.sandbox / "van_phong_ubnd").glob("chi-so-766-*.xlsx"))
    month = date.fromisoformat(f"{path.stem.removeprefix('chi-so-766-')}-01")
    refused = {
        row.row
        for row in first.key.feeds[FEED].refused
        if row.file == path.relative_to(first.province.sandbox).as_posix()
    }
    checked = 0
    sheet = openpyxl.load_workbook(path)["Chỉ số 766"]
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number in refused or not isinstance(row[0], int):
            continue
        code = str(row[1])
        if not code.isdigit():
            continue
        figures = [int(str(cell).replace(".", "")) for cell in row[3:9]]
        found = values(first, month, code)
        whole, part = figures[::2], figures[1::2]
        names = ("QD766_OPENNESS", "QD766_DIGITISATION", "QD766_SATISFACTION")
        for name, of, good in zip(names, whole, part, strict=True):
            assert found[name] == pytest.approx(100 * good / of)
        if WEIGHTS.keys() <= found.keys():
            expected = sum(weight * found[name] / 100 for name, weight in WEIGHTS.items())
            assert found["QD766_SCORE"] == pytest.approx(expected, abs=1e-4)
            checked += 1
    assert checked > 80
