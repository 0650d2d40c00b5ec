"""A small build whose marts are good, and the suites of the project that it is held to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.orchestration.dbt import ensure_manifest
from ioc_pipelines.warehouse.acceptance.declared import read_declared
from ioc_pipelines.warehouse.acceptance.engine import accept_marts
from ioc_pipelines.warehouse.acceptance.facts import MartFacts, marts_of
from ioc_pipelines.warehouse.acceptance.report import Report, Verdict
from ioc_pipelines.warehouse.acceptance.suites import Suite, suites_of

TODAY = date(2026, 11, 22)
VALUE, CATALOGUE, LINEAGE = "marts.indicator_value", "marts.indicator", "marts.indicator_lineage"
UNITS = "core.dim_admin_unit"
HELD = (CATALOGUE, LINEAGE, VALUE, UNITS)
OWNERS = {"so_y_te": "Sở Y tế"}
PROVINCE, COMMUNE, OTHER = "33@2025-07-01", "11953@2025-07-01", "11977@2025-07-01"

_STATEMENTS = (
    "create schema marts",
    "create schema core",
    "create schema staging",
    "create schema quality",
    "create table marts.indicator as select * from (values"
    " ('DOSSIERS_ON_TIME_RATE', 'Tỷ lệ đúng hạn', '%', 'higher_is_better', 'van_phong_ubnd'),"
    " ('DISEASE_CASES_WEEK', 'Số ca mắc', 'ca', 'lower_is_better', 'so_y_te'))"
    " as v(indicator_code, name_vi, unit, direction, owner_agency),"
    " (values (true, 'health', 'sector')) as w(is_additive, data_group, scenario)",
    "create table core.dim_admin_unit as select code || '@2025-07-01' as unit_id, code, name,"
    " level, case level when 'commune' then '33@2025-07-01' end as parent_unit_id,"
    " '33@2025-07-01' as province_unit_id, '33' as province_code,"
    " date '2025-07-01' as valid_from, 'law' as valid_from_basis, cast(null as date) as valid_to,"
    " true as is_current from (values ('33', 'Hưng Yên', 'province'),"
    " ('11953', 'Phố Hiến', 'commune'), ('11977', 'Sơn Nam', 'commune')) as v(code, name, level)",
    "create table staging.reference__admin_unit as select code from core.dim_admin_unit",
    "create table marts.indicator_value as select i.indicator_code, 'month' as period_type,"
    " date '2026-10-01' as period_start, u.unit_id, cast(50.5 as double) as value,"
    " cast(null as double) as target,"
    " 'no_target' as status, timestamptz '2026-11-20 19:00:00+00' as recorded_at"
    " from marts.indicator as i, core.dim_admin_unit as u",
    "create table quality.batch as select 'b1' as batch_id",
    "create table marts.indicator_lineage as select indicator_code, period_type, period_start,"
    " unit_id, recorded_at, 'so_a/x' as feed, 'b1' as batch_id from marts.indicator_value",
)


def build_of(folder: Path, *changes: str) -> Path:
    """Two indicators of a month for a province and its two communes, then ``changes``."""
    folder.mkdir(exist_ok=True)
    with duckdb.connect(str(folder / "ioc.duckdb")) as connection:
        for statement in (*_STATEMENTS, *changes):
            connection.execute(statement).fetchall()
    with duckdb.connect(str(folder / "work.duckdb")) as connection:
        connection.execute("create schema seeds").fetchall()
        connection.execute("create table seeds.admin_unit (code varchar, valid_to date)").fetchall()
    return folder


@cache
def facts() -> tuple[MartFacts, ...]:
    """The marts as dbt's manifest describes them."""
    return tuple(marts_of(json.loads(ensure_manifest().read_bytes())["nodes"]))


@cache
def suites() -> list[Suite]:
    """The project's suites of the marts that the small build has."""
    declared = read_declared(DBT_PROJECT / "acceptance")
    filled = {dataset for mart in facts() for dataset in mart.datasets}
    return [suite for suite in suites_of(facts(), declared, filled, TODAY) if suite.mart in HELD]


def accept(build: Path, among: Sequence[Suite] | None = None) -> Report:
    """Hold the build to these suites, else to all of them."""
    return accept_marts(build, suites() if among is None else among, OWNERS)


def found(report: Report, outcome: str) -> dict[tuple[str, str], Verdict]:
    """The verdicts with an outcome, by mart and expectation."""
    return {
        (mart.mart, verdict.id): verdict
        for mart in report.marts
        for verdict in mart.verdicts
        if verdict.outcome == outcome
    }
