"""``ioc report``: issue a report, list what was issued and what is due."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, progress, stop

if TYPE_CHECKING:
    from ioc_pipelines.catalog.reports import Reports
    from ioc_pipelines.orchestration.deployment import Deployment

_MAKE = "make"


class _KindOrCommand(TyperGroup):
    """``ioc report monthly`` is ``ioc report make monthly``: kinds are the profile's own."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """What is no command is a kind."""
        is_kind = args and not args[0].startswith("-") and args[0] not in self.commands
        return super().resolve_command(ctx, [_MAKE, *args] if is_kind else args)


report = typer.Typer(
    no_args_is_help=True,
    cls=_KindOrCommand,
    help="Reports from the published warehouse: ioc report KIND --period 2025-10",
)


@report.command(_MAKE)
def make(
    kind: Annotated[str, typer.Argument(help="As `ioc report kinds` lists them: monthly")],
    period: Annotated[str, typer.Option(help="2025-10, 2025-Q4, 2025-H2 or 2025")],
    as_of: Annotated[
        str | None, typer.Option(help="As it was on a day: 2026-11-15, or a moment")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Copy the files there, too")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Issue a report as DOCX, PDF, XLSX and HTML; the same one again changes nothing."""
    from ioc_pipelines.orchestration.reporting import ReportError, issue
    from ioc_pipelines.serving.reports.facts import FactsError
    from ioc_pipelines.serving.reports.figures import MissingFigureError
    from ioc_pipelines.serving.reports.files import DifferentReportError
    from ioc_pipelines.serving.reports.periods import Period, PeriodError

    deployment = deployment_of(profile)
    try:
        issued = issue(deployment, kind, Period.parse(period), as_of=as_of)
    except (ReportError, PeriodError) as error:
        stop(str(error), code=2)
    except (FactsError, MissingFigureError, DifferentReportError) as error:
        stop(f"{kind} {period} is not issued: {error}", code=1)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for file in issued.folder.iterdir():
            shutil.copyfile(file, output / file.name)
    manifest = issued.manifest
    if as_json:
        told = manifest.model_dump(exclude={"figures"})
        print_json({**told, "figures": len(manifest.figures), "folder": str(issued.folder)})
        return
    progress(
        f"{'issued' if issued.is_new else 'issued before, the same'}: {manifest.subject}, "
        f"{len(manifest.figures)} figures of snapshot {manifest.snapshot_id}"
    )
    for name in sorted(manifest.files):
        typer.echo(str((output or issued.folder) / name))


@report.command("list")
def list_all(
    kind: Annotated[str | None, typer.Option(help="Only this kind")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Reports that were issued, the newest first."""
    from ioc_pipelines.serving import show

    deployment = deployment_of(profile)
    rows = sorted(
        deployment.ledger.table("report").to_dicts(), key=lambda row: row["issued_at"], reverse=True
    )
    rows = [row for row in rows if kind in (None, row["kind"])]
    told = [
        {
            **row,
            "folder": str(deployment.home.reports / row["kind"] / row["period"] / row["report_id"]),
        }
        for row in rows
    ]
    if as_json:
        print_json(told)
    elif not told:
        show.say("no report was issued yet: ioc report make monthly --period 2025-10")
    else:
        names = ("kind", "period", "issued_at", "as_of", "started_by", "figures", "restatements")
        show.table([*names, "folder"], [[row[n] for n in (*names, "folder")] for row in told])


@report.command("kinds")
def kinds(profile: Profile = None, as_json: Json = False) -> None:
    """The kinds of reports, of which periods, and when each is due."""
    from ioc_pipelines.serving import show

    reports = _reports(deployment_of(profile))
    told = [
        {
            "kind": kind.kind,
            "title_vi": kind.title_vi,
            "periods": list(kind.periods),
            "due": [due.model_dump(exclude_none=True) for due in kind.due],
            "on_event": list(kind.on_event),
        }
        for kind in reports.kinds
    ]
    if as_json:
        print_json(told)
        return
    show.table(
        ["kind", "title", "periods", "by itself"],
        [
            [
                kind.kind,
                kind.title_vi,
                ", ".join(kind.periods),
                ", ".join([*(due.every for due in kind.due), *kind.on_event]),
            ]
            for kind in reports.kinds
        ],
    )


@report.command("due")
def due(
    days: Annotated[int, typer.Option(help="How many days ahead", min=0, max=400)] = 31,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """What the calendar asks for in the next days, and what was not made on its day."""
    from contracts.base import VIETNAM
    from ioc_pipelines.orchestration.reporting import waiting
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.reports.calendar import due_between

    deployment = deployment_of(profile)
    reports = _reports(deployment)
    now = datetime.now(UTC)
    today: date = now.astimezone(VIETNAM).date()
    late = waiting(deployment, now)
    coming = due_between(reports, today + timedelta(days=1), today + timedelta(days=days))
    told = [
        {
            "due_on": one.due_on.isoformat(),
            "kind": one.kind,
            "period": one.period.code,
            "status": "coming"
            if one.due_on > today
            else "due"
            if one.due_on == today
            else "overdue",
        }
        for one in [*late, *coming]
    ]
    if as_json:
        print_json(told)
    elif not told:
        show.say(f"no report is due in the next {days} days")
    else:
        names = ("due_on", "kind", "period", "status")
        show.table(names, [[row[name] for name in names] for row in told])


def _reports(deployment: Deployment) -> Reports:
    from ioc_pipelines.orchestration.reporting import ReportError, reports_of

    try:
        return reports_of(deployment)
    except ReportError as error:
        _refuse(error)


def _refuse(error: Exception) -> NoReturn:
    stop(str(error), code=2)
