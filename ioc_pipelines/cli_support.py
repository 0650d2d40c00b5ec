"""What the groups of the ``ioc`` command share: options, the deployment, how it ends."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ioc_pipelines.log_lines import line_formatter

if TYPE_CHECKING:
    from ioc_pipelines.catalog.load import FeedEntry
    from ioc_pipelines.orchestration.deployment import Deployment

Profile = Annotated[
    str | None, typer.Option(help="Profile in sources/; default: IOC_PROFILE, else hung_yen")
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout")]


def deployment_of(profile: str | None) -> Deployment:
    """The deployment of a profile; an unknown one ends the command."""
    from ioc_pipelines.orchestration.deployment import Deployment, UnknownProfileError

    try:
        return Deployment.of(profile)
    except UnknownProfileError as error:
        stop(str(error), code=2)


def feed_of(deployment: Deployment, feed: str) -> FeedEntry:
    """The active feed of that id; an unknown one ends the command."""
    entries = {entry.id: entry for entry in deployment.catalog.active}
    if feed not in entries:
        unknown("feed", feed, entries)
    return entries[feed]


def unknown(kind: str, given: str, known: Any) -> NoReturn:
    """End the command: there is no such thing, but there are these."""
    stop(f"no {kind} '{given}'; there are: {', '.join(sorted(known))}", code=2)


def stop(message: str, *, code: int) -> NoReturn:
    """End the command with a message on stderr."""
    typer.echo(message, err=True)
    raise SystemExit(code)


def progress(message: str) -> None:
    """Say on stderr what is being done."""
    record = logging.LogRecord("ioc", logging.INFO, "", 0, message, None, None)
    typer.echo(line_formatter().format(record), err=True)


def print_json(value: Any) -> None:
    """The machine-readable answer."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))
