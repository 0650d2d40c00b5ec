"""``ioc approvals``: batches that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, progress, stop

if TYPE_CHECKING:
    from ioc_pipelines.ledger.approvals import Decision

approvals = typer.Typer(no_args_is_help=True, help="Batches that wait for a person.")

BatchId = Annotated[str, typer.Argument(help="Batch id, as `ioc approvals list` shows it")]
Reason = Annotated[str, typer.Option(help="Why, or the number of the document")]
Change = Annotated[bool, typer.Option("--change", help="Instead of what was decided before")]


@approvals.command("list")
def approvals_list(profile: Profile = None, as_json: Json = False) -> None:
    """The batches that wait: for what, who submitted them, their lowest score, what was decided.

    What was decided counts from the next refresh on.
    """
    from ioc_pipelines.orchestration.approving import score_of, waiting
    from ioc_pipelines.serving import show

    deployment = deployment_of(profile)
    newest = {d.batch_id: d for d in reversed(deployment.approvals.taken())}
    rows = [
        {
            "batch": batch.batch_id,
            "feed": batch.feed,
            "status": batch.status,
            "rows": batch.rows_received,
            "lowest_score": rounded(score_of(deployment, batch.batch_id)),
            "submitted_by": batch.submitted_by,
            "submitted_at": batch.submitted_at.isoformat(timespec="minutes"),
            "decision": known.decision if (known := newest.get(batch.batch_id)) else None,
            "decided_by": known.actor if known else None,
            "decided_at": known.decided_at.isoformat(timespec="minutes") if known else None,
        }
        for batch in waiting(deployment)
    ]
    if as_json:
        print_json(rows)
    elif not rows:
        show.say("no batch waits")
    else:
        show.table(list(rows[0]), [list(row.values()) for row in rows])


@approvals.command("decisions")
def decisions(profile: Profile = None, as_json: Json = False) -> None:
    """Every decision that was taken, the newest first: by whom, why, at which score."""
    from ioc_pipelines.serving import show

    rows = [
        {
            "decided_at": known.decided_at.isoformat(timespec="minutes"),
            "batch": known.batch_id,
            "feed": known.feed,
            "decision": known.decision,
            "decided_by": known.actor,
            "score": rounded(known.score),
            "reason": known.reason,
        }
        for known in deployment_of(profile).approvals.taken()
    ]
    if as_json:
        print_json(rows)
    elif not rows:
        show.say("no decision was taken")
    else:
        show.table(list(rows[0]), [list(row.values()) for row in rows])


@approvals.command("approve")
def approve(
    batch: BatchId, reason: Reason = "", change: Change = False, profile: Profile = None
) -> None:
    """Approve a batch that somebody else submitted."""
    _decide(batch, "approved", reason, profile, change=change)


@approvals.command("waive")
def waive(batch: BatchId, reason: Reason, change: Change = False, profile: Profile = None) -> None:
    """Let a batch through in spite of its score, floor or a rule that holds it. On record."""
    _decide(batch, "waived", reason, profile, change=change)


@approvals.command("reject")
def reject(batch: BatchId, reason: Reason, change: Change = False, profile: Profile = None) -> None:
    """Keep a batch out."""
    _decide(batch, "rejected", reason, profile, change=change)


def _decide(
    batch: str, decision: Decision, reason: str, profile: str | None, *, change: bool
) -> None:
    from ioc_pipelines.orchestration.approving import DecisionRefusedError, decide

    deployment = deployment_of(profile)
    try:
        decided = decide(deployment, batch, decision, reason, change=change)
    except DecisionRefusedError as error:
        stop(str(error), code=1)
    progress(f"{batch} of {decided.feed}: {decision} by {deployment.actor}")
    if decision != "rejected":
        progress(f"it counts from the next refresh on; now: ioc reprocess {decided.feed}")


def rounded(score: float | None) -> float | None:
    """A score as people read it."""
    return None if score is None else round(score, 2)
