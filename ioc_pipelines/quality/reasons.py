"""Why a feed is not green: the identifier that is wrong most, what lowers its lowest score most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.base import Contract, Dimension
from ioc_pipelines.catalog.models import Scoring
from ioc_pipelines.ledger.records import ResultRecord
from ioc_pipelines.quality.score import wrong_identifiers

_EQUAL = Scoring()


@dataclass(frozen=True)
class Reason:
    """A rule that failed ``failed`` times of ``evaluated``; ``column_name`` is empty of no column.

    ``score`` is that of its dimension.
    """

    kind: Literal["identifier", "score"]
    dimension: str
    score: float | None
    rule: str
    column_name: str
    failed: int
    evaluated: int


def wrong_identifier(
    contract: type[Contract],
    scores: Mapping[Dimension, float | None],
    found: Iterable[ResultRecord],
) -> Reason | None:
    """The identifier that is wrong most often; None when all are right."""
    worst = max(
        wrong_identifiers(contract, found), key=lambda r: r.evaluated - r.passed, default=None
    )
    return None if worst is None else _reason("identifier", scores, worst)


def lowest_score(
    scores: Mapping[Dimension, float | None],
    found: Iterable[ResultRecord],
    scoring: Scoring = _EQUAL,
) -> Reason | None:
    """The rule that takes most from the lowest dimension; None when nothing is below 100."""
    known = {name: score for name, score in scores.items() if score is not None}
    if not known:
        return None
    lowest = min(known, key=lambda name: known[name])
    failing = [r for r in found if r.dimension == lowest and r.passed < r.evaluated]
    worst = max(failing, key=lambda result: _loss(result, scoring), default=None)
    return None if worst is None else _reason("score", scores, worst)


def _loss(result: ResultRecord, scoring: Scoring) -> float:
    weight = scoring.rule_weights.get(result.rule, 1.0)
    return weight * (1 - result.passed / result.evaluated)


def _reason(
    kind: Literal["identifier", "score"],
    scores: Mapping[Dimension, float | None],
    worst: ResultRecord,
) -> Reason:
    return Reason(
        kind,
        worst.dimension,
        next((score for name, score in scores.items() if name == worst.dimension), None),
        worst.rule,
        worst.column_name,
        worst.evaluated - worst.passed,
        worst.evaluated,
    )
