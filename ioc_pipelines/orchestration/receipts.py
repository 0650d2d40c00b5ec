"""Hand back what became of a delivery: receipt and feedback pack to the outbox, a mail."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.returned import slug
from ioc_pipelines.orchestration.delivery import Report, recorded_report
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.feedback import Feedback, NoFeedbackError, feedback_of
from ioc_pipelines.orchestration.mailing import mail_feedback
from ioc_pipelines.orchestration.outbox import has_outbox, put_into_outbox
from ioc_pipelines.orchestration.pages import keep_feedback
from ioc_pipelines.orchestration.receipts_due import due, settle
from ioc_pipelines.orchestration.returning import CORRECTION
from ioc_pipelines.serving.receipt import Received, has_receipt, receipt
from ioc_pipelines.warehouse.quarantine import REFUSAL_SCHEMA

logger = logging.getLogger(__name__)


def send_receipt(deployment: Deployment, report: Report) -> None:
    """Tell the sender what became of the files and rows: in the outbox, by mail.

    What cannot be handed over is logged: the delivery itself is done and recorded. The agency sees
    its own rows in its own outbox; a mail, and what is kept here for operators, has personal
    columns masked.
    """
    if not has_receipt(report.outcome):
        return
    try:
        if has_outbox(report.entry):
            _to_outbox(deployment, report, _feedback(deployment, report, masked=False))
        shown = _feedback(deployment, report, masked=True)
        keep_feedback(deployment, report, shown)
        if shown is not None:
            mail_feedback(deployment, report, shown)
    except Exception as error:  # noqa: BLE001  a defect of one pack must not stop the province
        where = "".join(traceback.format_tb(error.__traceback__))
        logger.error("no feedback for %s: %s\n%s", report.entry.id, type(error).__name__, where)


def send_receipt_due(deployment: Deployment, entry: FeedEntry) -> None:
    """Send the receipt that a killed run still owed for a delivery that it had concluded."""
    delivery_id = due(deployment, entry)
    report = recorded_report(deployment, entry, delivery_id) if delivery_id else None
    if report is not None:
        send_receipt(deployment, report)
    settle(deployment, entry)


def _to_outbox(deployment: Deployment, report: Report, own: Feedback | None) -> None:
    # one receipt a feed, the newest: a delivery that is tried each night must not pile them up
    of = "can-sua-" if report.kind == CORRECTION else ""
    content = receipt(_received(report, own), _refusals(deployment, report))
    files: Mapping[str, bytes] = {f"bien-nhan-{of}{slug(report.entry.id)}.txt": content}
    if own is not None:
        files = {**files, own.pack_name: own.pack, own.page_name: own.page}
    try:
        put_into_outbox(deployment, report.entry, files)
    except SourceUnavailableError as error:
        logger.warning("no receipt for %s: %s", report.entry.id, error)


def _feedback(deployment: Deployment, report: Report, *, masked: bool) -> Feedback | None:
    """The feedback of a batch with refused rows, while any is open."""
    if report.batch is None or not report.batch.rows_quarantined:
        return None
    name, now = report.batch.batch_id, datetime.now(UTC)
    try:
        return feedback_of(deployment, report.entry, name, now, masked=masked)
    except NoFeedbackError:
        return None


def _received(report: Report, own: Feedback | None) -> Received:
    batch, feed = report.batch, report.entry.feed
    counts = None
    if batch:
        counts = (
            batch.rows_received,
            batch.rows_accepted,
            batch.rows_quarantined,
            batch.rows_duplicate,
        )
    return Received(
        feed.title_vi,
        report.entry.agency.name_vi,
        report.started_at,
        report.outcome,
        counts,
        report.detail,
        own.pack_name if own else None,
        _holding(report),
        is_correction=report.kind == CORRECTION,
        is_again="replays" in report.detail,
    )


def _holding(report: Report) -> list[tuple[str, str]]:
    """What holds the batch, in the officer's words."""
    if report.outcome != "held":
        return []
    holds = {rule.rule.id for rule in report.entry.required_contract().batch_rules() if rule.holds}
    return [
        (result.rule.message_vi, result.detail)
        for result in report.results
        if result.rule.id in holds and result.passed < result.evaluated
    ]


def _refusals(deployment: Deployment, report: Report) -> pl.DataFrame:
    if report.batch is None:
        return pl.DataFrame(schema=REFUSAL_SCHEMA)
    dataset = report.entry.feed.dataset
    return deployment.rows.quarantine.refusals(dataset, [report.batch.batch_id])
