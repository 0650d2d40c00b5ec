"""Ad hoc collection rounds: feeds asked for by a deadline, and which of them delivered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


@dataclass(frozen=True)
class Round:
    """A round that is open, and the feeds that have not delivered since it was opened."""

    round_id: str
    deadline: datetime
    pending: tuple[str, ...]
    last_attempt: datetime | None


class Rounds:
    """The collection rounds of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def open(
        self, feeds: Sequence[str], *, reason: str, deadline: datetime, run_id: str, now: datetime
    ) -> str:
        """Ask for ``feeds`` until ``deadline``; a run opens one round, however often it is tried.

        Raises ValueError when the deadline is past or no feed is named.
        """
        if deadline <= now or not feeds:
            msg = f"a collection round needs feeds and a deadline ahead, not {deadline}"
            raise ValueError(msg)
        known = sa.select(t.collection_round.c.round_id).where(
            t.collection_round.c.run_id == run_id
        )
        round_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        with self._writer.begin() as connection:
            if already := connection.execute(known).scalar():
                return str(already)
            connection.execute(
                sa.insert(t.collection_round).values(
                    round_id=round_id,
                    reason=reason,
                    run_id=run_id,
                    opened_at=as_text(now),
                    deadline=as_text(deadline),
                )
            )
            connection.execute(
                sa.insert(t.collection_round_feed),
                [{"round_id": round_id, "feed": feed} for feed in sorted(set(feeds))],
            )
        return round_id

    def unfinished(self) -> list[Round]:
        """The rounds that are not closed, oldest first."""
        asked, delivery = t.collection_round_feed, t.delivery
        # text sorts as time does: every moment is written in UTC with all its digits
        arrived = sa.func.max(sa.case((delivery.c.arrived, delivery.c.started_at)))
        query = (
            sa.select(
                t.collection_round.c.round_id,
                t.collection_round.c.deadline,
                asked.c.feed,
                arrived.label("arrived_at"),
                sa.func.max(delivery.c.started_at).label("tried_at"),
            )
            .join(asked, asked.c.round_id == t.collection_round.c.round_id)
            .join(
                delivery,
                (delivery.c.feed == asked.c.feed)
                & (delivery.c.kind == "fetch")
                & (delivery.c.started_at >= t.collection_round.c.opened_at),
                isouter=True,
            )
            .where(t.collection_round.c.closed_at.is_(None))
            .group_by(t.collection_round.c.round_id, t.collection_round.c.deadline, asked.c.feed)
            .order_by(t.collection_round.c.round_id, asked.c.feed)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        found = []
        for round_id in dict.fromkeys(row.round_id for row in rows):
            of = [row for row in rows if row.round_id == round_id]
            tried = max((row.tried_at for row in of if row.tried_at), default=None)
            found.append(
                Round(
                    round_id,
                    datetime.fromisoformat(of[0].deadline),
                    tuple(row.feed for row in of if row.arrived_at is None),
                    datetime.fromisoformat(tried) if tried else None,
                )
            )
        return found

    def close(self, round_id: str, now: datetime) -> None:
        """End a round: everything is there, or its deadline is past."""
        with self._writer.begin() as connection:
            connection.execute(
                sa.update(t.collection_round)
                .where(t.collection_round.c.round_id == round_id)
                .values(closed_at=as_text(now))
            )
