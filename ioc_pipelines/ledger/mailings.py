"""Which feedback was mailed, and what kept it from being; never to whom."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


class Mailings:
    """The mails of one profile, each try one row."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def is_sent(self, batch_id: str) -> bool:
        """Whether the feedback of a batch was handed to the mail server."""
        query = sa.select(t.mailing.c.mailing_id).where(
            t.mailing.c.batch_id == batch_id, t.mailing.c.problem == ""
        )
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def record(self, feed: str, batch_id: str, *, problem: str, now: datetime) -> None:
        """Write a try down; ``problem`` is empty when the server took the mail."""
        with self._writer.begin() as connection:
            connection.execute(
                sa.insert(t.mailing).values(
                    feed=feed,
                    batch_id=batch_id,
                    problem=problem,
                    tried_at=as_text(now),
                )
            )
