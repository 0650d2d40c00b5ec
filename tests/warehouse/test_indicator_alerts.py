"""Alerts about indicators, night after night: what opens one, what closes it, what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from contracts.base import VIETNAM
from ioc_pipelines.ledger.tables import indicator_alert_event
from tests.warehouse.quality_models import answers

PROVINCE, COMMUNE, FORMER = "33@2025-07-01", "11953@2025-07-01", "33@1997-01-01"
UNITS = pl.DataFrame(
    [
        (PROVINCE, "33", "Tỉnh Hưng Yên", "province", True),
        (COMMUNE, "11953", "Phường Phố Hiến", "commune", True),
        (FORMER, "33", "Tỉnh Hưng Yên", "province", False),
    ],
    schema=["unit_id", "code", "full_name", "level", "is_current"],
    orient="row",
)
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
MODELS = ("indicator_value", "indicator_check", "indicator_alert_event", "indicator_alert")
VERSION = {
    "indicator_code": pl.String,
    "version": pl.Int64,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "direction": pl.String,
    "over_time": pl.String,
}
SERIES = {
    "indicator_code": pl.String,
    "unit_id": pl.String,
    "period_type": pl.String,
    "period_start": pl.Date,
    "value": pl.Float64,
    "cumulative_value": pl.Float64,
    "is_complete": pl.Boolean,
    "version": pl.Int64,
    "recorded_at": pl.String,
    "units_measured": pl.Int64,
}
TARGET = {
    "indicator_code": pl.String,
    "unit_code": pl.String,
    "year": pl.Int64,
    "target": pl.Float64,
    "kind": pl.String,
    "decision": pl.String,
}
THRESHOLD = {
    "indicator_code": pl.String,
    "unit_code": pl.String,
    "unit_level": pl.String,
    "period_type": pl.String,
    "from_month": pl.Int64,
    "comparison": pl.String,
    "bound": pl.Float64,
    "severity": pl.String,
    "document": pl.String,
}
PROMISE = {
    "indicator_code": pl.String,
    "period_type": pl.String,
    "unit_level": pl.String,
    "due_days": pl.Int32,
    "is_cumulative": pl.Boolean,
    "source": pl.String,
}
EVENT = {
    c.name: pl.Float64 if c.name in ("value", "bound") else pl.String
    for c in indicator_alert_event.c
} | {"event_no": pl.Int64}


@dataclass
class Story:
    """What is known of indicators, and what earlier snapshots published of alerts."""

    direction: str = "higher_is_better"
    values: dict[tuple[str, str, date], tuple[float, float | None, bool]] = field(
        default_factory=dict
    )
    targets: list[dict[str, Any]] = field(default_factory=list)
    thresholds: list[dict[str, Any]] = field(default_factory=list)
    promises: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def tells(
        self,
        value: float | None,
        period: date = OCTOBER,
        unit: str = PROVINCE,
        period_type: str = "month",
        so_far: float | None = None,
        is_complete: bool = True,
    ) -> None:
        """A figure, or what it was revised to; None takes it back."""
        if value is None:
            del self.values[unit, period_type, period]
        else:
            self.values[unit, period_type, period] = (value, so_far, is_complete)

    def target(self, target: float, kind: str = "each_period", unit: str | None = None) -> None:
        self.targets.append(
            {
                "indicator_code": "X",
                "unit_code": unit,
                "year": 2026,
                "target": target,
                "kind": kind,
                "decision": "Nghị quyết 1",
            }
        )

    def threshold(
        self, comparison: str, bound: float, severity: str = "warning", **more: Any
    ) -> None:
        self.thresholds.append(
            {
                "indicator_code": "X",
                "period_type": "month",
                "comparison": comparison,
                "bound": bound,
                "severity": severity,
                "document": "QCVN",
                **more,
            }
        )

    def promise(self, due_days: int | None, is_cumulative: bool = False, **more: Any) -> None:
        self.promises.append(
            {
                "indicator_code": "X",
                "period_type": "month",
                "due_days": due_days,
                "is_cumulative": is_cumulative,
                "source": "Biểu",
                **more,
            }
        )

    def night(self, day: date, *, is_published: bool = True) -> list[tuple[Any, ...]]:
        """A refresh at two in the morning; returns what it adds to the history."""
        before = len(self.events)
        events = self._asks(day, f"select {', '.join(EVENT)} from quality.indicator_alert_event")
        new = sorted(events, key=lambda row: row[:2])
        new = [row for row in new if row not in set(self.events)]
        assert len(events) == before + len(new)
        if is_published:
            self.events += new
        return new

    def alerts(self, day: date, columns: str) -> list[tuple[Any, ...]]:
        """What the published table says that night."""
        return self._asks(day, f"select {columns} from quality.indicator_alert order by alert_id")

    def _asks(self, day: date, sql: str) -> list[tuple[Any, ...]]:
        at = datetime(day.year, day.month, day.day, 2, tzinfo=VIETNAM)
        facts = {"IOC_SNAPSHOT_ID": f"s{day}", "IOC_BUILT_AT": at.isoformat()}
        found = answers(MODELS, self._tables(), sql, facts)
        return [tuple(str(c) if isinstance(c, date) else c for c in row) for row in found]

    def _tables(self) -> dict[str, pl.DataFrame]:
        versions = [("X", 1, date(2000, 1, 1), None, self.direction, "sum")]
        series = [
            ("X", unit, kind, start, value, so_far, whole, 1, "2026-11-01T00:00:00+00:00", 1)
            for (unit, kind, start), (value, so_far, whole) in self.values.items()
        ]
        indicator = {
            "indicator_code": "X",
            "name_vi": "Chỉ tiêu",
            "owner_agency": "so_a",
            "unit": "%",
            "scenario": "sector",
        }
        return {
            "quality.dim_admin_unit": UNITS,
            "quality.indicator": pl.DataFrame([indicator]),
            "quality.scenario": pl.DataFrame(
                {"scenario_code": ["SECTOR", "DRIVE"], "scenario": ["sector", "thematic"]}
            ),
            "quality.scenario_indicator": pl.DataFrame(
                {"scenario_code": ["DRIVE"], "indicator_code": ["X"]}
            ),
            "quality.indicator_version": pl.DataFrame(versions, schema=VERSION, orient="row"),
            "quality.indicator_series": pl.DataFrame(series, schema=SERIES, orient="row"),
            "quality.indicator_target": pl.DataFrame(self.targets, schema=TARGET),
            "quality.indicator_threshold": pl.DataFrame(self.thresholds, schema=THRESHOLD),
            "quality.indicator_promise": pl.DataFrame(self.promises, schema=PROMISE),
            "ledger.indicator_alert_event": pl.DataFrame(self.events, schema=EVENT, orient="row"),
        }


NAMES = tuple(EVENT)
NIGHT = date(2026, 11, 20)
DAY = timedelta(days=1)


def said(events: list[tuple[Any, ...]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[NAMES.index(name)] for name in names) for row in events]


# --- a missed target -----------------------------------------------------------------------------


def test_a_breach_opens_one_alert_a_second_night_none_and_recovery_closes_it() -> None:
    story = Story()
    story.target(90)
    story.tells(89.9)
    opened = story.night(NIGHT)
    assert said(opened, "alert_id", "event", "kind", "period_start", "value", "bound") == [
        (f"X/{PROVINCE}/1", "opened", "target_missed", "2026-10-01", 89.9, 90.0)
    ]
    assert story.night(NIGHT + DAY) == []
    story.tells(93, NOVEMBER)
    closed = story.night(date(2026, 12, 5))
    assert said(closed, "alert_id", "event_no", "event", "reason", "period_start", "value") == [
        (f"X/{PROVINCE}/1", 2, "closed", "recovered", "2026-11-01", 93.0)
    ]
    assert story.night(date(2026, 12, 6)) == []
    columns = "alert_id, status, opened_in, closed_in, value, closed_value, scenarios, unit_name"
    assert story.alerts(date(2026, 12, 7), columns) == [
        (
            *(f"X/{PROVINCE}/1", "closed", "s2026-11-20", "s2026-12-05", 89.9, 93.0),
            *("DRIVE, SECTOR", "Tỉnh Hưng Yên"),
        )
    ]


@pytest.mark.parametrize(
    ("direction", "value", "is_breached"),
    [
        ("higher_is_better", 89.999, True),
        ("higher_is_better", 90, False),
        ("higher_is_better", 90.001, False),
        ("lower_is_better", 89.999, False),
        ("lower_is_better", 90, False),
        ("lower_is_better", 90.001, True),
        ("neutral", 0, False),
    ],
)
def test_a_target_is_missed_on_the_worse_side_only(
    direction: str, value: float, is_breached: bool
) -> None:
    story = Story(direction)
    story.target(90)
    story.tells(value)
    assert len(story.night(NIGHT)) == is_breached


def test_a_period_that_is_not_over_is_not_judged() -> None:
    story = Story()
    story.target(90)
    story.tells(95)
    story.tells(50, NOVEMBER)
    assert story.night(date(2026, 11, 30)) == []
    assert said(story.night(date(2026, 12, 1)), "period_start") == [("2026-11-01",)]


def test_of_periods_that_begin_together_the_shortest_speaks() -> None:
    """A month that is good again is not held back by the quarter or half that it could not save."""
    story = Story()
    story.target(90)
    july = date(2026, 7, 1)
    story.tells(80, july, period_type="quarter")
    story.tells(80, july, period_type="half")
    story.tells(95, july)
    assert story.night(NIGHT) == []
    story.tells(95, SEPTEMBER)
    story.tells(85, OCTOBER)
    assert said(story.night(NIGHT), "period_type", "period_start") == [("month", "2026-10-01")]


def test_a_month_without_a_target_does_not_leave_the_word_to_the_quarter_before() -> None:
    story = Story()
    story.target(90)
    story.tells(80, date(2026, 12, 1))
    story.tells(80, OCTOBER, period_type="quarter")
    assert said(story.night(date(2027, 1, 20)), "event", "period_type") == [("opened", "month")]
    story.tells(80, date(2027, 1, 1))
    assert said(story.night(date(2027, 2, 20)), "event", "reason") == [("closed", "not_judged")]


def test_a_revised_value_changes_the_open_alert_and_a_mended_one_closes_it() -> None:
    story = Story()
    story.target(90)
    story.tells(80)
    story.night(NIGHT)
    story.tells(85)
    assert said(story.night(NIGHT + DAY), "event", "value") == [("changed", 85.0)]
    assert story.alerts(NIGHT + DAY, "status, value") == [("open", 85.0)]
    story.tells(90)
    assert said(story.night(NIGHT + 2 * DAY), "event", "reason", "value") == [
        ("closed", "recovered", 90.0)
    ]


def test_the_next_breach_opens_another_alert_and_the_first_is_kept() -> None:
    story = Story()
    story.target(90)
    for month, value in ((SEPTEMBER, 80), (OCTOBER, 95), (NOVEMBER, 70)):
        story.tells(value, month)
        story.night(month + timedelta(days=45))
    assert story.alerts(date(2026, 12, 20), "alert_id, status, value") == [
        (f"X/{PROVINCE}/1", "closed", 80.0),
        (f"X/{PROVINCE}/2", "open", 70.0),
    ]


def test_a_snapshot_that_was_not_published_leaves_nothing() -> None:
    story = Story()
    story.target(90)
    story.tells(80)
    assert len(story.night(NIGHT, is_published=False)) == 1
    assert said(story.night(NIGHT + DAY), "alert_id", "event", "snapshot_id") == [
        (f"X/{PROVINCE}/1", "opened", "s2026-11-21")
    ]


def test_what_nobody_judges_any_more_is_closed_and_not_called_recovered() -> None:
    story = Story()
    story.target(90)
    story.tells(80)
    story.night(NIGHT)
    story.targets.clear()
    assert said(story.night(NIGHT + DAY), "event", "reason", "value") == [
        ("closed", "not_judged", None)
    ]


def test_a_unit_that_is_no_more_has_no_alert() -> None:
    story = Story()
    story.target(90)
    story.tells(80, unit=FORMER)
    assert story.night(NIGHT) == []


def test_units_have_alerts_of_their_own() -> None:
    story = Story()
    story.target(90)
    story.target(95, unit="11953")
    story.tells(92)
    story.tells(92, unit=COMMUNE)
    assert said(story.night(NIGHT), "unit_id", "bound") == [(COMMUNE, 95.0)]


YEAR = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("direction", "value", "is_complete", "is_breached"),
    [
        ("higher_is_better", 50, False, False),  # it may still grow
        ("higher_is_better", 50, True, True),
        ("higher_is_better", 90, True, False),
        ("lower_is_better", 91, False, True),  # it cannot shrink
        ("lower_is_better", 89, False, False),
    ],
)
def test_a_target_of_the_year_is_judged_when_nothing_can_mend_it(
    direction: str, value: float, is_complete: bool, is_breached: bool
) -> None:
    story = Story(direction)
    story.target(90, "year_end")
    story.tells(value, YEAR, period_type="year", is_complete=is_complete)
    assert len(story.night(date(2027, 1, 20) if is_complete else NIGHT)) == is_breached


def test_a_year_that_was_missed_stays_until_the_next_is_over() -> None:
    story = Story()
    story.target(90, "year_end")
    story.tells(50, YEAR, period_type="year")
    assert len(story.night(date(2027, 1, 20))) == 1
    story.tells(5, date(2027, 1, 1), period_type="year", is_complete=False)
    assert story.night(date(2027, 12, 31)) == []
    assert said(story.night(date(2028, 1, 1)), "event", "reason") == [("closed", "not_judged")]


# --- a threshold ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "value", "is_breached"),
    [
        ("below", 29.9, True),
        ("below", 30, False),
        ("above", 30.1, True),
        ("above", 30, False),
    ],
)
def test_at_the_threshold_itself_nothing_is_crossed(
    comparison: str, value: float, is_breached: bool
) -> None:
    story = Story()
    story.threshold(comparison, 30)
    story.tells(value)
    assert len(story.night(NIGHT)) == is_breached


def test_a_graver_threshold_changes_the_same_alert() -> None:
    story = Story("lower_is_better")
    story.threshold("above", 150)
    story.threshold("above", 200, "critical")
    story.tells(160)
    assert said(story.night(NIGHT), "event", "severity", "bound") == [("opened", "warning", 150)]
    story.tells(201)
    changed = story.night(NIGHT + DAY)
    assert said(changed, "event", "severity", "bound") == [("changed", "critical", 200)]
    story.tells(150)
    assert said(story.night(NIGHT + 2 * DAY), "event", "reason") == [("closed", "recovered")]


def test_a_threshold_of_a_unit_goes_before_that_of_its_level_and_of_all() -> None:
    story = Story()
    story.threshold("below", 30)
    story.threshold("below", 20, unit_level="commune")
    story.threshold("below", 10, unit_code="33")
    story.tells(15)
    story.tells(15, unit=COMMUNE)
    assert said(story.night(NIGHT), "unit_id", "bound") == [(COMMUNE, 20.0)]


def test_a_threshold_may_begin_in_a_month_of_the_year() -> None:
    story = Story()
    story.threshold("below", 30, from_month=10)
    story.tells(5, SEPTEMBER)
    assert story.night(date(2026, 10, 20)) == []
    story.tells(6)
    assert said(story.night(NIGHT), "period_start") == [("2026-10-01",)]


# --- a missing period ----------------------------------------------------------------------------


def test_a_period_is_missing_once_its_day_has_passed() -> None:
    story = Story()
    story.promise(15)
    story.tells(1, SEPTEMBER)
    assert story.night(date(2026, 11, 15)) == []
    missing = story.night(date(2026, 11, 16))
    assert said(missing, "kind", "period_start", "value", "due_on") == [
        ("period_missing", "2026-10-01", None, "2026-11-15")
    ]
    story.tells(7)
    assert said(story.night(NIGHT), "event", "reason", "value") == [("closed", "recovered", 7.0)]


def test_a_unit_that_never_told_owes_nothing_and_a_level_may_be_let_off() -> None:
    story = Story()
    story.promise(15, unit_level="province")
    story.tells(1, OCTOBER)
    story.tells(1, date(2026, 8, 1), unit=COMMUNE)
    assert story.night(NIGHT) == []


def test_a_unit_owes_nothing_of_the_time_before_its_first_figure() -> None:
    story = Story()
    story.promise(15)
    story.tells(1, NOVEMBER)
    assert story.night(NIGHT) == []


@pytest.mark.parametrize(
    ("period_type", "first", "missing", "due"),
    [
        ("day", date(2026, 11, 1), "2026-11-17", "2026-11-19"),
        ("week", date(2026, 11, 2), "2026-11-09", "2026-11-17"),
        ("quarter", date(2026, 4, 1), "2026-07-01", "2026-10-02"),
        ("half", date(2025, 7, 1), "2026-01-01", "2026-07-02"),
        ("year", date(2024, 1, 1), "2025-01-01", "2026-01-02"),
    ],
)
def test_the_newest_period_due_is_awaited_of_each_kind(
    period_type: str, first: date, missing: str, due: str
) -> None:
    story = Story()
    story.promise(2, period_type=period_type)
    story.tells(1, first, period_type=period_type)
    assert said(story.night(NIGHT), "period_start", "due_on") == [(missing, due)]


# --- a cumulative figure -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "is_breached"), [(100, 99, True), (100, 100, False), (100, 101, False)]
)
def test_a_figure_that_counts_from_january_does_not_fall(
    before: float, after: float, is_breached: bool
) -> None:
    story = Story("neutral")
    story.promise(None, is_cumulative=True)
    story.tells(before, SEPTEMBER)
    story.tells(after)
    found = said(story.night(NIGHT), "kind", "value", "bound")
    assert found == ([("cumulative_fell", after, before)] if is_breached else [])


def test_of_a_sum_its_cumulative_value_speaks() -> None:
    story = Story()
    story.promise(None, is_cumulative=True)
    story.tells(50, SEPTEMBER, so_far=400)
    story.tells(20, so_far=420)
    assert story.night(NIGHT) == []
    story.tells(-5, so_far=395)
    assert said(story.night(NIGHT + DAY), "value", "bound") == [(395.0, 400.0)]


def test_january_begins_anew() -> None:
    story = Story()
    story.promise(None, is_cumulative=True)
    story.tells(400, date(2026, 12, 1))
    story.tells(10, date(2027, 1, 1))
    assert story.night(date(2027, 2, 10)) == []


# --- several at once -----------------------------------------------------------------------------


def test_two_kinds_are_one_alert_that_names_both_and_stays_until_neither_is_left() -> None:
    story = Story()
    story.target(90)
    story.threshold("below", 95, "critical")
    story.promise(15)
    story.tells(80, SEPTEMBER)
    both = story.night(NIGHT)
    assert said(both, "kind", "kinds", "severity") == [
        ("threshold_crossed", "target_missed, threshold_crossed, period_missing", "critical")
    ]
    story.tells(92)
    assert said(story.night(NIGHT + DAY), "event", "kinds") == [("changed", "threshold_crossed")]
    story.tells(95)
    assert said(story.night(NIGHT + 2 * DAY), "event", "kinds", "reason") == [
        ("closed", "threshold_crossed", "recovered")
    ]
    assert len(story.alerts(NIGHT + 3 * DAY, "alert_id")) == 1
