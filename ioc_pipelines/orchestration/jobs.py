"""Jobs and schedules.

Every job builds the whole warehouse: the build file begins empty, and what is published must be
whole. Jobs differ in which feeds they fetch.
"""

from __future__ import annotations

import os
from typing import Any

import dagster as dg

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import BACKUP_GROUP, accepted_key, feed_key

NIGHTLY = "nightly_refresh"
REPROCESS = "reprocess"
PUBLISH = "publish"
COLLECT = "collect"
TRIGGER_TAG = "ioc/trigger"
COMMAND = "command"
TIMEZONE = "Asia/Ho_Chi_Minh"


def all_jobs(deployment: Deployment) -> list[Any]:
    """``nightly_refresh``, ``reprocess``, ``collect``, ``publish`` and one job per agency."""
    everything = dg.AssetSelection.all() - dg.AssetSelection.groups(BACKUP_GROUP)
    feeds = dg.AssetSelection.assets(*(feed_key(entry) for entry in deployment.catalog.active))
    accepted = dg.AssetSelection.assets(
        *(accepted_key(dataset) for dataset in deployment.catalog.contracts)
    )
    agencies = {entry.agency.code: entry.agency for entry in deployment.catalog.active}
    return [
        dg.define_asset_job(
            NIGHTLY, everything, description="Làm mới hằng đêm: mọi nguồn, cả kho dữ liệu"
        ),
        dg.define_asset_job(
            REPROCESS,
            everything,
            description="Xử lý lại dữ liệu đã nhận theo bố cục và hợp đồng hiện hành",
            config={"ops": {"intake": {"config": {"reprocess": True}}}},
        ),
        dg.define_asset_job(
            COLLECT,
            everything,
            description="Thu thập đột xuất từ nguồn được chọn, có hạn: feeds, deadline, reason",
        ),
        dg.define_asset_job(
            PUBLISH,
            everything - feeds - accepted,
            description="Dựng và công bố lại kho từ dữ liệu đã chấp nhận",
        ),
        *(
            dg.define_asset_job(
                f"refresh_{agency.code}",
                everything - _others(deployment.catalog.active, agency.code),
                description=f"Làm mới các nguồn của {agency.name_vi}",
            )
            for agency in agencies.values()
        ),
    ]


def nightly_schedule(deployment: Deployment) -> dg.ScheduleDefinition:
    """The nightly refresh at the hour that the profile sets, Viet Nam time.

    Where ``IOC_NIGHTLY`` says `timer`, a timer of the machine starts it and this schedule skips:
    the night has one owner.
    """

    @dg.schedule(
        name="nightly",
        job_name=NIGHTLY,
        cron_schedule=deployment.catalog.profile.nightly_at,
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def nightly() -> dg.RunRequest | dg.SkipReason:
        if os.environ.get("IOC_NIGHTLY") == "timer":
            return dg.SkipReason("IOC_NIGHTLY=timer: a timer of the machine starts the night")
        return dg.RunRequest(tags={TRIGGER_TAG: "schedule"})

    return nightly


def _others(active: tuple[FeedEntry, ...], agency: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(
        *(feed_key(entry) for entry in active if entry.agency.code != agency)
    )
