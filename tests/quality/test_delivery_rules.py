from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.base import Rule
from ioc_pipelines.quality.delivery_rules import (
    GATES,
    ON_TIME,
    SOURCE_FILES,
    STRUCTURE,
    file_results,
    on_time_result,
    over_baseline,
)
from ioc_pipelines.quality.evaluate import RuleResult


@pytest.mark.parametrize(
    ("read", "refused", "missing", "files", "structure"),
    [
        (12, 0, 0, (12, 12), (12, 12)),
        (11, 1, 0, (11, 12), (11, 12)),
        (11, 0, 1, (11, 12), (11, 11)),
        (9, 1, 2, (9, 12), (9, 10)),
        (0, 2, 0, (0, 2), (0, 2)),
        (0, 0, 1, (0, 1), (0, 0)),
    ],
)
def test_files(
    read: int, refused: int, missing: int, files: tuple[int, int], structure: tuple[int, int]
) -> None:
    found = {r.rule: (r.passed, r.evaluated) for r in file_results(read, refused, missing)}
    assert found == {SOURCE_FILES: files, STRUCTURE: structure}


@pytest.mark.parametrize(
    ("age", "passed"),
    [
        (timedelta(0), 1),
        (timedelta(hours=26), 1),
        (timedelta(hours=26, seconds=1), 0),
        (timedelta(days=300), 0),
    ],
)
def test_on_time_up_to_and_including_the_limit(age: timedelta, passed: int) -> None:
    result = on_time_result(age, timedelta(hours=26))
    assert (result.rule, result.passed, result.evaluated) == (ON_TIME, passed, 1)


def test_each_delivery_rule_is_a_gate_of_its_dimension() -> None:
    rules = [SOURCE_FILES, STRUCTURE, ON_TIME]
    assert {rule.id for rule in rules} == set(GATES)
    assert [rule.dimension for rule in rules] == ["complete", "correct", "live"]
    assert all(rule.message_vi for rule in rules)


def test_fresh_findings_stand_over_the_last_good_batch() -> None:
    def result(rule: str, column: str | None, passed: int) -> RuleResult:
        return RuleResult(Rule(rule, column, ""), passed, 10)

    baseline = [
        result("complete.required", "a", 10),
        result("complete.required", "b", 9),
        result("live.on_time", None, 10),
    ]
    fresh = [result("live.on_time", None, 0), result("complete.source_files", None, 0)]
    merged = {
        (r.rule.id, r.rule.column, r.passed): r.evaluated for r in over_baseline(baseline, fresh)
    }
    assert merged == {
        ("complete.required", "a", 10): 10,
        ("complete.required", "b", 9): 10,
        ("live.on_time", None, 0): 10,
        ("complete.source_files", None, 0): 10,
    }
    assert baseline[2].passed == 10, "the last good batch's own results stay"
