"""Whether a judged batch may go on, as the profile's approval asks (H25, clause 5.4b)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from contracts.base import Dimension
from ioc_pipelines.catalog.models import Profile, Scoring
from ioc_pipelines.quality.evaluate import RuleResult
from ioc_pipelines.quality.score import scores

# being late is the feed's matter, not that of the rows to be approved
_JUDGED: tuple[Dimension, ...] = ("correct", "complete", "clean")


@dataclass(frozen=True)
class Ruling:
    """What the approval says of a batch; ``note`` goes on record with the delivery."""

    status: Literal["approved", "awaiting_approval", "rejected"]
    note: dict[str, Any]


def lowest_score(results: Iterable[RuleResult], scoring: Scoring) -> float | None:
    """The lowest of a batch's scores but that of being live, None when nothing was evaluated."""
    found = scores(results, scoring)
    known = [found[name].score for name in _JUDGED]
    return min((score for score in known if score is not None), default=None)


def ruling(profile: Profile, decision: str | None, results: Iterable[RuleResult]) -> Ruling:
    """Whether a batch that may be accepted is.

    A person's ``decision`` goes before the score, but below the profile's threshold only a waiver
    lets a batch pass. Where the profile asks for no approval nothing waits, but what a person
    rejected stays out.
    """
    approval = profile.approval
    if decision == "rejected":
        return Ruling("rejected", {})
    if approval is None or decision == "waived":
        return Ruling("approved", {})
    lowest = lowest_score(results, profile.scoring)
    if decision == "approved":
        is_enough = lowest is None or lowest >= approval.waiver_below
        return Ruling("approved" if is_enough else "awaiting_approval", {})
    if lowest is None or approval.automatic_from is None or lowest < approval.automatic_from:
        return Ruling("awaiting_approval", {})
    note = {"by": "automatic", "score": round(lowest, 2), "document": approval.document}
    return Ruling("approved", note)
