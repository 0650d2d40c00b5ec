"""Alerts about indicators, read from a warehouse file that is built or published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl

_NEW = """
    select * replace (
        cast(period_start as varchar) as period_start,
        cast(due_on as varchar) as due_on,
        strftime(recorded_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%f+00:00') as recorded_at
    )
    from quality.indicator_alert_event
    where snapshot_id = ?
    order by alert_id, event_no
"""

_ALERTS = "from marts.indicator_alert order by opened_at desc, alert_id"
_IS_THERE = """
    select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'indicator_alert'
"""


def new_alert_events(path: Path, snapshot_id: str) -> list[dict[str, Any]]:
    """What a snapshot says first of alerts, as the ledger's ``indicator_alert_event`` keeps it."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(_NEW, [snapshot_id])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def alerts_of(path: Path) -> pl.DataFrame | None:
    """``marts.indicator_alert`` of a file, the newest first; None of one from before alerts."""
    with duckdb.connect(str(path), read_only=True) as connection:
        if not connection.execute(_IS_THERE).fetchall():
            return None
        found: pl.DataFrame = connection.sql(_ALERTS).pl()
        return found
