"""The three clocks, against moments worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from contracts.base import VIETNAM, column
from ioc_pipelines.catalog.models import Maintenance
from ioc_pipelines.quality.clocks import (
    age_of_news,
    event_age_result,
    newest_event,
    published_result,
)
from tests.quality.frames import contract_of

NOW = datetime(2026, 11, 20, 12, tzinfo=VIETNAM)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def window(start: int, end: int) -> Maintenance:
    """Announced maintenance from ``start`` to ``end`` hours before now."""
    return Maintenance(
        starts_at=NOW - start * HOUR,
        ends_at=NOW - end * HOUR,
        announced_on=date(2026, 11, 1),
        reason="nâng cấp",
    )


@pytest.mark.parametrize(
    ("windows", "hours"),
    [
        ([], 30),
        ([window(20, 10)], 20),
        ([window(40, 25)], 25),
        ([window(5, -5)], 25),
        ([window(20, 10), window(15, 5)], 15),
        ([window(15, 5), window(20, 10)], 15),
        ([window(60, 40)], 30),
        ([window(60, -9)], 0),
    ],
    ids=["none", "within", "began before", "goes on", "overlap", "unsorted", "before", "all of it"],
)
def test_announced_maintenance_is_not_lateness(windows: list[Maintenance], hours: int) -> None:
    assert age_of_news(NOW - 30 * HOUR, NOW, windows) == hours * HOUR


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"announced_on": date(2026, 11, 21)}, "no excuse"),
        ({"ends_at": NOW - 60 * HOUR}, "ends after it starts"),
        ({"starts_at": datetime(2026, 11, 20)}, "timezone"),  # noqa: DTZ001
    ],
)
def test_maintenance_must_be_announced_beforehand(changed: dict[str, Any], why: str) -> None:
    good = window(20, 10).model_dump()
    with pytest.raises(ValidationError, match=why):
        Maintenance(**{**good, **changed})


def of_period(kind: Any, **info: Any) -> Any:
    contract = contract_of({"p": (kind, column(vi="Kỳ", en="p"))}, key=("p",))
    facts = vars(contract.info()) | {"period_column": "p", **info}
    contract.__contract__ = type(contract.info())(**facts)
    return contract


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (str, ["2026-09", "2026-10", "x"], datetime(2026, 11, 1)),  # noqa: DTZ001
        (str, ["2026-W45", "2026-W44"], datetime(2026, 11, 9)),  # noqa: DTZ001
        (str, ["2026-Q2", "2026-Q3"], datetime(2026, 10, 1)),  # noqa: DTZ001
        (str, ["2026-H1", "2025-H2"], datetime(2026, 7, 1)),  # noqa: DTZ001
        (int, [2024, 2025], datetime(2026, 1, 1)),  # noqa: DTZ001
        (pl.Date, [date(2026, 11, 3)], datetime(2026, 11, 3)),  # noqa: DTZ001
        (str, ["không rõ"], None),
    ],
)
def test_the_newest_event_is_the_end_of_the_newest_period(
    kind: Any, values: list[Any], expected: datetime | None
) -> None:
    contract = of_period(kind)
    rows = pl.DataFrame({"p": values}, schema=contract.polars_schema())
    wanted = expected.replace(tzinfo=VIETNAM) if expected else None
    assert newest_event(contract, rows) == wanted
    assert newest_event(contract, rows.clear()) is None


def test_it_is_the_latest_moment_that_cannot_be_to_come() -> None:
    contract = contract_of(
        {
            "got": (pl.Date, column(vi="Nhận", en="got", not_after_arrival=True)),
            "changed": (pl.Datetime("us"), column(vi="Sửa", en="ch", not_after_arrival=True)),
            "due": (pl.Date, column(vi="Hạn", en="due")),
        },
        key=("got",),
    )
    rows = pl.DataFrame(
        [(date(2026, 11, 1), datetime(2026, 11, 5, 8, 30), date(2027, 1, 1))],  # noqa: DTZ001
        schema=contract.polars_schema(),
        orient="row",
    )
    assert newest_event(contract, rows) == datetime(2026, 11, 5, 8, 30, tzinfo=VIETNAM)


def test_an_event_may_be_one_interval_and_the_limit_old() -> None:
    limit = NOW - 3 * DAY - 26 * HOUR
    (just,) = event_age_result("daily", 26 * HOUR, limit, NOW)
    assert (just.rule.id, just.passed, just.evaluated) == ("live.event_age", 1, 1)
    (over,) = event_age_result("daily", 26 * HOUR, limit - timedelta(seconds=1), NOW)
    assert (over.passed, over.detail) == (0, "số liệu mới nhất: 16/11/2026")
    assert event_age_result("daily", 26 * HOUR, None, NOW) == []
    assert event_age_result("on_change", 26 * HOUR, limit - 900 * DAY, NOW) == []


def test_announced_maintenance_makes_no_event_old() -> None:
    newest = NOW - 3 * DAY - 27 * HOUR
    ((plain,), (excused,)) = (
        event_age_result("daily", 26 * HOUR, newest, NOW, windows)
        for windows in ([], [window(40, 39)])
    )
    assert (plain.passed, excused.passed) == (0, 1)


def test_what_was_accepted_is_published_within_26_hours() -> None:
    assert published_result(None, NOW).passed == 1
    assert published_result(NOW - 26 * HOUR, NOW).passed == 1
    assert published_result(NOW - 27 * HOUR, NOW).passed == 0
