"""Deliveries as Dagster assets and checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from contracts.base import VIETNAM
from ioc_pipelines.connectors.fetched import Fetched, SourceFaultyError
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.orchestration import delivery
from ioc_pipelines.orchestration.feeds import intake_assets
from tests.orchestration.deployments import (
    NAME,
    PHONE,
    Bench,
    csv_feed,
    expected_scores,
    good,
    sql_feed,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)


def test_a_failing_feed_leaves_the_other_feeds_their_assets(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"), sql_feed())
    write_csv(drop / "so_a" / "1.csv", good(10))
    write_csv(drop / "so_z" / "1.csv", good(10, start=51))
    real = Landing.land

    def fail_one(self, feed, *rest):  # type: ignore[no-untyped-def]
        if feed == bench.entry.id:
            raise RuntimeError(NAME)
        return real(self, feed, *rest)

    monkeypatch.setattr(Landing, "land", fail_one)
    result, _ = _materialized(bench)
    assert result.success
    keys = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    # no database: that feed is skipped; the dataset stands on what is good
    assert keys == {"so_z/test.upsert", "accepted/test__upsert"}
    checks = {
        (e.asset_key.to_user_string(), e.check_name): e
        for e in result.get_asset_check_evaluations()
    }
    assert len(checks) == 12
    outcomes = {key: e.metadata["outcome"].value for (key, _), e in checks.items()}
    assert outcomes == {
        "so_a/test.upsert": "error",
        "so_z/test.upsert": "accepted",
        "so_c/test.upsert": "source_unavailable",
    }
    assert all(e.passed for (key, _), e in checks.items() if key == "so_z/test.upsert")


def test_the_check_of_a_source_that_is_faulty_says_why(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"))
    write_csv(drop / "so_z" / "1.csv", good(10))
    real = delivery.fetch

    def fetch(feed: Any, *rest: Any) -> Fetched:
        if feed.connector.pattern == "so_a/*.csv":
            raise SourceFaultyError("page 3: the paging does not end")
        return real(feed, *rest)

    monkeypatch.setattr(delivery, "fetch", fetch)
    result, _ = _materialized(bench)
    assert result.success
    live = {
        e.asset_key.path[0]: e
        for e in result.get_asset_check_evaluations()
        if e.check_name == "live"
    }
    # never had news since it became active: late, and the check is an error
    assert (live["so_a"].passed, live["so_a"].severity.value) == (False, "ERROR")
    assert live["so_a"].metadata["outcome"].value == "source_faulty"
    assert live["so_a"].metadata["problem"].value == "page 3: the paging does not end"
    assert live["so_a"].metadata["score"].value == 0
    assert "source_faulty" in (live["so_a"].description or "")
    assert live["so_z"].passed


def test_a_launch_with_a_deadline_opens_a_round_of_what_it_fetches(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"), xlsx_feed())
    write_csv(drop / "so_z" / "1.csv", good(10))
    chosen = ["so_a/test.upsert", "so_z/test.upsert"]
    deadline = datetime.now(VIETNAM).replace(microsecond=0) + timedelta(hours=3)
    config = {
        "feeds": chosen,
        "deadline": f"{deadline:%Y-%m-%dT%H:%M:%S}",
        "reason": "bão số 9",
    }
    result, _ = _materialized(bench, config)
    assert result.success
    (round_,) = bench.deployment.rounds.unfinished()
    assert round_.deadline == deadline
    assert round_.pending == ("so_a/test.upsert",)  # so_z delivered in the very run
    (recorded,) = bench.table("collection_round")
    assert (recorded["reason"], recorded["run_id"]) == ("bão số 9", result.run_id)
    asked = {row["feed"] for row in bench.table("collection_round_feed")}
    assert asked == set(chosen) == {row["feed"] for row in bench.table("delivery")}


def test_a_launch_without_a_deadline_opens_none(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    _materialized(bench, {"reason": "bão số 9"})
    assert bench.table("collection_round") == []


def test_a_deadline_that_is_past_is_refused_before_anything_is_fetched(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    past = datetime.now(UTC) - timedelta(minutes=1)
    with pytest.raises(dg.DagsterInvalidInvocationError, match="a deadline ahead"):
        _materialized(bench, {"deadline": past.isoformat()})
    assert bench.table("collection_round") == bench.table("delivery") == []


def test_checks_tell_refused_rows_from_a_refused_batch(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K010", "Người", "-5", "15/11/2026")])
    write_csv(drop / "so_z" / "1.csv", good(10), ("x", "y", "z", "t"))
    result, _ = _materialized(bench)
    found = {
        (e.asset_key.path[0], e.check_name): (e.passed, e.severity.value)
        for e in result.get_asset_check_evaluations()
    }
    assert found[("so_a", "correct")] == (False, "WARN")
    assert found[("so_a", "complete")][0]
    assert found[("so_a", "clean")][0]
    assert found[("so_z", "correct")] == (False, "ERROR")
    assert found[("so_z", "complete")] == (False, "ERROR")
    scores = {
        e.check_name: e.metadata["score"].value
        for e in result.get_asset_check_evaluations()
        if e.asset_key.path[0] == "so_a" and e.check_name != "live"
    }
    shares = {"correct_min__amount": 0.9}
    wanted = {k: v for k, v in expected_scores(**shares).items() if k != "live"}
    assert scores == pytest.approx(wanted, abs=0.005)  # shown with two decimals


def test_nothing_personal_is_told_of_refused_rows(
    tmp_path: Path, drop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rules 11: a name and a telephone number in every place that a refused row has."""
    bench = Bench.of(tmp_path, csv_feed(), xlsx_feed(), sql_feed(), csv_feed(agency="so_z"))
    bad = [
        (NAME, NAME, PHONE, "15/11/2026"),
        ("K090", f"{NAME} {PHONE}", NAME, PHONE),
        ("K091", NAME, f"-{PHONE}", NAME),
    ]
    write_csv(drop / "so_a" / "1.csv", [*good(20), *bad])
    write_xlsx(drop / "so_b" / "1.xlsx", [*good(20), *bad])
    write_csv(drop / "so_z" / "1.csv", bad)  # the whole batch refused
    rows = [(c, n, int(a), "2026-11-15", "2026-11-16 08:00:00") for c, n, a, _ in good(20)]
    rows.append((PHONE, NAME, -1, NAME, "2026-11-16 09:00:00"))
    write_database(tmp_path / "claims.db", rows)
    result, told = _materialized(bench)
    assert result.success
    home = bench.deployment.home
    counts = {row["feed"]: row["rows_quarantined"] for row in bench.table("batch")}
    assert counts == {
        "so_a/test.upsert": 3,
        "so_b/test.upsert": 3,
        "so_c/test.upsert": 1,
        "so_z/test.upsert": 3,
    }
    told["log"] = caplog.text
    told["ledger"] = "".join(
        path.read_bytes().decode("utf-8", "ignore") for path in home.root.glob("ledger.db*")
    )
    refusals = [pl.read_parquet(path) for path in home.quarantine.rglob("refusals.parquet")]
    assert sum(frame.height for frame in refusals) > 10
    told["refusals"] = str([frame.rows() for frame in refusals])
    told["batches"] = str(bench.table("batch"))
    assert "so_z/1.csv" in told["ledger"]
    assert "below_floor" in told["events"]
    assert set(told) == {"events", "log", "ledger", "refusals", "batches"}
    for place, text in told.items():
        assert text or place == "log"
        assert NAME not in text, place
        assert PHONE not in text, place
    # and it was there to be found: quarantine keeps what was received for who may see it
    kept = [pl.read_parquet(path) for path in home.quarantine.rglob("rows.parquet")]
    assert NAME in str([frame.rows() for frame in kept])


def _materialized(
    bench: Bench, config: dict[str, Any] | None = None
) -> tuple[dg.ExecuteInProcessResult, dict[str, str]]:
    """One run of the bench's assets, and all that Dagster keeps of it, as text."""
    run_config = {"ops": {"intake": {"config": config or {}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        assets = [intake_assets(bench.deployment)]
        result = dg.materialize(assets, instance=instance, run_config=run_config)
        records = instance.all_logs(result.run_id)
        assert len(records) > 10
        return result, {"events": "\n".join(repr(record) for record in records)}
