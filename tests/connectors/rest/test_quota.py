"""A source is asked in its hours, at its pace (B09)."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError
from ioc_pipelines.connectors.rest.quota import VIETNAM, Pace, next_slot, opens_at
from tests.connectors.rest.reaching import FakeTime, fetch, refused, rows
from tests.http_server import Asked, Reply, as_json, serving

PAGES = {"kind": "page", "size": 2}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ("08:00-17:00", "2026-11-21T07:59", "2026-11-21T08:00"),
        ("08:00-17:00", "2026-11-21T08:00", None),
        ("08:00-17:00", "2026-11-21T16:59:59.999", None),
        ("08:00-17:00", "2026-11-21T17:00", "2026-11-22T08:00"),
        ("22:00-06:00", "2026-12-31T21:59", "2026-12-31T22:00"),
        ("22:00-06:00", "2026-12-31T22:00", None),
        ("22:00-06:00", "2027-01-01T05:59", None),
        ("22:00-06:00", "2027-01-01T06:00", "2027-01-01T22:00"),
        ("00:00-06:00", "2026-12-31T23:00", "2027-01-01T00:00"),
        ("18:00-00:00", "2026-11-21T23:59", None),
        ("18:00-00:00", "2026-11-21T00:00", "2026-11-21T18:00"),
        ("06:00-06:00", "2026-11-21T05:00", None),
    ],
)
def test_when_a_source_opens(hours: str, now: str, opens: str | None) -> None:
    expected = local(opens) if opens else None
    assert opens_at(hours, local(now)) == expected
    assert opens_at(hours, local(now).astimezone(UTC)) == expected


@given(
    st.times(),
    st.times(),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_source_opens_within_a_day_and_is_open_then(start, end, now) -> None:  # type: ignore[no-untyped-def]
    hours = f"{start:%H:%M}-{end:%H:%M}"
    opens = opens_at(hours, now)
    if opens is not None:
        assert timedelta(0) < opens - now <= timedelta(days=1)
        assert opens_at(hours, opens) is None


def test_a_source_without_hours_is_open() -> None:
    assert opens_at(None, local("2026-11-21T03:00")) is None


def test_nothing_is_sent_outside_the_hours(tmp_path: Path) -> None:
    with serving([]) as server:
        message = refused(
            SourceUnavailableError,
            server,
            tmp_path,
            quota={"hours": "22:00-06:00"},
            authentication={
                "kind": "client_credentials",
                "client_id_env": "CLIENT_ID",
                "client_secret_env": "CLIENT_SECRET",
            },
        )
    assert "may be asked 22:00-06:00 only; it opens 2026-11-21 22:00" in message
    assert "requests 0" in message
    assert server.asked == []


def test_nothing_more_is_sent_once_the_source_closes(tmp_path: Path) -> None:
    moments = iter([local("2026-11-21T05:59:58")] * 3 + [local("2026-11-21T06:00")] * 9)
    time = FakeTime()
    clock = type(time.clock)(lambda: next(moments), time.clock.monotonic, time.sleep)
    with serving(lambda asked: as_json(rows(2, int(asked.params["page"])))) as server:
        message = refused(
            SourceUnavailableError,
            server,
            tmp_path,
            clock=clock,
            paging=PAGES,
            quota={"hours": "22:00-06:00"},
            changes=None,
        )
    assert f"page {len(server.asked) + 1}: the source may be asked" in message
    assert 1 <= len(server.asked) <= 3


@given(st.lists(st.floats(0, 100), max_size=30), st.integers(1, 120))
def test_slots_are_never_closer_than_the_pace(pauses: list[float], per_minute: int) -> None:
    now, taken, slots = 0.0, None, []
    for pause in pauses:
        now += pause
        taken = next_slot(taken, now, per_minute)
        assert taken >= now
        slots.append(taken)
        now = taken
    for one, other in itertools.pairwise(slots):
        assert other - one >= 60 / per_minute - 1e-6


def test_requests_are_spaced_evenly_retries_too(tmp_path: Path) -> None:
    time = FakeTime()
    replies = [as_json(rows(2)), Reply(b"", 503), as_json(rows(1, 3))]
    at: list[float] = []

    def answer(_: Asked) -> Reply:
        at.append(time.passed)
        return replies[len(at) - 1]

    with serving(answer) as server:
        fetch(server, tmp_path, clock=time.clock, paging=PAGES, quota={"requests_per_minute": 6})
    assert [later - earlier for earlier, later in itertools.pairwise(at)] == [10, 10]


def test_feeds_of_one_source_share_its_pace() -> None:
    pace = Pace()
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda _: pace.wait("https://api", 60, 100.0, 1e9), range(20)))
    assert sorted(w for w in waits if w is not None) == list(range(20))
    assert pace.wait("https://other", 60, 100.0, 1e9) == 0
    assert pace.wait("https://api", 60, 100.0, 5) is None
    assert pace.wait("https://api", None, 100.0, 5) == 0
    assert pace.wait("https://api", 60, 200.0, 5) == 0


def test_a_pace_that_does_not_suffice_is_said_without_waiting(tmp_path: Path) -> None:
    time = FakeTime()
    with serving(lambda asked: as_json(rows(2, 2 * int(asked.params["page"])))) as server:
        message = refused(
            SourceFaultyError,
            server,
            tmp_path,
            clock=time.clock,
            paging=PAGES,
            quota={"requests_per_minute": 1},
        )
    assert "page 4: its 1 requests a minute do not suffice" in message or "page 3:" in message
    assert "not at the end after" in message
    assert sum(time.slept) <= 120
    assert len(server.asked) <= 3
