"""Which rule is named when a feed is not green."""

from __future__ import annotations

from contracts.base import KEY_UNIQUE, Dimension
from ioc_pipelines.catalog.models import Scoring
from ioc_pipelines.ledger.records import ResultRecord
from ioc_pipelines.quality.reasons import lowest_score, wrong_identifier
from tests.orchestration.deployments import Upserted

SCORES: dict[Dimension, float | None] = {
    "correct": 90.0,
    "complete": 40.0,
    "clean": None,
    "live": 100.0,
}


def result(rule: str, column: str, passed: int, evaluated: int) -> ResultRecord:
    return ResultRecord(rule, column, rule.split(".")[0], passed, evaluated)


FOUND = [
    result("correct.min", "amount", 0, 10),
    result("complete.required", "name", 8, 10),
    result("complete.source_files", "", 1, 4),
    result("complete.units", "", 0, 0),
    result("live.on_time", "", 1, 1),
]


def test_of_the_lowest_dimension_the_rule_that_takes_most() -> None:
    found = lowest_score(SCORES, FOUND)
    assert found is not None
    assert (found.dimension, found.score) == ("complete", 40)
    assert (found.rule, found.failed, found.evaluated) == ("complete.source_files", 3, 4)


def test_a_rule_that_weighs_more_takes_more() -> None:
    found = lowest_score(SCORES, FOUND, Scoring(rule_weights={"complete.required": 5}))
    assert found is not None
    assert (found.rule, found.column_name) == ("complete.required", "name")


def test_what_is_whole_or_never_scored_has_no_reason() -> None:
    assert lowest_score({"correct": 100.0}, [result("correct.min", "amount", 3, 3)]) is None
    assert lowest_score({"correct": None}, FOUND) is None


def test_the_identifier_that_is_wrong_most_often() -> None:
    wrong = [result("clean.format", "code", 7, 10), result(KEY_UNIQUE, "", 9, 10)]
    found = wrong_identifier(Upserted, SCORES, [*FOUND, *wrong])
    assert found is not None
    assert (found.kind, found.rule, found.column_name) == ("identifier", "clean.format", "code")
    assert (found.failed, found.score) == (3, None)


def test_a_column_that_is_no_identifier_and_a_silent_unit_are_none() -> None:
    silent = result("complete.every_commune_reported", "code", 1, 104)
    assert wrong_identifier(Upserted, SCORES, [*FOUND, silent]) is None
