"""A published value and the batches it was counted from, read from the file that analysts open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from ioc_pipelines.home import PUBLISHED_FILE, Home
from ioc_pipelines.warehouse.snapshots import published_id

_VALUES = """
    select period_type, value from marts.indicator_value
    where indicator_code = $indicator and period_start = $period and unit_id = $unit
    order by period_type
"""
_LINEAGE = """
    select distinct feed, batch_id from marts.indicator_lineage
    where indicator_code = $indicator and period_start = $period and unit_id = $unit
        and period_type = $period_type
    order by all
"""
_NAMES = """
    select i.name_vi, coalesce(i.unit, ''), u.full_name
    from marts.indicator as i cross join core.dim_admin_unit as u
    where i.indicator_code = $indicator and u.unit_id = $unit
"""


class NoSuchValueError(LookupError):
    """No value, or not one alone, is published for what was asked."""


@dataclass(frozen=True)
class PublishedValue:
    """A value as it stands in a snapshot; ``sources`` are feed and batch, each once."""

    snapshot_id: str
    period_type: str
    value: float | None
    sources: tuple[tuple[str, str], ...]


def published_value(
    home: Home, indicator: str, period_start: date, unit_id: str, period_type: str | None = None
) -> PublishedValue:
    """The value of an indicator for a period and unit, in the newest snapshot.

    ``period_type`` is needed where a month and a year begin on the same day. Raises
    NoSuchValueError when nothing is published, or nothing of it leads to a batch.
    """
    snapshot = published_id(home)
    if snapshot is None:
        msg = "nothing is published yet"
        raise NoSuchValueError(msg)
    asked = {"indicator": indicator, "period": period_start, "unit": unit_id}
    with duckdb.connect(str(home.published / PUBLISHED_FILE), read_only=True) as connection:
        rows = connection.execute(_VALUES, asked).fetchall()
        found = [row for row in rows if period_type in (None, row[0])]
        if len(found) != 1:
            kinds = ", ".join(row[0] for row in rows)
            msg = (
                f"several values of {indicator} begin then, say which: --period-type {kinds}"
                if found
                else f"no value of {indicator} is published for {period_start} and {unit_id}"
            )
            raise NoSuchValueError(msg)
        kind, value = found[0]
        sources = connection.execute(_LINEAGE, {**asked, "period_type": kind}).fetchall()
    if not sources:
        msg = f"the value of {indicator} leads to no batch"
        raise NoSuchValueError(msg)
    return PublishedValue(snapshot, kind, value, tuple((feed, batch) for feed, batch in sources))


@dataclass(frozen=True)
class Names:
    """What an indicator, its unit of measure and an administrative unit are called."""

    indicator: str
    measured_in: str
    unit: str


def names_of(home: Home, indicator: str, unit_id: str) -> Names:
    """The names in the newest snapshot; of what it no longer has, the codes."""
    with duckdb.connect(str(home.published / PUBLISHED_FILE), read_only=True) as connection:
        found = connection.execute(_NAMES, {"indicator": indicator, "unit": unit_id}).fetchone()
    return Names(*found) if found else Names(indicator, "", unit_id)
