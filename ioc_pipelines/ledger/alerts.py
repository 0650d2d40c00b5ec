"""Alerts about indicators: their history, and who was told of them (H40)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


class Alerts:
    """The alerts of one profile. Both tables are added to, never changed."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._writer = writer(engine)

    def record(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write the events of a snapshot down: rows of ``indicator_alert_event``, all or none."""
        if events:
            with self._writer.begin() as connection:
                connection.execute(sa.insert(t.indicator_alert_event), list(events))

    def record_told(
        self, sink: str, told: Iterable[tuple[str, str]], *, problem: str, now: datetime
    ) -> None:
        """Write down that a sink was told of these (alert, event), or what kept it from being."""
        rows = [
            {
                "alert_id": alert_id,
                "sink": sink,
                "event": event,
                "problem": problem,
                "tried_at": as_text(now),
            }
            for alert_id, event in told
        ]
        if rows:
            with self._writer.begin() as connection:
                connection.execute(sa.insert(t.alert_notification), rows)
