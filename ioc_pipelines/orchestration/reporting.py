"""Issue a report: choose its snapshot, keep that, render, write down (H14, H61, B25)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from contracts.base import VIETNAM
from ioc_pipelines.catalog.reports import ReportKind, Reports
from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.known_then import moment_of
from ioc_pipelines.serving.reports.calendar import DueReport, unmade
from ioc_pipelines.serving.reports.compose import compose
from ioc_pipelines.serving.reports.facts import read_facts
from ioc_pipelines.serving.reports.files import ReportManifest, keep, rendered
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.warehouse.pins import pin, unpin
from ioc_pipelines.warehouse.snapshots import (
    SnapshotManifest,
    published_id,
    read_manifest,
    snapshot_ids,
)

StartedBy = Literal["schedule", "event", "hand"]


class ReportError(ValueError):
    """A report cannot be issued. The message says why and what to do."""


@dataclass(frozen=True)
class Issued:
    """A report on disk; ``is_new`` unless it had been issued before."""

    manifest: ReportManifest
    folder: Path
    is_new: bool


def reports_of(deployment: Deployment) -> Reports:
    """What the profile says of reports. Raises ReportError when it says nothing."""
    if deployment.catalog.reports is None:
        msg = f"no reports in sources/{deployment.home.profile}/reports.yaml"
        raise ReportError(msg)
    return deployment.catalog.reports


def kind_of(reports: Reports, name: str) -> ReportKind:
    """A kind by its name. Raises ReportError naming those there are."""
    known = {kind.kind: kind for kind in reports.kinds}
    if name not in known:
        msg = f"no report '{name}'; there are: {', '.join(sorted(known))}"
        raise ReportError(msg)
    return known[name]


def issue(
    deployment: Deployment,
    name: str,
    period: Period,
    *,
    as_of: str | None = None,
    started_by: StartedBy = "hand",
) -> Issued:
    """Make a report and write it down; the same one again changes nothing.

    ``as_of`` is a day or moment: the report is that of the snapshot that was published then.
    Raises ReportError, PeriodError, MissingFigureError, FactsError or DifferentReportError.
    """
    reports = reports_of(deployment)
    kind = kind_of(reports, name)
    if period.kind not in kind.periods:
        msg = f"{name} is not made of a {period.kind}, but of: {', '.join(kind.periods)}"
        raise ReportError(msg)
    snapshot = snapshot_at(deployment, as_of)
    if period.start > snapshot.built_at.astimezone(VIETNAM).date():
        msg = f"{period.code} had not begun when snapshot {snapshot.snapshot_id} was built"
        raise ReportError(msg)
    with _kept(deployment, snapshot.snapshot_id, kind, period):
        facts = read_facts(
            deployment.home.snapshots / snapshot.snapshot_id / PUBLISHED_FILE,
            province_code=reports.province_code,
            period=period,
            indicators=kind.indicators(),
        )
        manifest, files = rendered(kind, compose(kind, reports.issuer, facts, period))
        folder = report_folder(deployment, manifest)
        is_new = keep(folder, manifest, files)
    deployment.reports.record(
        manifest.report_id,
        kind=kind.kind,
        title_vi=kind.title_vi,
        period=period.code,
        snapshot_id=snapshot.snapshot_id,
        as_of=snapshot.built_at,
        started_by=started_by,
        actor=deployment.actor,
        figures=len(manifest.figures),
        restatements=manifest.restatements,
        manifest_sha256=hashlib.sha256(manifest.model_dump_json(indent=1).encode()).hexdigest(),
        now=datetime.now(UTC),
    )
    return Issued(manifest, folder, is_new)


@contextmanager
def _kept(
    deployment: Deployment, snapshot_id: str, kind: ReportKind, period: Period
) -> Iterator[None]:
    """Keep a snapshot from before it is read; let it go when no report came of it."""
    home, holder = deployment.home, f"report.{kind.kind}.{period.code.lower()}"
    pin(home, snapshot_id, holder, f"report {kind.kind} {period.code}")
    try:
        yield
    finally:
        if not any((home.reports / kind.kind / period.code).glob(f"{snapshot_id}-*")):
            unpin(home, snapshot_id, holder)


def report_folder(deployment: Deployment, manifest: ReportManifest) -> Path:
    """Where a report is kept."""
    return deployment.home.reports / manifest.kind / manifest.period / manifest.report_id


def snapshot_at(deployment: Deployment, as_of: str | None) -> SnapshotManifest:
    """The published snapshot, or the newest one on disk that was built by a day or moment.

    Raises ReportError when there is none.
    """
    home = deployment.home
    if as_of is None:
        published = published_id(home)
        if published is None:
            msg = "nothing is published yet: run `ioc refresh`"
            raise ReportError(msg)
        return read_manifest(home, published)
    try:
        moment = moment_of(as_of)
    except ValueError:
        msg = f"'{as_of}' is no day or moment: write 2026-11-15 or 2026-11-15T18:00"
        raise ReportError(msg) from None
    known = [read_manifest(home, one) for one in snapshot_ids(home)]
    by_then = [one for one in known if one.built_at <= moment]
    if not by_then:
        kept = ", ".join(f"{one.built_at.astimezone(VIETNAM):%Y-%m-%d %H:%M}" for one in known)
        msg = (
            f"no snapshot that was built by {as_of} is kept; there are those of {kept or 'none'}. "
            "What was known then without a report is in marts.indicator_value_recorded"
        )
        raise ReportError(msg)
    return max(by_then, key=lambda one: (one.built_at, one.snapshot_id))


def waiting(deployment: Deployment, now: datetime) -> list[DueReport]:
    """What is due by the calendar and not issued since its day."""
    issued = deployment.ledger.table("report")
    return unmade(reports_of(deployment), issued, now.astimezone(VIETNAM).date())
