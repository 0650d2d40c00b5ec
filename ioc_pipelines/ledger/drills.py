"""Rehearsals of a restore, and how they went (H45, L14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.open import writer


class Drills:
    """The rehearsals of one profile. The table is added to, never changed."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._writer = writer(engine)

    def record(self, drill: Mapping[str, Any]) -> None:
        """Write a rehearsal down: a row of ``restore_drill``."""
        with self._writer.begin() as connection:
            connection.execute(sa.insert(t.restore_drill).values(dict(drill)))
