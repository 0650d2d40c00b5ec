"""How the pipeline itself fares: its runs, what waits, how old what is served is (H64)."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
from pydantic import BaseModel

from ioc_pipelines.serving.status import StatusReport

WINDOW = timedelta(days=30)


class JobHealth(BaseModel):
    """The ended runs of one job in the last 30 days; those that people cancelled are left out."""

    job: str
    runs: int
    succeeded: int
    success_percent: float | None
    median_duration_s: float | None
    last_status: str
    last_ended_at: datetime
    last_duration_s: float
    last_problem: str
    last_succeeded_at: datetime | None


class Backlog(BaseModel):
    """What waits: for agencies (rows, late feeds), for people here (batches, returned packs)."""

    rows_open: int
    rows_overdue: int
    batches_waiting: int
    packs_not_in: int
    feeds_late: int


class Health(BaseModel):
    """``snapshot_age_s`` is null before the first snapshot; bytes by folder of the data root."""

    jobs: list[JobHealth]
    backlog: Backlog
    snapshot_age_s: int | None
    disk_bytes: dict[str, int]
    disk_free_bytes: int


def health_of(
    report: StatusReport, runs: pl.DataFrame, disk: pl.DataFrame, now: datetime
) -> Health:
    """The health of a profile now.

    ``runs``: the ledger's ``run``; ``disk``: ``warehouse.disk.DISK_SCHEMA``.
    """
    snapshot = report.snapshot
    return Health(
        jobs=_jobs(runs, now),
        backlog=Backlog(
            rows_open=sum(feed.rows_open for feed in report.feeds),
            rows_overdue=sum(feed.rows_overdue for feed in report.feeds),
            batches_waiting=sum(len(feed.waiting) for feed in report.feeds),
            packs_not_in=sum(len(feed.packs_not_in) for feed in report.feeds),
            feeds_late=sum(feed.is_late for feed in report.feeds),
        ),
        snapshot_age_s=int((now - snapshot.built_at).total_seconds()) if snapshot else None,
        disk_bytes=dict(disk.select("area", "bytes").iter_rows()),
        disk_free_bytes=disk["free_bytes"].min() or 0,
    )


def _jobs(runs: pl.DataFrame, now: datetime) -> list[JobHealth]:
    moment = pl.col("started_at", "ended_at").str.to_datetime(time_zone="UTC")
    judged = (
        runs.filter(pl.col("status") != "canceled")
        .with_columns(moment)
        .with_columns(
            duration_s=(pl.col("ended_at") - pl.col("started_at")).dt.total_milliseconds() / 1000,
            is_recent=pl.col("started_at") > now - WINDOW,
            succeeded=pl.col("status") == "succeeded",
        )
        .sort("ended_at")
    )
    good = pl.col("succeeded") & pl.col("is_recent")
    counted = judged.group_by("job", maintain_order=True).agg(
        runs=pl.col("is_recent").sum(),
        succeeded=good.sum(),
        median_duration_s=pl.col("duration_s").filter(good).median(),
        last_status=pl.col("status").last(),
        last_ended_at=pl.col("ended_at").last(),
        last_duration_s=pl.col("duration_s").last(),
        last_problem=pl.col("problem").last(),
        last_succeeded_at=pl.col("ended_at").filter("succeeded").last(),
    )
    share = 100 * pl.col("succeeded") / pl.when(pl.col("runs") > 0).then(pl.col("runs"))
    named = counted.with_columns(success_percent=share).sort("job")
    return [JobHealth.model_validate(row) for row in named.iter_rows(named=True)]
