"""``ioc signoffs``: heads of agencies check what was supplied in a month, and sign it off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, progress, stop

if TYPE_CHECKING:
    import polars as pl

signoffs = typer.Typer(no_args_is_help=True, help="Months that heads of agencies sign off.")

AgencyCode = Annotated[str, typer.Argument(help="Code of the agency, as in sources/")]
Month = Annotated[str, typer.Argument(help="Month of the deliveries: 2026-11")]


@signoffs.command("list")
def list_all(
    everything: Annotated[bool, typer.Option("--all", help="Those signed too")] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """What is not signed: open, missing after its day, or outdated by what came since."""
    import polars as pl

    from ioc_pipelines.orchestration.signing import sign_offs_now

    found = sign_offs_now(deployment_of(profile), datetime.now(UTC))
    shown = found if everything else found.filter(pl.col("status") != "signed")
    _show(shown.drop("last_change_at"), as_json, nothing="nothing waits for a sign-off")


@signoffs.command("show")
def show_one(
    agency: AgencyCode, month: Month, profile: Profile = None, as_json: Json = False
) -> None:
    """What is to be checked: rows that came in the month, what is refused, the four scores."""
    from ioc_pipelines.orchestration.signing import SignOffRefusedError, supplied

    try:
        found = supplied(deployment_of(profile), agency, month)
    except SignOffRefusedError as error:
        stop(str(error), code=2)
    _show(found, as_json)


@signoffs.command("sign")
def sign(
    agency: AgencyCode,
    month: Month,
    note: Annotated[str, typer.Option(help="Number of the document; never published")] = "",
    profile: Profile = None,
) -> None:
    """Sign off what came in the month so far. On record with who, as the environment names them."""
    from ioc_pipelines.orchestration.signing import SignOffRefusedError, sign_off

    deployment = deployment_of(profile)
    try:
        sign_off(deployment, agency, month, note)
    except SignOffRefusedError as error:
        stop(str(error), code=2)
    progress(f"{agency} {month}: signed off by {deployment.actor}")


def _show(found: pl.DataFrame, as_json: bool, nothing: str = "") -> None:
    from ioc_pipelines.serving import show

    if as_json:
        print_json(found.to_dicts())
    elif found.is_empty():
        show.say(nothing)
    else:
        show.table(found.columns, found.rows())
