"""What `ioc reprocess` would change, before anything is changed."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.ledger.records import BatchRecord
from ioc_pipelines.orchestration.delivery import logger
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import GOOD, Foreseen, Judgement, turn_again
from ioc_pipelines.orchestration.references import ForeseenLists
from ioc_pipelines.orchestration.returning import CORRECTION, weigh_kind
from ioc_pipelines.orchestration.waves import waves
from ioc_pipelines.serving.replay import (
    Counts,
    DeliveryChange,
    changed_rows,
    rows_judged,
    rows_standing,
    rules_of_rows,
)


def dry_run(
    deployment: Deployment, entries: Iterable[FeedEntry], batch: str | None = None
) -> Iterator[DeliveryChange]:
    """Judge the deliveries that `reprocess` would, as it would, oldest first. Writes nothing.

    Each is measured against the one before as that would stand then, and against other datasets
    as they would be.
    """
    chosen = list(entries)
    rules = [rule for entry in chosen for rule in entry.required_contract().batch_rules()]
    asked = {name for rule in rules for name in rule.looks_in}
    lists = ForeseenLists(deployment.references, asked)
    for wave in waves(chosen):
        for entry in wave:
            yield from _of_feed(deployment, entry, lists, batch)


def _of_feed(
    deployment: Deployment, entry: FeedEntry, lists: ForeseenLists, batch: str | None
) -> Iterator[DeliveryChange]:
    instead: dict[str, pl.DataFrame] = {}
    for row in deployment.ledger.deliveries.to_reprocess(entry.id, batch):
        facts = {
            "feed": entry.id,
            "delivery_id": row["delivery_id"],
            "landed_at": row["started_at"],
        }
        turn = turn_again(deployment, entry, row)
        foreseen = Foreseen(lists, instead.get(turn.previous or ""))
        try:
            manifest = deployment.landing.manifest(entry.id, row["delivery_id"])
            judgement = weigh_kind(
                deployment, entry, manifest, replace(turn, foreseen=foreseen), row["kind"]
            )
        except Exception as error:  # noqa: BLE001  as a delivery: it must not stop the others
            # an exception's message can carry a cell's value
            kind, where = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
            logger.error("dry run failed: %s\n%s", kind, where)
            yield DeliveryChange(outcome="error", problem=f"internal error: {kind}", **facts)
            continue
        verdict = judgement.verdict
        if judgement.attempt.outcome in GOOD and verdict is not None:
            lists.accept(entry.feed.dataset, row["seq"], verdict.accepted)
            if turn.standing and row["kind"] != CORRECTION:
                instead = {turn.standing: verdict.accepted}
        yield _change(deployment, entry, facts, turn.standing or row["batch_id"], judgement)


def _change(
    deployment: Deployment,
    entry: FeedEntry,
    facts: dict[str, Any],
    known: str | None,
    judgement: Judgement,
) -> DeliveryChange:
    """``known``: the batch that stands for the delivery, else the one it was refused as."""
    attempt, verdict = judgement.attempt, judgement.verdict
    contract, rows = entry.required_contract(), deployment.rows
    before = rows_standing(rows, entry.feed.dataset, known or "")
    record = deployment.ledger.batches.record(known) if known else None
    problem = readable(attempt.detail["problem"]) if "problem" in attempt.detail else None
    common = {**facts, "outcome": attempt.outcome, "problem": problem}
    if verdict is None:
        return DeliveryChange(before=_counts(record, before), **common)
    after = rows_judged(rows, contract, verdict)
    applies = attempt.outcome in GOOD  # neither when it waits for approval nor when rejected
    return DeliveryChange(
        applies=applies,
        before=_counts(record, before),
        after=_counts(attempt.batch, after),
        **(changed_rows(before, after) if applies else {}),
        **common,
    )


def _counts(record: BatchRecord | None, judged: pl.DataFrame) -> Counts:
    if record is None:
        return Counts()
    return Counts(
        contract_version=record.contract_version,
        received=record.rows_received,
        accepted=record.rows_accepted,
        refused=record.rows_quarantined,
        duplicates=record.rows_duplicate,
        rules=rules_of_rows(judged),
    )
