"""Scores 0–100 in the four dimensions (H10), and what they are called.

Of a rule: passed ÷ evaluated. Of a dimension: the weighted mean of its rules; of a feed, the
weighted mean of its dimensions. Weights and thresholds are the profile's, with their source named
(``catalog.models.Scoring``). A gate, such as "the feed is late", that nothing passes makes the
score of its dimension 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.base import DIMENSIONS, KEY_UNIQUE, REQUIRED, Contract, Dimension
from ioc_pipelines.catalog.models import Scoring
from ioc_pipelines.ledger.records import ResultRecord
from ioc_pipelines.quality.delivery_rules import GATES
from ioc_pipelines.quality.evaluate import RuleResult

Rating = Literal["green", "amber", "red"]
_EQUAL = Scoring()


@dataclass(frozen=True)
class Score:
    """Score of one dimension; None when no rule of it was evaluated."""

    dimension: Dimension
    score: float | None
    passed: int
    evaluated: int


def scores(results: Iterable[RuleResult], scoring: Scoring = _EQUAL) -> dict[Dimension, Score]:
    """The four scores of what was evaluated."""
    ran = [result for result in results if result.evaluated > 0]
    return {dimension: _score(dimension, ran, scoring) for dimension in DIMENSIONS}


def overall(found: Mapping[Dimension, float | None], scoring: Scoring = _EQUAL) -> float | None:
    """One score of the dimensions that have one."""
    weighted = [
        (score, scoring.dimension_weights.get(dimension, 1.0))
        for dimension, score in found.items()
        if score is not None
    ]
    total = sum(weight for _, weight in weighted)
    return sum(score * weight for score, weight in weighted) / total if weighted else None


def rating(score: float, scoring: Scoring = _EQUAL, *, identifiers_whole: bool = True) -> Rating:
    """What a score is called. Identifiers must be 100: one that is wrong leaves no green."""
    if score < scoring.amber_from:
        return "red"
    return "green" if score >= scoring.green_from and identifiers_whole else "amber"


def identifier_columns(contract: type[Contract]) -> tuple[str, ...]:
    """Columns that must be right in every row: those of the key, and those of reference lists."""
    key = contract.info().key
    return tuple(
        name
        for name, col in contract.columns().items()
        if name in key or (col.metadata or {}).get("references")
    )


def identifiers_whole(contract: type[Contract], found: Iterable[ResultRecord]) -> bool:
    """Whether no identifier was wrong, by how each rule of a contract fared."""
    return not wrong_identifiers(contract, found)


def wrong_identifiers(
    contract: type[Contract], found: Iterable[ResultRecord]
) -> list[ResultRecord]:
    """The rules that found an identifier wrong.

    A key that was sent twice is wrong; a unit or period that was not sent at all is not.
    """
    identifiers = identifier_columns(contract)
    return [
        result
        for result in found
        if result.passed < result.evaluated
        and (
            result.rule == KEY_UNIQUE
            or (
                result.column_name in identifiers
                and (result.dimension != "complete" or result.rule == REQUIRED)
            )
        )
    ]


def _score(dimension: Dimension, ran: list[RuleResult], scoring: Scoring) -> Score:
    own = [result for result in ran if result.rule.dimension == dimension]
    weights = [scoring.rule_weights.get(result.rule.id, 1.0) for result in own]
    shut = any(result.rule.id in GATES and result.passed == 0 for result in own)
    mean = None
    if own:
        rates = (r.passed / r.evaluated * weight for r, weight in zip(own, weights, strict=True))
        mean = 100 * sum(rates) / sum(weights) * (not shut)
    return Score(dimension, mean, sum(r.passed for r in own), sum(r.evaluated for r in own))
