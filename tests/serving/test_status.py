"""Where every feed stands, as ``ioc status`` and the summary of a refresh say it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from contracts.base import DIMENSIONS
from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.approving import waiting
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.serving import show
from ioc_pipelines.serving.refusals import refusals_by_rule
from ioc_pipelines.serving.status import FeedStatus, StatusReport, status_of
from ioc_pipelines.warehouse.snapshots import publish
from tests.orchestration.deployments import (
    Bench,
    csv_feed,
    expected_scores,
    good,
    sql_feed,
    with_feed,
    write_csv,
    xlsx_feed,
)

REPORT = {"profile", "snapshot", "feeds"}
FEED = {
    "feed",
    "agency",
    "dataset",
    "status",
    "outcome",
    "last_delivery_at",
    "batch_id",
    "rows_received",
    "rows_accepted",
    "rows_quarantined",
    "rows_duplicate",
    "scores",
    "age_s",
    "late_after_s",
}
TODAY = f"{datetime.now(UTC):%d/%m/%Y}"


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the agencies' files lie in."""
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    return tmp_path / "drop"


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """Four feeds: one delivered, one that is down, one planned, one withdrawn."""
    planned = with_feed(
        xlsx_feed(), status={"state": "planned", "since": "2026-11-01", "reason": "chờ biểu mẫu"}
    )
    letter = {"number": "9/CV", "dated": "2026-11-10"}
    withdrawn = with_feed(csv_feed(agency="so_z"), letters={"withdrawn": letter})
    made = Bench.of(tmp_path, csv_feed(), sql_feed(), planned, withdrawn)
    rows = [(code, name, amount, TODAY) for code, name, amount, _ in good(10)]
    rows[0] = (rows[0][0], "", "-1", TODAY)
    write_csv(drop / "so_a" / "1.csv", [*rows, rows[5]])
    now = datetime.now(UTC)
    made.deliver(now - timedelta(hours=3))
    made.deliver(now - timedelta(hours=2), made.deployment.catalog.entries[1])
    return made


def report(bench: Bench) -> StatusReport:
    deployment = bench.deployment
    home, catalog, ledger = deployment.home, deployment.catalog, deployment.ledger
    cases = deployment.cases(datetime.now(UTC))
    return status_of(home, catalog, ledger, cases, waiting(deployment))


def as_json(bench: Bench) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(report(bench).model_dump(mode="json")))
    return told


def test_the_json_has_the_fields_that_were_asked_for(bench: Bench) -> None:
    told = as_json(bench)
    assert set(told) >= REPORT
    assert told["profile"] == "test"
    assert told["snapshot"] is None
    assert [feed["feed"] for feed in told["feeds"]] == [
        "so_a/test.upsert",
        "so_c/test.upsert",
        "so_b/test.upsert",
        "so_z/test.upsert",
    ]
    for feed in told["feeds"]:
        assert set(feed) >= FEED
        assert set(feed["scores"]) == set(DIMENSIONS)
        assert feed["feed"] == f"{feed['agency']}/{feed['dataset']}"
        assert feed["late_after_s"] == 26 * 3600
        counts = [feed[f"rows_{part}"] for part in ("accepted", "quarantined", "duplicate")]
        assert feed["rows_received"] == sum(counts)


def test_a_delivered_feed_has_its_batch_scores_and_age(bench: Bench) -> None:
    feed = as_json(bench)["feeds"][0]
    batch = bench.current()
    assert (feed["status"], feed["outcome"]) == ("active", "partly_accepted")
    assert feed["batch_id"] == batch is not None
    assert (feed["rows_received"], feed["rows_accepted"]) == (11, 9)
    assert (feed["rows_quarantined"], feed["rows_duplicate"]) == (1, 1)
    shares = {
        "correct_min__amount": 9 / 10,
        "complete_required__name": 9 / 10,
        "clean_exact_duplicate__": 10 / 11,
    }
    assert feed["scores"] == pytest.approx(expected_scores(**shares))
    assert abs(feed["age_s"] - 3 * 3600) < 60
    assert not feed["is_late"]
    delivered = datetime.fromisoformat(feed["last_delivery_at"])
    assert delivered.tzinfo is not None
    assert abs(datetime.now(UTC) - delivered) < timedelta(minutes=1)


def test_a_feed_that_never_delivered_says_so(bench: Bench) -> None:
    feed = as_json(bench)["feeds"][1]
    assert (feed["status"], feed["outcome"]) == ("active", "source_unavailable")
    assert (feed["batch_id"], feed["age_s"], feed["is_late"]) == (None, None, True)
    assert feed["rows_received"] == 0
    assert "TEST_URL" in feed["problem"]


def test_feeds_that_are_not_fetched_are_listed_and_never_late(bench: Bench) -> None:
    planned, withdrawn = as_json(bench)["feeds"][2:]
    assert (planned["status"], withdrawn["status"]) == ("planned", "withdrawn")
    for feed in (planned, withdrawn):
        assert (feed["outcome"], feed["last_delivery_at"], feed["is_late"]) == (None, None, False)
        assert set(feed["scores"].values()) == {None}


def test_a_failed_delivery_shows_the_last_good_batch(bench: Bench) -> None:
    before = as_json(bench)["feeds"][0]
    write_csv(bench.drop / "so_a" / "1.csv", good(3), ("x", "y", "z", "t"))
    bench.deliver(datetime.now(UTC))
    feed = as_json(bench)["feeds"][0]
    assert feed["outcome"] == "structure_mismatch"
    assert "so_a/1.csv" in feed["problem"]
    parts = ("batch_id", "rows_received", "rows_accepted", "rows_quarantined", "rows_duplicate")
    assert [feed[part] for part in parts] == [before[part] for part in parts]
    assert (feed["scores"]["correct"], feed["scores"]["complete"]) == (0, 0)
    assert feed["age_s"] >= before["age_s"]


def test_a_file_that_is_refused_or_gone_is_named(bench: Bench) -> None:
    folder = bench.drop / "so_a"
    write_csv(folder / "2.csv", [(c, n, a, TODAY) for c, n, a, _ in good(5, start=50)])
    bench.deliver(datetime.now(UTC))
    (folder / "1.csv").write_bytes(b"")
    bench.deliver(datetime.now(UTC))
    broken = as_json(bench)["feeds"][0]
    assert broken["outcome"] == "partly_accepted"
    assert "so_a/1.csv" in broken["problem"]
    (folder / "1.csv").unlink()
    bench.deliver(datetime.now(UTC))
    gone = as_json(bench)["feeds"][0]
    assert gone["outcome"] in {"partly_accepted", "seen_before"}
    assert gone["scores"]["complete"] < 100
    assert "so_a/1.csv" in gone["problem"]


def test_the_snapshot_that_is_served_is_shown(bench: Bench) -> None:
    home = bench.deployment.home
    _published(home, "20261120T190000-aaaaaaaa")
    snapshot = as_json(bench)["snapshot"]
    assert snapshot == {"id": "20261120T190000-aaaaaaaa", "built_at": "2026-11-20T19:00:00Z"}


def test_the_terminal_shows_each_feed_and_what_is_wrong(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    show.status(report(bench))
    out = capsys.readouterr().out
    lines = out.splitlines()
    listed = [line for line in lines if line.startswith("so_")]
    assert len(listed) == 4
    assert "partly_accepted" in listed[0]
    assert [part for part in listed[0].split() if part.isdigit()][:4] == ["11", "9", "1", "1"]
    warnings = [line for line in lines if line.startswith("!")]
    assert len(warnings) == 2
    assert "TEST_URL" in warnings[0], "what brought nothing comes first"
    assert "late" in warnings[0]
    assert "1 refused row open" in warnings[1]
    assert "2 of 4 feeds active, 1 automatic, 1 on time, 1 refused row open" in out


def test_rows_of_an_earlier_delivery_stand_in_brackets(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.deliver(datetime.now(UTC))  # the same folder: no news
    show.status(report(bench))
    out = capsys.readouterr().out
    (listed,) = (line for line in out.splitlines() if line.startswith("so_a/test.upsert"))
    assert [part for part in listed.split() if part.startswith("(")] == [
        "(11)",
        "(9)",
        "(1)",
        "(1)",
    ]
    assert "last good delivery" in out


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"outcome": None}, "never delivered"),
        ({"outcome": "below_floor"}, "below floor"),
        ({"rows_quarantined": 7}, None),  # all of them closed since
        ({"outcome": "partly_accepted", "rows_quarantined": 7}, None),
        ({"rows_open": 7}, "7 refused rows open"),
        ({"rows_open": 7, "rows_overdue": 2}, "7 refused rows open, 2 overdue"),
        ({"problem": "tệp hỏng"}, "tệp hỏng"),
        ({"is_late": True, "age_s": 3 * 86_400}, "3 d"),
        ({"is_late": True, "age_s": None}, "never"),
        ({"status": "planned", "outcome": None}, None),
    ],
)
def test_an_operator_is_warned_of(changed: dict[str, Any], said: str | None) -> None:
    calm = FeedStatus(
        feed="so_a/test.x",
        agency="so_a",
        dataset="test.x",
        status="active",
        outcome="accepted",
        problem=None,
        last_delivery_at=None,
        batch_id=None,
        brought_rows=True,
        is_automatic=False,
        overall=None,
        rating=None,
        identifiers_whole=True,
        rows_received=0,
        rows_accepted=0,
        rows_quarantined=0,
        rows_duplicate=0,
        scores={},
        age_s=10,
        late_after_s=3600,
        is_late=False,
    )
    warning = show.warning_of(calm.model_copy(update=changed))
    if said is None:
        assert warning is None
    else:
        assert warning is not None
        assert said in warning


def _counted(deployment: Deployment, feed: str | None = None) -> pl.DataFrame:
    cases = deployment.cases(datetime.now(UTC))
    return refusals_by_rule(deployment.catalog, deployment.ledger, deployment.rows, cases, feed)


def test_refused_rows_are_counted_by_rule_and_without_values(bench: Bench) -> None:
    deployment = bench.deployment
    counted = _counted(deployment)
    batch = bench.current()
    assert counted.rows() == [
        ("so_a/test.upsert", batch, "complete.required", "complete", "name", 1, 1, 0),
        ("so_a/test.upsert", batch, "correct.min", "correct", "amount", 1, 1, 0),
    ]
    keys = ["feed", "batch_id", "rule", "dimension", "column_name"]
    assert counted.columns == [*keys, "rows", "open", "overdue"]
    assert _counted(deployment, "so_z/test.x").height == 0


def test_refused_rows_of_the_last_judged_batch_are_counted(bench: Bench) -> None:
    rows = [(code, name, "-1", TODAY) for code, name, *_ in good(4)]
    write_csv(bench.drop / "so_a" / "1.csv", rows)
    assert bench.deliver(datetime.now(UTC)).outcome == "below_floor"
    deployment = bench.deployment
    counted = _counted(deployment)
    assert counted.select("rule", "rows", "open").rows() == [("correct.min", 4, 4)]


def _published(home: Home, snapshot_id: str) -> None:
    home.build.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.build / "ioc.duckdb")) as connection:
        connection.execute("create table x as select 1 as y").fetchall()
    publish(
        home,
        snapshot_id=snapshot_id,
        built_at=datetime(2026, 11, 20, 19, tzinfo=UTC),
        run_id="run",
        dbt_hash="abc",
        expected=["main.x"],
        record=lambda _: None,
    )
