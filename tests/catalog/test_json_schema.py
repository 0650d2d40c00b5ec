"""The JSON Schemas beside the YAML say the same as the loader."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import (  # type: ignore[import-untyped]
    Draft202012Validator,
    FormatChecker,
)
from pydantic import ValidationError

from ioc_pipelines.catalog.json_schema import catalog_schemas
from ioc_pipelines.catalog.models import Agency
from ioc_pipelines.home import SOURCES

FILES = sorted(SOURCES.glob("*/*.yaml"))


def schema_of(path: Path) -> str:
    own = {"profile.yaml": "profile.schema.json", "reports.yaml": "reports.schema.json"}
    return own.get(path.name, "agency.schema.json")


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SOURCES / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def as_json(path: Path) -> Any:
    """The YAML file as an editor sees it: dates are texts."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


def test_the_committed_schemas_are_fresh() -> None:
    wanted = catalog_schemas()
    assert set(wanted) == {
        "agency.schema.json",
        "corrections.schema.json",
        "profile.schema.json",
        "reports.schema.json",
    }
    committed = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.json")}
    assert committed == wanted


def test_there_are_files_to_check() -> None:
    assert len(FILES) >= 12
    assert {path.parent.name for path in FILES} >= {"hung_yen", "open_data"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_committed_files_are_valid(path: Path) -> None:
    errors = list(validator(schema_of(path)).iter_errors(as_json(path)))
    assert errors == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_file_names_its_schema_for_the_editor(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / name).resolve() == (SOURCES / schema_of(path)).resolve()


@pytest.mark.parametrize(
    "change",
    [
        {"classification": None},
        {"classification": "top"},
        {"colour": "red"},
        {"late_after": "35 days"},
        {"acceptance_floor": 80},
        {"dataset": "Finance"},
        {"connector": {"kind": "ftp"}},
        {"columns": {"code": {"source": "Mã", "trim": True}}},
        {"columns": {"code": {"source": "Mã", "names": "Tỉnh"}}},
        {"columns": {"code": {"source": "Mã", "nulls": 0}}},
        {"columns": {"code": {"source": "Mã", "number": "fr"}}},
        {"columns": {"code": {"source": "Mã", "unit": ""}}},
        {"layout": {"format": "pdf"}},
        {"layout": {"format": "csv", "encoding": "tcvn3"}},
        {"layout": {"format": "csv", "header_rows": 0}},
        {"layout": {"format": "csv", "header_rows": [1, 2, 3]}},
        {"layout": {"format": "csv", "sheet": "a"}},
        {"layout": {"format": "csv", "captures": {"month": "a"}}},
        {"layout": {"format": "csv", "totals": [{"rows": "a", "parts": "some"}]}},
        {"status": {"state": "active", "since": "hôm qua"}},
    ],
    ids=str,
)
def test_what_the_loader_refuses_the_schema_refuses(change: dict[str, Any]) -> None:
    agency = as_json(SOURCES / "hung_yen" / "so_y_te.yaml")
    check = validator("agency.schema.json")
    assert check.is_valid(agency)
    changed = copy.deepcopy(agency)
    changed["feeds"][0] |= change
    assert not check.is_valid(changed)
    with pytest.raises(ValidationError):
        Agency.model_validate(changed)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {"code": "Mã"}},
        {"columns": {"code": {"source": "Mã", "names": "province"}}},
        {"columns": {"code": {"source": "Mã", "names": ["province", "ministry"]}}},
        {"columns": {"code": {"source": "Mã", "nulls": [".."]}}},
        {"columns": {"code": {"source": "Mã", "nulls": {"..": "not_available"}}}},
        {"layout": {"format": "csv", "header_rows": 2}},
        {"layout": {"format": "csv", "header_rows": [2, 5]}},
        {"layout": {"format": "csv", "captures": {"m": {"where": "file", "pattern": "a"}}}},
        {"layout": {"format": "csv", "captures": {"m": [{"where": "file", "pattern": "a"}]}}},
    ],
    ids=str,
)
def test_what_the_loader_takes_in_short_the_schema_takes(change: dict[str, Any]) -> None:
    agency = as_json(SOURCES / "hung_yen" / "so_y_te.yaml")
    agency["feeds"][0] |= change
    assert list(validator("agency.schema.json").iter_errors(agency)) == []
    Agency.model_validate(agency)
