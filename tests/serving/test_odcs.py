"""Contracts as Open Data Contract Standard documents, held to the standard's own schema."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from typer.testing import CliRunner

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.cli import app
from ioc_pipelines.home import SOURCES
from ioc_pipelines.serving.contract_documents import odcs_documents
from ioc_pipelines.serving.contract_form import form_of
from ioc_pipelines.serving.odcs import odcs_of
from tests.quality.frames import context_for

DOSSIER = "public_services.procedure_dossier"


@cache
def documents(profile: str | None) -> dict[str, dict[str, Any]]:
    catalog = load_catalog(SOURCES / profile) if profile else None
    texts = odcs_documents(map(form_of, all_contracts().values()), catalog)
    return {name.removesuffix(".odcs.yaml"): yaml.safe_load(t) for name, t in texts.items()}


@cache
def standard() -> Any:
    schema = json.loads(OpenDataContractStandard.json_schema())
    return jsonschema.Draft201909Validator(schema)


def properties(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (table,) = document["schema"]
    return {column["name"]: column for column in table["properties"]}


def custom(node: dict[str, Any]) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in node.get("customProperties", [])}


@pytest.mark.parametrize("profile", [None, "hung_yen", "open_data"])
def test_every_document_is_valid_by_the_schema_of_the_standard(profile: str | None) -> None:
    assert set(documents(profile)) == set(all_contracts())
    for dataset, document in documents(profile).items():
        assert document["apiVersion"] == "v3.1.0"
        assert [e.message for e in standard().iter_errors(document)] == [], dataset
        assert OpenDataContractStandard(**document).id == dataset


def test_the_schema_refuses_what_it_should() -> None:
    """Else the test above would say nothing."""
    document = documents(None)[DOSSIER]
    assert list(standard().iter_errors({**document, "owner": "x"}))
    broken = json.loads(json.dumps(document))
    broken["schema"][0]["properties"][0]["quality"][0]["dimension"] = "sạch"
    assert list(standard().iter_errors(broken))


def test_columns_carry_type_key_titles_units_and_personal_data() -> None:
    for dataset, contract in all_contracts().items():
        found = properties(documents(None)[dataset])
        assert list(found) == list(contract.columns())
        keys = {n: c["primaryKeyPosition"] for n, c in found.items() if c.get("primaryKey")}
        assert sorted(keys, key=lambda name: keys[name]) == list(contract.info().key)
        personal = {n for n, c in found.items() if c.get("classification") == "personal"}
        assert personal == set(contract.personal_columns())
        for name, col in contract.columns().items():
            assert found[name].get("required", False) is not col.nullable
            facts = custom(found[name])
            assert (facts["titleVi"], facts["titleEn"]) == (col.title, col.description)
            assert facts.get("unit") == (col.metadata or {}).get("unit")


def test_every_rule_is_there_with_its_message_and_dimensions() -> None:
    for dataset, contract in all_contracts().items():
        document = documents(None)[dataset]
        (table,) = document["schema"]
        listed = [*table["quality"]]
        for column in table["properties"]:
            listed += column.get("quality", [])
        expected = [
            *contract.row_rules(context_for(contract)),
            *(r.rule for r in contract.batch_rules()),
        ]
        assert sorted((q["name"], q["description"]) for q in listed) == sorted(
            (rule.id, rule.message_vi) for rule in expected
        )
        for rule in listed:
            assert custom(rule)["dimension"] in DIMENSIONS
            assert rule["name"].startswith(custom(rule)["dimension"])


def test_our_dimensions_are_those_of_the_standard() -> None:
    (table,) = documents(None)[DOSSIER]["schema"]
    found = {q["name"]: q["dimension"] for q in table["quality"]}
    for column in table["properties"]:
        found |= {q["name"]: q["dimension"] for q in column.get("quality", [])}
    assert found == {
        "complete.required": "completeness",
        "complete.finished_when_done": "completeness",
        "correct.procedure_code_exists": "consistency",
        "correct.year_of_dossier_code": "consistency",
        "clean.format": "conformity",
        "clean.key_unique": "uniqueness",
        "correct.reference": "accuracy",
        "correct.enum": "accuracy",
        "correct.not_future": "accuracy",
        "correct.finished_after_received": "consistency",
        "live.max_age": "timeliness",
    }


def test_ranges_patterns_and_lists_use_the_fields_of_the_standard() -> None:
    permit = properties(documents(None)["construction.permit"])
    assert permit["floors"]["logicalTypeOptions"] == {"minimum": 1, "maximum": 60}
    assert permit["floor_area_m2"]["logicalTypeOptions"] == {"exclusiveMinimum": 0}
    (listed,) = [q for q in permit["kind"]["quality"] if q["name"] == "correct.enum"]
    assert listed["arguments"]["validValues"] == ["new_house", "repair", "works", "extension"]
    dossier = properties(documents(None)[DOSSIER])
    assert dossier["received_at"]["logicalTypeOptions"]["defaultTimezone"] == "Asia/Ho_Chi_Minh"
    assert custom(dossier["commune_code"])["referenceList"] == "admin_unit.commune"


def test_the_facts_of_the_dataset_are_there() -> None:
    for dataset, contract in all_contracts().items():
        document, info = documents(None)[dataset], contract.info()
        facts = custom(document)
        assert (document["version"], facts["basis"]) == (info.version, info.basis)
        assert (facts["loadMode"], facts["publish"]) == (info.load_mode, info.publish)
        assert document["schema"][0]["dataGranularityDescription"] == info.grain
        assert facts.get("periodColumn") == info.period_column


def test_a_profile_adds_who_supplies_it_and_when_it_is_late() -> None:
    catalog = load_catalog(SOURCES / "hung_yen")
    with_sla = 0
    for dataset, document in documents("hung_yen").items():
        feeds = catalog.feeds_of(dataset)
        sla = document.get("slaProperties", [])
        assert len(sla) == 3 * len(feeds)
        latency = {
            s["description"].split(":")[0]: s["value"] for s in sla if s["property"] == "latency"
        }
        assert latency == {e.id: e.feed.late_after.total_seconds() / 3600 for e in feeds}
        members = {m["username"] for m in document["team"].get("members", [])}
        assert members == {entry.agency.code for entry in feeds}
        with_sla += bool(sla)
    assert with_sla >= 10
    assert "slaProperties" not in documents(None)[DOSSIER]


def test_text_is_nfc_and_names_no_machine() -> None:
    catalog = load_catalog(SOURCES / "hung_yen")
    for dataset, contract in all_contracts().items():
        text = odcs_of(form_of(contract), catalog.feeds_of(dataset))
        assert unicodedata.is_normalized("NFC", text)
        assert not re.search(r"https?://|/home/|/root/|/tmp/", text)


def test_the_command_writes_one_file_per_dataset(tmp_path: Path) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["contracts", "export", *arguments])

    done = run(DOSSIER, "--output", str(tmp_path / "new"), "--profile", "hung_yen", "--json")
    assert done.exit_code == 0
    (path,) = (tmp_path / "new").iterdir()
    assert json.loads(done.stdout) == {"written": [path.as_posix()]}
    assert yaml.safe_load(path.read_text("utf-8")) == documents("hung_yen")[DOSSIER]
    run("--output", str(tmp_path))
    assert len(list(tmp_path.glob("*.odcs.yaml"))) == len(all_contracts())
    assert run("no.such", "--output", str(tmp_path)).exit_code == 2
