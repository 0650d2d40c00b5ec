"""``ioc signoffs``: a head checks a month and signs it off; the ledger keeps who and when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from contracts.base import VIETNAM
from ioc_pipelines import cli_signoffs
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.catalog.models import Deadlines
from ioc_pipelines.cli import app
from ioc_pipelines.home import SOURCES
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.signing import SignOffRefusedError, sign_off, sign_offs_now
from ioc_pipelines.warehouse.catalog_export import catalog_tables
from tests.orchestration.deployments import Bench, csv_feed, good, write_csv, xlsx_feed

DEADLINES = Deadlines(verify_days=5, fix_days=5, conflict_days=15, sign_off_days=10, source="thử")


def asked(deployment: Deployment) -> Deployment:
    """The same deployment of a profile that asks heads to sign off."""
    profile = deployment.catalog.profile.model_copy(update={"deadlines": DEADLINES})
    return Deployment(deployment.home, replace(deployment.catalog, profile=profile))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Two agencies; one has delivered today, eight good rows and one that is refused."""
    monkeypatch.setenv("IOC_ACTOR", "Giám đốc Sở A")
    bench = Bench.of(tmp_path, csv_feed(), xlsx_feed())
    bench = Bench(asked(bench.deployment), bench.drop)
    monkeypatch.setenv("TEST_DROP", str(bench.drop))
    bad = ("K999", "Người", "-1", "15/11/2026")
    write_csv(bench.drop / "so_a" / "x.csv", [*good(8), bad])
    assert bench.deliver(datetime.now(UTC)).outcome == "partly_accepted"
    monkeypatch.setattr(cli_signoffs, "deployment_of", lambda _: bench.deployment)
    return bench


THIS = datetime.now(VIETNAM).strftime("%Y-%m")


def signoffs(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["signoffs", *arguments])


def told(*arguments: str) -> Any:
    done = signoffs(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_head_sees_what_came_and_what_is_refused(bench: Bench) -> None:
    (row,) = told("show", "so_a", THIS)
    scores = {name: row.pop(name) for name in ("correct", "complete", "clean", "live")}
    assert row == {
        "feed": bench.entry.id,
        "deliveries": 1,
        "failed": 0,
        "rows_received": 9,
        "rows_accepted": 8,
        "rows_refused": 1,
        "open_refused": 1,
    }
    assert scores["correct"] < 100
    assert scores["complete"] == 100


def test_a_sign_off_is_on_record_and_leaves_the_list(bench: Bench) -> None:
    (waits,) = told("list")
    assert (waits["agency"], waits["month"], waits["status"]) == ("so_a", THIS, "open")
    done = signoffs("sign", "so_a", THIS, "--note", "Văn bản 12/SA")
    assert done.exit_code == 0, done.output
    (row,) = bench.table("sign_off")
    assert row["actor"] == "Giám đốc Sở A"
    assert row["is_authenticated"] is False
    assert (row["agency"], row["month"], row["note"]) == ("so_a", THIS, "Văn bản 12/SA")
    assert told("list") == []
    (signed,) = told("list", "--all")
    assert (signed["status"], signed["signed_by"]) == ("signed", "Giám đốc Sở A")


@pytest.mark.parametrize(
    ("agency", "month", "said"),
    [("so_b", THIS, "those that have: so_a"), ("so_a", "2020-01", f"its months: {THIS}")],
)
def test_what_cannot_be_signed_is_refused(bench: Bench, agency: str, month: str, said: str) -> None:
    done = signoffs("sign", agency, month)
    assert done.exit_code == 2
    assert said in done.stderr
    assert bench.table("sign_off") == []


def test_where_the_profile_asks_nobody_there_is_nothing_to_sign(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    with pytest.raises(SignOffRefusedError, match="sign_off_days"):
        sign_off(bench.deployment, "so_a", THIS, "")
    assert sign_offs_now(bench.deployment, datetime.now(UTC)).is_empty()


def test_every_feed_of_hung_yen_has_its_three_roles() -> None:
    """H24: who provides, who checks, who approves, of every feed of the inventory."""
    feeds = catalog_tables(load_catalog(SOURCES / "hung_yen"))["feed"]
    assert feeds.height > 20
    for role in ("provider_vi", "checker_vi", "approver_vi"):
        assert feeds.filter(feeds[role].fill_null("").str.len_chars() < 5).is_empty(), role
