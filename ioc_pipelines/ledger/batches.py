"""What is asked about batches: their rows, how rules fared in them, how they scored."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.acceptances import Acceptances
from ioc_pipelines.ledger.deliveries import is_of_correction
from ioc_pipelines.ledger.records import BatchRecord, ResultRecord


class Batches:
    """The judged batches of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine = engine
        self._acceptances = Acceptances(engine)

    def get(self, batch_id: str) -> dict[str, Any] | None:
        """A batch by its id."""
        query = sa.select(t.batch).where(t.batch.c.batch_id == batch_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def record(self, batch_id: str) -> BatchRecord:
        """A batch that is known to be there, as it was recorded."""
        row = self.get(batch_id)
        if row is None:
            msg = f"no batch {batch_id} in the ledger"
            raise LookupError(msg)
        return BatchRecord(**{field: row[field] for field in BatchRecord.__dataclass_fields__})

    def results_of(self, batch_id: str) -> list[ResultRecord]:
        """How the rules fared when a batch was last judged."""
        return self._results(
            sa.select(sa.func.max(t.delivery.c.seq)).where(t.delivery.c.batch_id == batch_id)
        )

    def current_results(self, feed: str) -> list[ResultRecord]:
        """How the rules fared when the current batch was last judged."""
        current = self._acceptances.current_batch(feed)
        return self.results_of(current) if current else []

    def last_results(self, feed: str) -> list[ResultRecord]:
        """How the rules fared in the feed's newest delivery that has results, no correction."""
        return self._results(
            sa.select(sa.func.max(t.delivery.c.seq))
            .join(t.rule_result, t.rule_result.c.delivery_seq == t.delivery.c.seq)
            .where(t.delivery.c.feed == feed, ~is_of_correction())
        )

    def latest_scores(self, feed: str) -> dict[str, float | None]:
        """The newest score of each dimension."""
        query = (
            sa.select(t.score.c.dimension, t.score.c.score)
            .where(t.score.c.feed == feed)
            .order_by(t.score.c.scored_at)
        )
        with self._engine.connect() as connection:
            return {row.dimension: row.score for row in connection.execute(query)}

    def _results(self, delivery_seq: sa.Select[int]) -> list[ResultRecord]:
        columns = (c for c in t.rule_result.c if c.name != "delivery_seq")
        query = sa.select(*columns).where(
            t.rule_result.c.delivery_seq == delivery_seq.scalar_subquery()
        )
        with self._engine.connect() as connection:
            return [ResultRecord(**row) for row in connection.execute(query).mappings()]
