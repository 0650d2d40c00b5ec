"""Runs whose process is gone: they are told from those that work, and closed.

A killed process or a restarted machine leaves its run ``STARTED`` for ever, and Dagster's queue
waits for it: one run at a time. So each process holds a lock named after the run that it executes;
the operating system frees it when the process ends, however it ends. A run that is not finished and
whose lock nobody holds is closed: by every command that starts runs, and by a sensor.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import dagster as dg
from dagster import DagsterRunStatus, RunRecord, RunsFilter

from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.jobs import COMMAND, TRIGGER_TAG

# what Dagster itself launches holds its lock from its first step on: seconds after it is `STARTED`
_UNTIL_FIRST_STEP = timedelta(minutes=2)
_UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
_CLOSED = (
    "The process of this run is gone: it was killed, or the machine was restarted. Nothing is half "
    "written and readers have the last snapshot; run the job or `ioc refresh` again."
)

_held: dict[Path, IO[str]] = {}


def hold_run(home: Home, run_id: str) -> bool:
    """Say that this process executes the run, until ``release_run`` or its end.

    Returns whether it did not say so before.
    """
    path = _lock_of(home, run_id)
    if path in _held:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    # not flock: a child that this process forks must not keep the run alive after it
    fcntl.lockf(file, fcntl.LOCK_EX)
    _held[path] = file
    return True


def release_run(home: Home, run_id: str) -> None:
    """The run has ended."""
    path = _lock_of(home, run_id)
    if file := _held.pop(path, None):
        path.unlink(missing_ok=True)
        file.close()


@contextmanager
def holding_run(home: Home, run_id: str) -> Iterator[None]:
    """Hold a run from before it is created until it has ended."""
    hold_run(home, run_id)
    try:
        yield
    finally:
        release_run(home, run_id)


def others_work(home: Home, run_id: str) -> bool:
    """Whether a run other than this one is held, by this process or another."""
    mine, running = _lock_of(home, run_id), home.dagster / "running"
    return any(_is_held(home, path.name) for path in running.iterdir() if path != mine)


def close_hanging_runs(instance: dg.DagsterInstance, home: Home, now: datetime) -> list[str]:
    """Mark runs as failed whose process is gone; returns their ids.

    What Dagster launched and did not start within its ``start_timeout_seconds`` is left to its own
    run monitoring; what it queued is still to be launched.
    """
    closed = []
    for record in instance.get_run_records(RunsFilter(statuses=_UNFINISHED)):
        run = record.dagster_run
        if not _should_hold(record, now) or _is_held(home, run.run_id):
            continue
        # its process may have ended it between the two looks
        again = instance.get_run_by_id(run.run_id)
        if again is not None and not again.is_finished:
            instance.report_run_failed(again, _CLOSED)
            closed.append(run.run_id)
        _lock_of(home, run.run_id).unlink(missing_ok=True)
    return closed


def hanging_runs_sensor(home: Home) -> dg.SensorDefinition:
    """Closes what a killed command or step process left, while the daemon lives on."""

    @dg.sensor(
        name="hanging_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Đóng các lượt chạy mà tiến trình đã bị dừng đột ngột",
    )
    def hanging_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        closed = close_hanging_runs(context.instance, home, datetime.now().astimezone())
        return dg.SkipReason(f"closed: {', '.join(closed)}" if closed else "no run hangs")

    return hanging_runs


def _should_hold(record: RunRecord, now: datetime) -> bool:
    """Whether the process of an unfinished run, if it lived, would hold its lock by now."""
    if record.dagster_run.tags.get(TRIGGER_TAG) == COMMAND:
        return True  # held from before the run is created
    started = record.start_time
    return started is not None and now.timestamp() - started > _UNTIL_FIRST_STEP.total_seconds()


def _is_held(home: Home, run_id: str) -> bool:
    path = _lock_of(home, run_id)
    if path in _held:
        return True
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _lock_of(home: Home, run_id: str) -> Path:
    return home.dagster / "running" / run_id
