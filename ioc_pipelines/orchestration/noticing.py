"""Tell the officers of the feeds that a value was counted from of a complaint about it (H58)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.returned import slug
from ioc_pipelines.ledger.complaints import Complaint
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.outbox import has_outbox, put_into_outbox
from ioc_pipelines.serving.complaint_notice import Notice, notice_file, notice_html
from ioc_pipelines.serving.feedback.mail import send_mail
from ioc_pipelines.serving.messages import NotSentError
from ioc_pipelines.warehouse.published_value import names_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """One way in which the officer of a feed was told; ``problem`` is empty when it worked.

    ``nowhere``: the feed has neither outbox nor address, or is no more: somebody has to call.
    """

    feed: str
    way: Literal["outbox", "mail", "nowhere"]
    problem: str = ""


def send_notices(deployment: Deployment, complaint: Complaint) -> list[Told]:
    """Put the notice into the outbox of each feed, and mail it; once more when it is answered.

    Sent again it takes the place of the one before; a mail that was taken is not repeated. What
    cannot be handed over is told and logged: the complaint is on record.
    """
    entries = {entry.id: entry for entry in deployment.catalog.entries}
    told: list[Told] = []
    for feed in dict.fromkeys(supply.feed for supply in complaint.supplies):
        entry = entries.get(feed)
        ways = [] if entry is None else list(_sent(deployment, entry, complaint))
        told += ways or [Told(feed, "nowhere")]
    for one in told:
        if one.problem:
            logger.warning("no notice for %s by %s: %s", one.feed, one.way, one.problem)
    return told


def _sent(deployment: Deployment, entry: FeedEntry, complaint: Complaint) -> Iterator[Told]:
    notice = _notice(deployment, entry, complaint)
    if has_outbox(entry):
        name = f"kien-nghi-{slug(entry.id)}-{complaint.reference}.txt"
        problem = ""
        try:
            put_into_outbox(deployment, entry, {name: notice_file(notice)})
        except SourceUnavailableError as error:
            problem = str(error)
        yield Told(entry.id, "outbox", problem)
    mail, person = deployment.catalog.profile.mail, entry.feed.focal_point
    if mail is not None and person.email_env is not None:
        yield _mailed(deployment, entry, notice, mail.url_env, person.email_env)


def _mailed(
    deployment: Deployment, entry: FeedEntry, notice: Notice, server_env: str, address_env: str
) -> Told:
    # of several feeds of one complaint each has its own mail
    about = f"{notice.reference} {notice.status} {entry.id}"
    if deployment.mailings.is_sent(about):
        return Told(entry.id, "mail")
    problem = ""
    try:
        send_mail(
            deployment.environment.get(server_env, ""),
            deployment.environment.get(address_env, ""),
            notice.subject,
            notice_html(notice),
            {},
        )
    except NotSentError as error:
        problem = str(error)
    deployment.mailings.record(entry.id, about, problem=problem, now=datetime.now(UTC))
    return Told(entry.id, "mail", problem)


def _notice(deployment: Deployment, entry: FeedEntry, complaint: Complaint) -> Notice:
    subject = complaint.subject
    names = names_of(deployment.home, subject.indicator_code, subject.unit_id)
    return Notice(
        reference=complaint.reference,
        status=complaint.status,
        indicator=names.indicator,
        unit=names.unit,
        period_type=subject.period_type,
        period_start=date.fromisoformat(subject.period_start),
        value=subject.value,
        measured_in=names.measured_in,
        feed_vi=entry.feed.title_vi,
        agency_vi=entry.agency.name_vi,
        batches=tuple(s.batch_id for s in complaint.supplies if s.feed == entry.id),
        opened_at=complaint.opened_at,
        due_at=complaint.due_at,
    )
