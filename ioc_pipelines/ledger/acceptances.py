"""What is asked about acceptances: which batch stands for which delivery now."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_moment


class Acceptances:
    """The acceptances of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine = engine

    def current_batch(self, feed: str) -> str | None:
        """The batch of the newest accepted full delivery: what "seen before" compares with."""
        with self._engine.connect() as connection:
            return connection.execute(_newest_full(feed)).scalar()

    def current_correction(self, feed: str) -> str | None:
        """The batch of the newest acceptance, where that is a correction."""
        query = (
            sa.select(t.acceptance.c.batch_id, t.delivery.c.kind)
            .join(t.delivery, t.delivery.c.seq == t.acceptance.c.delivery_seq)
            .where(t.acceptance.c.feed == feed, t.acceptance.c.superseded_at.is_(None))
            .order_by(t.acceptance.c.delivery_seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return row.batch_id if row and row.kind == "correction" else None

    def batch_before(self, feed: str, delivery_seq: int) -> str | None:
        """The batch of the newest accepted full delivery before this one."""
        query = _newest_full(feed).where(t.acceptance.c.delivery_seq < delivery_seq)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def standing_batch(self, delivery_seq: int) -> str | None:
        """The batch that stands for one delivery now."""
        query = sa.select(t.acceptance.c.batch_id).where(
            t.acceptance.c.delivery_seq == delivery_seq, t.acceptance.c.superseded_at.is_(None)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def unpublished_since(self, feed: str) -> datetime | None:
        """When the oldest batch of the feed that is in no snapshot yet was accepted."""
        # a snapshot is dated by the beginning of its run, before what that run accepted
        is_in = sa.exists().where(
            (t.snapshot.c.run_id == t.delivery.c.run_id)
            | (t.snapshot.c.built_at > t.acceptance.c.accepted_at)
        )
        query = (
            sa.select(sa.func.min(t.acceptance.c.accepted_at))
            .join(t.delivery, t.delivery.c.seq == t.acceptance.c.delivery_seq)
            .where(t.acceptance.c.feed == feed, t.acceptance.c.superseded_at.is_(None), ~is_in)
        )
        with self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        return as_moment(text)

    def of(self, dataset: str) -> pl.DataFrame:
        """Which batch stands for which delivery now.

        ``batch_id, feed, delivery_seq, is_correction, recorded_at``; ``recorded_at`` is when the
        batch was first accepted for that delivery.
        """
        query = (
            sa.select(
                t.acceptance.c.batch_id,
                t.acceptance.c.feed,
                t.acceptance.c.delivery_seq,
                (t.delivery.c.kind == "correction").label("is_correction"),
                t.acceptance.c.accepted_at.label("recorded_at"),
            )
            .join(t.delivery, t.delivery.c.seq == t.acceptance.c.delivery_seq)
            .where(t.acceptance.c.dataset == dataset, t.acceptance.c.superseded_at.is_(None))
            .order_by(t.acceptance.c.delivery_seq)
        )
        schema = {
            "batch_id": pl.String,
            "feed": pl.String,
            "delivery_seq": pl.Int64,
            "is_correction": pl.Boolean,
            "recorded_at": pl.String,
        }
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        return frame.with_columns(
            pl.col("recorded_at").str.to_datetime(time_unit="us", time_zone="UTC")
        )

    def hash_of(self, dataset: str) -> str:
        """A hash of what is accepted of a dataset now: another one when any row of it may differ.

        A batch that was judged again may have other rows under the same id.
        """
        query = (
            sa.select(
                t.acceptance.c.delivery_seq,
                t.acceptance.c.batch_id,
                t.acceptance.c.accepted_at,
                t.batch.c.judged_at,
            )
            .join(t.batch, t.batch.c.batch_id == t.acceptance.c.batch_id)
            .where(t.acceptance.c.dataset == dataset, t.acceptance.c.superseded_at.is_(None))
            .order_by(t.acceptance.c.delivery_seq, t.acceptance.c.batch_id)
        )
        with self._engine.connect() as connection:
            rows = [list(row) for row in connection.execute(query)]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _newest_full(feed: str) -> sa.Select[str]:
    """The newest acceptance of a full delivery: a correction is never what the next is held to."""
    corrections = sa.select(t.delivery.c.seq).where(t.delivery.c.kind == "correction")
    return (
        sa.select(t.acceptance.c.batch_id)
        .where(t.acceptance.c.feed == feed, t.acceptance.c.superseded_at.is_(None))
        .where(t.acceptance.c.delivery_seq.not_in(corrections))
        .order_by(t.acceptance.c.delivery_seq.desc())
        .limit(1)
    )
