"""What becomes of runs is kept in the ledger, and who operates the IOC hears of failed ones once.

Real runs in an instance of Dagster's; mail goes to a real SMTP server.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ioc_pipelines.catalog.models import Sink
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.jobs import TRIGGER_TAG
from ioc_pipelines.orchestration.watching import RUN_FILES, failed_runs_sensor, watch_runs
from tests.mail_box import MailBox, mail_box
from tests.orchestration.deployments import PHONE, PROFILE, Bench, csv_feed

NOW = datetime(2026, 11, 20, 19, 10, tzinfo=UTC)
FILES, MAIL = Sink(name="ky_thuat"), Sink(name="truc_ban", url_env="TEST_OPERATORS")


@dg.op
def work(context: dg.OpExecutionContext) -> None:
    if context.run.tags.get("end") == "badly":
        raise ValueError(PHONE)


@dg.job
def nightly_refresh() -> None:
    work()


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailBox]:
    with mail_box() as found:
        monkeypatch.setenv("TEST_OPERATORS", f"{found.url}&to=truc-ban@tinh.example")
        yield found


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    made = Bench.of(tmp_path, csv_feed()).deployment
    profile = PROFILE.model_copy(update={"run_sinks": (FILES, MAIL)})
    return Deployment(made.home, replace(made.catalog, profile=profile))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def ran(instance: dg.DagsterInstance, *, badly: bool = False, trigger: str = "schedule") -> str:
    tags = {TRIGGER_TAG: trigger} | ({"end": "badly"} if badly else {})
    done = nightly_refresh.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    return done.run_id


def recorded(deployment: Deployment) -> dict[str, dict[str, Any]]:
    rows = deployment.ledger.table("run").to_dicts()
    return {row["run_id"]: row for row in rows}


def files(deployment: Deployment) -> list[Path]:
    return sorted((deployment.home.root / RUN_FILES / FILES.name).glob("*.txt"))


def test_ended_runs_are_kept_with_trigger_times_and_kind_of_error(
    deployment: Deployment, instance: dg.DagsterInstance, box: MailBox
) -> None:
    good, bad = ran(instance), ran(instance, badly=True, trigger="command")
    watch_runs(deployment, instance, NOW)
    rows = recorded(deployment)
    assert set(rows) == {good, bad}
    assert (rows[good]["status"], rows[good]["problem"]) == ("succeeded", "")
    assert (rows[bad]["status"], rows[bad]["problem"]) == ("failed", "work: ValueError")
    assert [rows[good]["trigger"], rows[bad]["trigger"]] == ["schedule", "command"]
    for row in rows.values():
        took = datetime.fromisoformat(row["ended_at"]) - datetime.fromisoformat(row["started_at"])
        assert 0 <= took.total_seconds() < 60
        assert PHONE not in str(row)


def test_each_sink_hears_of_a_failed_run_once(
    deployment: Deployment, instance: dg.DagsterInstance, box: MailBox
) -> None:
    ran(instance)
    bad = ran(instance, badly=True)
    for _ in range(3):
        watch_runs(deployment, instance, NOW)
    (file,) = files(deployment)
    (mail,) = box.mails
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    for said in (file.read_text(), body.decode()):
        assert bad in said
        assert "nightly_refresh (schedule), work: ValueError" in said
        assert "Bản kho đã công bố gần nhất vẫn dùng được" in said
        assert PHONE not in said
    assert {row["sink"] for row in deployment.ledger.table("run_notification").to_dicts()} == {
        "ky_thuat",
        "truc_ban",
    }


def test_a_sink_that_fails_is_recorded_and_tried_again(
    deployment: Deployment, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_OPERATORS", "mailto://nobody.invalid:1?to=a@b.example")
    bad = ran(instance, badly=True)
    watch_runs(deployment, instance, NOW)
    tried = {
        r["sink"]: r["problem"] for r in deployment.ledger.table("run_notification").to_dicts()
    }
    assert tried["ky_thuat"] == ""
    assert tried["truc_ban"]
    assert "b.example" not in tried["truc_ban"]
    with mail_box() as found:
        monkeypatch.setenv("TEST_OPERATORS", f"{found.url}&to=truc-ban@tinh.example")
        watch_runs(deployment, instance, NOW)
        (mail,) = found.mails
    assert bad in bytes(mail.get_payload(decode=True)).decode()  # type: ignore[arg-type]
    assert len(files(deployment)) == 1


def test_what_a_person_cancelled_is_kept_and_nobody_is_told(
    deployment: Deployment, instance: dg.DagsterInstance, box: MailBox
) -> None:
    run = instance.create_run_for_job(nightly_refresh)
    instance.report_run_canceled(run)
    watch_runs(deployment, instance, NOW)
    assert recorded(deployment)[run.run_id]["status"] == "canceled"
    assert not box.mails
    assert not files(deployment)


def test_a_run_whose_process_died_says_so(
    deployment: Deployment, instance: dg.DagsterInstance, box: MailBox
) -> None:
    run = instance.create_run_for_job(nightly_refresh)
    instance.report_run_failed(run)
    watch_runs(deployment, instance, NOW)
    assert recorded(deployment)[run.run_id]["problem"] == "the process ended before its run did"
    assert len(box.mails) == 1


def test_the_sensor_looks_and_starts_nothing(
    deployment: Deployment, instance: dg.DagsterInstance, box: MailBox
) -> None:
    bad = ran(instance, badly=True)
    with dg.build_sensor_context(instance=instance) as context:
        said = failed_runs_sensor(deployment)(context)
    assert isinstance(said, dg.SkipReason)
    assert set(recorded(deployment)) == {bad}
