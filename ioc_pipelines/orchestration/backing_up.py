"""Backups as assets: the archive each night, the rehearsal of a restore each week (H45, L18)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.hanging import hold_run
from ioc_pipelines.orchestration.jobs import TIMEZONE, TRIGGER_TAG
from ioc_pipelines.orchestration.keys import ARCHIVE, BACKUP_GROUP, RESTORE_DRILL
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.create import create
from ioc_pipelines.warehouse.backup.drill import Drill, rehearse
from ioc_pipelines.warehouse.backup.environment import KEY, KEY_FILE, archive_of, has_key

BACKUP = "backup"
DRILL = "restore_drill"
EQUAL = "restored_equal"
# after the night is published; the rehearsal when nobody works
_NIGHTLY = "0 4 * * *"
_WEEKLY = "0 5 * * 6"
_DAY = timedelta(days=1)
_GRACE = timedelta(hours=2)


def backup_assets(deployment: Deployment) -> list[dg.AssetsDefinition]:
    """The archive of a profile, and the rehearsal that restores from it."""
    return [_archive_asset(deployment), _drill_asset(deployment)]


def backup_jobs() -> list[Any]:
    """``backup`` and ``restore_drill``: none of the jobs that refresh."""
    return [
        dg.define_asset_job(
            BACKUP,
            dg.AssetSelection.assets(ARCHIVE),
            description="Sao lưu: bản lưu trữ có mã hóa của mọi thứ không thể tạo lại",
        ),
        dg.define_asset_job(
            DRILL,
            dg.AssetSelection.assets(RESTORE_DRILL),
            description="Diễn tập phục hồi: khôi phục bản sao lưu mới nhất và đối chiếu bằng nhau",
        ),
    ]


def backup_schedules() -> list[dg.ScheduleDefinition]:
    """Both in Viet Nam time; they skip, and say why, while the environment gives no key."""
    return [
        _schedule("backup_nightly", BACKUP, _NIGHTLY),
        _schedule("drill_weekly", DRILL, _WEEKLY),
    ]


def _schedule(name: str, job: str, cron: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=job,
        cron_schedule=cron,
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def when() -> dg.RunRequest | dg.SkipReason:
        if not has_key():
            return dg.SkipReason(f"no backups: neither {KEY} nor {KEY_FILE} is set")
        return dg.RunRequest(tags={TRIGGER_TAG: "schedule"})

    return when


def _fresh_for(days: int) -> dg.FreshnessPolicy | None:
    """Late backups are seen, where backups are taken."""
    return dg.FreshnessPolicy.time_window(fail_window=days * _DAY + _GRACE) if has_key() else None


def _archive_asset(deployment: Deployment) -> dg.AssetsDefinition:
    @dg.asset(
        key=ARCHIVE,
        group_name=BACKUP_GROUP,
        kinds={"restic"},
        description="Kho sao lưu có mã hóa: dữ liệu nhận, sổ cái, các bản kho, cấu hình",
        freshness_policy=_fresh_for(1),
    )
    def archive(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        hold_run(deployment.home, context.run_id)
        keep = deployment.catalog.profile.keep.backups
        made = create(deployment.home, archive_of(deployment.home), keep=keep)
        context.log.info(f"backed up {made.files} files as {made.backup_id}")
        return dg.MaterializeResult(metadata=made.model_dump())

    return archive


def _drill_asset(deployment: Deployment) -> dg.AssetsDefinition:
    @dg.asset(
        key=RESTORE_DRILL,
        group_name=BACKUP_GROUP,
        kinds={"restic"},
        deps=[ARCHIVE],
        check_specs=[
            dg.AssetCheckSpec(
                EQUAL,
                asset=RESTORE_DRILL,
                description="Mọi tệp khôi phục được bằng đúng bản kê của bản sao lưu",
            )
        ],
        description="Diễn tập phục hồi từ bản sao lưu mới nhất, có đo thời gian",
        freshness_policy=_fresh_for(7),
    )
    def restore_drill(context: dg.AssetExecutionContext) -> Iterator[object]:
        hold_run(deployment.home, context.run_id)
        drill = rehearse(deployment.home, _with_a_backup(deployment), context.run_id)
        deployment.drills.record(row_of(drill))
        shown = drill.model_dump(mode="json", exclude={"drill_id"}, exclude_none=True)
        yield dg.AssetCheckResult(
            asset_key=RESTORE_DRILL, check_name=EQUAL, passed=drill.is_equal, metadata=shown
        )
        if not drill.is_equal:
            raise dg.Failure(f"the rehearsal of a restore failed: {drill.problem}")
        yield dg.MaterializeResult(asset_key=RESTORE_DRILL, metadata=shown)

    return restore_drill


def _with_a_backup(deployment: Deployment) -> Callable[[], Archive]:
    """The archive; with a first backup in it when there is none yet."""

    def open_archive() -> Archive:
        archive = archive_of(deployment.home)
        if not archive.entries():
            create(deployment.home, archive)
        return archive

    return open_archive


def row_of(drill: Drill) -> dict[str, Any]:
    """A rehearsal as the ledger keeps it: moments as text."""
    row = drill.model_dump()
    return {k: as_text(v.astimezone(UTC)) if isinstance(v, datetime) else v for k, v in row.items()}
