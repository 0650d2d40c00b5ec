"""What was known of each indicator's value since when: carried from snapshot to snapshot.

The newest snapshot on disk holds the whole history, one that was rolled back too: what it said was
known. A build adds where its values differ (``marts.indicator_value_recorded``).
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from ioc_pipelines.home import Home
from ioc_pipelines.quality.deadlines import MOMENT
from ioc_pipelines.warehouse.snapshots import mart_of, snapshot_ids

RECORDED = "indicator_value_recorded"
RECORDED_SCHEMA = pl.Schema(
    {
        "indicator_code": pl.String(),
        "period_type": pl.String(),
        "period_start": pl.Date(),
        "unit_id": pl.String(),
        "value": pl.Float64(),
        "is_complete": pl.Boolean(),
        "known_from": MOMENT,
    }
)


def recorded_so_far(home: Home, until: datetime | None = None) -> pl.DataFrame:
    """``RECORDED_SCHEMA``: what the newest snapshot says, of what was known by ``until``.

    Empty before the first snapshot, and after one that was made before there was a history.
    """
    newest = snapshot_ids(home)[:1]
    path = mart_of(home, newest[0], RECORDED) if newest else None
    if path is None or not path.is_file():
        return pl.DataFrame(schema=RECORDED_SCHEMA)
    known = pl.read_parquet(path, columns=list(RECORDED_SCHEMA)).cast(RECORDED_SCHEMA)
    if until is None:
        return known
    return known.filter(pl.col("known_from") <= pl.lit(until.astimezone(UTC), MOMENT))
