"""Decisions of people about batches: approved, let through by a waiver, or rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer

# what a correction or a replay can wait for
_OF_CORRECTIONS_AND_REPLAYS = ("awaiting_approval", "rejected")

Decision = Literal["approved", "waived", "rejected"]


@dataclass(frozen=True)
class Waiting:
    """A batch that waits for a person: its status says for what."""

    batch_id: str
    feed: str
    status: str
    submitted_by: str
    submitted_at: datetime
    rows_received: int


@dataclass(frozen=True)
class Decided:
    """What a person decided about a batch."""

    batch_id: str
    feed: str
    decision: Decision
    actor: str
    reason: str
    score: float | None
    decided_at: datetime


class Approvals:
    """The decisions of one profile. They are added to, never changed: the newest one counts."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def decided(self, *batch_ids: str) -> Decided | None:
        """The newest decision about rows, by the ids they have as batches of several versions."""
        return next(iter(self.taken(*batch_ids)), None)

    def taken(self, *batch_ids: str) -> list[Decided]:
        """Every decision, of all batches or these, the newest first."""
        query = sa.select(t.approval).order_by(t.approval.c.approval_id.desc())
        if batch_ids:
            query = query.where(t.approval.c.batch_id.in_(batch_ids))
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            Decided(
                row.batch_id,
                row.feed,
                row.decision,
                row.actor,
                row.reason,
                row.score,
                datetime.fromisoformat(row.decided_at),
            )
            for row in rows
        ]

    def versions(self, feed: str) -> list[str]:
        """The contract versions of the feed's batches that somebody decided about."""
        query = (
            sa.select(t.batch.c.contract_version)
            .join(t.approval, t.approval.c.batch_id == t.batch.c.batch_id)
            .where(t.approval.c.feed == feed)
            .distinct()
        )
        with self._engine.connect() as connection:
            return sorted(connection.execute(query).scalars())

    def record(
        self,
        waiting: Waiting,
        decision: Decision,
        *,
        actor: str,
        reason: str,
        score: float | None,
        now: datetime,
    ) -> None:
        """Write a decision down. The actor is a name the environment gave: not authenticated."""
        with self._writer.begin() as connection:
            connection.execute(
                sa.insert(t.approval).values(
                    batch_id=waiting.batch_id,
                    feed=waiting.feed,
                    decision=decision,
                    actor=actor,
                    is_authenticated=False,
                    reason=reason,
                    score=score,
                    decided_at=as_text(now),
                )
            )

    def let_in(self, feed: str, statuses: frozenset[str]) -> list[str]:
        """The batches of these statuses that somebody let in since, and that no fetch brings again.

        They came by a correction, or when a delivery was judged again.
        """
        of = sa.func.coalesce(t.delivery.c.replays_seq, t.delivery.c.seq)
        last_of_each = (
            sa.select(sa.func.max(t.delivery.c.seq))
            .where(t.delivery.c.feed == feed, t.delivery.c.batch_id.is_not(None))
            .group_by(of)
        )
        query = (
            sa.select(t.batch.c.batch_id)
            .join(t.delivery, t.delivery.c.batch_id == t.batch.c.batch_id)
            .where(
                t.batch.c.status.in_(sorted(statuses)),
                t.delivery.c.seq.in_(last_of_each),
                t.delivery.c.kind != "fetch",
            )
            .order_by(t.delivery.c.seq)
        )
        with self._engine.connect() as connection:
            batches: dict[str, None] = dict.fromkeys(connection.execute(query).scalars())
        found = [self.decided(batch) for batch in batches]
        return [one.batch_id for one in found if one and one.decision != "rejected"]

    def waiting(self, statuses: frozenset[str]) -> list[Waiting]:
        """Batches of these statuses that are the newest judgement of what they stand for.

        Of full deliveries the feed's last one, oldest first. What was judged again, and a
        correction, waits for its approval whatever was delivered since; held or below its floor
        it waits where an older judgement stands for the same delivery, whose rows stay until then.
        A batch's submitter is who brought it first: to fetch the same rows again is not to submit
        them.
        """
        of = sa.func.coalesce(t.delivery.c.replays_seq, t.delivery.c.seq)
        standing = sa.select(t.acceptance.c.delivery_seq).where(
            t.acceptance.c.superseded_at.is_(None)
        )
        judged = sa.select(sa.func.max(t.delivery.c.seq)).where(t.delivery.c.batch_id.is_not(None))
        last_of_each = judged.group_by(t.delivery.c.feed, of)
        last_fetched = judged.where(t.delivery.c.kind == "fetch").group_by(t.delivery.c.feed)
        first = sa.select(t.delivery.c.batch_id, sa.func.min(t.delivery.c.seq).label("seq"))
        first_of = first.group_by(t.delivery.c.batch_id).subquery()
        submission = t.delivery.alias("submission")
        query = (
            sa.select(
                t.batch.c.batch_id,
                t.batch.c.feed,
                t.batch.c.status,
                submission.c.submitted_by,
                submission.c.started_at,
                t.batch.c.rows_received,
                submission.c.seq,
            )
            .join(t.delivery, t.delivery.c.batch_id == t.batch.c.batch_id)
            .join(first_of, first_of.c.batch_id == t.batch.c.batch_id)
            .join(submission, submission.c.seq == first_of.c.seq)
            .where(
                t.batch.c.status.in_(sorted(statuses)),
                t.delivery.c.seq.in_(last_of_each),
                of.in_(last_fetched)
                | (
                    (t.delivery.c.kind != "fetch")
                    & (t.batch.c.status.in_(_OF_CORRECTIONS_AND_REPLAYS) | of.in_(standing))
                ),
            )
            .order_by(submission.c.seq)
            .distinct()
        )
        with self._engine.connect() as connection:
            return [
                Waiting(
                    row.batch_id,
                    row.feed,
                    row.status,
                    row.submitted_by or "",
                    datetime.fromisoformat(row.started_at),
                    row.rows_received,
                )
                for row in connection.execute(query)
            ]
