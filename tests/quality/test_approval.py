"""Whether a judged batch may go on: scores at, above and below what the profile asks for."""

from __future__ import annotations

import pytest

from contracts.base import Rule
from ioc_pipelines.catalog.models import Approval, Scoring
from ioc_pipelines.quality.approval import lowest_score, ruling
from ioc_pipelines.quality.evaluate import RuleResult
from tests.orchestration.deployments import APPROVER, PROFILE


def results(**passed: int) -> list[RuleResult]:
    """Of each dimension one rule that so many of 100 pass."""
    return [RuleResult(Rule(f"{name}.x", None, ""), n, 100) for name, n in passed.items()]


def ruled(decision: str | None, score: int, **approval: float | None) -> str:
    facts = {"approver": APPROVER, "document": "so 1", **approval}
    asked = Approval.model_validate(facts)
    profile = PROFILE.model_copy(update={"approval": asked})
    return ruling(profile, decision, results(correct=100, clean=score, live=0)).status


@pytest.mark.parametrize(("score", "expected"), [(90, "approved"), (89, "awaiting_approval")])
def test_nobody_is_asked_from_the_score_on(score: int, expected: str) -> None:
    assert ruled(None, score, automatic_from=90, waiver_below=50) == expected


@pytest.mark.parametrize(("score", "expected"), [(75, "approved"), (74, "awaiting_approval")])
def test_an_approval_is_enough_from_the_threshold_on(score: int, expected: str) -> None:
    assert ruled("approved", score, automatic_from=None, waiver_below=75) == expected


def test_a_waiver_is_enough_below_it_and_a_rejection_goes_before_any_score() -> None:
    assert ruled("waived", 0, automatic_from=None, waiver_below=75) == "approved"
    assert ruled("rejected", 100, automatic_from=90, waiver_below=75) == "rejected"
    assert ruling(PROFILE, "rejected", results(clean=100)).status == "rejected"
    assert ruling(PROFILE, None, results(clean=0)).status == "approved"


def test_the_lowest_score_is_of_the_rows_and_not_of_their_age() -> None:
    assert lowest_score(results(correct=80, clean=70, live=1), Scoring()) == 70
    assert lowest_score(results(live=1), Scoring()) is None
