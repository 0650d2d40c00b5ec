"""Only what changed is asked for, and what was seen before is no news."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.connectors.fetched import (
    Fetched,
    NothingArrivedError,
    SourceUnavailableError,
    Window,
)
from ioc_pipelines.connectors.rest import changes as changes_module
from ioc_pipelines.connectors.rest.changes import record_hash
from ioc_pipelines.connectors.rest.quota import VIETNAM
from tests.connectors.rest.reaching import fetch, records_of
from tests.http_server import Server, as_json, serving

CHANGES = {"param": "tu_ngay", "field": "sua_luc", "overlap": "1h"}


def record(number: int, moment: Any) -> dict[str, Any]:
    return {"id": number, "sua_luc": moment}


def asked_for(
    folder: Path,
    records: Sequence[Any],
    cursor: dict[str, Any] | None = None,
    window: Window | None = None,
    changes: dict[str, Any] = CHANGES,
) -> tuple[Fetched, Server]:
    with serving([as_json(list(records))]) as server:
        return fetch(server, folder, cursor, window, changes=changes), server


FIRST = [record(1, "2026-11-20T08:00:00"), record(2, "2026-11-20T09:30:00")]


def test_the_first_delivery_asks_for_everything(tmp_path: Path) -> None:
    fetched, server = asked_for(tmp_path, FIRST)
    assert server.asked[0].params == {}
    assert fetched.cursor["newest"] == "2026-11-20T09:30:00"
    assert (fetched.has_news, fetched.confirms) == (True, True)
    # only what the overlap can bring again is remembered: the second
    seen = base64.b64decode(fetched.cursor["seen"])
    assert seen == record_hash(FIRST[1])


def test_the_next_asks_since_the_newest_less_the_overlap(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    again, server = asked_for(tmp_path, FIRST[1:], first.cursor)
    assert server.values("tu_ngay") == ["2026-11-20T08:30:00"]
    assert (again.has_news, again.confirms) == (False, True)
    assert again.cursor == first.cursor


def test_the_overlap_finds_what_was_written_late_once(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    late = record(3, "2026-11-20T09:00:00")
    second, _ = asked_for(tmp_path, [late, *FIRST[1:]], first.cursor)
    assert second.has_news
    assert second.cursor["newest"] == first.cursor["newest"]
    third, _ = asked_for(tmp_path, [late, *FIRST[1:]], second.cursor)
    assert not third.has_news


def test_a_record_that_changed_within_its_second_is_news(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    changed, _ = asked_for(tmp_path, [FIRST[1] | {"ten": "mới"}], first.cursor)
    assert changed.has_news


def test_the_order_of_fields_and_records_is_no_news(tmp_path: Path) -> None:
    both = [record(1, "2026-11-20T09:00:00"), record(2, "2026-11-20T09:30:00")]
    first, _ = asked_for(tmp_path, both)
    turned = [dict(reversed(r.items())) for r in reversed(both)]
    again, _ = asked_for(tmp_path, turned, first.cursor)
    assert not again.has_news


def test_nothing_since_is_no_news_and_leaves_the_cursor(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    nothing, _ = asked_for(tmp_path, [], first.cursor)
    assert (nothing.files, nothing.has_news, nothing.confirms) == ((), False, True)
    assert nothing.cursor == first.cursor


def test_what_is_newer_moves_the_cursor_and_forgets_what_is_past(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    newer = record(4, "2026-11-21T10:00:00")
    second, _ = asked_for(tmp_path, [FIRST[1], newer], first.cursor)
    assert second.has_news
    assert second.cursor["newest"] == "2026-11-21T10:00:00"
    assert base64.b64decode(second.cursor["seen"]) == record_hash(newer)


@pytest.mark.parametrize("moment", [None, "", "hôm qua", 20261120, "2026-11-20", {"a": 1}])
def test_what_does_not_say_when_is_news_once(tmp_path: Path, moment: Any) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    undated = [record(9, moment), {"id": 10}]
    second, _ = asked_for(tmp_path, undated, first.cursor)
    assert second.has_news
    assert second.note["undated"] == 2
    assert second.cursor["newest"] == first.cursor["newest"]
    third, _ = asked_for(tmp_path, undated, second.cursor)
    assert not third.has_news
    fourth, _ = asked_for(tmp_path, [*undated, {"id": 11}], third.cursor)
    assert fourth.has_news


def test_a_day_that_is_not_yet_does_not_hide_what_comes_before_it(tmp_path: Path) -> None:
    # today is 2026-11-21, 12:00 in Viet Nam
    wrong = record(5, "2062-11-20T09:30:00")
    first, _ = asked_for(tmp_path, [*FIRST, wrong, record(6, "2026-11-22T11:59:00")])
    assert first.cursor["newest"] == "2026-11-22T11:59:00"
    assert first.note["undated"] == 1


def test_records_that_never_say_when_are_asked_for_whole(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, [{"id": 1}])
    assert first.cursor["newest"] is None
    again, server = asked_for(tmp_path, [{"id": 1}], first.cursor)
    assert server.asked[0].params == {}
    assert not again.has_news


def test_above_the_bound_nothing_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "MOST_SEEN", 2)
    three = [record(n, "2026-11-20T09:30:00") for n in range(3)]
    first, _ = asked_for(tmp_path, three)
    assert first.cursor == {"newest": "2026-11-20T09:30:00"}
    again, _ = asked_for(tmp_path, three, first.cursor)
    assert again.has_news


def test_the_source_writes_moments_its_own_way(tmp_path: Path) -> None:
    changes = {
        "param": "from",
        "field": "meta.at",
        "format": "%d/%m/%Y %H:%M %z",
        "overlap": "2d",
    }
    records = [{"meta": {"at": "20/11/2026 23:30 +0700"}}, {"meta": {"at": "20/11/2026 17:00 Z"}}]
    first, _ = asked_for(tmp_path, records, changes=changes)
    assert first.cursor["newest"] == "2026-11-20T17:00:00+00:00"
    again, server = asked_for(tmp_path, records, first.cursor, changes=changes)
    assert server.values("from") == ["18/11/2026 17:00 +0000"]
    assert not again.has_news


SINCE = datetime(2026, 11, 1, tzinfo=VIETNAM)


def test_a_span_is_asked_for_and_leaves_the_cursor(tmp_path: Path) -> None:
    first, _ = asked_for(tmp_path, FIRST)
    since = SINCE.astimezone(UTC)
    window = Window(since=since)
    asked, server = asked_for(tmp_path, FIRST, first.cursor, window)
    assert server.values("tu_ngay") == ["2026-11-01T00:00:00"]
    assert asked.has_news
    assert asked.cursor == first.cursor
    nothing, _ = asked_for(tmp_path, [], first.cursor, window)
    assert (nothing.has_news, nothing.cursor) == (False, first.cursor)
    fresh, _ = asked_for(tmp_path, FIRST, None, window)
    assert fresh.cursor == {}


def test_an_end_is_asked_for_only_where_the_source_takes_one(tmp_path: Path) -> None:
    window = Window(SINCE, SINCE + timedelta(days=1))
    with serving([]) as server, pytest.raises(SourceUnavailableError, match="leave out --until"):
        fetch(server, tmp_path, None, window, changes=CHANGES)
    assert server.asked == []
    changes = {**CHANGES, "until_param": "den_ngay"}
    _, server = asked_for(tmp_path, FIRST, None, window, changes)
    assert server.asked[0].params == {
        "tu_ngay": "2026-11-01T00:00:00",
        "den_ngay": "2026-11-02T00:00:00",
    }


# without changes


def test_everything_is_news_when_its_bytes_differ(tmp_path: Path) -> None:
    def whole(records: Sequence[Any], cursor: dict[str, Any] | None) -> Fetched:
        with serving([as_json(list(records))]) as server:
            fetched = fetch(server, tmp_path, cursor)
        assert server.asked[0].params == {}
        return fetched

    first = whole(FIRST, None)
    again = whole(FIRST, first.cursor)
    assert (first.has_news, again.has_news, again.confirms) == (True, False, True)
    assert again.cursor == first.cursor
    assert whole(FIRST[:1], again.cursor).has_news


def test_a_span_of_a_source_that_cannot_be_asked_for_one_is_everything(tmp_path: Path) -> None:
    with serving([as_json(FIRST)]) as server:
        fetched = fetch(server, tmp_path, None, Window(SINCE, SINCE))
    assert records_of(fetched) == FIRST


def test_a_source_without_any_record_brought_nothing(tmp_path: Path) -> None:
    for options in ({}, {"changes": CHANGES}):
        with serving([as_json([])]) as server, pytest.raises(NothingArrivedError) as caught:
            fetch(server, tmp_path, None, **options)
        assert "API/ho-so: the source answered and has no record at all (requests 1" in str(
            caught.value
        )
