"""The ledger: what is written of deliveries, and where to ask. A conclusion is one transaction."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.acceptances import Acceptances
from ioc_pipelines.ledger.batches import Batches
from ioc_pipelines.ledger.deliveries import Deliveries
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer
from ioc_pipelines.ledger.records import (
    INTERRUPTED,
    RUNNING,
    BatchRecord,
    Conclusion,
    DeliveryRef,
    Feeder,
)

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Ledger:
    """The ledger of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)
        self.deliveries = Deliveries(engine)
        self.acceptances = Acceptances(engine)
        self.batches = Batches(engine)

    def begin(
        self,
        feeder: Feeder,
        run_id: str,
        *,
        now: datetime,
        replays: int | None = None,
        submitted_by: str | None = None,
        kind: str = "fetch",
    ) -> DeliveryRef:
        """Record that a delivery starts, so that one that dies is seen.

        ``kind``: `fetch`, or `correction` for refused rows that came back; one that ``replays``
        another is a `reprocess`.
        """
        delivery_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        row: dict[str, Any] = {
            "delivery_id": delivery_id,
            "kind": kind if replays is None else "reprocess",
            "replays_seq": replays,
            "run_id": run_id,
            "submitted_by": submitted_by,
            "feed": feeder.feed,
            "agency": feeder.agency,
            "dataset": feeder.dataset,
            "started_at": as_text(now),
            "outcome": RUNNING,
            "detail": {},
        }
        with self._writer.begin() as connection:
            result = connection.execute(sa.insert(t.delivery).values(row))
            (seq,) = cast(tuple[int], result.inserted_primary_key)
        return DeliveryRef(seq, delivery_id, now)

    def close_interrupted(self) -> int:
        """Mark deliveries that a killed process left running; returns how many."""
        with self._writer.begin() as connection:
            done = connection.execute(
                sa.update(t.delivery)
                .where(t.delivery.c.outcome == RUNNING)
                .values(outcome=INTERRUPTED, ended_at=as_text(datetime.now(UTC)))
            )
        return done.rowcount

    def conclude(
        self, ref: DeliveryRef, feeder: Feeder, conclusion: Conclusion, *, now: datetime
    ) -> None:
        """Record what became of a delivery: all of it or nothing."""
        c, batch = conclusion, conclusion.batch
        with self._writer.begin() as connection:
            if batch is not None:
                _put_batch(connection, feeder, batch, now)
            connection.execute(
                sa.update(t.delivery)
                .where(t.delivery.c.seq == ref.seq)
                .values(
                    ended_at=as_text(now),
                    outcome=c.outcome,
                    arrived=c.arrived,
                    batch_id=batch.batch_id if batch else None,
                    rows_received=batch.rows_received if batch else None,
                    bytes_landed=c.bytes_landed,
                    newest_event=as_text(c.newest_event) if c.newest_event else None,
                    cursor=c.cursor if c.cursor is not None else sa.null(),
                    detail=c.detail,
                )
            )
            if batch is not None and c.accept_for is not None:
                _accept(connection, feeder, c.accept_for, batch.batch_id, now)
            if c.results:
                connection.execute(
                    sa.insert(t.rule_result),
                    [{"delivery_seq": ref.seq, **vars(result)} for result in c.results],
                )
            _put_scores(connection, feeder, c, now)

    def add_snapshot(self, **columns: Any) -> None:
        """Record a snapshot that is published now."""
        values = {**columns, "published_at": as_text(datetime.now(UTC))}
        with self._writer.begin() as connection:
            connection.execute(sa.insert(t.snapshot).values(values))

    def table(self, name: str, feed: str | None = None) -> pl.DataFrame:
        """A ledger table in the order of its key, whole or what it has of one feed, for export."""
        table = t.metadata.tables[name]
        kinds = {c.name: _polars_type(c.type) for c in table.c}
        query = sa.select(table).order_by(*table.primary_key)
        if feed is not None:
            query = query.where(table.c.feed == feed)
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        plain = [
            tuple(_as_text(value) if isinstance(value, dict) else value for value in row)
            for row in rows
        ]
        return pl.DataFrame(plain, schema=kinds, orient="row")


def _put_batch(
    connection: sa.Connection, feeder: Feeder, batch: BatchRecord, now: datetime
) -> None:
    row = {**vars(batch), "feed": feeder.feed, "dataset": feeder.dataset, "judged_at": as_text(now)}
    query = sa.select(t.batch).where(t.batch.c.batch_id == batch.batch_id)
    known = connection.execute(query).mappings().first()
    if known is None:
        connection.execute(sa.insert(t.batch).values(row))
    elif {**known, "judged_at": row["judged_at"]} != row:
        # judged again: against another day's references the same rows can fare otherwise
        update = sa.update(t.batch).where(t.batch.c.batch_id == batch.batch_id)
        connection.execute(update.values(row))


def _accept(
    connection: sa.Connection, feeder: Feeder, delivery_seq: int, batch_id: str, now: datetime
) -> None:
    standing = (
        (t.acceptance.c.feed == feeder.feed)
        & (t.acceptance.c.delivery_seq == delivery_seq)
        & t.acceptance.c.superseded_at.is_(None)
    )
    if connection.execute(
        sa.select(t.acceptance.c.batch_id).where(standing, t.acceptance.c.batch_id == batch_id)
    ).first():
        return
    connection.execute(sa.update(t.acceptance).where(standing).values(superseded_at=as_text(now)))
    connection.execute(
        sa.insert(t.acceptance).values(
            feed=feeder.feed,
            dataset=feeder.dataset,
            delivery_seq=delivery_seq,
            batch_id=batch_id,
            accepted_at=as_text(now),
        )
    )


def _put_scores(
    connection: sa.Connection, feeder: Feeder, conclusion: Conclusion, now: datetime
) -> None:
    """One row per feed, day, dimension and batch: a second delivery of the day replaces it."""
    batch_id = conclusion.batch.batch_id if conclusion.batch else ""
    day = now.astimezone(_VIETNAM).date().isoformat()
    for score in conclusion.scores:
        key = (
            (t.score.c.feed == feeder.feed)
            & (t.score.c.scored_on == day)
            & (t.score.c.dimension == score.dimension)
            & (t.score.c.batch_id == batch_id)
        )
        connection.execute(sa.delete(t.score).where(key))
        connection.execute(
            sa.insert(t.score).values(
                **vars(score),
                feed=feeder.feed,
                agency=feeder.agency,
                dataset=feeder.dataset,
                batch_id=batch_id,
                scored_on=day,
                scored_at=as_text(now),
            )
        )


def _as_text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _polars_type(kind: sa.types.TypeEngine[Any]) -> type[pl.DataType]:
    if isinstance(kind, sa.Boolean):
        return pl.Boolean
    if isinstance(kind, sa.Integer):
        return pl.Int64
    return pl.Float64 if isinstance(kind, sa.Float) else pl.String
