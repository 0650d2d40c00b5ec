"""The statutory calendar of each profile over whole years, in Viet Nam's time (H61, A08, B25).

Expected days are worked out here from the YAML with the standard library's calendar alone.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._utils.schedules import schedule_execution_time_iterator

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES, Home
from ioc_pipelines.ledger import tables as t
from ioc_pipelines.orchestration import report_jobs
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.report_jobs import report_definitions
from ioc_pipelines.serving.reports.calendar import due_between

PROFILES = ("hung_yen", "open_data")
VIET_NAM = timezone(timedelta(hours=7))


def declared(profile: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SOURCES / profile / "reports.yaml").read_text())
    return found


def ends(every: str, year: int) -> list[tuple[str, date]]:
    """Codes and last days of the periods of three years, by hand."""
    found = []
    for y in (year - 1, year, year + 1):
        months = [date(y, m, calendar.monthrange(y, m)[1]) for m in range(1, 13)]
        match every:
            case "month":
                found += [(f"{y}-{end.month:02d}", end) for end in months]
            case "quarter":
                found += [(f"{y}-Q{n}", months[3 * n - 1]) for n in (1, 2, 3, 4)]
            case "half":
                found += [(f"{y}-H1", date(y, 6, 30)), (f"{y}-H2", date(y, 12, 31))]
            case _:
                found.append((f"{y}", date(y, 12, 31)))
    return found


def expected(profile: str, year: int) -> set[tuple[date, str, str]]:
    return {
        (day, kind["kind"], code)
        for kind in declared(profile)["kinds"]
        for due in kind.get("due", [])
        for code, end in ends(due["every"], year)
        if (
            day := end
            + timedelta(days=due.get("days_after_end", 0))
            - timedelta(days=due.get("days_before_end", 0))
        ).year
        == year
    }


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("year", [2027, 2028])
def test_the_calendar_of_a_year(profile: str, year: int) -> None:
    reports = load_catalog(SOURCES / profile).reports
    assert reports is not None
    found = due_between(reports, date(year, 1, 1), date(year, 12, 31))
    told = [(one.due_on, one.kind, one.period.code) for one in found]
    assert set(told) == expected(profile, year)
    assert len(told) == len(set(told))
    assert [day for day, *_ in told] == sorted(day for day, *_ in told)


def test_the_yearly_report_comes_before_the_year_is_over() -> None:
    days = {(day, kind) for day, kind, code in expected("hung_yen", 2028) if code == "2028"}
    assert (date(2028, 12, 30), "yearly") in days


def test_a_report_on_the_last_day_of_its_period_knows_of_29_february() -> None:
    reports = load_catalog(SOURCES / "hung_yen").reports
    assert reports is not None
    kind = reports.kinds[0]
    due = kind.due[0].model_copy(update={"days_after_end": 0})
    on_last_day = reports.model_copy(update={"kinds": (kind.model_copy(update={"due": (due,)}),)})
    for year, last in ((2027, 28), (2028, 29)):
        found = due_between(on_last_day, date(year, 2, 1), date(year, 2, 29 if last > 28 else 28))
        assert [(one.due_on, one.period.code) for one in found] == [
            (date(year, 2, last), f"{year}-02")
        ]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_schedule_ticks_once_a_day_at_the_profile_s_hour_in_viet_nam(
    profile: str, tmp_path: Path
) -> None:
    (schedule,) = report_definitions(deployment(profile, tmp_path)).schedules
    assert isinstance(schedule.cron_schedule, str)
    ticks = schedule_execution_time_iterator(
        datetime(2027, 12, 31, 17, tzinfo=UTC).timestamp(),
        schedule.cron_schedule,
        schedule.execution_timezone,
    )
    times = [next(ticks).astimezone(VIET_NAM) for _ in range(366)]
    assert {f"{time:%H:%M}" for time in times} == {declared(profile)["at"]}
    assert [time.date() for time in times] == [
        date(2028, 1, 1) + timedelta(days=n) for n in range(366)
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_over_a_leap_year_each_report_is_asked_for_on_its_day(profile: str, tmp_path: Path) -> None:
    """Every report is issued on the day it is asked for, as a run would do."""
    there = deployment(profile, tmp_path)
    (schedule,) = report_definitions(there).schedules
    asked = set()
    hour, minute = map(int, declared(profile)["at"].split(":"))
    for n in range(366):
        at = datetime(2028, 1, 1, hour, minute, tzinfo=VIET_NAM) + timedelta(days=n)
        for kind, period in requested(schedule, at):
            asked.add((at.date(), kind, period))
            issue(there, kind, period, at)
    # the first week also catches up with what was due in the last days of the year before
    assert {one for one in asked if one[0] > date(2028, 1, 1)} == {
        one for one in expected(profile, 2028) if one[0] > date(2028, 1, 1)
    }


def test_a_report_that_was_not_made_on_its_day_is_asked_for_again(tmp_path: Path) -> None:
    there = deployment("hung_yen", tmp_path)
    (schedule,) = report_definitions(there).schedules
    wanted = ("operations", "2028-02")
    days = [5, 6, 7]
    for day in days:
        at = datetime(2028, 3, day, 7, tzinfo=VIET_NAM)
        assert wanted in requested(schedule, at)
    issue(there, *wanted, datetime(2028, 3, 7, 8, tzinfo=VIET_NAM))
    assert wanted not in requested(schedule, datetime(2028, 3, 8, 7, tzinfo=VIET_NAM))


def test_a_report_that_was_made_by_hand_before_its_day_is_made_on_its_day(tmp_path: Path) -> None:
    there = deployment("hung_yen", tmp_path)
    (schedule,) = report_definitions(there).schedules
    issue(there, "operations", "2028-02", datetime(2028, 3, 1, 8, tzinfo=VIET_NAM))
    found = requested(schedule, datetime(2028, 3, 5, 7, tzinfo=VIET_NAM))
    assert ("operations", "2028-02") in found


def deployment(profile: str, folder: Path) -> Deployment:
    return Deployment(Home(profile, folder / profile), load_catalog(SOURCES / profile))


def requested(schedule: dg.ScheduleDefinition, at: datetime) -> list[tuple[str, str]]:
    context = dg.build_schedule_context(scheduled_execution_time=at)
    found = schedule.evaluate_tick(context)
    configs = [request.run_config["ops"]["make_report"]["config"] for request in found.run_requests]
    assert {config["started_by"] for config in configs} <= {"schedule"}
    return [(config["kind"], config["period"]) for config in configs]


def issue(there: Deployment, kind: str, period: str, at: datetime) -> None:
    there.reports.record(
        f"{kind} {period} {at}",
        kind=kind,
        title_vi="",
        period=period,
        snapshot_id="s",
        as_of=at,
        started_by="schedule",
        actor="t",
        figures=0,
        restatements=0,
        manifest_sha256="",
        now=at,
    )


@pytest.mark.parametrize(
    ("indicator", "kinds"),
    [("PUBLIC_INVESTMENT_PROGRESS", ["thematic.investment"]), ("CPI", [])],
)
def test_an_alert_that_a_new_snapshot_opened_starts_the_reports_that_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indicator: str, kinds: list[str]
) -> None:
    there = deployment("hung_yen", tmp_path)
    (sensor,) = report_definitions(there).sensors

    def look(published: str, cursor: str | None) -> dg.SensorResult:
        monkeypatch.setattr(report_jobs, "published_id", lambda _home: published)
        found = sensor(dg.build_sensor_context(cursor=cursor))
        assert isinstance(found, dg.SensorResult)
        return found

    first = look("s1", None)
    assert not first.run_requests  # what was published before it first looked is no event
    event = dict.fromkeys((column.name for column in t.indicator_alert_event.c), None)
    told = {"alert_id": "a", "event_no": 1, "event": "opened", "snapshot_id": "s2"}
    more = dict.fromkeys(("unit_id", "kind", "kinds", "severity", "recorded_at"), "x")
    there.alerts.record([{**event, **more, **told, "indicator_code": indicator}])
    second = look("s2", first.cursor)
    configs = [r.run_config["ops"]["make_report"]["config"] for r in second.run_requests or ()]
    assert [config["kind"] for config in configs] == kinds
    assert all(config["started_by"] == "event" for config in configs)
    assert not look("s2", second.cursor).run_requests
