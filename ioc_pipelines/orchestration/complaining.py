"""A complaint about a published value goes to the agencies that supplied it (H58)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ioc_pipelines.catalog.models import ANSWER_DAYS, Profile
from ioc_pipelines.ledger.complaints import Answer, Complaint, Subject, Supply
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.warehouse.published_value import NoSuchValueError, published_value


class ComplaintRefusedError(ValueError):
    """A complaint about nothing that is published, or an answer to none that is open."""


def answer_days(profile: Profile) -> int:
    """Days that an agency has to answer a complaint."""
    return profile.deadlines.complaint_days if profile.deadlines else ANSWER_DAYS


def complain(
    deployment: Deployment,
    indicator: str,
    period_start: date,
    unit_id: str,
    text: str,
    *,
    complainant: str = "",
    period_type: str | None = None,
) -> Complaint:
    """Write a complaint down and route it: to every agency that the value was counted from.

    ``complainant`` is a free reference, such as a letter's number; it and ``text`` stay private.
    Raises ComplaintRefusedError when no such value is published or nothing is said.
    """
    if not text.strip():
        msg = "a complaint says what is wrong: --text"
        raise ComplaintRefusedError(msg)
    try:
        found = published_value(deployment.home, indicator, period_start, unit_id, period_type)
    except NoSuchValueError as error:
        raise ComplaintRefusedError(str(error)) from error
    agencies = {entry.id: entry.agency.code for entry in deployment.catalog.entries}
    supplies = [
        # a feed that the catalog no longer has is still named after its agency
        Supply(feed, batch, agencies.get(feed, feed.split("/")[0]))
        for feed, batch in found.sources
    ]
    subject = Subject(
        indicator,
        found.period_type,
        period_start.isoformat(),
        unit_id,
        found.snapshot_id,
        found.value,
    )
    now = datetime.now(UTC)
    reference = deployment.complaints.add(
        subject,
        supplies,
        text=text.strip(),
        complainant=complainant.strip(),
        actor=deployment.actor,
        now=now,
        due_at=now + timedelta(days=answer_days(deployment.catalog.profile)),
    )
    return complaint_of(deployment, reference)


def complaint_of(deployment: Deployment, reference: str) -> Complaint:
    """The complaint of that reference. Raises ComplaintRefusedError when there is none."""
    found = {known.reference: known for known in deployment.complaints.all()}.get(reference)
    if found is None:
        msg = f"no complaint '{reference}'; see `ioc complaints list`"
        raise ComplaintRefusedError(msg)
    return found


def answer(deployment: Deployment, reference: str, given: Answer, outcome: str) -> Complaint:
    """Answer an open complaint.

    Raises ComplaintRefusedError when it is not open or the outcome is not said.
    """
    if not outcome.strip():
        msg = "an answer says what came of it: --outcome"
        raise ComplaintRefusedError(msg)
    known = complaint_of(deployment, reference)
    done = deployment.complaints.answer(
        reference, given, outcome=outcome.strip(), actor=deployment.actor, now=datetime.now(UTC)
    )
    if not done:
        msg = f"{reference} is answered already: {known.status}"
        raise ComplaintRefusedError(msg)
    return complaint_of(deployment, reference)
