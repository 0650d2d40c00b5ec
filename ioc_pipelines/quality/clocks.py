"""The three clocks of "sống" (live): event in the data, arrival, publication (H10, A19).

Data can arrive every night and still speak of last year, or be accepted and not be published: each
clock has a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl

from contracts.base import VIETNAM, Contract, Rule
from contracts.periods import Every, first_days, ordinals
from ioc_pipelines.catalog.models import Maintenance
from ioc_pipelines.quality.evaluate import RuleResult

EVENT_AGE = Rule("live.event_age", None, "Số liệu mới nhất đã quá cũ so với chu kỳ báo cáo")
PUBLISHED = Rule("live.published", None, "Dữ liệu đã tiếp nhận nhưng chưa công bố đúng hạn")

# from one event to the next; of a daily feed over a weekend, when offices are closed
_CADENCE = {
    "daily": timedelta(days=3),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
    "quarterly": timedelta(days=92),
    "half_yearly": timedelta(days=184),
    "yearly": timedelta(days=366),
}
# how long a period is, as polars writes it
_LENGTHS: dict[Every, str] = {
    "month": "1mo",
    "quarter": "3mo",
    "half_year": "6mo",
    "week": "1w",
    "year": "1y",
}
# a nightly refresh publishes within a day and its own duration
_PUBLISH_WITHIN = timedelta(hours=26)


def age_of_news(since: datetime, now: datetime, windows: Iterable[Maintenance]) -> timedelta:
    """How long there has been no news, maintenance that was announced beforehand left out."""
    age, paused_until = now - since, since
    for window in sorted(windows, key=lambda window: window.starts_at):
        start = max(window.starts_at, paused_until)
        end = min(window.ends_at, now)
        if end > start:
            age -= end - start
            paused_until = end
    return age


def newest_event(contract: type[Contract], rows: pl.DataFrame) -> datetime | None:
    """The newest moment that the rows speak of, None when they name none.

    The end of the newest reporting period, or the latest of the moments that cannot be after the
    arrival, such as the last change of a dossier; whichever is later.
    """
    period = contract.info().period_column
    columns = [*_moments(contract), *([period] if period else [])]
    found = [_latest(rows[column]) for column in columns if rows.height]
    return max((moment for moment in found if moment), default=None)


def event_age_result(
    cadence: str,
    late_after: timedelta,
    newest: datetime | None,
    now: datetime,
    windows: Iterable[Maintenance] = (),
) -> list[RuleResult]:
    """Whether the newest event is at most one reporting interval and the feed's limit old.

    Announced maintenance does not count. Nothing where the feed has no fixed cadence or no moment
    is known.
    """
    interval = _CADENCE.get(cadence)
    if interval is None or newest is None:
        return []
    on_time = age_of_news(newest, now, windows) <= interval + late_after
    said = "" if on_time else f"số liệu mới nhất: {newest.astimezone(VIETNAM):%d/%m/%Y}"
    return [RuleResult(EVENT_AGE, int(on_time), 1, said)]


def published_result(waiting_since: datetime | None, now: datetime) -> RuleResult:
    """Whether what was accepted before is published; ``waiting_since``: the oldest that is not."""
    on_time = waiting_since is None or now - waiting_since <= _PUBLISH_WITHIN
    return RuleResult(PUBLISHED, int(on_time), 1)


def _moments(contract: type[Contract]) -> list[str]:
    return [
        name
        for name, col in contract.columns().items()
        if (col.metadata or {}).get("not_after_arrival")
    ]


def _latest(column: pl.Series) -> datetime | None:
    """The end of the newest period, or the newest moment, of a column."""
    if column.dtype.is_temporal():
        newest = column.cast(pl.Datetime("us")).max()
        return newest.replace(tzinfo=VIETNAM) if isinstance(newest, datetime) else None
    for every, length in _LENGTHS.items():
        known = column.filter(ordinals(column, every).is_not_null())
        if not known.is_empty():
            start = first_days(known, every).max()
            end = pl.select(pl.lit(start).dt.offset_by(length).cast(pl.Datetime("us"))).item()
            return end.replace(tzinfo=VIETNAM) if isinstance(end, datetime) else None
    return None
