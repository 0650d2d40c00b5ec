"""Suites follow from dbt's yml and one small file per mart."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.orchestration.dbt import published_tables
from ioc_pipelines.warehouse.acceptance.declared import (
    DeclarationError,
    Declared,
    read_declared,
)
from ioc_pipelines.warehouse.acceptance.facts import Key, MartFacts, Reference
from ioc_pipelines.warehouse.acceptance.suites import Suite, suites_of
from tests.warehouse.marts import TODAY, UNITS, VALUE, facts

FOLDER = DBT_PROJECT / "acceptance"
MART = MartFacts(
    schema="marts",
    table="thing",
    title_vi="Việc",
    title_en="Thing",
    columns={"code": ("Mã việc", "Code")},
    keys=(Key(("code",)), Key(("name",), "is_current")),
    not_null=("name",),
    accepted_values={"kind": ("a", "b")},
    references=(Reference("unit", "core.unit", "id"),),
    datasets=("health__x",),
)


def suite(declared: Declared | None = None, filled: tuple[str, ...] = ("health__x",)) -> Suite:
    given = {"marts.thing": declared} if declared else {}
    (made,) = suites_of([MART], given, filled, TODAY)
    return made


def test_every_published_table_of_marts_and_core_is_a_mart() -> None:
    names = {mart.name for mart in facts()}
    assert names == {t for t in published_tables() if t.split(".")[0] in ("marts", "core")}


def test_each_has_a_key_a_vietnamese_title_and_a_suite_of_its_own() -> None:
    made = suites_of(facts(), read_declared(FOLDER), (), TODAY)
    assert len(made) == len(facts()) > 10
    for mart in facts():
        assert mart.keys, mart.name
    for told in made:
        ids = [one.id for one in told.expectations]
        assert len(ids) == len(set(ids))
        for one in told.expectations:
            for text in (one.title_vi, one.title_en, told.title_vi):
                assert text
                assert unicodedata.is_normalized("NFC", text)


def test_what_dbt_says_of_the_values_is_expected() -> None:
    (value,) = [mart for mart in facts() if mart.name == VALUE]
    assert value.keys == (Key(("indicator_code", "period_type", "period_start", "unit_id")),)
    assert set(value.accepted_values) == {"period_type", "status"}
    assert Reference("unit_id", UNITS, "unit_id") in value.references
    assert "health__disease_weekly" in value.datasets
    assert not any(dataset.startswith("reference__") for dataset in value.datasets)


def test_the_kinds_that_follow_from_dbt() -> None:
    assert [one.id for one in suite().expectations] == [
        "row_count",
        "key(code)",
        "key(name) where is_current",
        "not_null(code)",
        "not_null(name)",
        "accepted_values(kind)",
        "reference(unit)",
    ]
    titles = {one.id: one.title_vi for one in suite().expectations}
    assert titles["key(code)"] == "Không có hai dòng trùng khóa: Mã việc"
    assert titles["not_null(code)"] == "Mã việc: không để trống"


def test_a_mart_may_be_empty_only_while_its_sources_are() -> None:
    assert suite().expectations[0].minimum == 1
    assert suite(filled=()).expectations[0].minimum == 0
    assert suite(Declared(min_rows=5)).expectations[0].minimum == 5


def test_a_file_adds_to_it() -> None:
    text = {"title_vi": "Không ở tương lai", "title_en": "Not in the future"}
    declared = Declared.model_validate(
        {
            "not_null": ["kind"],
            "plausible": {"by_unit": {"%": [0, 100]}, "by_indicator": {"A'": [None, 5]}},
            "between": [{"column": "day", "max": "today", "severity": "warning", **text}],
            "holds": [{"id": "positive", "sql": "t.x > 0", **text}],
            "nothing_missing": [{"id": "all", "sql": "select 1 where false", **text}],
        }
    )
    by_id = {one.id: one for one in suite(declared).expectations}
    assert by_id["not_null(kind)"].columns == ("kind",)
    assert by_id["between(day)"].maximum == TODAY
    assert by_id["between(day)"].severity == "warning"
    assert by_id["positive"].kind == "holds"
    assert by_id["all"].kind == "nothing_missing"
    assert "'A'''" in by_id["plausible_value"].sql


def test_a_file_of_no_mart_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"marts\.gone"):
        suites_of([MART], {"marts.gone": Declared()}, (), TODAY)


def test_the_same_expectation_twice_is_refused() -> None:
    text = {"title_vi": "Một", "title_en": "One"}
    twice = Declared.model_validate(
        {"holds": [{"id": "a", "sql": "true", **text}, {"id": "a", "sql": "false", **text}]}
    )
    with pytest.raises(DeclarationError, match="twice: a"):
        suite(twice)


@pytest.mark.parametrize("text", ["betwen: []", "holds: [{id: a, sql: x}]", "holds: ["])
def test_a_file_with_a_mistake_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "marts").mkdir()
    (tmp_path / "marts" / "thing.yml").write_text(text)
    with pytest.raises(DeclarationError, match=r"marts/thing\.yml"):
        read_declared(tmp_path)
