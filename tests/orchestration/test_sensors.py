"""When a file lands, and when a collection round asks again."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.files.folder import fetch_files
from ioc_pipelines.ledger.records import Conclusion, Feeder
from ioc_pipelines.orchestration.jobs import all_jobs
from ioc_pipelines.orchestration.sensors import all_sensors
from tests.orchestration.deployments import (
    Bench,
    csv_feed,
    dropped,
    good,
    sql_feed,
    write_csv,
    xlsx_feed,
)

QUIET_S = 5.0
A, B = "so_a/test.upsert", "so_z/test.upsert"
MINUTE = timedelta(minutes=1)


def drop_feed(agency: str) -> FeedEntry:
    return csv_feed(agency=agency, connector=dropped(f"{agency}/*.csv", quiet_s=QUIET_S))


def put(drop: Path, name: str, count: int = 3, *, ago_s: float = 60) -> Path:
    """A file that was last written ``ago_s`` seconds ago."""
    path = write_csv(drop / name, good(count))
    moment = time.time() - ago_s
    os.utime(path, (moment, moment))
    return path


class Watch:
    """A sensor that is asked again and again, and remembers as the daemon has it."""

    def __init__(self, bench: Bench, name: str) -> None:
        sensors = all_sensors(bench.deployment, all_jobs(bench.deployment))
        (self._sensor,) = [sensor for sensor in sensors if sensor.name == name]
        self.cursor: str | None = None

    def look(self) -> list[dg.RunRequest]:
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance, cursor=self.cursor)
            found = self._sensor(context)
        if isinstance(found, dg.SensorResult):
            self.cursor = found.cursor
            return list(found.run_requests or [])
        assert isinstance(found, list)
        return found


def feeds_of(request: dg.RunRequest) -> list[str]:
    config: Mapping[str, Any] = request.run_config["ops"]["intake"]["config"]
    assert set(config) == {"feeds"}
    return list(config["feeds"])


# -- files ----------------------------------------------------------------------------------------


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    return tmp_path / "drop"


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    made = Bench.of(tmp_path, drop_feed("so_a"), drop_feed("so_z"), sql_feed())
    put(drop, "so_a/1.csv")
    put(drop, "so_z/1.csv")
    return made


@pytest.fixture
def watch(bench: Bench) -> Watch:
    """Has looked once."""
    watch = Watch(bench, "new_files")
    assert watch.look() == []
    return watch


def test_the_first_look_takes_nothing_and_the_second_neither(watch: Watch) -> None:
    assert set(json.loads(watch.cursor or "")) == {A, B}
    before = watch.cursor
    assert watch.look() == []
    assert watch.cursor == before


def test_a_file_that_lands_asks_for_its_feed_and_no_other(bench: Bench, watch: Watch) -> None:
    before = watch.cursor
    put(bench.drop, "so_z/2.csv")
    (request,) = watch.look()
    assert feeds_of(request) == [B]
    assert request.tags["ioc/trigger"] == "file"
    assert watch.look() == []
    # a daemon that died before it kept the cursor asks again, and Dagster knows it by its key
    watch.cursor = before
    (again,) = watch.look()
    assert again.run_key == request.run_key
    # the same name with other content is another run
    put(bench.drop, "so_z/2.csv", count=4)
    (other,) = watch.look()
    assert feeds_of(other) == [B]
    assert other.run_key != request.run_key


def test_files_of_two_agencies_are_one_run(bench: Bench, watch: Watch) -> None:
    put(bench.drop, "so_z/2.csv")
    put(bench.drop, "so_a/2.csv")
    (request,) = watch.look()
    assert feeds_of(request) == [A, B]


def test_a_file_that_replaces_one_or_is_gone_is_a_change(bench: Bench, watch: Watch) -> None:
    put(bench.drop, "so_a/1.csv", ago_s=30)  # the same bytes, saved again
    (saved,) = watch.look()
    (bench.drop / "so_a" / "1.csv").unlink()
    (gone,) = watch.look()
    assert feeds_of(saved) == feeds_of(gone) == [A]
    assert saved.run_key != gone.run_key


def test_a_file_that_is_still_being_written_is_taken_once_it_is_quiet(
    bench: Bench, watch: Watch
) -> None:
    path = put(bench.drop, "so_z/2.csv", ago_s=0)
    assert watch.look() == []
    assert watch.look() == []
    moment = time.time() - QUIET_S - 1
    os.utime(path, (moment, moment))
    (request,) = watch.look()
    assert feeds_of(request) == [B]
    assert watch.look() == []


def test_a_clock_that_goes_before_ours_holds_nothing_up_for_ever(
    bench: Bench, watch: Watch
) -> None:
    put(bench.drop, "so_z/2.csv", ago_s=-3600)
    (request,) = watch.look()
    assert feeds_of(request) == [B]


def test_one_being_written_does_not_hold_up_the_other_agency(bench: Bench, watch: Watch) -> None:
    put(bench.drop, "so_a/2.csv", ago_s=0)
    put(bench.drop, "so_z/2.csv")
    (request,) = watch.look()
    assert feeds_of(request) == [B]


def test_other_files_and_lock_files_are_of_no_interest(bench: Bench, watch: Watch) -> None:
    put(bench.drop, "so_a/readme.txt")
    put(bench.drop, "so_a/~$1.csv")
    put(bench.drop, "so_a/phan-hoi/1.csv")
    put(bench.drop, "elsewhere/1.csv")
    assert watch.look() == []


def test_a_folder_that_is_away_asks_for_nothing_and_what_it_held_is_remembered(
    bench: Bench, watch: Watch
) -> None:
    before = watch.cursor
    away = bench.drop.with_name("away")
    bench.drop.rename(away)
    assert watch.look() == []
    assert watch.cursor == before
    away.rename(bench.drop)
    assert watch.look() == []
    bench.drop.rename(away)
    put(away, "so_a/2.csv")
    assert watch.look() == []
    away.rename(bench.drop)
    (request,) = watch.look()
    assert feeds_of(request) == [A]


def test_an_agency_s_folder_that_is_gone_is_a_change(bench: Bench, watch: Watch) -> None:
    """The root is there: what was delivered is not. The delivery says so."""
    shutil.rmtree(bench.drop / "so_a")
    (request,) = watch.look()
    assert feeds_of(request) == [A]


def test_a_feed_that_is_new_is_the_nightly_refresh_s(bench: Bench, watch: Watch) -> None:
    put(bench.drop, "so_b/1.csv")
    more = bench.again(*bench.deployment.catalog.entries, drop_feed("so_b"))
    later = Watch(more, "new_files")
    later.cursor = watch.cursor
    assert later.look() == []
    put(bench.drop, "so_b/2.csv")
    (request,) = later.look()
    assert feeds_of(request) == ["so_b/test.upsert"]


def test_a_look_writes_nothing_to_the_folders(bench: Bench, watch: Watch) -> None:
    def facts() -> dict[str, tuple[int, int]]:
        found = sorted(bench.drop.rglob("*"))
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in found}

    before = facts()
    watch.look()
    assert facts() == before
    connector = bench.entry.feed.connector
    assert connector is not None
    assert fetch_files(connector, bench.deployment.environment, None).files  # type: ignore[arg-type]


# -- collection rounds ----------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path: Path, drop: Path) -> Bench:
    return Bench.of(tmp_path, csv_feed(), xlsx_feed(), csv_feed(agency="so_z"))


def round_of(bench: Bench, deadline: datetime, *feeds: str, now: datetime | None = None) -> str:
    moment = now or datetime.now(UTC) - timedelta(hours=2)
    return bench.deployment.rounds.open(
        feeds or (A, B), reason="bão", deadline=deadline, run_id=f"run of {moment}", now=moment
    )


def delivered(bench: Bench, feed: str, ago: timedelta, *, arrived: bool) -> None:
    agency, dataset = feed.split("/")
    feeder, at = Feeder(feed, agency, dataset), datetime.now(UTC) - ago
    ref = bench.deployment.ledger.begin(feeder, "any", now=at)
    bench.deployment.ledger.conclude(ref, feeder, Conclusion("any", arrived, {}), now=at)


def ahead(minutes: int = 60) -> datetime:
    return datetime.now(UTC) + minutes * MINUTE


def test_no_round_asks_for_nothing(asked: Bench) -> None:
    assert Watch(asked, "collection_rounds").look() == []


def test_an_open_round_asks_again_for_whom_it_waits_ten_minutes_later(asked: Bench) -> None:
    round_of(asked, ahead())
    delivered(asked, B, 12 * MINUTE, arrived=True)
    delivered(asked, A, 9 * MINUTE, arrived=False)
    watch = Watch(asked, "collection_rounds")
    assert watch.look() == []
    (round_,) = asked.deployment.rounds.unfinished()
    assert round_.pending == (A,)


def test_it_asks_for_the_pending_feeds_alone(asked: Bench) -> None:
    name = round_of(asked, ahead())
    delivered(asked, B, 12 * MINUTE, arrived=True)
    delivered(asked, A, 11 * MINUTE, arrived=False)
    watch = Watch(asked, "collection_rounds")
    (request,) = watch.look()
    assert request.job_name == "collect"
    assert feeds_of(request) == [A]
    assert request.tags["ioc/collection_round"] == name
    # until the run has begun it is the same request, which Dagster starts once
    (same,) = watch.look()
    assert same.run_key == request.run_key
    delivered(asked, A, 1 * MINUTE, arrived=False)
    assert watch.look() == []


def test_each_time_it_asks_is_a_run_of_its_own(asked: Bench) -> None:
    round_of(asked, ahead())
    keys = set()
    for minutes in (40, 25, 11):
        delivered(asked, A, minutes * MINUTE, arrived=False)
        (request,) = Watch(asked, "collection_rounds").look()
        keys.add(request.run_key)
    assert len(keys) == 3


def test_a_round_that_nobody_was_asked_in_yet_asks_at_once(asked: Bench) -> None:
    round_of(asked, ahead())
    (request,) = Watch(asked, "collection_rounds").look()
    assert feeds_of(request) == [A, B]


@pytest.mark.parametrize("why", ["all delivered", "the deadline is past"])
def test_a_round_ends_and_is_published_once(asked: Bench, why: str) -> None:
    done = why == "all delivered"
    name = round_of(asked, ahead() if done else datetime.now(UTC) - MINUTE)
    delivered(asked, A, 5 * MINUTE, arrived=True)
    delivered(asked, B, 5 * MINUTE, arrived=done)
    watch = Watch(asked, "collection_rounds")
    (request,) = watch.look()
    assert request.job_name == "publish"
    assert not request.run_config
    assert request.tags["ioc/collection_round"] == name
    assert asked.deployment.rounds.unfinished() == []
    assert watch.look() == []


def test_rounds_go_on_side_by_side(asked: Bench) -> None:
    ends = round_of(asked, datetime.now(UTC) - MINUTE, A)
    goes_on = round_of(asked, ahead(), B, now=datetime.now(UTC) - 90 * MINUTE)
    found = {r.tags["ioc/collection_round"]: r for r in Watch(asked, "collection_rounds").look()}
    assert set(found) == {ends, goes_on}
    assert found[ends].job_name == "publish"
    assert feeds_of(found[goes_on]) == [B]
