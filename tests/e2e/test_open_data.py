"""The profile of real public files: known figures, and a list that changes and changes back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES, Home
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.run import RunResult, refresh
from tests.e2e.province import query

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

ADMIN, FDI = "nso/reference.admin_unit", "nso/investment.fdi_by_province"
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
    """List A; then B, with one commune renamed and one left out; then A again."""

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
    admin, xls = copy / "admin_units_2026", copy / "nso_monthly_reports" / "xls"
    admin.mkdir(parents=True)
    xls.mkdir(parents=True)
    (source,) = (open_data / "admin_units_2026").glob("full_json_*.json")
    listed = admin / source.name
    a = source.read_bytes()
    listed.write_bytes(a)
    for path in (open_data / "nso_monthly_reports" / "xls").glob("2024-*.xlsx"):
        shutil.copyfile(path, xls / path.name)
    os.environ["IOC_OPEN_DATA"] = str(copy)
    home = Home("open_data", folder / "var" / "open_data")
    deployment = Deployment(home, load_catalog(SOURCES / "open_data"))
    found = [_night(deployment)]
    listed.write_text(json.dumps(_changed(a), ensure_ascii=False), encoding="utf-8")
    found.append(_night(deployment))
    listed.write_bytes(a)
    found.append(_night(deployment))
    return Nights(*found, json.loads(a), sorted(xls.iterdir()))


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


def _night(deployment: Deployment) -> Night:
    result = refresh(deployment, deployment.catalog.active)
    home, ledger = deployment.home, deployment.ledger
    published = (home.published / "ioc.duckdb").resolve()
    batches = {feed: ledger.current_batch(feed) or "" for feed in (ADMIN, FDI)}
    outcomes = {feed: (ledger.last_delivery(feed) or {})["outcome"] for feed in (ADMIN, FDI)}
    return Night(result, published, batches[ADMIN], batches[FDI], outcomes)


# -- the numbers ----------------------------------------------------------------------------------


def test_everything_is_accepted_and_published(nights: Nights) -> None:
    for night in (nights.a, nights.b, nights.again):
        assert night.result.published, night.result.problems
    assert nights.a.outcomes == {ADMIN: "accepted", FDI: "accepted"}
    assert len({night.file for night in (nights.a, nights.b, nights.again)}) == 3
    refused = nights.a.query("select count(*) from quality.refused_row")
    assert refused == [(0,)]


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


def test_investment_in_hung_yen_is_what_the_workbooks_say(nights: Nights) -> None:
    rows = nights.a.query(
        "select period, projects, new_capital_usd_m, adjusted_capital_usd_m"
        " from staging.investment__fdi_by_province where province_name = 'Hưng Yên' order by 1"
    )
    found = {period: values for period, *values in rows}
    assert list(found) == [f"2024-{month:02d}" for month in range(1, 13)]
    assert found["2024-12"] == [71, pytest.approx(1406.343102), pytest.approx(40.349165187)]
    assert found["2024-01"][2] == pytest.approx(-46.597724)
    files = nights.a.query(
        "select distinct period, _file from staging.investment__fdi_by_province order by 1"
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
        " from staging.investment__fdi_by_province group by 1 order by 1"
    )
    sql = (
        "select strftime(period_start, '%Y-%m'), count(*) from marts.indicator_value"
        " where indicator_code = '{}' group by 1 order by 1"
    )
    projects = nights.a.query(sql.format("FDI_PROJECTS_YTD"))
    capital = nights.a.query(sql.format("FDI_NEW_CAPITAL_YTD"))
    assert projects == [(period, count) for period, count, _, _ in staged]
    assert capital == [(period, count) for period, _, count, _ in staged]
    assert sum(count for *_, count in staged) == 240  # 12 workbooks of 20 provinces
    provinces = nights.a.query(
        "select distinct u.valid_to from marts.indicator_value join core.dim_admin_unit as u"
        " using (unit_id) where u.code = '33'"
    )
    assert len(provinces) == 1
    assert provinces[0][0] is not None  # the Hưng Yên of 2024, before the reform
    value = nights.a.query(
        "select value, status from marts.indicator_value join core.dim_admin_unit as u"
        " using (unit_id) where u.code = '33' and indicator_code = 'FDI_PROJECTS_YTD'"
        " and period_start = date '2024-12-01'"
    )
    assert value == [(71.0, "no_target")]


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
    sql = f"select is_current from core.dim_admin_unit where code = '{DROPPED}'"
    assert nights.a.query(sql) == [(True,)]
    assert (True,) not in nights.b.query(sql)
    assert nights.again.query(sql) == [(True,)]
