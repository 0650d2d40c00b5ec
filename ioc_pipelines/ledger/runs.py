"""Runs that ended, and who was told of those that failed (H64, L15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


class Runs:
    """The runs of one profile. Both tables are added to, never changed."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def unknown(self, run_ids: Sequence[str]) -> set[str]:
        """Those of ``run_ids`` that are not recorded yet."""
        query = sa.select(t.run.c.run_id).where(t.run.c.run_id.in_(run_ids))
        with self._engine.connect() as connection:
            return set(run_ids) - set(connection.execute(query).scalars())

    def record(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Write ended runs down: rows of ``run``, all or none; one that is known stays."""
        with self._writer.begin() as connection:
            listed = [row["run_id"] for row in runs]
            query = sa.select(t.run.c.run_id).where(t.run.c.run_id.in_(listed))
            known: set[str] = set(connection.execute(query).scalars())
            if new := [dict(row) for row in runs if row["run_id"] not in known]:
                connection.execute(sa.insert(t.run), new)

    def failed_untold(self, sink: str) -> list[dict[str, Any]]:
        """Runs that failed and that a sink was not told of, oldest first: rows of ``run``."""
        told = sa.select(t.run_notification.c.run_id).where(
            t.run_notification.c.sink == sink, t.run_notification.c.problem == ""
        )
        query = (
            sa.select(t.run)
            .where(t.run.c.status == "failed", t.run.c.run_id.not_in(told))
            .order_by(t.run.c.ended_at)
        )
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def record_told(
        self, sink: str, run_ids: Sequence[str], *, problem: str, now: datetime
    ) -> None:
        """Write down that a sink was told of these runs, or what kept it from being."""
        rows = [
            {"run_id": run_id, "sink": sink, "problem": problem, "tried_at": as_text(now)}
            for run_id in run_ids
        ]
        if rows:
            with self._writer.begin() as connection:
                connection.execute(sa.insert(t.run_notification), rows)
