"""Write and ask the ledger. Every conclusion about a delivery is one transaction."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.open import writer

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
RUNNING, INTERRUPTED = "running", "interrupted"


@dataclass(frozen=True)
class DeliveryRef:
    """A delivery under way."""

    seq: int
    delivery_id: str
    started_at: datetime


@dataclass(frozen=True)
class Feeder:
    """Whose delivery it is."""

    feed: str
    agency: str
    dataset: str


@dataclass(frozen=True)
class BatchRecord:
    """A judged batch, as ``quality.batch`` shows it."""

    batch_id: str
    contract_version: str
    rows_received: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    status: str


@dataclass(frozen=True)
class ResultRecord:
    """How one rule fared in one delivery."""

    rule: str
    column_name: str
    dimension: str
    passed: int
    evaluated: int
    detail: str = ""


@dataclass(frozen=True)
class ScoreRecord:
    """Score of one dimension, 0–100, None when nothing of it was ever evaluated."""

    dimension: str
    score: float | None
    passed: int
    evaluated: int


@dataclass(frozen=True)
class Conclusion:
    """What became of a delivery.

    ``accept_for`` is the delivery whose rows the batch stands for from now on: the delivery
    itself, or the one a reprocess replays; None leaves the accepted data as it was.
    """

    outcome: str
    arrived: bool
    detail: dict[str, Any]
    batch: BatchRecord | None = None
    accept_for: int | None = None
    cursor: dict[str, Any] | None = None
    bytes_landed: int | None = None
    newest_event: datetime | None = None
    results: Sequence[ResultRecord] = ()
    scores: Sequence[ScoreRecord] = field(default=())


class Ledger:
    """The ledger of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    # -- deliveries ---------------------------------------------------------------------------

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
            "started_at": _iso(now),
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
                .values(outcome=INTERRUPTED, ended_at=_iso(datetime.now(UTC)))
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
                    ended_at=_iso(now),
                    outcome=c.outcome,
                    arrived=c.arrived,
                    batch_id=batch.batch_id if batch else None,
                    rows_received=batch.rows_received if batch else None,
                    bytes_landed=c.bytes_landed,
                    newest_event=_iso(c.newest_event) if c.newest_event else None,
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
        return datetime.fromisoformat(text) if text else None

    def newest_event(self, feed: str) -> datetime | None:
        """The newest moment that what was accepted of the feed speaks of."""
        query = sa.select(sa.func.max(t.delivery.c.newest_event)).where(t.delivery.c.feed == feed)
        with self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        return datetime.fromisoformat(text) if text else None

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
        return datetime.fromisoformat(text) if text else None

    def last_delivery(self, feed: str) -> dict[str, Any] | None:
        """The newest delivery of a feed, as a mapping of its columns; corrections do not count."""
        corrections = sa.select(t.delivery.c.seq).where(t.delivery.c.kind == "correction")
        of_one = sa.func.coalesce(t.delivery.c.replays_seq, t.delivery.c.seq).in_(corrections)
        query = (
            sa.select(t.delivery)
            .where(t.delivery.c.feed == feed, ~of_one)
            .order_by(t.delivery.c.seq.desc())
            .limit(1)
        )
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

    # -- acceptance ---------------------------------------------------------------------------

    def current_batch(self, feed: str) -> str | None:
        """The batch of the newest accepted full delivery: what "seen before" compares with."""
        newest = self._current_acceptance(feed)
        return newest["batch_id"] if newest else None

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

    def batch_before(self, feed: str, delivery_seq: int) -> str | None:
        """The batch of the newest accepted full delivery before this one."""
        query = (
            sa.select(t.acceptance.c.batch_id)
            .where(_is_full())
            .where(t.acceptance.c.feed == feed, t.acceptance.c.superseded_at.is_(None))
            .where(t.acceptance.c.delivery_seq < delivery_seq)
            .order_by(t.acceptance.c.delivery_seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def standing_batch(self, delivery_seq: int) -> str | None:
        """The batch that stands for one delivery now."""
        query = sa.select(t.acceptance.c.batch_id).where(
            t.acceptance.c.delivery_seq == delivery_seq, t.acceptance.c.superseded_at.is_(None)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def current_results(self, feed: str) -> list[ResultRecord]:
        """How the rules fared when the current batch was last judged."""
        newest = self._current_acceptance(feed)
        return self.results_of(newest["batch_id"]) if newest else []

    def last_results(self, feed: str) -> list[ResultRecord]:
        """How the rules fared in the feed's newest delivery that has results."""
        newest = (
            sa.select(sa.func.max(t.delivery.c.seq))
            .join(t.rule_result, t.rule_result.c.delivery_seq == t.delivery.c.seq)
            .where(t.delivery.c.feed == feed)
            .scalar_subquery()
        )
        columns = (c for c in t.rule_result.c if c.name != "delivery_seq")
        query = sa.select(*columns).where(t.rule_result.c.delivery_seq == newest)
        with self._engine.connect() as connection:
            return [ResultRecord(**row) for row in connection.execute(query).mappings()]

    def results_of(self, batch_id: str) -> list[ResultRecord]:
        """How the rules fared when a batch was last judged."""
        judged = (
            sa.select(sa.func.max(t.delivery.c.seq))
            .where(t.delivery.c.batch_id == batch_id)
            .scalar_subquery()
        )
        columns = (c for c in t.rule_result.c if c.name != "delivery_seq")
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(*columns).where(t.rule_result.c.delivery_seq == judged)
            )
            return [ResultRecord(**row) for row in rows.mappings()]

    def acceptances(self, dataset: str) -> pl.DataFrame:
        """Which batch stands for which delivery now: ``batch_id, feed, delivery_seq, recorded_at``.

        ``recorded_at`` is when the batch was first accepted for that delivery.
        """
        query = (
            sa.select(
                t.acceptance.c.batch_id,
                t.acceptance.c.feed,
                t.acceptance.c.delivery_seq,
                t.acceptance.c.accepted_at.label("recorded_at"),
            )
            .where(t.acceptance.c.dataset == dataset, t.acceptance.c.superseded_at.is_(None))
            .order_by(t.acceptance.c.delivery_seq)
        )
        schema = {
            "batch_id": pl.String,
            "feed": pl.String,
            "delivery_seq": pl.Int64,
            "recorded_at": pl.String,
        }
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        return frame.with_columns(_utc(pl.col("recorded_at")))

    def accepted_hash(self, dataset: str) -> str:
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

    def to_reprocess(self, feed: str, batch_id: str | None = None) -> list[dict[str, Any]]:
        """The landed deliveries whose rows count, oldest first, with the newest landed one.

        Corrections are all among them: each is small, and what one was refused for may be mended.

        ``batch_id`` narrows it to the deliveries that this batch stands for.
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
            condition = t.delivery.c.seq.in_(standing) | (t.delivery.c.batch_id == batch_id)
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

    # -- batches, scores, snapshots -----------------------------------------------------------

    def batch(self, batch_id: str) -> dict[str, Any] | None:
        """A batch by its id."""
        query = sa.select(t.batch).where(t.batch.c.batch_id == batch_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def batch_record(self, batch_id: str) -> BatchRecord:
        """A batch that is known to be there, as it was recorded."""
        row = self.batch(batch_id)
        if row is None:
            msg = f"no batch {batch_id} in the ledger"
            raise LookupError(msg)
        return BatchRecord(**{field: row[field] for field in BatchRecord.__dataclass_fields__})

    def latest_scores(self, feed: str) -> dict[str, float | None]:
        """The newest score of each dimension."""
        query = (
            sa.select(t.score.c.dimension, t.score.c.score)
            .where(t.score.c.feed == feed)
            .order_by(t.score.c.scored_at)
        )
        with self._engine.connect() as connection:
            return {row.dimension: row.score for row in connection.execute(query)}

    def add_snapshot(self, **columns: Any) -> None:
        """Record a snapshot that is published now."""
        values = {**columns, "published_at": _iso(datetime.now(UTC))}
        with self._writer.begin() as connection:
            connection.execute(sa.insert(t.snapshot).values(values))

    def table(self, name: str) -> pl.DataFrame:
        """A whole ledger table, for export to the warehouse."""
        table = t.metadata.tables[name]
        kinds = {c.name: _polars_type(c.type) for c in table.c}
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(sa.select(table))]
        plain = [
            tuple(_as_text(value) if isinstance(value, dict) else value for value in row)
            for row in rows
        ]
        return pl.DataFrame(plain, schema=kinds, orient="row")

    def _current_acceptance(self, feed: str) -> dict[str, Any] | None:
        query = (
            sa.select(t.acceptance)
            .where(t.acceptance.c.feed == feed, t.acceptance.c.superseded_at.is_(None), _is_full())
            .order_by(t.acceptance.c.delivery_seq.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None


def _is_full() -> sa.ColumnElement[bool]:
    """Acceptances of full deliveries: a correction is never what the next one is compared with."""
    corrections = sa.select(t.delivery.c.seq).where(t.delivery.c.kind == "correction")
    return t.acceptance.c.delivery_seq.not_in(corrections)


def _put_batch(
    connection: sa.Connection, feeder: Feeder, batch: BatchRecord, now: datetime
) -> None:
    row = {**vars(batch), "feed": feeder.feed, "dataset": feeder.dataset, "judged_at": _iso(now)}
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
    connection.execute(sa.update(t.acceptance).where(standing).values(superseded_at=_iso(now)))
    connection.execute(
        sa.insert(t.acceptance).values(
            feed=feeder.feed,
            dataset=feeder.dataset,
            delivery_seq=delivery_seq,
            batch_id=batch_id,
            accepted_at=_iso(now),
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
                scored_at=_iso(now),
            )
        )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _utc(expr: pl.Expr) -> pl.Expr:
    return expr.str.to_datetime(time_unit="us", time_zone="UTC")


def _as_text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _polars_type(kind: sa.types.TypeEngine[Any]) -> type[pl.DataType]:
    if isinstance(kind, sa.Boolean):
        return pl.Boolean
    if isinstance(kind, sa.Integer):
        return pl.Int64
    return pl.Float64 if isinstance(kind, sa.Float) else pl.String
