"""Put a profile's Dagster definitions together."""

from __future__ import annotations

import dagster as dg

from ioc_pipelines.orchestration.acceptance import acceptance_checks
from ioc_pipelines.orchestration.alert_check import alert_check
from ioc_pipelines.orchestration.backing_up import (
    backup_assets,
    backup_jobs,
    backup_schedules,
)
from ioc_pipelines.orchestration.dbt import warehouse_assets
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.feeds import intake_assets
from ioc_pipelines.orchestration.jobs import all_jobs, nightly_schedule
from ioc_pipelines.orchestration.progress import operator_logger
from ioc_pipelines.orchestration.publish import snapshot_asset
from ioc_pipelines.orchestration.report_jobs import report_definitions
from ioc_pipelines.orchestration.sensors import all_sensors
from ioc_pipelines.orchestration.tidying import tidy_job, tidy_schedule


def assemble(deployment: Deployment) -> dg.Definitions:
    """Definitions of one deployment; one process, because one per step costs seconds each."""
    jobs = all_jobs(deployment)
    reports = report_definitions(deployment)
    return dg.Definitions(
        assets=[
            intake_assets(deployment),
            warehouse_assets(deployment),
            snapshot_asset(deployment),
            *backup_assets(deployment),
        ],
        asset_checks=[acceptance_checks(deployment), alert_check(deployment)],
        jobs=[*jobs, *backup_jobs(), tidy_job(deployment.home), *reports.jobs],
        schedules=[
            nightly_schedule(deployment),
            *backup_schedules(),
            tidy_schedule(),
            *reports.schedules,
        ],
        sensors=[*all_sensors(deployment, jobs), *reports.sensors],
        executor=dg.in_process_executor,
        loggers={"operator": operator_logger},
    )
