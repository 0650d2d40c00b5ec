"""Figures of runs, backlog, age and disk, as ``ioc status`` and Prometheus are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.serving import show
from ioc_pipelines.serving.health import Health, health_of
from ioc_pipelines.serving.metrics import metrics_text
from ioc_pipelines.serving.returned_packs import ReturnedPack
from ioc_pipelines.serving.status import FeedStatus, SnapshotStatus, StatusReport, WaitingBatch
from ioc_pipelines.warehouse.disk import DISK_SCHEMA

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
DAY = timedelta(days=1)
NIGHTLY = "nightly_refresh"


def feed(name: str, **more: object) -> FeedStatus:
    facts = {
        "feed": name,
        "agency": name.split("/")[0],
        "dataset": name.split("/")[1],
        "status": "active",
        "outcome": "partly_accepted",
        "problem": None,
        "last_delivery_at": NOW,
        "batch_id": "b1",
        "brought_rows": True,
        "is_automatic": True,
        "rows_received": 10,
        "rows_accepted": 7,
        "rows_quarantined": 2,
        "rows_duplicate": 1,
        "scores": {"correct": 99.5, "live": None},
        "overall": 99.0,
        "rating": "green",
        "identifiers_whole": True,
        "age_s": 60,
        "late_after_s": 3600,
        "is_late": False,
    }
    return FeedStatus.model_validate(facts | more)


def pack(batch: str) -> ReturnedPack:
    fields = ReturnedPack.model_fields
    return ReturnedPack.model_construct(**dict.fromkeys(fields, batch))


REPORT = StatusReport(
    profile="hung_yen",
    snapshot=SnapshotStatus(id="s1", built_at=NOW - timedelta(hours=17)),
    overall=98.5,
    rating="green",
    feeds=[
        feed("so_a/test.x", rows_open=5, rows_overdue=2),
        feed("so_b/test.y", rows_open=1, is_late=True, age_s=None, fault="source", outcome="error"),
        feed(
            "so_c/test.z",
            status="planned",
            waiting=[
                WaitingBatch(batch_id="b", status="held", rows_received=1, is_correction=False)
            ],
            packs_not_in=[pack("b")],
        ),
    ],
)


def run(
    job: str, days_ago: float, status: str = "succeeded", duration_s: float = 60
) -> dict[str, str]:
    began = NOW - days_ago * DAY
    return {
        "run_id": f"{job}{days_ago}",
        "job": job,
        "trigger": "schedule",
        "status": status,
        "started_at": as_text(began),
        "ended_at": as_text(began + timedelta(seconds=duration_s)),
        "problem": "intake: OSError" if status == "failed" else "",
    }


RUNS = pl.DataFrame(
    [
        run(NIGHTLY, 40),
        run(NIGHTLY, 3, duration_s=50),
        run(NIGHTLY, 2, duration_s=90),
        run(NIGHTLY, 1.5, "canceled", 9000),
        run(NIGHTLY, 1, "failed", 12),
        run("publish", 31),
    ]
)
DISK = pl.DataFrame(
    [("landing", 3, 2_500_000_000, 7_000_000_000, NOW), ("build", 1, 512, 6_000_000_000, NOW)],
    schema=DISK_SCHEMA,
    orient="row",
)


@pytest.fixture
def health() -> Health:
    return health_of(REPORT, RUNS, DISK, NOW)


def test_runs_of_thirty_days_are_counted_without_cancelled_ones(health: Health) -> None:
    nightly, publish = health.jobs
    assert (nightly.job, nightly.runs, nightly.succeeded) == (NIGHTLY, 3, 2)
    assert nightly.success_percent == pytest.approx(200 / 3)
    assert nightly.median_duration_s == 70
    assert (nightly.last_status, nightly.last_duration_s) == ("failed", 12)
    assert nightly.last_problem == "intake: OSError"
    assert nightly.last_succeeded_at == NOW - 2 * DAY + timedelta(seconds=90)
    assert (publish.runs, publish.success_percent, publish.median_duration_s) == (0, None, None)


def test_what_waits_is_added_up_over_all_feeds(health: Health) -> None:
    waits = health.backlog
    assert (waits.rows_open, waits.rows_overdue, waits.feeds_late) == (6, 2, 1)
    assert (waits.batches_waiting, waits.packs_not_in) == (1, 1)
    assert health.snapshot_age_s == 17 * 3600
    assert health.disk_bytes == {"landing": 2_500_000_000, "build": 512}
    assert health.disk_free_bytes == 6_000_000_000


def test_before_the_first_run_nothing_is_made_up() -> None:
    none = REPORT.model_copy(update={"snapshot": None, "feeds": [], "overall": None})
    health = health_of(none, RUNS.clear(), DISK.clear(), NOW)
    assert (health.jobs, health.snapshot_age_s, health.disk_free_bytes) == ([], None, 0)
    assert "ioc_snapshot_built_timestamp_seconds{" not in metrics_text(none, health)


def test_prometheus_reads_the_figures(health: Health) -> None:
    read = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics_text(REPORT, health))
        for sample in family.samples
    }
    p = ("profile", "hung_yen")
    a = (("agency", "so_a"), ("dataset", "test.x"), ("feed", "so_a/test.x"), p)
    b = (("agency", "so_b"), ("dataset", "test.y"), ("feed", "so_b/test.y"), p)
    assert read["ioc_feed_rows_received", *a] == 10
    assert read["ioc_feed_rows_accepted", *a] == 7
    assert read["ioc_feed_rows_open", *a] == 5
    assert read["ioc_feed_rows_overdue", *a] == 2
    assert (read["ioc_feed_late", *a], read["ioc_feed_late", *b]) == (0, 1)
    assert (read["ioc_feed_failing", *a], read["ioc_feed_failing", *b]) == (0, 1)
    assert read["ioc_feed_age_seconds", *a] == 60
    assert ("ioc_feed_age_seconds", *b) not in read  # it never had news
    score = (a[0], a[1], ("dimension", "correct"), a[2], p)
    assert read["ioc_feed_score", *score] == 99.5
    assert not any("so_c" in str(key) for key in read)  # only active feeds
    job = (("job", NIGHTLY), p)
    assert read["ioc_runs", *job] == 3
    assert read["ioc_last_run_succeeded", *job] == 0
    assert read["ioc_last_run_duration_seconds", *job] == 12
    ended = NOW - 2 * DAY + timedelta(seconds=90)
    assert read["ioc_last_success_timestamp_seconds", *job] == ended.timestamp()
    assert read["ioc_disk_bytes", ("area", "landing"), p] == 2_500_000_000
    assert read["ioc_disk_free_bytes", p] == 6_000_000_000
    built = NOW - timedelta(hours=17)
    assert read["ioc_snapshot_built_timestamp_seconds", p] == built.timestamp()
    assert read["ioc_score", p] == 98.5


def test_status_ends_with_runs_backlog_and_disk(
    health: Health, capsys: pytest.CaptureFixture[str]
) -> None:
    show.health(health)
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == [
        "nightly_refresh: 2 of 3 runs of 30 days succeeded, median 70 s, last failed "
        "2026-11-19 19:00 UTC after 12 s, intake: OSError",
        "publish: last succeeded 2026-10-20 19:01 UTC after 60 s",
        "waiting: batches to decide on: 1, returned packs not in: 1, late feeds: 1",
        "disk: 6.0 GB free; landing 2.5 GB, build 512 B",
    ]
