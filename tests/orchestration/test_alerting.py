"""Alerts reach a file and a real SMTP server once each; what fails is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from ioc_pipelines import cli_alerts
from ioc_pipelines.catalog.models import AlertSink
from ioc_pipelines.cli import app
from ioc_pipelines.orchestration.alerting import Told, tell_of_alerts
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.warehouse.snapshots import SnapshotManifest
from tests.alert_rows import alert, closed, file_of
from tests.mail_box import MailBox, mail_box
from tests.orchestration.deployments import PROFILE, Bench, csv_feed

NOW = datetime(2026, 11, 20, 19, 10, tzinfo=UTC)
ADDRESS = "lanh-dao@tinh.example"
FILES = AlertSink(name="tat_ca")
MAIL = AlertSink(name="lanh_dao", url_env="TEST_ALERTS", severities=("critical",))


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailBox]:
    with mail_box() as found:
        monkeypatch.setenv("TEST_ALERTS", f"{found.url}&to={ADDRESS}")
        yield found


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    made = Bench.of(tmp_path, csv_feed()).deployment
    profile = PROFILE.model_copy(update={"alert_sinks": (FILES, MAIL)})
    return Deployment(made.home, replace(made.catalog, profile=profile))


def published(deployment: Deployment, night: int, *rows: dict[str, Any]) -> Told:
    """A night's snapshot with these alerts is published, and who is to be told is told."""
    manifest = SnapshotManifest(
        snapshot_id=f"s{night}",
        built_at=NOW + timedelta(days=night),
        run_id="r",
        dbt_hash="h",
        sha256="x",
        bytes=1,
        rows={},
    )
    path = file_of(deployment.home.snapshots / f"s{night}" / "ioc.duckdb", *rows)
    return tell_of_alerts(deployment, manifest, path, manifest.built_at)


def files(deployment: Deployment) -> dict[str, str]:
    folder = deployment.home.root / "reports" / "alerts" / "tat_ca"
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def text(mail: Message) -> str:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def tried(deployment: Deployment) -> list[tuple[Any, ...]]:
    columns = ("alert_id", "sink", "event", "problem")
    return deployment.ledger.table("alert_notification").select(columns).rows()


GRAVE = alert("G/33/1", severity="critical", name_vi="Tỷ lệ giải ngân")


def test_each_sink_gets_one_message_of_what_it_asked_for(
    deployment: Deployment, box: MailBox
) -> None:
    assert published(deployment, 1, alert(), GRAVE) == Told(3, ())
    assert published(deployment, 2, alert(), GRAVE) == Told(0, ())
    (told,) = files(deployment).items()
    assert told[0] == "canh-bao-s1.txt"
    assert "2 mới" in told[1]
    assert all(name in told[1] for name in ("Tỷ lệ đúng hạn", "Tỷ lệ giải ngân"))
    (mail,) = box.mails
    assert ADDRESS in mail["To"]
    body = text(mail)
    assert "[NGHIÊM TRỌNG] Tỷ lệ giải ngân – Tỉnh Hưng Yên" in body
    assert "tháng 10/2026 là 89,9%, mục tiêu 90%" in body
    assert "Tỷ lệ đúng hạn" not in body


def test_the_end_is_told_once_to_who_knew(deployment: Deployment, box: MailBox) -> None:
    published(deployment, 1, alert(), GRAVE)
    over = closed("G/33/1", severity="critical", name_vi="Tỷ lệ giải ngân")
    assert published(deployment, 2, alert(), over) == Told(2, ())
    assert published(deployment, 3, alert(), over) == Told(0, ())
    assert "không còn vi phạm" in text(box.mails[1])
    assert len(box.mails) == 2
    assert sorted(files(deployment)) == ["canh-bao-s1.txt", "canh-bao-s2.txt"]


def test_a_server_that_is_away_keeps_nobody_else_and_is_tried_again(
    deployment: Deployment,
    box: MailBox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = box.url
    monkeypatch.setenv("TEST_ALERTS", f"mailto://127.0.0.1:1?from=a@b.example&to={ADDRESS}")
    assert published(deployment, 1, GRAVE) == Told(1, ("lanh_dao",))
    assert len(files(deployment)) == 1
    assert "lanh_dao was not told of 1 alerts" in caplog.text
    assert ADDRESS not in caplog.text + str(tried(deployment))
    monkeypatch.setenv("TEST_ALERTS", f"{there}&to={ADDRESS}")
    assert published(deployment, 2, GRAVE) == Told(1, ())
    assert len(box.mails) == 1
    assert [(sink, event, bool(problem)) for _, sink, event, problem in tried(deployment)] == [
        ("tat_ca", "opened", False),
        ("lanh_dao", "opened", True),
        ("lanh_dao", "opened", False),
    ]


@pytest.mark.parametrize("url", ["", "not a url", "nosuch://127.0.0.1"])
def test_an_address_that_is_not_set_or_wrong_is_recorded(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TEST_ALERTS", url)
    assert published(deployment, 1, GRAVE) == Told(1, ("lanh_dao",))
    assert "not set or not understood" in tried(deployment)[1][3]


def test_a_folder_that_cannot_be_written_is_recorded(deployment: Deployment, box: MailBox) -> None:
    (deployment.home.root / "reports").mkdir(parents=True)
    (deployment.home.root / "reports" / "alerts").write_text("in the way")
    assert published(deployment, 1, GRAVE) == Told(1, ("tat_ca",))
    assert tried(deployment)[0][3].startswith("the file was not written")


# --- ioc alerts ----------------------------------------------------------------------------------


def ioc(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(cli_alerts, "deployment_of", lambda _: deployment)
    return CliRunner().invoke(app, ["alerts", *arguments])


def point_to(deployment: Deployment, night: int) -> None:
    deployment.home.published.mkdir(parents=True)
    target = deployment.home.snapshots / f"s{night}" / "ioc.duckdb"
    (deployment.home.published / "ioc.duckdb").symlink_to(target)


def test_the_command_lists_what_is_published_and_shows_who_was_told(
    deployment: Deployment, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ioc(deployment, monkeypatch, "list").exit_code == 1
    published(deployment, 1, GRAVE, closed())
    point_to(deployment, 1)
    told = json.loads(ioc(deployment, monkeypatch, "list", "--json").stdout)
    assert [row["alert_id"] for row in told] == ["G/33/1"]
    assert told[0]["text_vi"].startswith("Chưa đạt mục tiêu: tháng 10/2026")
    everything = json.loads(ioc(deployment, monkeypatch, "list", "--all", "--json").stdout)
    assert len(everything) == 2
    assert "G/33/1" in ioc(deployment, monkeypatch, "list").stdout
    shown = ioc(deployment, monkeypatch, "show", "G/33/1")
    assert "Tỷ lệ giải ngân" in shown.stdout
    one = json.loads(ioc(deployment, monkeypatch, "show", "G/33/1", "--json").stdout)
    assert {row["sink"] for row in one["notifications"]} == {"tat_ca", "lanh_dao"}
    missing = ioc(deployment, monkeypatch, "show", "nope")
    assert (missing.exit_code, "ioc alerts list --all" in missing.stderr) == (2, True)


def test_a_snapshot_from_before_alerts_is_said_so(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(deployment.home.snapshots / "s1" / "ioc.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table marts.indicator_alert")
    point_to(deployment, 1)
    done = ioc(deployment, monkeypatch, "list")
    assert (done.exit_code, "run `ioc refresh`" in done.stderr) == (1, True)
