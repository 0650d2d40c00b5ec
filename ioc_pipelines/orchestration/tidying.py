"""What Dagster records has an end: old runs go, with all that was written of them.

Dagster itself drops old ticks of schedules and sensors (``retention`` in ``dagster.yaml``). It has
nothing for runs, their events and logs, nor for results of checks, which a deleted run leaves
behind. The history of scores, deliveries and snapshots is the ledger's and stays.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster import RunRecord, RunsFilter
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.hanging import hold_run
from ioc_pipelines.orchestration.jobs import NIGHTLY, TIMEZONE, TRIGGER_TAG

TIDY = "tidy_up"
KEEP_NIGHTS = timedelta(days=90)
KEEP_OTHERS = timedelta(days=30)
# a folder that changes every minute starts a run every minute: 4 to 9 MB each
KEEP_AT_MOST = 500
KEEP_AS_OF = timedelta(days=30)


@dataclass(frozen=True)
class Tidied:
    """How much was removed."""

    runs: int
    check_results: int
    events: int
    as_of: int


def tidy(instance: dg.DagsterInstance, home: Home, now: datetime) -> Tidied:
    """Delete what is past its time.

    The run that materialized an asset last is kept however old it is, for freshness and the UI;
    so is the last result of each check. Files below ``as_of/`` can be made again, byte for byte.
    """
    old = runs_past_their_time(instance, now)
    for run_id in old:
        _delete_run(instance, home, run_id)
    checks = events = 0
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        there = [record.dagster_run.run_id for record in instance.get_run_records()]
        checks = _delete_check_results(storage, there, now - KEEP_OTHERS)
        events = _delete_events_of_no_run(storage, now - KEEP_OTHERS)
    return Tidied(len(old), checks, events, _delete_as_of(home, now - KEEP_AS_OF))


def runs_past_their_time(instance: dg.DagsterInstance, now: datetime) -> list[str]:
    """Finished runs that may go, the newest first."""
    finished = instance.get_run_records(RunsFilter(statuses=list(FINISHED_STATUSES)))
    newest = {
        entry.last_materialization_record.run_id
        for entry in (r.asset_entry for r in instance.event_log_storage.get_asset_records())
        if entry.last_materialization_record
    }
    return [
        record.dagster_run.run_id
        for place, record in enumerate(finished)
        if (place >= KEEP_AT_MOST or _age(record, now) > _kept_for(record))
        and record.dagster_run.run_id not in newest
    ]


def _age(record: RunRecord, now: datetime) -> timedelta:
    created: datetime = record.create_timestamp
    return now - created


def _kept_for(record: RunRecord) -> timedelta:
    return KEEP_NIGHTS if record.dagster_run.job_name == NIGHTLY else KEEP_OTHERS


def _delete_run(instance: dg.DagsterInstance, home: Home, run_id: str) -> None:
    """The run, its events, what its steps wrote, and its own file where events are in files."""
    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    shutil.rmtree(home.dagster / "storage" / run_id, ignore_errors=True)
    for path in (home.dagster / "history" / "runs").glob(f"{run_id}.db*"):
        path.unlink()


def _delete_check_results(
    storage: SqlEventLogStorage, runs: Sequence[str], before: datetime
) -> int:
    """Results of deleted runs, but the last one of each check."""
    table = AssetCheckExecutionsTable
    last = sa.select(sa.func.max(table.c.id)).group_by(table.c.asset_key, table.c.check_name)
    with storage.index_connection() as connection:
        known: set[str] = set(connection.execute(sa.select(table.c.run_id).distinct()).scalars())
        gone = sorted(known - set(runs))
        return _delete(
            connection,
            table,
            table.c.run_id.in_(gone),
            table.c.id.not_in(last),
            table.c.create_timestamp < before.astimezone(UTC).replace(tzinfo=None),
        )


def _delete_events_of_no_run(storage: SqlEventLogStorage, before: datetime) -> int:
    """Changes of freshness and what else Dagster notes of an asset outside runs, but the last."""
    table = SqlEventLogStorageTable
    last = (
        sa.select(sa.func.max(table.c.id))
        .where(table.c.run_id == "")
        .group_by(table.c.asset_key, table.c.dagster_event_type)
    )
    with storage.index_connection() as connection:
        return _delete(
            connection,
            table,
            table.c.run_id == "",
            table.c.id.not_in(last),
            table.c.timestamp < before.astimezone(UTC).replace(tzinfo=None),
        )


def _delete(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.delete(table).where(*where)).rowcount


def _delete_as_of(home: Home, before: datetime) -> int:
    """Warehouses as known at an earlier moment that were built too long ago."""
    old = [path for path in _folders(home.as_of) if path.stat().st_mtime < before.timestamp()]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def _folders(parent: Path) -> Iterable[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def tidy_job(home: Home) -> dg.JobDefinition:
    """Job ``tidy_up``."""

    @dg.op(name="remove_what_is_old")
    def remove(context: dg.OpExecutionContext) -> None:
        hold_run(home, context.run_id)
        done = tidy(context.instance, home, datetime.now(UTC))
        context.log.info(
            f"removed {done.runs} runs, {done.check_results} results of checks, {done.events} "
            f"other events, {done.as_of} warehouses as known earlier"
        )

    @dg.job(
        name=TIDY,
        description="Dọn lịch sử chạy đã quá thời hạn lưu; không đụng đến dữ liệu",
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        remove()

    return job


def tidy_schedule() -> dg.ScheduleDefinition:
    """Daily, when the night is over and nobody works yet."""
    return dg.ScheduleDefinition(
        name="tidy",
        job_name=TIDY,
        cron_schedule="30 5 * * *",
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        tags={TRIGGER_TAG: "schedule"},
    )
