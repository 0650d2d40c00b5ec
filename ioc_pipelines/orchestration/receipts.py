"""Send the receipt of a delivery to the outbox of its feed."""

from __future__ import annotations

import logging

import polars as pl

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.outbox import send_back
from ioc_pipelines.connectors.within import within
from ioc_pipelines.orchestration.delivery import Report
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.serving.receipt import Received, has_receipt, receipt
from ioc_pipelines.warehouse.rows import REFUSAL_SCHEMA

logger = logging.getLogger(__name__)


def send_receipt(deployment: Deployment, report: Report) -> None:
    """Tell the sender what became of the files, where the feed has an outbox.

    An outbox that cannot be written to is logged: the delivery itself is done and recorded.
    """
    connector = report.entry.feed.connector
    if not isinstance(connector, FilesConnector | SftpConnector) or connector.outbox is None:
        return
    if not has_receipt(report.outcome):
        return
    content = receipt(_received(report), _refusals(deployment, report))
    # one receipt a feed, the newest: a delivery that is tried each night must not pile them up
    name = f"bien-nhan-{report.entry.id.split('/', 1)[1].replace('/', '-')}.txt"
    try:
        within(
            connector.timeout_s,
            lambda: send_back(connector, deployment.environment, name, content),
        )
    except SourceUnavailableError as error:
        logger.warning("no receipt for %s: %s", report.entry.id, error)


def _received(report: Report) -> Received:
    batch, feed = report.batch, report.entry.feed
    counts = None
    if batch:
        counts = (
            batch.rows_received,
            batch.rows_accepted,
            batch.rows_quarantined,
            batch.rows_duplicate,
        )
    agency = report.entry.agency.name_vi
    return Received(feed.title_vi, agency, report.started_at, report.outcome, counts, report.detail)


def _refusals(deployment: Deployment, report: Report) -> pl.DataFrame:
    if report.batch is None:
        return pl.DataFrame(schema=REFUSAL_SCHEMA)
    return deployment.rows.refusals([report.batch.batch_id])
