"""Tell who is to be told of alerts about indicators, after a snapshot is published (H40)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from ioc_pipelines.catalog.models import AlertSink
from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.telling import hand_over
from ioc_pipelines.quality.alert_notices import notices_due
from ioc_pipelines.serving.alert_text import body_of, title_of
from ioc_pipelines.warehouse.alerts import alerts_of
from ioc_pipelines.warehouse.snapshots import SnapshotManifest, published_id

logger = logging.getLogger(__name__)

ALERT_FILES = Path("reports", "alerts")


class NoAlertsError(LookupError):
    """Nothing is published yet, or from before there were alerts."""


def published_alerts(deployment: Deployment) -> pl.DataFrame:
    """``marts.indicator_alert`` as analysts read it now. Raises NoAlertsError before any is."""
    path = deployment.home.published / PUBLISHED_FILE
    found = alerts_of(path) if published_id(deployment.home) else None
    if found is None:
        msg = "what is published has no alerts yet: run `ioc refresh`"
        raise NoAlertsError(msg)
    return found


@dataclass(frozen=True)
class Told:
    """How many alerts the sinks were told of, and which sinks could not be."""

    notices: int
    failed_sinks: tuple[str, ...]


def tell_of_alerts(
    deployment: Deployment, manifest: SnapshotManifest, path: Path, now: datetime
) -> Told:
    """Tell every sink what it does not know yet of the alerts in a published file.

    One message each. A sink that fails is recorded, keeps nobody else from being told, and is
    tried again after the next refresh.
    """
    alerts = alerts_of(path)
    if alerts is None:
        return Told(0, ())
    told = deployment.ledger.table("alert_notification")
    notices, failed = 0, []
    for sink in deployment.catalog.profile.alert_sinks:
        due = notices_due(alerts, told, sink)
        if due.is_empty():
            continue
        problem = _tell(deployment, sink, due, manifest)
        deployment.alerts.record_told(
            sink.name, due.select("alert_id", "event").rows(), problem=problem, now=now
        )
        if problem:
            logger.warning("%s was not told of %d alerts: %s", sink.name, due.height, problem)
            failed.append(sink.name)
        else:
            notices += due.height
    return Told(notices, tuple(failed))


def _tell(
    deployment: Deployment, sink: AlertSink, due: pl.DataFrame, manifest: SnapshotManifest
) -> str:
    """Hand the message over; what kept it from being, empty when nothing did."""
    rows = due.to_dicts()
    title = title_of(deployment.catalog.profile.title_vi, rows)
    body = body_of(rows, owners(deployment), manifest.built_at)
    return hand_over(
        deployment,
        sink,
        folder=ALERT_FILES,
        name=f"canh-bao-{manifest.snapshot_id}.txt",
        title=title,
        body=body,
    )


def owners(deployment: Deployment) -> dict[str, str]:
    """Names of the agencies by their codes."""
    return {e.agency.code: e.agency.name_vi for e in deployment.catalog.entries}
