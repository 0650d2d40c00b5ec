"""Months of supply that the heads of agencies signed off (H57)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


class SignOffs:
    """The sign-offs of one profile. They are added to, never changed: the newest one counts."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._writer = writer(engine)

    def record(self, agency: str, month: str, *, actor: str, note: str, now: datetime) -> None:
        """Write one down. The actor is a name the environment gave: not authenticated."""
        with self._writer.begin() as connection:
            connection.execute(
                sa.insert(t.sign_off).values(
                    agency=agency,
                    month=month,
                    actor=actor,
                    is_authenticated=False,
                    note=note,
                    signed_at=as_text(now),
                )
            )
