"""Published values are those that the sources tell, counted apart from the pipeline."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from typing import Any

import openpyxl
import polars as pl
import pytest

from ioc_pipelines.home import DBT_PROJECT
from tests.e2e.answers import TABLES
from tests.e2e.province import BOOKED, BUDGET, DISEASE, DOSSIER, TAX, staging_of
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

NEW, OLD = "33@2025-07-01", ("33@2003-01-01", "34@2003-01-01")
# some of the feeds that indicators are counted from
MEASURED = {BUDGET, BOOKED, DISEASE, DOSSIER, TAX}


def test_of_two_suppliers_the_first_is_served_and_both_are_compared(first: First) -> None:
    """H18: counted from the agencies' own files and tables, not from what was fetched."""
    told = {BUDGET: _told_by_forms(first), BOOKED: _told_by_treasury(first)}
    forms, booked = told[BUDGET], told[BOOKED]
    shared = forms.keys() & booked.keys()
    wanted = {
        ("matched", BUDGET): sum(forms[key] == booked[key] for key in shared),
        ("conflicting", BUDGET): sum(forms[key] != booked[key] for key in shared),
        ("only_here", BUDGET): len(forms.keys() - shared),
        ("only_there", BOOKED): len(booked.keys() - shared),
    }
    assert min(wanted.values()) > 0
    found = first.province.query(
        "select status, winner, count(*) from quality.reconciliation group by all"
    )
    assert {(status, winner): count for status, winner, count in found} == wanted
    served = first.province.query(
        f"select period, commune_code, month_vnd, cumulative_vnd from {staging_of(BUDGET)}"
    )
    assert {row[:2]: row[2:] for row in served} == {**booked, **forms}


def _told_by_forms(first: First) -> dict[tuple[str, ...], tuple[int, int]]:
    """What the finance department's workbooks say of the month and the year so far, in đồng."""
    spoilt = {(row.file, row.row) for row in first.key.feeds[BUDGET].refused}
    told = {}
    for path in sorted(first.province.sandbox.glob("so_tai_chinh/thu-nsnn-*.xlsx")):
        sheet = openpyxl.load_workbook(path, read_only=True)["Thu NSNN"]
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            code = str(cells[1] or "")
            if not code.isdigit() or (f"so_tai_chinh/{path.name}", number) in spoilt:
                continue
            month, cumulative = (round(_vietnamese(cell) * 1_000_000) for cell in cells[4:6])
            told[path.stem[-7:], code.zfill(5)] = month, cumulative
    return told


def _told_by_treasury(first: First) -> dict[tuple[str, ...], tuple[int, int]]:
    spoilt = {row.key for row in first.key.feeds[BOOKED].refused}
    rows = pl.read_parquet(TABLES[BOOKED].path(first.province.sandbox))
    columns = ("ky", "ma_xa", "thu_trong_thang", "thu_luy_ke")
    return {
        (day[:7], code): (int(month), int(cumulative))
        for day, code, month, cumulative in rows.select(columns).rows()
        if f"{day}/{code}" not in spoilt
    }


def _vietnamese(cell: Any) -> float:
    """A number of the form, which some cells hold as text with points and a comma."""
    return float(str(cell).replace(".", "").replace(",", ".")) if isinstance(cell, str) else cell


def test_indicators_have_values_that_can_be_traced(first: First) -> None:
    province = first.province
    codes = province.query("select distinct indicator_code from marts.indicator_value")
    assert len(codes) >= 70
    ((values, nulls),) = province.query(
        "select count(*), count(*) - count(value) from marts.indicator_value"
    )
    assert values > 1000
    assert nulls == 0
    untraced = province.query(
        "select count(*) from marts.indicator_value as v where not exists ("
        " select 1 from marts.indicator_lineage as l join quality.batch as b using (batch_id)"
        " where l.indicator_code = v.indicator_code and l.period_type = v.period_type"
        " and l.period_start = v.period_start"
        " and l.unit_id = v.unit_id and l.recorded_at = v.recorded_at and b.feed = l.feed)"
    )
    assert untraced == [(0,)]
    unknown = province.query(
        "select count(*) from marts.indicator_value as v"
        " left join core.dim_admin_unit as u using (unit_id) where u.unit_id is null"
    )
    assert unknown == [(0,)]
    batches = province.query("select distinct feed, batch_id from marts.indicator_lineage")
    assert {feed for feed, _ in batches} > MEASURED
    assert len({feed for feed, _ in batches}) >= 16


def test_a_province_is_the_sum_of_its_communes(first: First) -> None:
    """Of the communes of its own time: Hưng Yên before the reform is not Hưng Yên after it."""
    rows = first.province.query(
        "select v.indicator_code, v.period_type, v.period_start, u.province_unit_id, u.level,"
        " v.value from marts.indicator_value as v"
        " join core.dim_admin_unit as u using (unit_id)"
        " join marts.indicator as i using (indicator_code) where i.is_additive"
    )
    sums: Counter[tuple[Any, ...]] = Counter()
    provinces = {}
    for *place, level, value in rows:
        if level == "commune":
            sums[tuple(place)] += value
        else:
            assert level == "province"
            provinces[tuple(place)] = value
    assert {unit for *_, unit in provinces} == {NEW, *OLD}
    assert sums.keys() <= provinces.keys()
    assert len({code for code, *_ in sums}) > 30
    assert len({kind for _, kind, *_ in sums}) == 5
    for place, value in sums.items():
        assert provinces[place] == pytest.approx(value), place


def test_dossiers_received_are_those_of_the_platform_s_own_table(first: First) -> None:
    """A code means the commune that bore it in the month: before the reform an older one."""
    spoilt = {row.key for row in first.key.feeds[DOSSIER].refused}
    held = pl.read_parquet(TABLES[DOSSIER].path(first.province.sandbox)).unique()
    before = _provinces_of_old_communes()
    wanted: Counter[tuple[str, str]] = Counter()
    for dossier, commune, received in held.select("MaHoSo", "MaXa", "TiepNhanLuc").iter_rows():
        month = received[:7]
        unit = NEW if month >= "2025-07" else before.get(commune)
        if dossier not in spoilt and unit:
            wanted[month, unit] += 1
    found = first.province.query(
        "select strftime(period_start, '%Y-%m'), unit_id, value from marts.indicator_value"
        " join core.dim_admin_unit as u using (unit_id)"
        " where indicator_code = 'DOSSIERS_RECEIVED_MONTH' and u.level = 'province'"
        " and period_type = 'month'"
    )
    assert {(month, unit): int(value) for month, unit, value in found} == wanted
    assert {unit for _, unit in wanted} == {NEW, *OLD}
    assert len(wanted) >= 30


def _provinces_of_old_communes() -> dict[str, str]:
    """Of each commune of the last day of three tiers, the two old provinces' only."""
    with (DBT_PROJECT / "seeds" / "admin_unit_three_tiers.csv").open(encoding="utf-8") as file:
        above = {row["code"]: row["parent_code"] for row in csv.DictReader(file)}
    provinces = {unit[:2]: unit for unit in OLD}
    return {
        code: provinces[above[district]]
        for code, district in above.items()
        if len(code) == 5 and above[district] in provinces
    }


def test_on_the_map_of_today_the_province_has_what_both_old_ones_had(first: First) -> None:
    """H11: nothing is lost or told twice where figures are read on another map."""
    own = first.province.query(
        "select period_start, sum(value) from marts.indicator_value"
        " where indicator_code = 'DOSSIERS_RECEIVED_MONTH' and period_type = 'month'"
        f" and unit_id in ('{NEW}', '{OLD[0]}', '{OLD[1]}') group by 1"
    )
    rebased = first.province.query(
        "select period_start, value, rebasing, own_units from marts.indicator_value_rebased"
        " where indicator_code = 'DOSSIERS_RECEIVED_MONTH' and period_type = 'month'"
        f" and unit_id = '{NEW}'"
    )
    assert {start: value for start, value, *_ in rebased} == {
        start: pytest.approx(value) for start, value in own
    }
    for start, _, rebasing, own_units in rebased:
        is_new = start >= date(2025, 7, 1)
        assert (rebasing, own_units) == (("as_reported", 1) if is_new else ("exact", 2)), start
    rates = first.province.query(
        "select distinct rebasing, value is null from marts.indicator_value_rebased"
        f" where indicator_code = 'DOSSIERS_ON_TIME_RATE' and unit_id = '{NEW}'"
        " and period_type = 'month'"
    )
    assert set(rates) == {("as_reported", False), ("not_additive", True)}
    divided = first.province.query(
        "select count(*) from marts.indicator_value_rebased where is_estimated"
        " and allocation = 'cần phân bổ' and value is not null"
    )
    assert divided[0][0] > 0


def test_a_year_so_far_is_counted_from_the_agency_s_own_table(first: First) -> None:
    """Taxes collected: months, quarters, half-years and years, with what came before them."""
    spoilt = {row.key for row in first.key.feeds[TAX].refused}
    held = pl.read_parquet(TABLES[TAX].path(first.province.sandbox)).unique()
    months: Counter[date] = Counter()
    for row in held.iter_rows(named=True):
        if "/".join(row[name] or "" for name in TABLES[TAX].key) not in spoilt:
            month, year = row["ky"].split("/")
            if (start := date(int(year), int(month), 1)) >= date(2025, 7, 1):
                months[start] += int(row["so_da_nop"])
    found = first.province.query(
        "select period_type, period_start, value, cumulative_value from marts.indicator_value"
        " where indicator_code = 'TAX_COLLECTED' and unit_id = '33@2025-07-01'"
    )
    lengths = {"month": 1, "quarter": 3, "half": 6, "year": 12}
    assert {kind for kind, *_ in found} == set(lengths)
    assert len(found) > len(months) + 6
    for kind, start, value, cumulative in found:
        last = start.month + lengths[kind] - 1
        of_year = {month: sum_ for month, sum_ in months.items() if month.year == start.year}
        so_far = {month: sum_ for month, sum_ in of_year.items() if month.month <= last}
        inside = (sum_ for month, sum_ in so_far.items() if month >= start)
        assert value == pytest.approx(sum(inside)), (kind, start)
        assert cumulative == pytest.approx(sum(so_far.values())), (kind, start)


def test_cases_of_disease_are_those_in_the_stations_own_files(first: First) -> None:
    key = first.key.feeds[DISEASE]
    spoilt = {(row.file, row.row) for row in key.refused}
    wanted: Counter[str] = Counter()
    files = sorted((first.province.sandbox / "so_y_te" / "benh-tuan").glob("*.csv"))
    assert len(files) > 100
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            seen = set()
            for number, row in enumerate(csv.DictReader(file, delimiter=";"), start=2):
                place = f"so_y_te/benh-tuan/{path.name}", number
                if place in spoilt or tuple(row.values()) in seen:
                    continue
                seen.add(tuple(row.values()))
                wanted[row["Tuần"]] += int(row["Số mắc"])
    found = first.province.query(
        "select strftime(period_start, '%G-W%V'), value from marts.indicator_value"
        " where indicator_code = 'DISEASE_CASES_WEEK' and unit_id = '33@2025-07-01'"
    )
    assert len(wanted) > 100
    # weeks before the reform of 2025-07-01 are of the communes of that time
    since = {week: cases for week, cases in wanted.items() if week >= "2025-W28"}
    assert {week: int(value) for week, value in found} == since
    assert len(since) > 50
