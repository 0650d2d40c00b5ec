"""What the commands of an operator say after a refresh, and of wrong usage."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.province import DISEASE, FEEDS
from tests.e2e.refresh.first_night import PROGRESS, First

pytestmark = pytest.mark.e2e


def test_the_summary_is_on_stdout_and_progress_on_stderr(first: First) -> None:
    out, err = first.refresh.out, first.refresh.err
    assert f"PUBLISHED snapshot {first.province.published_id()}" in out
    assert str(first.province.published) in out
    assert not PROGRESS.search(out)
    lines = PROGRESS.findall(err)
    assert len(lines) >= 6
    for feed in FEEDS:
        assert feed in out
        assert feed in err
    for feed, key in first.key.feeds.items():
        (line,) = [line for line in out.splitlines() if line.startswith(feed)]
        numbers = [int(part) for part in line.split() if part.isdigit()]
        assert numbers[:4] == [
            key.rows_received,
            key.rows_accepted,
            key.rows_quarantined,
            key.rows_duplicate,
        ]
        assert f"{key.rows_quarantined} refused rows open" in out
    assert "Traceback" not in out + err


def test_the_command_that_is_shown_opens_the_file(first: First) -> None:
    (line,) = [ln for ln in first.refresh.out.splitlines() if ln.strip().startswith("open ")]
    command = line.strip().removeprefix("open").strip()
    done = subprocess.run(  # noqa: S602
        command, shell=True, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "indicator_code" in done.stdout


def test_status_names_the_snapshot_that_is_open(first: First) -> None:
    told = first.province.here("status", "--json").json()
    assert told["profile"] == "hung_yen"
    assert told["snapshot"]["id"] == first.province.published_id()
    built = datetime.fromisoformat(told["snapshot"]["built_at"])
    assert timedelta(0) < datetime.now(UTC) - built < timedelta(hours=1)


def test_the_answers_are_json(first: First) -> None:
    for arguments in (["snapshots", "list"], ["contracts", "list"], ["contracts", "check"]):
        done = first.province.here(*arguments, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["refresh", "--agency", "so_khong_co"], "so_tai_chinh"),
        (["refresh", "--dataset", "health.nope"], "health.disease_weekly"),
        (["refresh", "--since", "hôm qua"], "2026-11-01"),
        (["refresh", "--profile", "atlantis"], "open_data"),
        (["refresh", "--agnecy", "so_y_te"], "--agency"),
        (["quarantine", "show", "nope"], "nope"),
        (["reprocess", "so_y_te/nope"], DISEASE),
    ],
    ids=["agency", "dataset", "date", "profile", "option", "batch", "feed"],
)
def test_wrong_usage_is_explained(first: First, arguments: list[str], named: str) -> None:
    before = first.province.published_id()
    done = first.province.here(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert named in done.err
    assert "Traceback" not in done.err
    assert first.province.published_id() == before
