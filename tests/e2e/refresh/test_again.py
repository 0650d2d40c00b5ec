"""A second refresh, of the same, watched by ten readers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.e2e.province import FEEDS, PLANNED, Done, Province, copied, differing, tables
from tests.e2e.refresh.first_night import PROGRESS, First, ledger

pytestmark = pytest.mark.e2e

SERVED = ("staging", "core", "marts")


@dataclass
class Reader(threading.Thread):
    """Opens what is published again and again, and keeps what it saw."""

    path: Path
    stop: threading.Event
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    rounds: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.seen.add(whole(self.path))
            except Exception as error:  # noqa: BLE001
                self.failures.append(f"{type(error).__name__}: {error}")
            self.rounds += 1
            time.sleep(1.5)


def whole(path: Path) -> tuple[Any, ...]:
    """What tells one snapshot from another, read in one connection."""
    counts = ("marts.indicator_value", "quality.delivery", "staging.finance__budget_revenue")
    with duckdb.connect(str(path), read_only=True) as connection:
        newest = "select max(snapshot_id) from quality.snapshot"
        answers = [connection.execute(newest).fetchall()]
        for table in counts:
            answers.append(connection.execute(f"select count(*) from {table}").fetchall())
            time.sleep(0.01)
    return tuple(answer[0][0] for answer in answers)


@dataclass
class Second:
    """The same province after a second refresh, watched by ten readers."""

    province: Province
    refresh: Done
    older: str
    newer: str
    before: dict[str, list[dict[str, Any]]]
    readers: list[Reader]
    kept: tuple[Any, Any]


@pytest.fixture(scope="module")
def second(first: First, tmp_path_factory: pytest.TempPathFactory) -> Second:
    province = copied(first.province, tmp_path_factory.mktemp("second") / "var")
    older, before = province.published_id(), ledger(province)
    stop = threading.Event()
    readers = [Reader(province.published, stop) for _ in range(10)]
    opened = duckdb.connect(str(province.published), read_only=True)
    sql = "select count(*), sum(round(value)::hugeint) from marts.indicator_value"
    started_with = opened.execute(sql).fetchall()
    for reader in readers:
        reader.start()
    done = province.ioc("refresh", "--json")
    time.sleep(1)
    stop.set()
    for reader in readers:
        reader.join(timeout=60)
    ended_with = opened.execute(sql).fetchall()
    opened.close()
    assert done.code == 0, done.err
    newer = province.published_id()
    return Second(province, done, older, newer, before, readers, (started_with, ended_with))


def test_json_is_all_there_is_on_stdout(second: Second) -> None:
    told = second.refresh.json()
    assert told["published"] is True
    assert told["snapshot"]["id"] == second.newer != second.older
    assert {feed["feed"] for feed in told["feeds"]} == {*FEEDS, *PLANNED}
    assert PROGRESS.search(second.refresh.err)


def test_the_same_again_makes_no_batch(second: Second) -> None:
    after = ledger(second.province)
    assert after["batch"] == second.before["batch"]
    assert after["acceptance"] == second.before["acceptance"]
    new = after["delivery"][len(second.before["delivery"]) :]
    assert {row["feed"]: row["outcome"] for row in new} == dict.fromkeys(FEEDS, "no_news")
    assert len(after["batch"]) == len(FEEDS)


def test_the_same_again_changes_no_row(second: Second) -> None:
    older, newer = (second.province.snapshot(name) for name in (second.older, second.newer))
    names = tables(newer, SERVED)
    assert tables(older, SERVED) == names
    assert len(names) >= 10
    assert differing(older, newer, names) == {}
    # the comparison would find a row
    assert "quality.delivery" in differing(older, newer, ["quality.delivery"])


def test_both_snapshots_are_kept_and_sound(second: Second) -> None:
    told = second.province.here("snapshots", "list", "--json").json()
    assert [(row["id"], row["published"]) for row in told] == [
        (second.newer, True),
        (second.older, False),
    ]
    assert second.province.here("snapshots", "verify", second.newer).code == 0
    page = second.province.snapshot(second.newer).with_name("nghiem-thu.html").read_text()
    assert all(text in page for text in (second.newer, "ĐƯỢC CÔNG BỐ", "marts.indicator_value"))
    diff = second.province.here("snapshots", "diff", second.older, second.newer, "--json").json()
    changed = {row["table"] for row in diff}
    assert changed >= {
        "quality.alert_notification",
        "quality.delivery",
        "quality.rule_result",
        "quality.score",
        "quality.snapshot",
    }
    assert {table.split(".")[0] for table in changed} == {"quality"}
    (snapshot,) = [row for row in diff if row["table"] == "quality.snapshot"]
    assert (snapshot["key"], snapshot["added"], snapshot["removed"]) == (["snapshot_id"], 1, 0)


def test_readers_see_no_error_and_only_whole_snapshots(second: Second) -> None:
    assert [reader.failures for reader in second.readers if reader.failures] == []
    assert len(second.readers) == 10
    assert min(reader.rounds for reader in second.readers) > 5
    seen = set().union(*(reader.seen for reader in second.readers))
    older, newer = (whole(second.province.snapshot(n)) for n in (second.older, second.newer))
    assert seen == {older, newer}
    assert older != newer


def test_a_connection_that_was_open_goes_on(second: Second) -> None:
    started_with, ended_with = second.kept
    assert started_with == ended_with
    assert started_with[0][0] > 1000
