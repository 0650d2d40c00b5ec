"""Figures of the pipeline as Prometheus text, for the node exporter's textfile collector (H64).

Names, units and labels follow the conventions of Prometheus: seconds, bytes, moments as Unix time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ioc_pipelines.serving.health import Health, JobHealth
from ioc_pipelines.serving.status import FeedStatus, StatusReport

_FEED: dict[str, tuple[str, Callable[[FeedStatus], float | None]]] = {
    "rows_received": ("Rows of the last judged delivery", lambda f: f.rows_received),
    "rows_accepted": ("Of these, rows that met their contract", lambda f: f.rows_accepted),
    "rows_quarantined": ("Of these, rows that were refused", lambda f: f.rows_quarantined),
    "rows_open": ("Refused rows not put right yet", lambda f: f.rows_open),
    "rows_overdue": ("Of these, rows past their deadline", lambda f: f.rows_overdue),
    "batches_waiting": ("Batches that a person must decide about", lambda f: len(f.waiting)),
    "age_seconds": ("Time since the last good news", lambda f: f.age_s),
    "late_after_seconds": ("Age from which the feed is late", lambda f: f.late_after_s),
    "late": ("1 when the feed is late", lambda f: f.is_late),
    "failing": ("1 when its last delivery failed", lambda f: bool(f.fault)),
}
_JOB: dict[str, tuple[str, Callable[[JobHealth], float | None]]] = {
    "runs": ("Ended runs of the last 30 days", lambda j: j.runs),
    "runs_succeeded": ("Of these, runs that succeeded", lambda j: j.succeeded),
    "last_run_succeeded": ("1 when the last run succeeded", lambda j: j.last_status == "succeeded"),
    "last_run_duration_seconds": ("Duration of the last run", lambda j: j.last_duration_s),
    "last_run_timestamp_seconds": ("End of the last run", lambda j: j.last_ended_at.timestamp()),
    "last_success_timestamp_seconds": (
        "End of the last run that succeeded",
        lambda j: j.last_succeeded_at.timestamp() if j.last_succeeded_at else None,
    ),
}


def metrics_text(report: StatusReport, health: Health) -> str:
    """All figures of one profile in Prometheus' text format; one that is not known is left out."""
    registry, profile = CollectorRegistry(), report.profile
    feeds = [feed for feed in report.feeds if feed.status == "active"]
    of_feeds = [(profile, feed.agency, feed.dataset, feed.feed) for feed in feeds]
    for name, (said, value_of) in _FEED.items():
        values = [value_of(feed) for feed in feeds]
        _gauge(registry, f"feed_{name}", said, ("agency", "dataset", "feed"), of_feeds, values)
    _gauge(
        registry,
        "feed_score",
        "Score of the last delivery, 0 to 100",
        ("agency", "dataset", "feed", "dimension"),
        [(*of, dimension) for of, f in zip(of_feeds, feeds, strict=True) for dimension in f.scores],
        [score for feed in feeds for score in feed.scores.values()],
    )
    of_jobs = [(profile, job.job) for job in health.jobs]
    for name, (said, figure_of) in _JOB.items():
        _gauge(registry, name, said, ("job",), of_jobs, [figure_of(job) for job in health.jobs])
    areas = [(profile, area) for area in health.disk_bytes]
    used = list(health.disk_bytes.values())
    _gauge(registry, "disk_bytes", "Bytes of a folder of the data root", ("area",), areas, used)
    built = report.snapshot.built_at.timestamp() if report.snapshot else None
    for name, said, value in (
        ("disk_free_bytes", "Bytes free on the disk of the data root", health.disk_free_bytes),
        ("snapshot_built_timestamp_seconds", "Beginning of the run that built it", built),
        ("score", "Mean score of all feeds, 0 to 100", report.overall),
    ):
        _gauge(registry, name, said, (), [(profile,)], [value])
    return generate_latest(registry).decode()


def _gauge(
    registry: CollectorRegistry,
    name: str,
    said: str,
    labels: Sequence[str],
    of: Sequence[tuple[str, ...]],
    values: Sequence[float | None],
) -> None:
    gauge = Gauge(f"ioc_{name}", said, ("profile", *labels), registry=registry)
    for label, value in zip(of, values, strict=True):
        if value is not None:
            gauge.labels(*label).set(value)
