"""Until when a refused row is to be mended, and how old it is. Days are those of Viet Nam."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from contracts.base import VIETNAM
from ioc_pipelines.quality.deadlines import MOMENT, Limits, dated

REFUSED = datetime(2026, 11, 1, 2, tzinfo=VIETNAM)
LIMITS = Limits(verify_days=5, fix_days=10, conflict_days=15)
SECOND = timedelta(seconds=1)


def end_of(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 23, 59, 59, tzinfo=VIETNAM)


def found(
    now: datetime, limits: Limits | None = LIMITS, *, conflict: bool = False, status: str = "open"
) -> tuple[str | None, bool]:
    row = pl.DataFrame(
        {"status": [status], "first_refused_at": [REFUSED], "is_conflict": [conflict]},
        schema_overrides={"first_refused_at": MOMENT},
    )
    told = dated(row, limits, now)
    return told["age_class"].item(), told["is_overdue"].item()


@pytest.mark.parametrize(
    ("last", "until", "after"),
    [
        (end_of(11, 6), ("to_verify", False), ("to_fix", False)),
        (end_of(11, 11), ("to_fix", False), ("overdue", True)),
        (end_of(12, 11), ("overdue", True), ("long_overdue", True)),
    ],
)
def test_a_class_ends_with_a_day(
    last: datetime, until: tuple[str, bool], after: tuple[str, bool]
) -> None:
    """Refused on the 1st: to be looked at until the 6th, mended until the 11th; 30 days more."""
    assert found(last) == until
    assert found(last + SECOND) == after


def test_rows_that_contradict_each_other_have_their_own_deadline() -> None:
    assert found(end_of(11, 6) + SECOND, conflict=True) == ("to_fix", False)
    assert found(end_of(11, 16), conflict=True) == ("to_fix", False)
    assert found(end_of(11, 16) + SECOND, conflict=True) == ("overdue", True)


def test_without_deadlines_nothing_is_overdue_and_what_is_closed_has_no_age() -> None:
    assert found(end_of(12, 31), None) == ("no_deadline", False)
    assert found(end_of(12, 31), status="corrected") == (None, False)
    assert found(end_of(12, 31), None, status="closed") == (None, False)
