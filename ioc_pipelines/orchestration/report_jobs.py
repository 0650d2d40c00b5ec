"""Reports in Dagster: a job to start by hand, the statutory calendar, and events (T08, H38)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from contracts.base import VIETNAM
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.hanging import hold_run
from ioc_pipelines.orchestration.jobs import TIMEZONE, TRIGGER_TAG
from ioc_pipelines.orchestration.pages import link
from ioc_pipelines.orchestration.reporting import issue, reports_of, waiting
from ioc_pipelines.serving.reports.calendar import newest_ended
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.warehouse.snapshots import published_id

REPORT = "report"
MAKE_REPORT = "make_report"
_LOOK_EVERY_S = 60


@dataclass(frozen=True)
class ReportDefinitions:
    """Job, schedule and sensor; none where the profile has no reports."""

    jobs: tuple[dg.JobDefinition, ...] = ()
    schedules: tuple[dg.ScheduleDefinition, ...] = ()
    sensors: tuple[dg.SensorDefinition, ...] = ()


def report_definitions(deployment: Deployment) -> ReportDefinitions:
    """What the profile's ``reports.yaml`` asks for."""
    if deployment.catalog.reports is None:
        return ReportDefinitions()
    job = _report_job(deployment)
    return ReportDefinitions(
        (job,), (_report_schedule(deployment, job),), (_report_sensor(deployment, job),)
    )


class ReportConfig(dg.Config):
    """Which report: `kind` and `period` as `ioc report kinds` lists them."""

    kind: str
    period: str
    as_of: str | None = None
    started_by: str = "hand"


def _report_job(deployment: Deployment) -> dg.JobDefinition:
    """One report, started from the launchpad, by the calendar or by an event."""

    @dg.op(name=MAKE_REPORT, description="Lập một báo cáo từ bản kho đã công bố")
    def make(context: dg.OpExecutionContext, config: ReportConfig) -> None:
        hold_run(deployment.home, context.run_id)
        issued = issue(
            deployment,
            config.kind,
            Period.parse(config.period),
            as_of=config.as_of,
            started_by=config.started_by,  # type: ignore[arg-type]
        )
        state = "issued" if issued.is_new else "is the same as issued"
        context.log.info(f"report {issued.manifest.report_id} {state}: {issued.folder}")
        context.add_output_metadata(
            {
                "report_id": issued.manifest.report_id,
                "snapshot_id": issued.manifest.snapshot_id,
                "figures": len(issued.manifest.figures),
                "restatements": issued.manifest.restatements,
                **{
                    name.rsplit(".", 1)[1]: link(deployment, issued.folder / name)
                    for name in issued.manifest.files
                },
            }
        )

    @dg.job(name=REPORT, description="Lập báo cáo: kind, period; as_of để lập lại theo ngày trước")
    def report() -> None:
        make()

    return report


def _report_schedule(deployment: Deployment, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Asks the profile's calendar each day; what was not made on its day is asked for again."""
    hour, minute = reports_of(deployment).at.split(":")

    @dg.schedule(
        name="reports",
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Lịch báo cáo định kỳ theo quy chế (giờ Việt Nam)",
    )
    def reports(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = context.scheduled_execution_time
        found = waiting(deployment, now)
        if not found:
            yield dg.SkipReason(f"no report is due on {now.astimezone(VIETNAM):%d/%m/%Y}")
        for due in found:
            # a day later it may be asked for again: its data was not there yet
            key = f"{due.kind} {due.period.code} {now.astimezone(VIETNAM).date()}"
            yield _request(due.kind, due.period, "schedule", key)

    return reports


def _report_sensor(deployment: Deployment, job: dg.JobDefinition) -> dg.SensorDefinition:
    """A new snapshot, and what alerts it opened, start the reports that ask for it."""

    @dg.sensor(
        name="report_events",
        job=job,
        minimum_interval_seconds=_LOOK_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Lập báo cáo khi có bản kho mới hoặc cảnh báo mới",
    )
    def report_events(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = datetime.now(VIETNAM)
        published = published_id(deployment.home)
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        if published is None or seen.get("snapshot") == published:
            return dg.SensorResult([], cursor=context.cursor)
        # what was published before the sensor first looked is no event
        requests = list(_asked_by(deployment, published, now)) if seen else []
        return dg.SensorResult(requests, cursor=json.dumps({"snapshot": published}))

    return report_events


def _asked_by(deployment: Deployment, snapshot_id: str, now: datetime) -> Iterator[dg.RunRequest]:
    events = deployment.ledger.table("indicator_alert_event")
    opened = {
        row["indicator_code"]
        for row in events.to_dicts()
        if row["snapshot_id"] == snapshot_id and row["event"] == "opened"
    }
    for kind in reports_of(deployment).kinds:
        is_asked = "snapshot_published" in kind.on_event or (
            "alert_opened" in kind.on_event and opened & kind.indicators()
        )
        if is_asked:
            period = newest_ended(kind.periods, now.date())
            yield _request(kind.kind, period, "event", f"{kind.kind} {snapshot_id}")


def _request(kind: str, period: Period, started_by: str, key: str) -> dg.RunRequest:
    config: dict[str, Any] = {"kind": kind, "period": period.code, "started_by": started_by}
    return dg.RunRequest(
        run_key=key,
        run_config={"ops": {MAKE_REPORT: {"config": config}}},
        tags={TRIGGER_TAG: started_by, "ioc/report": f"{kind} {period.code}"},
    )
