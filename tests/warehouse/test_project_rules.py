"""What dbt-project-evaluator asks of a project, held here: the package cannot be had offline.

Rules: https://dbt-labs.github.io/dbt-project-evaluator, chapters modeling, testing, documentation,
structure; the layers are those of DESIGN.md.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.home import table_name
from ioc_pipelines.orchestration.dbt import ensure_manifest

Node = dict[str, Any]
SCHEMAS = ("staging", "core", "intermediate", "marts", "quality", "seeds")
# whom a layer, a folder of models, may read; alerts of marts are told in quality
MAY_READ: dict[str, set[str]] = {
    "staging": set(),
    "core": {"staging", "core"},
    "marts": {"staging", "core", "marts", "quality"},
    "quality": {"staging", "core", "marts", "quality"},
}
SOURCES_OF = {
    "staging": {"accepted", "ledger", "quarantine", "catalog"},
    "quality": {"accepted", "ledger", "quarantine", "catalog"},
    "core": {"catalog", "ledger"},
}
_HARD_CODED = re.compile(rf"\b(?:from|join)\s+\"?(?:{'|'.join(SCHEMAS)})\"?\.\"?[a-z_]+")
_COMMENT = re.compile(r"--.*$|\{#.*?#\}", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ensure_manifest().read_bytes())
    return read


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, Node]:
    found = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    assert len(found) > 80
    return found


def layer(node: Node) -> str:
    return str(node["fqn"][1])


def test_a_model_reads_its_own_layer_or_the_ones_before(models: dict[str, Node]) -> None:
    wrong = [
        f"{node['name']} reads {models[name]['name']}"
        for node in models.values()
        for name in node["depends_on"]["nodes"]
        if name in models and layer(models[name]) not in MAY_READ[layer(node)]
    ]
    assert {layer(node) for node in models.values()} == set(MAY_READ)
    assert wrong == []


def test_only_staging_reads_what_agencies_sent_and_no_mart_reads_a_source(
    models: dict[str, Node],
) -> None:
    wrong = [
        f"{node['name']} reads {source}"
        for node in models.values()
        for source in node["depends_on"]["nodes"]
        if source.startswith("source.")
        and source.split(".")[2] not in SOURCES_OF.get(layer(node), set())
    ]
    assert wrong == []


def test_each_accepted_dataset_has_one_staging_model_of_its_name(
    models: dict[str, Node],
) -> None:
    staged = sorted(node["name"] for node in models.values() if layer(node) == "staging")
    assert staged == sorted(table_name(dataset) for dataset in all_contracts())


def test_tables_are_named_by_ref_and_source_alone(models: dict[str, Node]) -> None:
    hard_coded = {
        node["name"]: found
        for node in models.values()
        if (found := _HARD_CODED.findall(_COMMENT.sub("", node["raw_code"])))
    }
    assert hard_coded == {}


def test_every_model_is_tested_for_its_grain(
    manifest: dict[str, Any], models: dict[str, Node]
) -> None:
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "unique_key"
    }
    assert [node["name"] for name, node in models.items() if name not in keyed] == []


def test_every_model_says_what_a_row_is(models: dict[str, Node]) -> None:
    assert [n["name"] for n in models.values() if "Grain: " not in n["description"]] == []


def test_every_published_column_is_described_in_vietnamese_and_english(
    models: dict[str, Node],
) -> None:
    columns = [
        (node["name"], name, column["description"])
        for node in models.values()
        if node["database"] == "ioc"
        for name, column in node["columns"].items()
    ]
    assert len(columns) > 500
    assert [(model, name) for model, name, text in columns if " · " not in text] == []


def test_a_table_of_what_is_only_published_as_sums_shows_no_small_cell(
    manifest: dict[str, Any], models: dict[str, Node]
) -> None:
    """H28: what reads counts of persons carries the test, or is an indicator, which is a sum."""
    counts = {k for k, s in manifest["sources"].items() if s["meta"].get("publish") == "aggregate"}
    guarded = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "no_small_cell"
    }
    reading = {
        node["name"]: name in guarded
        for name, node in models.items()
        if node["database"] == "ioc"
        and layer(node) in ("core", "marts")
        and not node["name"].startswith("indicator")
        and counts & _read_by(name, models)
    }
    assert len(counts) >= 3
    assert reading == dict.fromkeys(reading, True)
    assert len(reading) >= 3


def _read_by(name: str, models: dict[str, Node]) -> set[str]:
    """Everything that a model reads, through others too."""
    direct = set(models[name]["depends_on"]["nodes"])
    return direct.union(*(_read_by(other, models) for other in direct & set(models)))


def test_the_rules_would_find_what_they_look_for() -> None:
    assert _HARD_CODED.findall('select 1 from marts.indicator join "core"."x" on true')
    assert not _HARD_CODED.findall(_COMMENT.sub("", "-- from marts.indicator\nselect 1"))
