"""``ioc alerts``: what is wrong with which indicator, since when, and who was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, stop

if TYPE_CHECKING:
    import polars as pl

    from ioc_pipelines.orchestration.deployment import Deployment

alerts = typer.Typer(no_args_is_help=True, help="Alerts about indicators.")

_SHOWN = ("alert_id", "status", "severity", "kinds", "name_vi", "unit_name")


@alerts.command("list")
def list_all(
    everything: Annotated[bool, typer.Option("--all", help="Those closed too")] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """What is wrong now, as the published warehouse says: the newest first."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.alert_text import sentence

    rows = _published(deployment_of(profile)).to_dicts()
    told = [
        {**row, "text_vi": sentence(row)} for row in rows if everything or row["status"] == "open"
    ]
    if as_json:
        print_json(told)
    elif not told:
        show.say("no alert is open")
    else:
        show.table(
            [*_SHOWN, "opened_at", "text_vi"],
            [
                [*(row[name] for name in _SHOWN), f"{row['opened_at']:%Y-%m-%d}", row["text_vi"]]
                for row in told
            ],
        )


@alerts.command("show")
def show_one(
    alert: Annotated[str, typer.Argument(help="alert_id, as `ioc alerts list` shows it")],
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """One alert with its history, and who was told of it."""
    import polars as pl

    from ioc_pipelines.orchestration.alerting import owners
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.alert_text import paragraph

    deployment = deployment_of(profile)
    found = _published(deployment).filter(alert_id=alert).to_dicts()
    if not found:
        stop(f"no alert '{alert}'; see `ioc alerts list --all`", code=2)
    ledger, is_it = deployment.ledger, pl.col("alert_id") == alert
    events = ledger.table("indicator_alert_event").filter(is_it).sort("event_no")
    told = ledger.table("alert_notification").filter(is_it).sort("notification_id")
    if as_json:
        history = {"events": events.to_dicts(), "notifications": told.to_dicts()}
        print_json({**found[0], **history})
        return
    show.say(paragraph(found[0], owners(deployment)))
    for frame, names in (
        (events, ["recorded_at", "event", "kinds", "severity", "period_start", "value", "bound"]),
        (told, ["tried_at", "sink", "event", "problem"]),
    ):
        if not frame.is_empty():
            show.table(names, frame.select(names).rows())


def _published(deployment: Deployment) -> pl.DataFrame:
    from ioc_pipelines.orchestration.alerting import NoAlertsError, published_alerts

    try:
        return published_alerts(deployment)
    except NoAlertsError as error:
        stop(str(error), code=1)
