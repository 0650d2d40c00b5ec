"""Scores 0–100 in the four dimensions (H10).

The score of a dimension is the mean over its rules of passed ÷ evaluated, each rule with the same
weight (method: LAW B.3, unverified source, hence one function to change). A gate, such as "the
feed is late", that nothing passes makes the score 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.base import DIMENSIONS, Dimension
from ioc_pipelines.quality.delivery_rules import GATES
from ioc_pipelines.quality.evaluate import RuleResult


@dataclass(frozen=True)
class Score:
    """Score of one dimension; None when no rule of it was evaluated."""

    dimension: Dimension
    score: float | None
    passed: int
    evaluated: int


def scores(results: Iterable[RuleResult]) -> dict[Dimension, Score]:
    """The four scores of what was evaluated."""
    ran = [result for result in results if result.evaluated > 0]
    return {dimension: _score(dimension, ran) for dimension in DIMENSIONS}


def _score(dimension: Dimension, ran: list[RuleResult]) -> Score:
    own = [result for result in ran if result.rule.dimension == dimension]
    rates = [result.passed / result.evaluated for result in own]
    shut = any(result.rule.id in GATES and result.passed == 0 for result in own)
    mean = 100 * sum(rates) / len(rates) * (not shut) if rates else None
    return Score(dimension, mean, sum(r.passed for r in own), sum(r.evaluated for r in own))
