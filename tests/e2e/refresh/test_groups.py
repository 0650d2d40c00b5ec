"""Every group of data of article 5.5 is there: datasets, a mart, indicators in every scenario."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from ioc_pipelines.orchestration.dbt import ensure_manifest
from tests.e2e.province import FEEDS
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

# Hưng Yên 1062/2025, article 5.5: what is published of each group beside the indicators
MARTS = {
    "map": ("marts.commune_boundary", "marts.point_of_interest"),
    "socio_economic": ("staging.socio_economic__monthly_indicator",),
    "population": ("marts.resident_by_commune",),
    "land": ("staging.land__transaction", "staging.construction__permit"),
    "housing": ("marts.social_housing",),
    "finance": ("staging.finance__budget_revenue", "staging.finance__public_investment"),
    "two_tier_government": ("staging.public_services__procedure_quality_monthly",),
    "infrastructure": ("marts.infrastructure_asset",),
    "specialised": ("marts.social_security_monthly", "marts.civil_service_by_unit"),
    "planning": ("marts.planning_plan", "marts.planning_document"),
    "sensors": ("staging.environment__air_quality_hourly",),
}


def test_no_group_of_data_and_no_scenario_is_without_an_indicator(first: First) -> None:
    """H71: the matrix of groups and scenarios has no empty row and no empty column."""
    sql = "select data_group, scenario, indicators_with_values from marts.indicator_coverage"
    by_group: dict[str, int] = defaultdict(int)
    by_scenario: dict[str, int] = defaultdict(int)
    for group, scenario, count in first.province.query(sql):
        by_group[group] += count
        by_scenario[scenario] += count
    assert set(by_group) == set(MARTS)
    assert len(by_scenario) == 3
    assert [group for group, count in by_group.items() if not count] == []
    assert [scenario for scenario, count in by_scenario.items() if not count] == []


@pytest.mark.parametrize("group", sorted(MARTS))
def test_each_group_is_published(first: First, group: str) -> None:
    for table in MARTS[group]:
        ((count,),) = first.province.query(f"select count(*) from {table}")
        assert count > 0, table


def test_there_are_24_datasets_and_80_indicators(first: First) -> None:
    """Over both profiles; the public data set adds its own."""
    assert len({feed.split("/")[1] for feed in FEEDS}) >= 24
    ((indicators,),) = first.province.query("select count(*) from marts.indicator")
    assert indicators >= 80


def test_every_published_column_is_described(first: First) -> None:
    """What dbt's yml names is what the published tables have."""
    nodes = json.loads(ensure_manifest().read_bytes())["nodes"]
    described = {
        (node["schema"], node["alias"]): set(node["columns"])
        for node in nodes.values()
        if node["resource_type"] == "model" and node["database"] == "ioc"
    }
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for schema, table, column in first.province.query(
        "select schema_name, table_name, column_name from duckdb_columns() where not internal"
    ):
        found[schema, table].add(column)
    assert len(found) > 60
    assert {table: columns ^ described[table] for table, columns in found.items()} == {
        table: set() for table in found
    }
