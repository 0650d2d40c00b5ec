"""The profile of real public files: known figures, and a list that changes and changes back.

The figures are those that the files show when they are opened by hand; where they are many, they
are compared with a straight reading of the file.
"""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from ioc_pipelines.catalog.load import FeedEntry, load_catalog
from ioc_pipelines.home import SOURCES, Home
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.run import RunResult, refresh
from tests.e2e.province import query

pytestmark = pytest.mark.e2e

ADMIN, FDI = "nso/reference.admin_unit", "nso/investment.fdi_by_province"
DISEASE = "cuc_y_te_du_phong/health.disease_cases_monthly"
OLD_NAME, NEW_NAME = "Phường Ba Đình", "Phường Ba Đình Mới"
RENAMED, DROPPED = "00004", "00008"


@dataclass
class Night:
    """One refresh: what it published and which batches stood afterwards."""

    result: RunResult
    file: Path
    admin_batch: str
    fdi_batch: str
    outcomes: dict[str, str]

    def query(self, sql: str) -> list[Any]:
        return query(self.file, sql)


@dataclass
class Nights:
    """List A; then B, with one commune renamed and one left out; then A again.

    The first night asks every feed; the others the list and one more, which does not change.
    """

    a: Night
    b: Night
    again: Night
    units: list[dict[str, Any]]
    workbooks: list[Path]


@pytest.fixture(scope="module")
def nights(open_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    before = dict(os.environ)
    folder = tmp_path_factory.mktemp("open")
    try:
        yield _nights(open_data, folder)
    finally:
        os.environ.clear()
        os.environ.update(before)


def _nights(open_data: Path, folder: Path) -> Nights:
    copy = folder / "data"
    shutil.copytree(
        open_data, copy, ignore=shutil.ignore_patterns("*.sql", "*.geojson", "*.ndjson")
    )
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    xls = copy / "nso_monthly_reports" / "xls"
    (listed,) = (copy / "admin_units_2026").glob("full_json_*.json")
    a = listed.read_bytes()
    os.environ["IOC_OPEN_DATA"] = str(copy)
    home = Home("open_data", folder / "var" / "open_data")
    deployment = Deployment(home, load_catalog(SOURCES / "open_data"))
    found = [_night(deployment, deployment.catalog.active)]
    compared = [entry for entry in deployment.catalog.active if entry.id in {ADMIN, FDI}]
    listed.write_text(json.dumps(_changed(a), ensure_ascii=False), encoding="utf-8")
    found.append(_night(deployment, compared))
    listed.write_bytes(a)
    found.append(_night(deployment, compared))
    return Nights(*found, json.loads(a), sorted(xls.glob("2024-*.xlsx")))


def _changed(content: bytes) -> list[dict[str, Any]]:
    units: list[dict[str, Any]] = json.loads(content)
    communes = units[0]["Wards"]
    (renamed,) = [c for c in communes if c["Code"] == RENAMED]
    assert renamed["FullName"] == OLD_NAME
    renamed["FullName"] = NEW_NAME
    kept = [c for c in communes if c["Code"] != DROPPED]
    assert len(kept) == len(communes) - 1
    units[0]["Wards"] = kept
    return units


def _night(deployment: Deployment, entries: Sequence[FeedEntry]) -> Night:
    result = refresh(deployment, entries)
    home, ledger = deployment.home, deployment.ledger
    published = (home.published / "ioc.duckdb").resolve()
    batches = {feed: ledger.acceptances.current_batch(feed) or "" for feed in (ADMIN, FDI)}
    outcomes = {feed: (ledger.deliveries.last(feed) or {})["outcome"] for feed in (ADMIN, FDI)}
    return Night(result, published, batches[ADMIN], batches[FDI], outcomes)


# -- the numbers ----------------------------------------------------------------------------------


def test_everything_is_accepted_and_published(nights: Nights) -> None:
    for night in (nights.a, nights.b, nights.again):
        assert night.result.published, night.result.problems
    assert nights.a.outcomes == {ADMIN: "accepted", FDI: "accepted"}
    assert len({night.file for night in (nights.a, nights.b, nights.again)}) == 3
    refused = nights.a.query(
        "select distinct feed, rule, column_name from quality.refused_row order by all"
    )
    assert refused == [(DISEASE, "correct.readable", "cases")]


def test_every_feed_of_the_profile_delivered(nights: Nights) -> None:
    outcomes = dict(nights.a.query("select feed, outcome from quality.delivery"))
    assert set(outcomes) == {entry.id for entry in load_catalog(SOURCES / "open_data").active}
    assert len(outcomes) >= 11
    assert {feed for feed, outcome in outcomes.items() if outcome != "accepted"} == {DISEASE}
    assert outcomes[DISEASE] == "partly_accepted"


def test_34_provinces_and_3321_communes_are_in_force(nights: Nights) -> None:
    current = "from core.dim_admin_unit where is_current"
    assert nights.a.query(f"select level, count(*) {current} group by 1 order by 1") == [
        ("commune", 3321),
        ("province", 34),
    ]
    by_province = dict(
        nights.a.query(f"select province_code, count(*) {current} and level = 'commune' group by 1")
    )
    known = {"33": 104, "51": 96, "12": 38, "86": 124}
    assert {code: by_province[code] for code in known} == known
    assert by_province == {unit["Code"]: len(unit["Wards"]) for unit in nights.units}
    assert sum(by_province.values()) == 3321


def test_every_unit_is_as_the_list_has_it(nights: Nights) -> None:
    listed = {
        (unit["Code"], unit["FullName"], unit.get("ProvinceCode"))
        for province in nights.units
        for unit in (province, *province["Wards"])
    }
    rows = nights.a.query(
        "select code, full_name, province_code from staging.reference__admin_unit"
    )
    assert len(rows) == len(listed) == 3355
    assert set(rows) == listed
    orphans = nights.a.query(
        "select count(*) from core.dim_admin_unit as c left join core.dim_admin_unit as p"
        " on p.unit_id = c.parent_unit_id and p.is_current"
        " where c.level = 'commune' and c.is_current and p.unit_id is null"
    )
    assert orphans == [(0,)]


def test_the_dimension_goes_back_to_63_provinces(nights: Nights) -> None:
    sql = (
        "select count(*) from core.dim_admin_unit where level = 'province'"
        " and date '{}' between valid_from and coalesce(valid_to, date '9999-12-31')"
    )
    counts = {day: nights.a.query(sql.format(day))[0][0] for day in ("2024-12-01", "2025-07-01")}
    assert counts == {"2024-12-01": 63, "2025-07-01": 34}


def test_three_tiers_before_the_reform_and_two_after(nights: Nights) -> None:
    """H01, L01: also where the office's own lists stand for the seeds."""
    sql = (
        "select level, count(*) from core.dim_admin_unit"
        " where date '{}' between valid_from and coalesce(valid_to, date '9999-12-31') group by 1"
    )
    counts = {d: dict(nights.a.query(sql.format(d))) for d in ("2025-06-30", "2025-07-01")}
    assert counts == {
        "2025-06-30": {"province": 63, "district": 696, "commune": 10035},
        "2025-07-01": {"province": 34, "commune": 3321},
    }
    ((links, divided),) = nights.a.query(
        "select count(*), count(distinct old_unit_id) filter (is_split)"
        " from core.admin_unit_successor where effective_date = date '2025-07-01'"
        " and new_unit_id like '_____@%'"
    )
    assert (links, divided) == (10602, 471)


def test_a_figure_of_2024_on_the_map_of_its_time_and_of_today(nights: Nights) -> None:
    """H11: old Hưng Yên, Thái Bình and the Hưng Yên of both are three units."""
    own = nights.a.query(
        "select unit_id, value from marts.indicator_value"
        " where indicator_code = 'FDI_NEW_CAPITAL_YTD' and period_type = 'month'"
        " and period_start = date '2024-12-01'"
        " and unit_id in ('33@2003-01-01', '34@2003-01-01', '33@2025-07-01') order by 1"
    )
    paths = [path for path in nights.workbooks if path.name.startswith("2024-12")]
    told = {name: _row_of(paths[0], name)[1] for name in ("Hưng Yên", "Thái Bình")}
    assert own == [
        ("33@2003-01-01", pytest.approx(told["Hưng Yên"])),
        ("34@2003-01-01", pytest.approx(told["Thái Bình"])),
    ]
    assert [round(value, 1) for _, value in own] == [1406.3, 1136.0]
    today = nights.a.query(
        "select unit_id, round(value, 1), rebasing, allocation, is_partial, own_units"
        " from marts.indicator_value_rebased where indicator_code = 'FDI_NEW_CAPITAL_YTD'"
        " and period_type = 'month' and period_start = date '2024-12-01'"
        " and unit_id like '33@%'"
    )
    assert today == [("33@2025-07-01", 2542.4, "exact", None, False, 2)]


def test_investment_in_hung_yen_is_what_the_workbooks_say(nights: Nights) -> None:
    rows = nights.a.query(
        "select period, projects, new_capital_usd_m, adjusted_capital_usd_m"
        " from staging.investment__fdi_by_province where province_name = 'Hưng Yên'"
        " and period like '2024-%' order by 1"
    )
    found = {period: values for period, *values in rows}
    assert list(found) == [f"2024-{month:02d}" for month in range(1, 13)]
    assert found["2024-12"] == [71, pytest.approx(1406.343102), pytest.approx(40.349165187)]
    assert found["2024-01"][2] == pytest.approx(-46.597724)
    files = nights.a.query(
        "select distinct period, _file from staging.investment__fdi_by_province"
        " where period like '2024-%' order by 1"
    )
    assert len(files) == len(nights.workbooks) == 12
    for period, file in files:
        path = next(path for path in nights.workbooks if file.endswith(path.name))
        assert _row_of(path, "Hưng Yên") == pytest.approx(found[period]), period


def _row_of(path: Path, province: str) -> list[float | None]:
    """The three figures of a province, read straight from the sheet."""
    workbook = CalamineWorkbook.from_path(path)
    (sheet,) = [name for name in workbook.sheet_names if name.strip().upper().endswith("FDI")]
    rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    (row,) = [row for row in rows if str(row[1]).strip() == province]
    return [value if isinstance(value, int | float) else None for value in row[2:5]]


def test_every_province_of_a_workbook_reaches_its_indicator(nights: Nights) -> None:
    staged = nights.a.query(
        "select period, count(projects), count(new_capital_usd_m), count(*)"
        " from staging.investment__fdi_by_province where province_name <> 'Dầu khí ngoài khơi'"
        " group by 1 order by 1"
    )
    sql = (
        "select strftime(period_start, '%Y-%m'), count(*) from marts.indicator_value"
        " where indicator_code = '{}' and period_type = 'month' group by 1 order by 1"
    )
    projects = nights.a.query(sql.format("FDI_PROJECTS_YTD"))
    capital = nights.a.query(sql.format("FDI_NEW_CAPITAL_YTD"))
    assert projects == [(period, count) for period, count, _, _ in staged]
    assert capital == [(period, count) for period, _, count, _ in staged]
    of_2024 = [count for period, *_, count in staged if period.startswith("2024-")]
    assert sum(of_2024) == 240  # 12 workbooks of 20 provinces
    assert len(staged) == 45  # one workbook a month
    provinces = nights.a.query(
        "select distinct u.valid_to from marts.indicator_value join core.dim_admin_unit as u"
        " using (unit_id) where u.code = '33' and indicator_code = 'FDI_PROJECTS_YTD'"
    )
    assert len(provinces) == 1
    assert provinces[0][0] is not None  # the Hưng Yên of 2024, before the reform
    value = nights.a.query(
        "select value, status from marts.indicator_value join core.dim_admin_unit as u"
        " using (unit_id) where u.code = '33' and indicator_code = 'FDI_PROJECTS_YTD'"
        " and period_type = 'month' and period_start = date '2024-12-01'"
    )
    assert value == [(71.0, "no_target")]


# -- twenty years of other files -------------------------------------------------------------------


def test_investment_goes_back_to_2003_in_millions(nights: Nights) -> None:
    rows = nights.a.query(
        "select period, projects, new_capital_usd_m, adjusted_capital_usd_m"
        " from core.fdi_by_province where province_name = 'Hưng Yên'"
        " and period in ('2003-03', '2008-09', '2016-09', '2021-04') order by 1"
    )
    assert rows == [
        ("2003-03", 2, pytest.approx(1.35), None),
        ("2008-09", 21, pytest.approx(48.0758), None),
        ("2016-09", 32, pytest.approx(271.555607), None),
        ("2021-04", 3, pytest.approx(77.480544), pytest.approx(190.279753)),
    ]


@pytest.mark.parametrize(
    ("table", "where", "expected"),
    [
        ("budget_by_province", "fiscal_year = 2003 and stage = 'plan'", (256000.0, 544018.0)),
        (
            "budget_by_province",
            "fiscal_year = 2014 and stage = 'final'",
            (8847815.0, 7402870.488013),
        ),
        ("state_budget_investment", "period = '2007-03'", (39.15, 111.135)),
        ("state_budget_investment", "period = '2024-12'", (2256.187, 16498.016)),
        ("industrial_labour_index", "period = '2021-04'", (101.2, 103.8)),
        ("disease_cases_monthly", "year = 2011 and month = 1 and disease = 'Tả'", (0, 0)),
    ],
)
def test_figures_of_hung_yen(
    nights: Nights, table: str, where: str, expected: tuple[float, ...]
) -> None:
    columns = {
        "budget_by_province": "revenue_m_vnd, expenditure_m_vnd",
        "state_budget_investment": "month_bn_vnd, cumulative_bn_vnd",
        "industrial_labour_index": "index_previous_month, index_same_period",
        "disease_cases_monthly": "cases, deaths",
    }[table]
    name = "unit_name" if table == "state_budget_investment" else "province_name"
    rows = nights.a.query(
        f"select {columns}, unit_id from core.{table} where {name} = 'Hưng Yên' and {where}"
    )
    assert rows == [(*map(pytest.approx, expected), "33@2003-01-01")]


def test_each_yearbook_has_63_provinces_28_diseases_12_months(nights: Nights) -> None:
    counted = nights.a.query(
        "select year, count(*), count(distinct unit_id), count(distinct disease),"
        " count(distinct month) from core.disease_cases_monthly group by 1 order by 1"
    )
    whole = 63 * 28 * 12
    # four cells of the yearbook of 2014 are numbers such as 1.951: refused, not guessed
    rows = {2011: whole, 2012: whole, 2013: whole, 2014: whole - 4}
    assert counted == [(year, count, 63, 28, 12) for year, count in rows.items()]


def test_what_cannot_be_read_is_named_by_file_sheet_and_row(nights: Nights) -> None:
    rows = nights.a.query(
        "select source_file, sheet, row_number, cell from quality.refused_row order by all"
    )
    yearbook = "gdpm_disease_yearbooks/Nien_giam_2014r.xls"
    assert rows == [
        (yearbook, "Cum", 8, "P8"),
        (yearbook, "Cum", 8, "R8"),
        (yearbook, "Cum", 8, "V8"),
        (yearbook, "Cum", 25, "H25"),
    ]


def test_the_other_datasets_are_whole(nights: Nights) -> None:
    counts = {
        table: nights.a.query(f"select count(*) from staging.{table}")[0][0]
        for table in (
            "public_services__procedure",
            "environment__air_quality_hourly",
            "reference__admin_unit_change",
            "labour__industrial_labour_index",
        )
    }
    assert counts == {
        "public_services__procedure": 2642,
        "environment__air_quality_hourly": 8785,
        "reference__admin_unit_change": 10602,
        "labour__industrial_labour_index": 35 * 63,
    }
    years = nights.a.query(
        "select min(year), max(year), count(distinct year) from core.population_by_province"
    )
    assert years == [(1995, 2016, 22)]
    preliminary = "select distinct year from core.population_by_province where is_preliminary"
    assert nights.a.query(preliminary) == [(2016,)]


def test_each_name_has_the_unit_of_its_period(nights: Nights) -> None:
    units = dict(
        nights.a.query(
            "select year, unit_id from core.population_by_province"
            " where province_name = 'Hà Nội' and year in (2005, 2009)"
        )
    )
    assert units == {2005: "01@2003-01-01", 2009: "01@2008-08-01"}
    known = nights.a.query(
        "select count(distinct unit_id) from core.budget_by_province where fiscal_year = 2006"
    )
    assert known == [(64,)]
    nowhere = nights.a.query(
        "select distinct province_name from core.budget_by_province where unit_id is null"
        " union select distinct province_name from core.disease_cases_monthly where unit_id is null"
        " union select distinct province_name from core.fdi_by_province where unit_id is null"
    )
    assert nowhere == [("Dầu khí ngoài khơi",)]


def test_totals_that_do_not_tie_are_listed_row_by_row(nights: Nights) -> None:
    rows = nights.a.query(
        "select feed, source_file, row_number, column_name, stated, parts_sum"
        " from quality.control_total where not ties and feed like 'bo_tai_chinh/%' order by 2, 4"
    )
    plan = "mof_budget/Budget/Plan_{}.xls"
    assert [row[1:] for row in rows] == [
        (plan.format(2015), 13, "revenue_m_vnd", 991_600_000, 949_025_000),
        (plan.format(2016), 13, "revenue_m_vnd", 1_109_500_000, 1_028_841_000),
    ]
    compared = dict(
        nights.a.query("select feed, count(*) from quality.control_total where ties group by 1")
    )
    assert set(compared) == {
        "bo_tai_chinh/finance.budget_by_province",
        FDI,
        "nso/investment.state_budget_investment",
        "nso/population.population_by_province",
    }
    assert min(compared.values()) > 100


def test_no_published_string_is_mojibake_or_not_nfc(nights: Nights) -> None:
    texts = 0
    with duckdb.connect(str(nights.a.file), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in columns:
            rows = connection.execute(
                f'select distinct "{column}" from {schema}."{table}" where "{column}" is not null'
            ).fetchall()
            said = "\n".join(text for (text,) in rows)
            assert unicodedata.is_normalized("NFC", said), (schema, table, column)
            assert not set(said) & set("\u00b5\u00b6\u00b8\u00b9\u00bc\u00bd\u00be\ufffd§¦¬®¸"), (
                schema,
                table,
                column,
            )
            texts += len(rows)
    assert texts > 50_000


# -- A, B, A --------------------------------------------------------------------------------------


def test_a_changed_list_is_a_new_batch_and_the_old_list_is_the_old_batch(nights: Nights) -> None:
    batches = [night.admin_batch for night in (nights.a, nights.b, nights.again)]
    assert batches[0] == batches[2] != batches[1]
    assert all(batches)
    assert [night.outcomes[ADMIN] for night in (nights.b, nights.again)] == ["accepted"] * 2
    assert [night.outcomes[FDI] for night in (nights.b, nights.again)] == ["no_news"] * 2
    assert nights.a.fdi_batch == nights.b.fdi_batch == nights.again.fdi_batch


def test_staging_and_dimension_follow_the_list(nights: Nights) -> None:
    sql = (
        "select s.code, s.full_name, d.full_name, s._batch_id"
        " from staging.reference__admin_unit as s join core.dim_admin_unit as d"
        " on d.code = s.code and d.level = 'commune' and d.is_current"
        f" where s.code in ('{RENAMED}', '{DROPPED}') order by 1"
    )
    rows = {name: getattr(nights, name).query(sql) for name in ("a", "b", "again")}
    assert [(code, *names) for code, *names, _ in rows["b"]] == [(RENAMED, NEW_NAME, NEW_NAME)]
    assert [code for code, *_ in rows["a"]] == [RENAMED, DROPPED]
    assert rows["a"][0][1:3] == (OLD_NAME, OLD_NAME)
    assert rows["again"] == rows["a"]
    assert rows["b"][0][3] == nights.b.admin_batch
    count = "select count(*) from staging.reference__admin_unit"
    counts = {name: getattr(nights, name).query(count)[0][0] for name in rows}
    assert counts == {"a": 3355, "b": 3354, "again": 3355}


def test_a_commune_that_is_gone_has_no_row_left_in_force(nights: Nights) -> None:
    sql = (
        f"select is_current from core.dim_admin_unit where code = '{DROPPED}'"
        " and valid_from = date '2025-07-01'"
    )
    assert nights.a.query(sql) == [(True,)]
    assert (True,) not in nights.b.query(sql)
    assert nights.again.query(sql) == [(True,)]
