"""Backups and the rehearsal of a restore as Dagster runs them, on a small data root."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.orchestration.backing_up import EQUAL, backup_assets, backup_schedules
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import ARCHIVE, RESTORE_DRILL
from ioc_pipelines.warehouse.backup.environment import archive_of
from tests.warehouse.backup.small_home import KEY, contents, small_home


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    if shutil.which("restic") is None:
        pytest.skip("restic is not installed")
    monkeypatch.setenv("IOC_BACKUP_KEY", KEY)
    monkeypatch.setenv("IOC_BACKUP_DIR", str(tmp_path / "disk"))
    return Deployment(small_home(tmp_path), load_catalog(SOURCES / "hung_yen"))


def run(deployment: Deployment, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        backup_assets(deployment),
        selection=list(keys),
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def test_the_archive_then_the_rehearsal_then_one_that_fails(deployment: Deployment) -> None:
    home = deployment.home
    assert run(deployment, ARCHIVE).success
    (entry,) = archive_of(home).entries()
    before = contents(home.root)
    rehearsed = run(deployment, RESTORE_DRILL)
    assert rehearsed.success
    assert [c.passed for c in rehearsed.get_asset_check_evaluations()] == [True]
    (drill,) = deployment.ledger.table("restore_drill").to_dicts()
    assert (drill["result"], drill["problem"]) == ("equal", "")
    assert (drill["backup_id"], drill["files"], drill["bytes"]) == (
        entry.backup_id,
        entry.files,
        entry.bytes,
    )
    began, ended = (datetime.fromisoformat(drill[at]) for at in ("started_at", "ended_at"))
    assert began.tzinfo == UTC
    assert timedelta(seconds=drill["duration_s"]) <= ended - began + timedelta(seconds=0.1)
    assert drill["duration_s"] > 0
    part = max((archive_of(home).folder / "data").rglob("*"), key=lambda p: p.stat().st_size)
    part.unlink()
    failed = run(deployment, RESTORE_DRILL)
    assert not failed.success
    (check,) = failed.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (EQUAL, False)
    (_, drill) = deployment.ledger.table("restore_drill").sort("started_at").to_dicts()
    assert (drill["result"], drill["backup_id"], drill["files"]) == ("failed", None, None)
    assert part.name in drill["problem"]
    assert contents(home.root) == before
    assert not (home.root / ".drill").exists()


def test_a_rehearsal_takes_the_first_backup_itself(deployment: Deployment) -> None:
    assert run(deployment, RESTORE_DRILL).success
    assert len(archive_of(deployment.home).entries()) == 1
    assert deployment.ledger.table("restore_drill")["result"].to_list() == ["equal"]


def test_without_a_key_nothing_is_scheduled_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    night = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 30, 21, tzinfo=UTC)
    )
    for schedule in backup_schedules():
        monkeypatch.delenv("IOC_BACKUP_KEY", raising=False)
        tick = schedule.evaluate_tick(night)
        assert not tick.run_requests
        assert "IOC_BACKUP_KEY" in (tick.skip_message or "")
        monkeypatch.setenv("IOC_BACKUP_KEY", KEY)
        (request,) = schedule.evaluate_tick(night).run_requests or ()
        assert request.tags["ioc/trigger"] == "schedule"


def test_what_is_wrong_with_a_backup_is_seen_by_whoever_runs_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IOC_BACKUP_KEY")
    assert not run(deployment, ARCHIVE).success
    failed = run(deployment, RESTORE_DRILL)
    assert not failed.success
    (drill,) = deployment.ledger.table("restore_drill").to_dicts()
    assert drill["problem"].startswith("no key for the backup: set IOC_BACKUP_KEY")
