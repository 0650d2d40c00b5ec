"""``ioc quarantine``: refused rows, handed back and closed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_evidence import show_rows
from ioc_pipelines.cli_support import (
    Json,
    Profile,
    deployment_of,
    feed_of,
    print_json,
    progress,
    stop,
    unknown,
)

if TYPE_CHECKING:
    from ioc_pipelines.catalog.load import FeedEntry
    from ioc_pipelines.orchestration.deployment import Deployment

quarantine = typer.Typer(no_args_is_help=True, help="Rows that did not meet their contract.")

# of a batch on a terminal
_SHOWN = 50

BatchId = Annotated[str, typer.Argument(help="Batch id, as `ioc quarantine list` shows it")]


@quarantine.command("list")
def quarantine_list(
    feed: Annotated[str | None, typer.Option(help="Only this feed")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Refused rows of current batches and what is still open, by feed, rule and column."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.refusals import refusals_by_rule

    deployment = deployment_of(profile)
    known = [entry.id for entry in deployment.catalog.entries]
    if feed is not None and feed not in known:
        unknown("feed", feed, known)
    found = deployment.cases(datetime.now(UTC), feed)
    counted = refusals_by_rule(deployment.catalog, deployment.ledger, deployment.rows, found, feed)
    if as_json:
        print_json(counted.to_dicts())
        return
    show.table(counted.columns, counted.rows())


@quarantine.command("show")
def quarantine_show(
    batch: BatchId,
    rule: Annotated[str | None, typer.Option(help="Only rows that broke this rule")] = None,
    status: Annotated[str | None, typer.Option(help="Only rows of this status: open")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Rows at most; default: 50, with --json all")
    ] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="With values: what landed, what was made of it")
    ] = False,
    personal: Annotated[
        bool, typer.Option("--personal", help="With --evidence: personal columns unmasked")
    ] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Where each refused row of a batch stands, what is wrong with it and what became of it."""
    from ioc_pipelines.quality.cases import STATUSES
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.refusals import with_cases

    if personal and not evidence:
        stop("--personal says how --evidence is shown; without it no value is", code=2)
    if status is not None and status not in STATUSES:
        unknown("status", status, STATUSES)
    deployment = deployment_of(profile)
    known = _require_batch(deployment, batch)
    found = deployment.cases(datetime.now(UTC), known["feed"])
    refused = deployment.rows.quarantine.refusals(known["dataset"], [batch])
    refused = with_cases(refused, found)
    if rule:
        refused = refused.filter(refused["rule"] == rule)
    if status:
        refused = refused.filter(refused["status"] == status)
    if limit is None and not as_json:
        limit = _SHOWN
    chosen = refused if limit is None else refused.head(limit)
    if chosen.height < refused.height:
        progress(f"{chosen.height} of {refused.height} shown; more with --limit, all with --json")
    if evidence:
        show_rows(deployment, known["feed"], batch, chosen, personal=personal, as_json=as_json)
        return
    chosen = chosen.drop("batch_id", "feed", "has_key", "is_held_back")
    if as_json:
        print_json(chosen.to_dicts())
        return
    show.table(chosen.columns, chosen.rows())


@quarantine.command("export")
def quarantine_export(
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder to write to")],
    batch: Annotated[str | None, typer.Argument(help="Only this batch")] = None,
    feed: Annotated[str | None, typer.Option(help="Every batch of this feed")] = None,
    masked: Annotated[bool, typer.Option("--masked", help="Without personal data")] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Write the workbooks that agencies correct, and a page about each: of what is open."""
    from ioc_pipelines.orchestration.feedback import NoFeedbackError, feedback_of
    from ioc_pipelines.serving import show

    if (batch is None) == (feed is None):
        stop("name a batch, or a feed with --feed", code=2)
    deployment, now = deployment_of(profile), datetime.now(UTC)
    entry = feed_of(deployment, feed) if feed else _entry_of(deployment, str(batch))
    cases = deployment.cases(now, entry.id)
    open_ = cases.filter(cases["status"] == "open")["batch_id"].unique().sort().to_list()
    output.mkdir(parents=True, exist_ok=True)
    written: list[dict[str, Any]] = []
    for name in open_ if feed else [str(batch)]:
        try:
            found = feedback_of(deployment, entry, name, now, masked=masked)
        except NoFeedbackError as error:
            stop(str(error), code=1)
        for file, content in ((found.pack_name, found.pack), (found.page_name, found.page)):
            (output / file).write_bytes(content)
            written.append({"batch": name, "rows": found.rows, "file": str(output / file)})
    if as_json:
        print_json(written)
    elif not written:
        show.say("no open refused row")
    else:
        show.table(["batch", "rows", "file"], [list(row.values()) for row in written])


@quarantine.command("correct")
def quarantine_correct(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The pack, corrected")],
    feed: Annotated[str | None, typer.Option(help="Whose it is; else its guide says it")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Take a corrected pack, for feeds without a drop folder or packs that came by mail."""
    from ioc_pipelines.connectors.fetched import SourceFile
    from ioc_pipelines.intake.errors import FileRefusedError
    from ioc_pipelines.intake.returned import read_returned
    from ioc_pipelines.orchestration.delivery import deliver_correction
    from ioc_pipelines.orchestration.metadata import progress as told
    from ioc_pipelines.orchestration.receipts import send_receipt
    from ioc_pipelines.serving import show

    deployment = deployment_of(profile)
    if feed is None:
        try:
            feed = read_returned(file, file.name).feed
        except FileRefusedError as error:
            stop(str(error), code=1)
    if feed is None:
        stop(f"{file.name} does not say whose it is; name the feed: --feed", code=2)
    entry = feed_of(deployment, feed)
    source = SourceFile(file.name, file)
    report = deliver_correction(deployment, entry, "ioc quarantine", source, datetime.now(UTC))
    send_receipt(deployment, report)
    batch = report.batch
    if as_json:
        print_json(
            {
                "feed": entry.id,
                "outcome": report.outcome,
                "problem": report.detail.get("problem"),
                "batch": batch.batch_id if batch else None,
                "received": batch.rows_received if batch else 0,
                "accepted": batch.rows_accepted if batch else 0,
                "refused": batch.rows_quarantined if batch else 0,
            }
        )
    else:
        show.say(told(report))
    if not report.is_good:
        raise typer.Exit(1)
    progress("published with the next refresh")


@quarantine.command("close")
def quarantine_close(
    tickets: Annotated[list[str], typer.Argument(help="Tickets, as `show` has them")],
    reason: Annotated[str, typer.Option(help="Why, or the number of the document")],
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Close open refused rows that will not be corrected. On record under IOC_ACTOR."""
    from ioc_pipelines.serving import show

    deployment, now = deployment_of(profile), datetime.now(UTC)
    if not reason.strip():
        stop("closing needs its reason: --reason", code=2)
    cases = deployment.cases(now)
    known = set(cases.filter(cases["status"] == "open")["ticket"].to_list())
    wanted = list(dict.fromkeys(tickets))
    if missing := [ticket for ticket in wanted if ticket not in known]:
        stop(f"not open, or not known: {', '.join(missing)}; nothing was closed", code=2)
    deployment.closings.record(wanted, actor=deployment.actor, reason=reason.strip(), now=now)
    if as_json:
        print_json({"closed": wanted, "actor": deployment.actor, "reason": reason.strip()})
    else:
        show.say(f"closed by {deployment.actor}: {', '.join(wanted)}")


def _require_batch(deployment: Deployment, batch: str) -> dict[str, Any]:
    found = deployment.ledger.batches.get(batch)
    if found is None:
        stop(f"no batch '{batch}'; see `ioc quarantine list`", code=2)
    return found


def _entry_of(deployment: Deployment, batch: str) -> FeedEntry:
    return feed_of(deployment, _require_batch(deployment, batch)["feed"])
