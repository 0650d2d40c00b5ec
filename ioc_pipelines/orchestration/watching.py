"""Keep what became of each run, and tell who is to be told of one that failed (H64, L15).

Dagster knows its runs, but forgets them after a while and tells nobody. What ended is copied to the
ledger at the end of a command, before each build and by a sensor: whoever comes first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from contracts.base import VIETNAM
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.jobs import TRIGGER_TAG
from ioc_pipelines.orchestration.telling import hand_over

logger = logging.getLogger(__name__)

RUN_FILES = Path("reports", "runs")
_ENDED = {
    dg.DagsterRunStatus.SUCCESS: "succeeded",
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "canceled",
}
# of one look: more than a year of nights; what is older was copied long ago
_NEWEST = 500


def watch_runs(deployment: Deployment, instance: dg.DagsterInstance, now: datetime) -> None:
    """Copy runs that ended since the last look to the ledger, then tell of those that failed."""
    records = {
        record.dagster_run.run_id: record
        for record in instance.get_run_records(
            dg.RunsFilter(statuses=list(_ENDED)), limit=_NEWEST, order_by="update_timestamp"
        )
    }
    unknown = deployment.runs.unknown(list(records))
    deployment.runs.record([_row(instance, records[run_id]) for run_id in sorted(unknown)])
    for sink in deployment.catalog.profile.run_sinks:
        failed = deployment.runs.failed_untold(sink.name)
        if not failed:
            continue
        title, body = _message(deployment, failed)
        problem = hand_over(
            deployment,
            sink,
            folder=RUN_FILES,
            name=f"luot-chay-{now.astimezone(VIETNAM):%Y%m%dT%H%M%S}.txt",
            title=title,
            body=body,
        )
        told = [run["run_id"] for run in failed]
        deployment.runs.record_told(sink.name, told, problem=problem, now=now)
        if problem:
            logger.warning("%s was not told of %d failed runs: %s", sink.name, len(told), problem)


def failed_runs_sensor(deployment: Deployment) -> dg.SensorDefinition:
    """Looks each minute while the daemon runs, so that a night that died is told of."""

    @dg.sensor(
        name="failed_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ghi lại các lượt chạy đã kết thúc, báo người vận hành khi có lượt không thành",
        target=None,
    )
    def failed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        watch_runs(deployment, context.instance, datetime.now(UTC))
        return dg.SkipReason("looked for runs that ended; starts none")

    return failed_runs


def _row(instance: dg.DagsterInstance, record: Any) -> dict[str, Any]:
    """A row of the ledger's ``run``; one that never started began when it was asked for."""
    run = record.dagster_run
    asked = record.create_timestamp.timestamp()
    started = record.start_time or asked
    status = _ENDED[run.status]
    return {
        "run_id": run.run_id,
        "job": run.job_name,
        "trigger": run.tags.get(TRIGGER_TAG, "person"),
        "status": status,
        "started_at": as_text(datetime.fromtimestamp(started, UTC)),
        "ended_at": as_text(datetime.fromtimestamp(max(record.end_time or 0, started), UTC)),
        "problem": "" if status == "succeeded" else ", ".join(_problems(instance, run.run_id)),
    }


def _problems(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    """Step and kind of each failure. Not what it said: that may hold what stood in a cell."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for entry in entries:
        event = entry.get_dagster_event()
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        yield f"{event.step_key}: {error.cls_name if error else 'unknown'}"
    if not entries:
        yield "the process ended before its run did"


def _message(deployment: Deployment, failed: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Title and text for who operates the IOC."""
    count, where = len(failed), deployment.catalog.profile
    title = f"{where.title_vi}: {count} lượt chạy không thành · {count} runs failed"
    lines = [
        f"- {_local(run['started_at'])} – {_local(run['ended_at'])}: {run['job']} "
        f"({run['trigger']}), {run['problem']}; run {run['run_id']}"
        for run in failed
    ]
    closing = [
        "",
        "Bản kho đã công bố gần nhất vẫn dùng được. Xem nguyên nhân: giao diện Dagster, `ioc "
        "status`; cách xử lý: docs/operations.md.",
        "The last published snapshot is still served. Why: the run in the Dagster UI, `ioc "
        "status`; what to do: docs/operations.md.",
    ]
    return title, "\n".join([*lines, *closing])


def _local(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(VIETNAM):%d/%m/%Y %H:%M}"
