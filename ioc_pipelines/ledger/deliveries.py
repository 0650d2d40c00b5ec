"""What is asked about deliveries: the last one, what it left, what can be judged again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_moment
from ioc_pipelines.ledger.records import INTERRUPTED, RUNNING


def is_of_correction() -> sa.ColumnElement[bool]:
    """Whether a delivery is a correction, or one that is judged again."""
    corrections = sa.select(t.delivery.c.seq).where(t.delivery.c.kind == "correction")
    return sa.func.coalesce(t.delivery.c.replays_seq, t.delivery.c.seq).in_(corrections)


class Deliveries:
    """The deliveries of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine = engine

    def last(self, feed: str) -> dict[str, Any] | None:
        """The newest delivery of a feed, as a mapping of its columns; corrections do not count."""
        query = (
            sa.select(t.delivery)
            .where(t.delivery.c.feed == feed, ~is_of_correction())
            .order_by(t.delivery.c.seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def get(self, delivery_id: str) -> dict[str, Any] | None:
        """A delivery, as a mapping of its columns; None when it is not recorded."""
        query = sa.select(t.delivery).where(t.delivery.c.delivery_id == delivery_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def last_landed(self, feed: str) -> str | None:
        """Id of the newest delivery of a feed that landed files."""
        query = (
            sa.select(t.delivery.c.delivery_id)
            .where(t.delivery.c.feed == feed, t.delivery.c.kind == "fetch")
            .where(t.delivery.c.bytes_landed.is_not(None))
            .order_by(t.delivery.c.seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def judged_as(self, batch_id: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The landed delivery that a batch was judged from last, and the detail of that judgement.

        None when there is no such batch.
        """
        judged = t.delivery.alias()
        # what was seen before is not judged, unless judging it again was what was asked for
        was_judged = (judged.c.outcome != "seen_before") | (judged.c.kind == "reprocess")
        of = sa.func.coalesce(judged.c.replays_seq, judged.c.seq)
        query = (
            sa.select(t.delivery, judged.c.detail.label("judgement"))
            .join(judged, of == t.delivery.c.seq)
            .where(judged.c.batch_id == batch_id, was_judged)
            .order_by(judged.c.seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        landed = dict(row)
        return landed, landed.pop("judgement")

    def last_cursor(self, feed: str) -> dict[str, Any] | None:
        """The cursor of the newest delivery that left one."""
        query = (
            sa.select(t.delivery.c.cursor)
            .where(t.delivery.c.feed == feed, t.delivery.c.cursor.is_not(sa.null()))
            .order_by(t.delivery.c.seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            return cast(dict[str, Any] | None, connection.execute(query).scalar())

    def last_arrival(self, feed: str) -> datetime | None:
        """When the feed last brought good data, or its source last confirmed there is no news."""
        # a reprocess brings no news of its own: what it replays arrived when it was fetched
        replayed = t.delivery.alias()
        arrived_at = sa.func.coalesce(replayed.c.started_at, t.delivery.c.started_at)
        query = (
            sa.select(sa.func.max(arrived_at))
            .select_from(t.delivery.outerjoin(replayed, t.delivery.c.replays_seq == replayed.c.seq))
            .where(t.delivery.c.feed == feed, t.delivery.c.arrived)
        )
        with self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        return as_moment(text)

    def newest_event(self, feed: str) -> datetime | None:
        """The newest moment that what was accepted of the feed speaks of."""
        query = sa.select(sa.func.max(t.delivery.c.newest_event)).where(t.delivery.c.feed == feed)
        with self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        return as_moment(text)

    def corrections_taken(self, feed: str) -> dict[str, str]:
        """SHA-256 of each correction file that was judged or refused, with its delivery's id.

        One that an error of ours or an interruption kept from it is not: it is taken again.
        """
        query = sa.select(t.delivery.c.delivery_id, t.delivery.c.detail).where(
            t.delivery.c.feed == feed,
            t.delivery.c.kind == "correction",
            t.delivery.c.outcome.not_in([RUNNING, INTERRUPTED, "error"]),
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return {row.detail["correction"]["sha256"]: row.delivery_id for row in rows}

    def to_reprocess(self, feed: str, batch_id: str | None = None) -> list[dict[str, Any]]:
        """The landed deliveries whose rows count, oldest first, with the newest landed one.

        Corrections are all among them: each is small, and what one was refused for may be mended.

        ``batch_id`` narrows it to the deliveries that this batch stands for, or that were judged as
        it.
        """
        standing = sa.select(t.acceptance.c.delivery_seq).where(
            t.acceptance.c.feed == feed, t.acceptance.c.superseded_at.is_(None)
        )
        landed = sa.select(sa.func.max(t.delivery.c.seq)).where(
            t.delivery.c.feed == feed,
            t.delivery.c.kind == "fetch",
            t.delivery.c.bytes_landed.is_not(None),
        )
        if batch_id:
            standing = standing.where(t.acceptance.c.batch_id == batch_id)
            judged = sa.select(sa.func.coalesce(t.delivery.c.replays_seq, t.delivery.c.seq)).where(
                t.delivery.c.feed == feed, t.delivery.c.batch_id == batch_id
            )
            condition = t.delivery.c.seq.in_(standing) | t.delivery.c.seq.in_(judged)
        else:
            condition = (
                t.delivery.c.seq.in_(standing)
                | (t.delivery.c.seq == landed.scalar_subquery())
                | ((t.delivery.c.kind == "correction") & t.delivery.c.bytes_landed.is_not(None))
            )
        query = (
            sa.select(t.delivery)
            .where(t.delivery.c.feed == feed, t.delivery.c.kind != "reprocess", condition)
            .order_by(t.delivery.c.seq)
        )
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]
