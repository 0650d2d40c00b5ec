"""Runs whose process is gone are closed, and no other."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from ioc_pipelines.home import PROJECT, Home
from ioc_pipelines.orchestration.hanging import (
    close_hanging_runs,
    hanging_runs_sensor,
    hold_run,
    holding_run,
    release_run,
)
from ioc_pipelines.orchestration.instance import open_instance
from ioc_pipelines.orchestration.jobs import COMMAND, TRIGGER_TAG

RUN = "11111111-2222-4333-8444-555555555555"
# a command in the middle of its run, with a child of its own that outlives it
WORKER = """
import os, sys, time
import dagster as dg
from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.hanging import holding_run
from ioc_pipelines.orchestration.instance import open_instance

@dg.op
def work():
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    print("working", flush=True)
    time.sleep(60)

@dg.job
def nightly_refresh():
    work()

home, run_id = Home.of("test"), sys.argv[1]
with open_instance(home) as instance, holding_run(home, run_id):
    tags = {"ioc/trigger": "command"}
    nightly_refresh.execute_in_process(instance=instance, run_id=run_id, tags=tags)
"""


@pytest.fixture
def home(own_home: Path) -> Home:
    return Home.of("test")


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


@contextmanager
def working(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A process that is in the middle of a run, in a process group of its own."""
    environment = {**os.environ, "IOC_HOME": str(home.root.parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, RUN],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def status(instance: dg.DagsterInstance, run_id: str = RUN) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def now() -> datetime:
    return datetime.now(UTC)


def test_a_run_is_closed_once_its_process_is_killed(
    home: Home, instance: dg.DagsterInstance
) -> None:
    with working(home) as process:
        later = now() + timedelta(days=1)
        assert close_hanging_runs(instance, home, later) == []
        assert status(instance) == DagsterRunStatus.STARTED
        process.kill()
        process.wait()
        assert close_hanging_runs(instance, home, now()) == [RUN]
    assert status(instance) == DagsterRunStatus.FAILURE
    said = [event.message for event in instance.all_logs(RUN)]
    assert any("killed, or the machine was restarted" in message for message in said)
    assert close_hanging_runs(instance, home, now()) == []
    assert list((home.dagster / "running").iterdir()) == []


def launched(instance: dg.DagsterInstance, **tags: str) -> str:
    """A run that Dagster launched, as its process marks it started."""

    @dg.job
    def nightly_refresh() -> None: ...

    run = instance.create_run_for_job(nightly_refresh, tags=tags)
    started = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name)
    instance.report_dagster_event(started, run_id=run.run_id)
    return run.run_id


def test_a_run_of_the_daemon_has_time_until_its_first_step(
    home: Home, instance: dg.DagsterInstance
) -> None:
    run_id = launched(instance)
    assert status(instance, run_id) == DagsterRunStatus.STARTED
    assert close_hanging_runs(instance, home, now() + timedelta(seconds=90)) == []
    assert close_hanging_runs(instance, home, now() + timedelta(minutes=3)) == [run_id]
    assert status(instance, run_id) == DagsterRunStatus.FAILURE


def test_what_this_process_runs_is_not_closed_by_itself(
    home: Home, instance: dg.DagsterInstance
) -> None:
    run_id = launched(instance, **{TRIGGER_TAG: COMMAND})
    hold_run(home, run_id)
    hold_run(home, run_id)
    assert close_hanging_runs(instance, home, now()) == []
    release_run(home, run_id)
    assert close_hanging_runs(instance, home, now()) == [run_id]


@pytest.mark.parametrize(
    "module",
    sorted(
        path.name
        for path in (PROJECT / "ioc_pipelines" / "orchestration").glob("*.py")
        if re.search(
            r"@(dg\.(op|asset|multi_asset|multi_asset_check)|dbt_assets)\(", path.read_text()
        )
    ),
)
def test_every_step_says_that_it_works(module: str) -> None:
    """One that takes minutes and says nothing would be closed under its hands."""
    text = (PROJECT / "ioc_pipelines" / "orchestration" / module).read_text(encoding="utf-8")
    assert re.search(r"\b(hold_run|begin_run)\(", text)


def test_a_run_that_fails_holds_nothing(home: Home) -> None:
    with pytest.raises(ValueError, match="broken"), holding_run(home, RUN):
        raise ValueError("broken")
    assert list((home.dagster / "running").iterdir()) == []


def test_what_dagster_is_still_launching_is_left_to_its_own_monitoring(
    home: Home, instance: dg.DagsterInstance
) -> None:
    @dg.job
    def nightly_refresh() -> None: ...

    run = instance.create_run_for_job(nightly_refresh, status=DagsterRunStatus.STARTING)
    assert close_hanging_runs(instance, home, now() + timedelta(days=9)) == []
    assert status(instance, run.run_id) == DagsterRunStatus.STARTING


def test_the_sensor_closes_what_a_killed_command_left(
    home: Home, instance: dg.DagsterInstance
) -> None:
    run_id = launched(instance, **{TRIGGER_TAG: COMMAND})
    sensor = hanging_runs_sensor(home)
    said = [sensor(dg.build_sensor_context(instance)) for _ in range(2)]
    messages = [reason.skip_message for reason in said if isinstance(reason, dg.SkipReason)]
    assert messages == [f"closed: {run_id}", "no run hangs"]
    assert status(instance, run_id) == DagsterRunStatus.FAILURE
