"""When which report is due by the profile's calendar (H61, A08, L13, B25). Pure.

Days are days in Viet Nam. A due day is counted from the last day of its period, so the lengths of
months and 29 February are nobody's concern but the calendar's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from contracts.base import VIETNAM
from ioc_pipelines.catalog.reports import Due, PeriodType, Reports
from ioc_pipelines.serving.reports.periods import MONTHS, Period

# a report that was not made on its day, because nothing ran, is made within so many days
CATCH_UP_DAYS = 7


@dataclass(frozen=True, order=True)
class DueReport:
    """A report that is due on a day."""

    due_on: date
    kind: str
    period: Period


def due_day(due: Due, period: Period) -> date:
    """The day on which a report of a period is due."""
    if due.days_before_end is not None:
        return period.end - timedelta(days=due.days_before_end)
    return period.end + timedelta(days=due.days_after_end or 0)


def due_between(reports: Reports, first: date, last: date) -> list[DueReport]:
    """Every report that is due from a day to another, both included, in the order of days."""
    return sorted(
        {
            DueReport(day, kind.kind, period)
            for kind in reports.kinds
            for due in kind.due
            for period in _near(due, first, last)
            if first <= (day := due_day(due, period)) <= last
        }
    )


def due_lately(reports: Reports, today: date) -> list[DueReport]:
    """What is due today, or was in the days in which it is still made by itself."""
    return due_between(reports, today - timedelta(days=CATCH_UP_DAYS), today)


def unmade(reports: Reports, issued: pl.DataFrame, today: date) -> list[DueReport]:
    """What was due by today, in the days in which it is made by itself, and was not issued since.

    ``issued``: the ledger's ``report`` (``kind period issued_at``, moments as text).
    """
    made = {
        (kind, period, datetime.fromisoformat(at).astimezone(VIETNAM).date())
        for kind, period, at in issued.select("kind", "period", "issued_at").rows()
    }
    return [
        due
        for due in due_lately(reports, today)
        if not any(
            (kind, period) == (due.kind, due.period.code) and on >= due.due_on
            for kind, period, on in made
        )
    ]


def newest_ended(kind_periods: tuple[PeriodType, ...], today: date) -> Period:
    """The newest period that is over of the shortest kind that a report has."""
    shortest = min(kind_periods, key=lambda kind: MONTHS[kind])
    return Period.holding(shortest, today).shifted(-1)


def _near(due: Due, first: date, last: date) -> Iterator[Period]:
    """The periods whose due day may lie between two days."""
    furthest = timedelta(days=max(due.days_after_end or 0, due.days_before_end or 0))
    period = Period.holding(due.every, first - furthest)
    while period.start <= last + furthest:
        yield period
        period = period.shifted(1)
