"""Run a job of a profile in this process and in the instance that the UI shows."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.durable import DiskFullError, says_disk_full
from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.assemble import assemble
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.hanging import close_hanging_runs
from ioc_pipelines.orchestration.instance import open_instance
from ioc_pipelines.orchestration.jobs import COMMAND, NIGHTLY, REPROCESS, TRIGGER_TAG
from ioc_pipelines.orchestration.keys import feed_key
from ioc_pipelines.orchestration.starting import working
from ioc_pipelines.orchestration.watching import watch_runs

# by this Dagster files a run under the job of the code location in workspace.yaml
_LOCATION_TAG = ".dagster/repository"


@dataclass(frozen=True)
class RunResult:
    """Whether a run published, and what stopped it."""

    published: bool
    problems: tuple[str, ...]


def refresh(
    deployment: Deployment,
    entries: Sequence[FeedEntry],
    *,
    since: str | None = None,
    until: str | None = None,
) -> RunResult:
    """Fetch these feeds, build the whole warehouse, publish."""
    config = {"since": since, "until": until}
    return _run(deployment, NIGHTLY, entries, {k: v for k, v in config.items() if v})


def replay(
    deployment: Deployment, entries: Sequence[FeedEntry], *, batch_id: str | None = None
) -> RunResult:
    """Judge what these feeds have landed again, build, publish."""
    config: dict[str, Any] = {"reprocess": True}
    if batch_id:
        config["batch_id"] = batch_id
    return _run(deployment, REPROCESS, entries, config)


def _run(
    deployment: Deployment, job: str, entries: Sequence[FeedEntry], config: dict[str, Any]
) -> RunResult:
    definition = assemble(deployment).resolve_job_def(job)
    left_out = {feed_key(e) for e in deployment.catalog.active} - {feed_key(e) for e in entries}
    selection = definition.asset_layer.selected_asset_keys - left_out
    home, run_id = deployment.home, str(uuid.uuid4())
    with _own_output(), open_instance(home) as instance, working(deployment, run_id):
        close_hanging_runs(instance, home, datetime.now(UTC))
        result = definition.execute_in_process(
            instance=instance,
            run_id=run_id,
            run_config={
                "ops": {"intake": {"config": config}},
                "loggers": {"operator": {}},
            },
            asset_selection=sorted(selection),
            tags={TRIGGER_TAG: COMMAND, _LOCATION_TAG: "__repository__@ioc"},
            raise_on_error=False,
        )
        watch_runs(deployment, instance, datetime.now(UTC))
    problems = [_problem(event, home) for event in result.all_events if event.is_step_failure]
    return RunResult(result.success, tuple(problems))


@contextmanager
def _own_output() -> Iterator[None]:
    """Dagster sends what steps print to files, and cannot undo it when their disk is full."""
    kept = [(descriptor, os.dup(descriptor)) for descriptor in (1, 2)]
    try:
        yield
    finally:
        for descriptor, copy in kept:
            os.dup2(copy, descriptor)
            os.close(copy)


def _problem(event: dg.DagsterEvent, home: Home) -> str:
    """The step that failed and the first line of the error at its root."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    said = error.message.strip().splitlines()[0] if error else "no error was recorded"
    if says_disk_full(said):  # a database names no path
        said = str(DiskFullError(home.root))
    return f"{event.step_key}: {said}"
