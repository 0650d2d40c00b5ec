"""``ioc complaints``: complaints about published values, and the answers to them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, progress, stop

if TYPE_CHECKING:
    from ioc_pipelines.ledger.complaints import Complaint
    from ioc_pipelines.orchestration.deployment import Deployment

complaints = typer.Typer(no_args_is_help=True, help="Complaints about published values.")

Reference = Annotated[str, typer.Argument(help="Reference, as `ioc complaints list` shows it")]


@complaints.command("add")
def add(
    indicator: Annotated[str, typer.Option(help="Code, as in marts.indicator")],
    period_start: Annotated[str, typer.Option(help="First day of the period, 2026-10-01")],
    unit: Annotated[str, typer.Option(help="unit_id, as in core.dim_admin_unit")],
    text: Annotated[str, typer.Option(help="What is wrong; never published")],
    complainant: Annotated[
        str, typer.Option("--from", help="Who complains: a letter's number, an office")
    ] = "",
    period_type: Annotated[str | None, typer.Option(help="month, year, … if several begin")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Write a complaint down; it goes to every agency that supplied the value."""
    from ioc_pipelines.orchestration.complaining import ComplaintRefusedError, complain

    deployment = deployment_of(profile)
    day = _day(period_start)
    try:
        done = complain(
            deployment, indicator, day, unit, text, complainant=complainant, period_type=period_type
        )
    except ComplaintRefusedError as error:
        stop(str(error), code=1)
    progress(f"{done.reference}: {', '.join(done.agencies)} to answer by {done.due_at:%Y-%m-%d}")
    told = _notify(deployment, done)
    if as_json:
        print_json(_facts(done) | {"told": told})
    else:
        typer.echo(done.reference)


@complaints.command("list")
def complaints_list(
    everything: Annotated[bool, typer.Option("--all", help="Those answered too")] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """The open complaints: about what, whose to answer, until when."""
    from ioc_pipelines.serving import show

    known = deployment_of(profile).complaints.all()
    rows = [_facts(c) for c in known if everything or c.status == "open"]
    if as_json:
        print_json(rows)
    elif not rows:
        show.say("no complaint is open")
    else:
        shown = ("reference", "status", "due_at", "agencies", "indicator", "period_start", "unit")
        show.table(list(shown), [[str(row[name]) for name in shown] for row in rows])


@complaints.command("show")
def show_one(reference: Reference, profile: Profile = None, as_json: Json = False) -> None:
    """One complaint with its text and answer: for who answers it, may hold personal data."""
    from ioc_pipelines.orchestration.complaining import ComplaintRefusedError, complaint_of

    try:
        found = complaint_of(deployment_of(profile), reference)
    except ComplaintRefusedError as error:
        stop(str(error), code=2)
    facts = _facts(found) | {
        "from": found.complainant,
        "text": found.text,
        "outcome": found.outcome,
        "sources": [vars(supply) for supply in found.supplies],
    }
    if as_json:
        print_json(facts)
    else:
        typer.echo("\n".join(f"{name}: {value}" for name, value in facts.items()))


@complaints.command("answer")
def answer_one(
    reference: Reference,
    outcome: Annotated[str, typer.Option(help="What came of it; never published")],
    accepted: Annotated[bool, typer.Option("--accepted", help="It was right")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="It was not")] = False,
    profile: Profile = None,
) -> None:
    """Answer a complaint. On record with who answered, as the environment names them."""
    from ioc_pipelines.orchestration.complaining import ComplaintRefusedError, answer

    if accepted == rejected:
        stop("say whether it was right, by one of --accepted and --rejected", code=2)
    deployment = deployment_of(profile)
    try:
        done = answer(deployment, reference, "accepted" if accepted else "rejected", outcome)
    except ComplaintRefusedError as error:
        stop(str(error), code=1)
    progress(f"{reference}: {done.status} by {deployment.actor}")
    _notify(deployment, done)
    if accepted:
        progress("the agency sends the value again, or it is a known error: docs/corrections.md")


@complaints.command("send")
def send(reference: Reference, profile: Profile = None, as_json: Json = False) -> None:
    """Tell the feeds' officers again, where it did not work; a mail that was taken is not sent."""
    from ioc_pipelines.orchestration.complaining import ComplaintRefusedError, complaint_of

    deployment = deployment_of(profile)
    try:
        found = complaint_of(deployment, reference)
    except ComplaintRefusedError as error:
        stop(str(error), code=2)
    told = _notify(deployment, found)
    if as_json:
        print_json(told)
    if any(one["problem"] for one in told):
        raise typer.Exit(1)


def _notify(deployment: Deployment, complaint: Complaint) -> list[dict[str, str]]:
    """Send the notices and say who was told in which way."""
    from ioc_pipelines.orchestration.noticing import send_notices

    told = send_notices(deployment, complaint)
    for one in told:
        if one.way == "nowhere":
            progress(f"{one.feed}: no outbox and no address, tell the agency yourself")
        elif one.problem:
            again = f"again with `ioc complaints send {complaint.reference}`"
            progress(f"{one.feed}: {one.way} failed: {one.problem}; {again}")
        else:
            progress(f"{one.feed}: told by {one.way}")
    return [vars(one) for one in told]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        stop(f"'{text}' is not a day; write 2026-10-01", code=2)


def _facts(complaint: Complaint) -> dict[str, Any]:
    """What may be shown anywhere: nothing that a person wrote."""
    subject = complaint.subject
    return {
        "reference": complaint.reference,
        "status": complaint.status,
        "opened_at": complaint.opened_at.isoformat(timespec="minutes"),
        "due_at": complaint.due_at.isoformat(timespec="minutes"),
        "answered_at": complaint.answered_at
        and complaint.answered_at.isoformat(timespec="minutes"),
        "is_overdue": (complaint.answered_at or datetime.now(UTC)) > complaint.due_at,
        "agencies": ", ".join(complaint.agencies),
        "indicator": subject.indicator_code,
        "period_start": subject.period_start,
        "unit": subject.unit_id,
        "value": subject.value,
        "snapshot": subject.snapshot_id,
    }
