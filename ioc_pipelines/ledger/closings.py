"""Refused rows that a person closed: why, who and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


class Closings:
    """The closings of one profile. They are added to, never changed."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def record(self, tickets: Iterable[str], *, actor: str, reason: str, now: datetime) -> None:
        """Close tickets, all or none. The actor is a name the environment gave."""
        closed_at = as_text(now)
        rows = [
            {
                "ticket": ticket,
                "actor": actor,
                "is_authenticated": False,
                "reason": reason,
                "closed_at": closed_at,
            }
            for ticket in tickets
        ]
        with self._writer.begin() as connection:
            connection.execute(sa.insert(t.refused_row_closing), rows)
