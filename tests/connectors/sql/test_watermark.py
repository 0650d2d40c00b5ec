from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_pipelines.connectors.fetched import SourceChangedError, Window
from ioc_pipelines.connectors.sql.watermark import behind, bounds, is_time, latest_sane

VIETNAM = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("newest", "overlap", "expected"),
    [
        ("2026-11-02 08:00:00", timedelta(minutes=30), "2026-11-02 07:30:00"),
        ("2026-11-02T08:00:00Z", timedelta(minutes=30), "2026-11-02T07:30:00Z"),
        ("2026-11-02 08:00:00.5+00", timedelta(hours=9), "2026-11-01 23:00:00.5+00"),
        ("2026-11-02T08:00:00+07:00", timedelta(days=1), "2026-11-01T08:00:00+07:00"),
        ("2026-11-02 08:00", timedelta(seconds=90), "2026-11-02 07:58"),
        ("2026-11-02 08:00:00.123456", timedelta(0), "2026-11-02 08:00:00.123456"),
        ("2026-11-02 00:00:00.123", timedelta(microseconds=1), "2026-11-02 00:00:00.122"),
        ("2026-11-02", timedelta(minutes=30), "2026-11-01"),
        ("not a time", timedelta(0), "not a time"),
        (100, 7, 93),
        (100, 0, 100),
        (9007199254740993, 1, 9007199254740992),
        ("90071992547409931.31", 1, "90071992547409930.31"),
        (1.5, 1, 0.5),
    ],
)
def test_an_overlap_is_taken_off_in_the_columns_own_form(
    newest: Any, overlap: Any, expected: Any
) -> None:
    assert behind(newest, overlap, "w") == expected


@pytest.mark.parametrize(
    ("newest", "overlap", "words"),
    [
        (100, timedelta(hours=1), "holds no times"),
        ("02/11/2026", timedelta(hours=1), "holds no times"),
        ("2026-11-02", 5, "holds no numbers"),
    ],
)
def test_an_overlap_of_another_kind_is_refused(newest: Any, overlap: Any, words: str) -> None:
    with pytest.raises(SourceChangedError, match=f"'w' {words}"):
        behind(newest, overlap, "w")


forms = st.sampled_from(
    [
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S.%f",
        "%Y-%m-%dT%H:%M:%SZ",
    ]
)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001


@given(
    newest=moments,
    form=forms,
    overlap=st.timedeltas(timedelta(0), timedelta(days=90)),
    other=moments,
)
def test_text_is_compared_as_times_are(
    newest: datetime, form: str, overlap: timedelta, other: datetime
) -> None:
    """Nothing inside the overlap compares, letter by letter, before where reading begins."""
    begin = behind(newest.strftime(form), overlap, "w")
    if newest - overlap <= other:
        assert str(begin) <= other.strftime(form)


def test_a_slip_of_the_pen_is_not_the_newest() -> None:
    now = datetime(2026, 11, 22, 2, tzinfo=VIETNAM)
    assert latest_sane("2026-11-22 01:59:00", now) is None
    assert latest_sane("2026-11-23 01:59:00", now) is None
    assert latest_sane("2062-11-22 01:59:00", now) == "2026-11-23 02:00:00"
    assert latest_sane("2062-11-22", now) == "2026-11-23"
    assert latest_sane("2062-11-22T00:00:00.5Z", now) == "2026-11-22T19:00:00.0Z"
    assert latest_sane(10**12, now) is None
    assert latest_sane("zzz", now) is None


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        ("2026-11-02 08:00:00", ("2026-11-02", "2026-11-03 08:30")),
        ("2026-11-02T08:00:00", ("2026-11-02", "2026-11-03T08:30")),
        ("2026-11-02 08:00:00+00", ("2026-11-01 17:00", "2026-11-03 01:30")),
        ("2026-11-02T08:00:00Z", ("2026-11-01T17:00", "2026-11-03T01:30")),
        (None, (None, None)),
    ],
)
def test_a_window_is_written_as_the_column_is(newest: Any, expected: Any) -> None:
    window = Window(datetime(2026, 11, 2, tzinfo=VIETNAM), datetime(2026, 11, 3, 1, 30, tzinfo=UTC))
    assert bounds(window, newest, "w") == expected


def test_a_window_needs_times() -> None:
    window = Window(datetime(2026, 11, 2, tzinfo=VIETNAM))
    with pytest.raises(SourceChangedError, match="'w' holds no times"):
        bounds(window, 17, "w")


@pytest.mark.parametrize("text", ["2026-13-01", "20261101", "infinity", "10000-01-01", "", "2026"])
def test_what_is_no_time(text: str) -> None:
    assert not is_time(text)
