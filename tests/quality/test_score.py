"""Scores against numbers worked out by hand; a defect lowers its own dimension only (H10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from contracts.base import DIMENSIONS, BatchContext, Dimension, Rule
from contracts.finance.budget_revenue import BudgetRevenue
from contracts.public_services.procedure_dossier import ProcedureDossier
from ioc_pipelines.catalog.models import Scoring
from ioc_pipelines.ledger.records import ResultRecord
from ioc_pipelines.quality.delivery_rules import file_results, on_time_result
from ioc_pipelines.quality.evaluate import RuleResult
from ioc_pipelines.quality.score import (
    Score,
    identifier_columns,
    identifiers_whole,
    overall,
    rating,
    scores,
)
from ioc_pipelines.quality.split import judge
from tests.quality.frames import ARRIVED, conformed


def result(rule: str, passed: int, evaluated: int, column: str | None = None) -> RuleResult:
    return RuleResult(Rule(rule, column, ""), passed, evaluated)


def test_the_mean_of_the_rules_not_of_the_cells() -> None:
    found = scores(
        [
            result("correct.min", 9, 10, "a"),
            result("correct.min", 10, 10, "b"),
            result("correct.reference", 1, 4, "c"),
            result("complete.required", 3, 3, "a"),
            result("clean.format", 0, 5, "a"),
            result("clean.key_unique", 5, 5),
        ]
    )
    # correct: (90 + 100 + 25) / 3
    assert found["correct"] == Score("correct", pytest.approx(215 / 3), 20, 24)
    assert found["complete"] == Score("complete", 100.0, 3, 3)
    assert found["clean"] == Score("clean", 50.0, 5, 10)
    assert found["live"] == Score("live", None, 0, 0)
    assert list(found) == list(DIMENSIONS)


def test_what_was_not_evaluated_has_no_say() -> None:
    found = scores([result("correct.min", 0, 0), result("correct.max", 1, 2)])
    assert found["correct"] == Score("correct", 50.0, 1, 2)
    assert scores([])["clean"] == Score("clean", None, 0, 0)
    assert scores([result("clean.format", 0, 0)])["clean"].score is None


@pytest.mark.parametrize(
    ("gate", "dimension"),
    [
        ("complete.source_files", "complete"),
        ("correct.structure", "correct"),
        ("live.on_time", "live"),
    ],
)
def test_a_shut_gate_makes_its_dimension_zero(gate: str, dimension: Dimension) -> None:
    others = [result(f"{d}.other", 10, 10) for d in DIMENSIONS]
    shut = scores([*others, result(gate, 0, 3)])
    assert {d: s.score for d, s in shut.items()} == {
        d: 0.0 if d == dimension else 100.0 for d in DIMENSIONS
    }
    ajar = scores([*others, result(gate, 1, 3)])
    assert ajar[dimension].score == pytest.approx((100 + 100 / 3) / 2)
    unused = scores([*others, result(gate, 0, 0)])
    assert unused[dimension].score == 100.0


def test_nothing_passed_is_zero_without_a_gate_too() -> None:
    assert scores([result("correct.min", 0, 7)])["correct"] == Score("correct", 0.0, 0, 7)


# --- H10 ----------------------------------------------------------------------------------------

COMMUNES = ["12001", "12002", "12003", "12004"]
MONTHS = ["2026-08", "2026-09"]
CONTEXT = BatchContext(ARRIVED, {"admin_unit.commune": pl.Series(COMMUNES)})
Row = dict[str, Any]
Batch = dict[str, Any]


def good_batch() -> Batch:
    """A delivery of one file in which nothing is wrong."""
    rows = [
        {
            "period": month,
            "commune_code": commune,
            "year_plan_vnd": 100,
            "month_vnd": 10,
            "cumulative_vnd": 80,
            "closed_on": date(2026, 10, 1),
        }
        for month in MONTHS
        for commune in COMMUNES
    ]
    return {"rows": rows, "files": (1, 0, 0), "age": timedelta(days=1), "unreadable": []}


def scored(batch: Batch) -> dict[str, float]:
    frame = pl.DataFrame(batch["rows"], schema=BudgetRevenue.polars_schema(), orient="row")
    verdict = judge(BudgetRevenue, conformed(frame, unreadable=batch["unreadable"]), CONTEXT, 0.5)
    about_delivery = [
        *file_results(*batch["files"]),
        on_time_result(batch["age"], timedelta(days=35)),
    ]
    found = scores([*verdict.results, *about_delivery])
    return {name: score.score for name, score in found.items() if score.score is not None}


def change(**cells: Any) -> Callable[[Batch], None]:
    """Change cells of the first row."""
    return lambda batch: batch["rows"][0].update(cells)


def unreadable(column: str) -> Callable[[Batch], None]:
    def spoil(batch: Batch) -> None:
        batch["rows"][0][column] = None
        batch["unreadable"].append((0, column))

    return spoil


def repeat(**cells: Any) -> Callable[[Batch], None]:
    """Send the first row twice, the second time with other cells."""
    return lambda batch: batch["rows"].append(batch["rows"][0] | cells)


DEFECTS: dict[str, tuple[Dimension, Callable[[Batch], None]]] = {
    "negative plan": ("correct", change(year_plan_vnd=-1)),
    "cumulative below the month": ("correct", change(cumulative_vnd=9)),
    "closed tomorrow": ("correct", change(closed_on=date(2026, 11, 21))),
    "unreadable number": ("correct", unreadable("year_plan_vnd")),
    "unreadable date": ("correct", unreadable("closed_on")),
    "empty amount": ("complete", change(month_vnd=None)),
    "empty date": ("complete", change(closed_on=None)),
    "silent commune": ("complete", lambda batch: batch["rows"].pop(0)),
    "missing file": ("complete", lambda batch: batch.update(files=(1, 0, 1))),
    "malformed period": (
        "clean",
        lambda batch: batch["rows"].append(batch["rows"][0] | {"period": "8/2026"}),
    ),
    "the same key twice": ("clean", repeat(month_vnd=11)),
    "an exact copy": ("clean", repeat()),
    "books closed long ago": ("live", change(closed_on=date(2024, 1, 1))),
    "late": ("live", lambda batch: batch.update(age=timedelta(days=36))),
}


def test_a_good_batch_scores_full_marks() -> None:
    assert scored(good_batch()) == dict.fromkeys(DIMENSIONS, 100.0)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_lowers_its_own_dimension_only(name: str) -> None:
    dimension, spoil = DEFECTS[name]
    batch = good_batch()
    spoil(batch)
    found = scored(batch)
    assert found.pop(dimension) < 100.0
    assert found == {other: 100.0 for other in DIMENSIONS if other != dimension}


def test_there_is_a_defect_of_every_dimension() -> None:
    assert {dimension for dimension, _ in DEFECTS.values()} == set(DIMENSIONS)


# --- weights and what a score is called ----------------------------------------------------------


def test_rules_and_dimensions_weigh_what_the_profile_says() -> None:
    scoring = Scoring(rule_weights={"correct.min": 3}, dimension_weights={"clean": 2})
    found = scores(
        [
            result("correct.min", 5, 10, "a"),
            result("correct.reference", 10, 10, "c"),
            result("clean.format", 8, 10, "a"),
        ],
        scoring,
    )
    # (3 x 50 + 1 x 100) / 4, and (62.5 + 2 x 80) / 3 over the dimensions that have a score
    assert found["correct"].score == pytest.approx(62.5)
    told = {dimension: score.score for dimension, score in found.items()}
    assert overall(told, scoring) == pytest.approx((62.5 + 160) / 3)
    assert overall(told) == pytest.approx((62.5 + 80) / 2)
    assert overall({"correct": None}) is None


@pytest.mark.parametrize(
    ("score", "called"),
    [(100, "green"), (90, "green"), (89.99, "amber"), (75, "amber"), (74, "red")],
)
def test_what_a_score_is_called(score: float, called: str) -> None:
    assert rating(score) == called


def test_a_wrong_identifier_leaves_no_green() -> None:
    assert rating(99.9, identifiers_whole=False) == "amber"
    assert rating(50, identifiers_whole=False) == "red"


@pytest.mark.parametrize(
    ("rule", "column_name", "whole"),
    [
        ("clean.format", "commune_code", False),
        ("correct.reference", "commune_code", False),
        ("complete.required", "period", False),
        ("clean.key_unique", "", False),
        ("complete.every_commune_reported", "commune_code", True),
        ("complete.required", "month_vnd", True),
        ("correct.min", "month_vnd", True),
        ("clean.exact_duplicate", "", True),
    ],
)
def test_key_and_listed_columns_must_be_right_in_every_row(
    rule: str, column_name: str, whole: bool
) -> None:
    """The key of the dataset is period and commune; what is not sent at all is not wrong."""
    dimension = rule.split(".")[0]
    good = [
        ResultRecord("clean.format", name, "clean", 8, 8) for name in ("period", "commune_code")
    ]
    bad = ResultRecord(rule, column_name, dimension, 7, 8)
    assert identifiers_whole(BudgetRevenue, good)
    assert identifiers_whole(BudgetRevenue, [*good, bad]) is whole


def test_a_listed_column_outside_the_key_is_an_identifier() -> None:
    assert identifier_columns(ProcedureDossier) == ("dossier_code", "commune_code")


def test_thresholds_are_the_profiles_and_must_be_in_order() -> None:
    assert rating(85, Scoring(green_from=80)) == "green"
    with pytest.raises(ValidationError, match="above"):
        Scoring(green_from=60)
    assert "chưa kiểm chứng" in Scoring().source
