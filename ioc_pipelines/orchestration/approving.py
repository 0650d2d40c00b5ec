"""A person decides about a batch that waits (H25, clause 5.4b)."""

from __future__ import annotations

from datetime import UTC, datetime
from unicodedata import normalize

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.ledger.approvals import Decision, Waiting
from ioc_pipelines.orchestration.delivery import Report, reprocess
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import result_of
from ioc_pipelines.quality.approval import lowest_score

WAITING = frozenset({"awaiting_approval", "held", "below_floor", "rejected"})
# what cannot be had by an approval alone: a rule of the contract or of the feed speaks against it
_WAIVER_ONLY = frozenset({"held", "below_floor"})


class DecisionRefusedError(ValueError):
    """A decision that this person, or this kind of decision, cannot make."""


def waiting(deployment: Deployment) -> list[Waiting]:
    """The batches that a person can decide about, oldest first."""
    return deployment.approvals.waiting(WAITING)


def enter_approved(deployment: Deployment, entry: FeedEntry, run_id: str) -> list[Report]:
    """Judge again what somebody let in since, where no fetch brings it again: corrections, replays.

    Each keeps the place of its delivery: what was delivered since is newer.
    """
    batches = deployment.approvals.let_in(entry.id, WAITING)
    return [report for b in batches for report in reprocess(deployment, entry, run_id, b)]


def score_of(deployment: Deployment, batch_id: str) -> float | None:
    """The lowest of the batch's scores but that of being live."""
    records = deployment.ledger.batches.results_of(batch_id)
    return lowest_score(
        (result_of(record) for record in records), deployment.catalog.profile.scoring
    )


def decide(
    deployment: Deployment,
    batch_id: str,
    decision: Decision,
    reason: str,
    *,
    change: bool = False,
) -> Waiting:
    """Write a decision down; the batch is judged by it when it is reprocessed or comes again.

    ``change``: it takes the place of the one that was taken before. Raises DecisionRefusedError
    when the batch does not wait, its submitter would approve it, a waiver is needed, no reason is
    given for a waiver, a rejection or a change, or somebody decided already.
    """
    found = {batch.batch_id: batch for batch in waiting(deployment)}.get(batch_id)
    if found is None:
        msg = f"batch {batch_id} does not wait for a decision; see `ioc approvals list`"
        raise DecisionRefusedError(msg)
    score, actor = score_of(deployment, batch_id), deployment.actor
    if decision != "rejected" and _is_same_name(actor, found.submitted_by):
        msg = f"{actor} submitted batch {batch_id}: somebody else must approve it (IOC_ACTOR)"
        raise DecisionRefusedError(msg)
    if decision == "approved" and (why := _needs_waiver(deployment, found, score)):
        msg = f"batch {batch_id} {why}: only a waiver with its reason lets it pass"
        raise DecisionRefusedError(msg)
    before = deployment.approvals.decided(batch_id)
    if before and not change:
        msg = (
            f"batch {batch_id} was {before.decision} by {before.actor} on "
            f"{before.decided_at:%Y-%m-%d %H:%M} UTC: that stands; to change it: --change --reason"
        )
        raise DecisionRefusedError(msg)
    if (decision != "approved" or before) and not reason.strip():
        msg = "a waiver, a rejection or a change needs its reason: --reason"
        raise DecisionRefusedError(msg)
    deployment.approvals.record(
        found, decision, actor=actor, reason=reason.strip(), score=score, now=datetime.now(UTC)
    )
    return found


def _is_same_name(one: str, other: str) -> bool:
    """Whether two spellings name one person: case and the form of marks say nothing."""
    first, second = (normalize("NFC", name).casefold() for name in (one, other))
    return first == second


def _needs_waiver(deployment: Deployment, batch: Waiting, score: float | None) -> str | None:
    approval = deployment.catalog.profile.approval
    if batch.status in _WAIVER_ONLY:
        return f"is {batch.status.replace('_', ' ')}"
    if approval and score is not None and score < approval.waiver_below:
        return f"has a score of {score:.2f}, below {approval.waiver_below:g}"
    return None
