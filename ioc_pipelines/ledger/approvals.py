"""Decisions of people about batches: approved, let through by a waiver, or rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer

_OF_CORRECTIONS = ("awaiting_approval", "rejected")

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


class Approvals:
    """The decisions of one profile. They are added to, never changed: the newest one counts."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def decision(self, batch_id: str) -> Decision | None:
        """The newest decision about a batch."""
        query = (
            sa.select(t.approval.c.decision)
            .where(t.approval.c.batch_id == batch_id)
            .order_by(t.approval.c.approval_id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            return cast(Decision | None, connection.execute(query).scalar())

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

    def waiting(self, statuses: frozenset[str]) -> list[Waiting]:
        """Batches of these statuses that a feed delivered last, oldest first.

        A correction waits until it is approved, whatever was delivered since.
        """
        newest = (
            sa.select(sa.func.max(t.delivery.c.seq).label("seq"))
            .where(t.delivery.c.batch_id.is_not(None), t.delivery.c.kind == "fetch")
            .group_by(t.delivery.c.feed)
            .subquery()
        )
        query = (
            sa.select(
                t.batch.c.batch_id,
                t.batch.c.feed,
                t.batch.c.status,
                t.delivery.c.submitted_by,
                t.delivery.c.started_at,
                t.batch.c.rows_received,
            )
            .join(t.delivery, t.delivery.c.batch_id == t.batch.c.batch_id)
            .join(newest, newest.c.seq == t.delivery.c.seq, isouter=True)
            .where(
                t.batch.c.status.in_(sorted(statuses)),
                newest.c.seq.is_not(None)
                | ((t.delivery.c.kind == "correction") & t.batch.c.status.in_(_OF_CORRECTIONS)),
            )
            .order_by(t.delivery.c.seq)
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
