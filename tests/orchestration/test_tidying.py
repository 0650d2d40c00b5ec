"""What Dagster records has an end, and freshness and the UI keep what they need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from ioc_pipelines.home import DATABASE_URL, Home
from ioc_pipelines.orchestration import tidying
from ioc_pipelines.orchestration.instance import open_instance
from ioc_pipelines.orchestration.tidying import Tidied, runs_past_their_time, tidy, tidy_job
from tests.servers import postgres_database

DAY = timedelta(days=1)


@pytest.fixture(params=["files", "postgresql"])
def home(
    request: pytest.FixtureRequest, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    if request.param == "files":
        yield Home.of("test")
    else:
        with postgres_database() as url:
            monkeypatch.setenv(DATABASE_URL, url)
            yield Home.of("test")


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


def feeds(job: str, *names: str) -> dg.JobDefinition:
    """A job that materializes feeds, each with a check."""

    def feed(name: str) -> dg.AssetsDefinition:
        @dg.asset(name=name, check_specs=[dg.AssetCheckSpec("live", asset=name)])
        def made() -> Iterator[object]:
            print("said")  # noqa: T201  into its log
            yield dg.MaterializeResult(asset_key=name, metadata={"rows": 1, "what": "x" * 500})
            yield dg.AssetCheckResult(asset_key=name, check_name="live", passed=True)

        return made

    assets = [feed(name) for name in names]
    defined = dg.Definitions(assets=assets, jobs=[dg.define_asset_job(job, "*")])
    return defined.resolve_job_def(job)


def run(instance: dg.DagsterInstance, job: dg.JobDefinition) -> str:
    return job.execute_in_process(instance=instance).run_id


def there(instance: dg.DagsterInstance) -> set[str]:
    return {run.run_id for run in instance.get_runs()}


def count(instance: dg.DagsterInstance, table: str) -> int:
    with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar())


def test_old_runs_go_and_the_newest_of_each_asset_stays(
    home: Home, instance: dg.DagsterInstance
) -> None:
    both, one = feeds("collect", "so_a", "so_b"), feeds("collect", "so_a")
    old = [run(instance, both), run(instance, both)]  # the second brought so_b last
    middle, last = run(instance, one), run(instance, one)
    now = datetime.now(UTC)
    assert tidy(instance, home, now + 29 * DAY) == Tidied(0, 0, 0, 0)
    before = count(instance, "asset_check_executions")
    assert before == 6

    done = tidy(instance, home, now + 31 * DAY)
    assert done.runs == 2
    assert there(instance) == {old[1], last}
    assert done.check_results == 3
    assert count(instance, "asset_check_executions") == 3

    for name in ("so_a", "so_b"):
        event = instance.get_latest_materialization_event(dg.AssetKey(name))
        assert event is not None
    gone = [old[0], middle]
    events = f"event_logs where run_id in ('{gone[0]}', '{gone[1]}')"
    assert count(instance, events) == 0
    left = [path for path in home.dagster.rglob("*") if any(r in str(path) for r in gone)]
    assert left == []
    assert tidy(instance, home, now + 31 * DAY).runs == 0


def test_nights_are_kept_longer(home: Home, instance: dg.DagsterInstance) -> None:
    first, _last = (
        run(instance, feeds("nightly_refresh", "so_a")),
        run(instance, feeds("c", "so_a")),
    )
    now = datetime.now(UTC)
    assert runs_past_their_time(instance, now + 89 * DAY) == []
    assert runs_past_their_time(instance, now + 91 * DAY) == [first]


def test_a_run_that_is_not_finished_stays(home: Home, instance: dg.DagsterInstance) -> None:
    job = feeds("collect", "so_a")
    waiting = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTING)
    assert runs_past_their_time(instance, datetime.now(UTC) + 400 * DAY) == []
    assert there(instance) == {waiting.run_id}


def size(home: Home) -> int:
    return sum(path.stat().st_size for path in home.dagster.rglob("*") if path.is_file())


def test_many_runs_take_no_more_room_than_some(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "KEEP_AT_MOST", 4)
    home, job = Home.of("test"), feeds("collect", "so_a", "so_b")
    sizes = []
    with open_instance(home) as instance:
        for _ in range(16):
            run(instance, job)
            tidy(instance, home, datetime.now(UTC) + 31 * DAY)
            sizes.append(size(home))
        assert len(there(instance)) <= 4
    assert max(sizes[8:]) <= 1.02 * max(sizes[:8])


def test_notes_outside_runs_have_an_end_too(home: Home, instance: dg.DagsterInstance) -> None:
    for rows in range(3):
        note = dg.AssetObservation("so_a", metadata={"rows": rows})
        instance.report_runless_asset_event(note)
    now = datetime.now(UTC)
    assert tidy(instance, home, now + 29 * DAY).events == 0
    assert tidy(instance, home, now + 31 * DAY).events == 2
    (kept,) = instance.fetch_observations(dg.AssetKey("so_a"), limit=9).records
    observation = kept.asset_observation
    assert observation is not None
    assert observation.metadata["rows"].value == 2


def test_warehouses_as_known_earlier_go_and_nothing_else(own_home: Path) -> None:
    home = Home.of("test")
    for folder in (home.as_of / "20261001T000000", home.as_of / "20261129T000000", home.landing):
        folder.mkdir(parents=True)
    now = datetime.now(UTC)
    old = (now - 31 * DAY).timestamp()
    for folder in (home.as_of / "20261001T000000", home.landing):
        os.utime(folder, (old, old))
    with open_instance(home) as instance:
        assert tidy(instance, home, now).as_of == 1
    assert [path.name for path in home.as_of.iterdir()] == ["20261129T000000"]
    assert home.landing.is_dir()


def test_the_job_does_it(own_home: Path) -> None:
    home = Home.of("test")
    with open_instance(home) as instance:
        done = tidy_job(home).execute_in_process(instance=instance)
        assert done.success
        said = [event.user_message for event in instance.all_logs(done.run_id)]
    assert any(message.startswith("removed 0 runs") for message in said)
