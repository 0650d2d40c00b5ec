"""The ``ioc`` command. Thin: it reads options, calls one function, shows the answer.

Results go to stdout, progress to stderr. Exit codes: 0 done, 1 it could not be done, 2 wrong usage.
Heavy modules are imported where they are used: ``ioc --help`` must not wait for Dagster.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ioc_pipelines.catalog.errors import CatalogError
from ioc_pipelines.cli_alerts import alerts
from ioc_pipelines.cli_approvals import approvals
from ioc_pipelines.cli_backup import backup
from ioc_pipelines.cli_complaints import complaints
from ioc_pipelines.cli_contracts import contracts
from ioc_pipelines.cli_feed import feed
from ioc_pipelines.cli_ledger import ledger
from ioc_pipelines.cli_map import map_
from ioc_pipelines.cli_new_dataset import new_dataset
from ioc_pipelines.cli_quarantine import quarantine
from ioc_pipelines.cli_query import query
from ioc_pipelines.cli_replay import show_dry_run
from ioc_pipelines.cli_report import report
from ioc_pipelines.cli_sandbox import sandbox
from ioc_pipelines.cli_serve import serve
from ioc_pipelines.cli_services import daemon, dev, webserver
from ioc_pipelines.cli_signoffs import signoffs
from ioc_pipelines.cli_snapshots import snapshots
from ioc_pipelines.cli_support import (
    Json,
    Profile,
    deployment_of,
    print_json,
    progress,
    stop,
    unknown,
)
from ioc_pipelines.cli_units import units
from ioc_pipelines.durable import DiskFullError, is_of_full_disk
from ioc_pipelines.home import DatabaseSettingError, Home
from ioc_pipelines.log_lines import LogFormatError, line_formatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ioc_pipelines.catalog.load import FeedEntry
    from ioc_pipelines.orchestration.deployment import Deployment
    from ioc_pipelines.orchestration.run import RunResult
    from ioc_pipelines.serving.health import Health
    from ioc_pipelines.serving.status import StatusReport

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The data backbone of a provincial IOC."
)
for name, group in (
    ("feed", feed),
    ("alerts", alerts),
    ("ledger", ledger),
    ("map", map_),
    ("approvals", approvals),
    ("complaints", complaints),
    ("quarantine", quarantine),
    ("report", report),
    ("signoffs", signoffs),
    ("snapshots", snapshots),
    ("backup", backup),
    ("contracts", contracts),
    ("sandbox", sandbox),
    ("units", units),
):
    app.add_typer(group, name=name)
app.command("new-dataset")(new_dataset)
for service in (dev, daemon, webserver, query, serve):
    app.command()(service)


def main() -> None:
    """Run the command; a known problem is one clear message, not a traceback."""
    try:
        _log_in_one_form()
        app()
    except Exception as error:
        code = _code_of_known(error)
        if code is None:
            raise
        stop(_explained(error), code=code)


def _log_in_one_form() -> None:
    """What libraries warn of is written as the program's own lines are. Raises LogFormatError."""
    handler = logging.StreamHandler()
    handler.setFormatter(line_formatter())
    handler.setLevel(logging.WARNING)  # some set a lower one for themselves
    logging.basicConfig(handlers=[handler])


def _explained(error: Exception) -> str:
    """What an operator is told of a known problem."""
    root = Home.of().root
    if is_of_full_disk(error, root) and not isinstance(error, DiskFullError):
        return str(DiskFullError(root))
    return str(error)


def _code_of_known(error: Exception) -> int | None:
    """The exit code of a problem that its message explains; None of an error of ours."""
    from alembic.util.exc import CommandError

    from ioc_pipelines.ledger.moving import MoveError
    from ioc_pipelines.ledger.upgrades import UpgradeError
    from ioc_pipelines.sandbox.process import SandboxError
    from ioc_pipelines.warehouse.as_of import AsOfError
    from ioc_pipelines.warehouse.backup.manifest import BackupError
    from ioc_pipelines.warehouse.snapshots import SnapshotError

    if isinstance(error, CatalogError | DatabaseSettingError | LogFormatError):
        return 2
    if is_of_full_disk(error, Home.of().root):
        return 1
    ours = (SandboxError, SnapshotError, AsOfError, BackupError, UpgradeError, MoveError)
    known = (*ours, CommandError)  # alembic's: a ledger of a newer version
    return 1 if isinstance(error, known) else None


@app.command()
def refresh(
    profile: Profile = None,
    agency: Annotated[
        list[str] | None, typer.Option(help="Only this agency's feeds; may be repeated")
    ] = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only feeds of this dataset; may be repeated")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only changes since, 2026-11-01")] = None,
    until: Annotated[str | None, typer.Option(help="Only changes before, 2026-11-15")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Only build the marts as known at the end of this day, 2026-11-15, or at this "
            "moment, 2026-11-15T08:00; fetches and publishes nothing"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the nightly refresh: fetch, check, build, publish."""
    _require_moments(since, until, as_of)
    started = time.monotonic()
    deployment = deployment_of(profile)
    if as_of:
        if agency or dataset or since or until:
            stop("--as-of builds the whole warehouse: it goes with none of the others", code=2)
        _build_as_of(deployment, as_of, as_json)
        return
    entries = _chosen(deployment, agency, dataset)
    progress(f"refresh of {deployment.home.profile}: {len(entries)} feeds")
    from ioc_pipelines.orchestration.run import refresh as run_refresh

    result = run_refresh(deployment, entries, since=since, until=until)
    _summary(deployment, entries, result, time.monotonic() - started, as_json)


@app.command()
def reprocess(
    feed: Annotated[str | None, typer.Argument(help="Feed id, as `ioc status` shows it")] = None,
    batch: Annotated[str | None, typer.Option(help="Only this batch of the feed")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; writes nothing")
    ] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Judge landed deliveries again, after a layout or contract was mended. Fetches nothing."""
    started = time.monotonic()
    deployment = deployment_of(profile)
    entries = list(deployment.catalog.active)
    if feed is not None:
        entries = [entry for entry in entries if entry.id == feed]
        if not entries:
            unknown("feed", feed, [entry.id for entry in deployment.catalog.active])
    if batch and not deployment.ledger.batches.get(batch):
        stop(f"no batch '{batch}'; `ioc status` shows the current ones", code=2)
    if dry_run:
        show_dry_run(deployment, entries, batch, as_json)
    from ioc_pipelines.orchestration.run import replay

    result = replay(deployment, entries, batch_id=batch)
    _summary(deployment, entries, result, time.monotonic() - started, as_json)


@app.command()
def status(profile: Profile = None, as_json: Json = False) -> None:
    """Where every feed stands: last delivery, rows, what is open, scores and why, age."""
    from ioc_pipelines.serving import show

    deployment = deployment_of(profile)
    report = _status_of(deployment)
    health = _health_of(deployment, report)
    if as_json:
        told = report.model_dump(mode="json")
        print_json({**told, "health": health.model_dump(mode="json")})
        return
    published = "nothing published yet"
    if snapshot := report.snapshot:
        published = f"snapshot {snapshot.id}, built {snapshot.built_at:%Y-%m-%d %H:%M} UTC"
    show.say(f"{report.profile}: {published}")
    show.status(report)
    show.health(health)


@app.command()
def metrics(
    profile: Profile = None,
    output: Annotated[
        Path | None, typer.Option(help="Write this file, whole or not at all, instead of stdout")
    ] = None,
) -> None:
    """Figures of feeds, runs, backlog, age and disk as Prometheus text."""
    from ioc_pipelines.durable import write_durably
    from ioc_pipelines.serving.metrics import metrics_text

    deployment = deployment_of(profile)
    report = _status_of(deployment)
    text = metrics_text(report, _health_of(deployment, report))
    if output is None:
        typer.echo(text, nl=False)
    elif not output.parent.is_dir():
        stop(f"no folder {output.parent}; make it first", code=2)
    else:
        write_durably(output, text.encode())
        output.chmod(0o644)  # another program's user reads it


def _chosen(
    deployment: Deployment, agencies: Sequence[str] | None, datasets: Sequence[str] | None
) -> list[FeedEntry]:
    """The active feeds that the options leave."""
    active = deployment.catalog.active
    known = {e.agency.code for e in active}, {e.feed.dataset for e in active}
    asked = (agencies or (), datasets or ())
    for kind, names, there in zip(("agency", "dataset"), asked, known, strict=True):
        for name in names:
            if name not in there:
                unknown(f"{kind} with active feeds", name, there)
    of_agencies, of_datasets = (
        set(names) or there for names, there in zip(asked, known, strict=True)
    )
    return [e for e in active if e.agency.code in of_agencies and e.feed.dataset in of_datasets]


def _status_of(deployment: Deployment) -> StatusReport:
    from ioc_pipelines.orchestration.approving import waiting
    from ioc_pipelines.serving.status import status_of

    cases = deployment.cases(datetime.now(UTC))
    home, catalog, ledger = deployment.home, deployment.catalog, deployment.ledger
    return status_of(home, catalog, ledger, cases, waiting(deployment))


def _health_of(deployment: Deployment, report: StatusReport) -> Health:
    from ioc_pipelines.serving.health import health_of
    from ioc_pipelines.warehouse.disk import disk_use

    now = datetime.now(UTC)
    return health_of(report, deployment.ledger.table("run"), disk_use(deployment.home, now), now)


def _summary(
    deployment: Deployment,
    entries: Sequence[FeedEntry],
    result: RunResult,
    seconds: float,
    as_json: bool,
) -> NoReturn:
    """What a tired operator reads in ten seconds: of the feeds that the run asked."""
    from ioc_pipelines.serving import show

    report = _status_of(deployment)
    asked = {entry.id for entry in entries}
    others = [feed for feed in report.feeds if feed.status == "active" and feed.feed not in asked]
    if others:
        report.feeds = [feed for feed in report.feeds if feed.feed in asked]
    code = 0 if result.published else 1
    if as_json:
        run = {"published": result.published, "problems": result.problems, "duration_s": seconds}
        print_json({**run, **report.model_dump(mode="json")})
        raise typer.Exit(code)
    show.status(report)
    if others:
        show.say(f"not asked: {show.counted(len(others), 'other active feed')} (ioc status)")
    path = deployment.home.published / "ioc.duckdb"
    if result.published and report.snapshot:
        connect = f"duckdb.connect('{path}', read_only=True)"
        query = "select * from marts.indicator_value"
        show.say(f"PUBLISHED snapshot {report.snapshot.id} in {seconds:.0f} s")
        show.say(f"  file  {path}")
        show.say(f"  open  {sys.executable} -c \"import duckdb; {connect}.sql('{query}').show()\"")
    else:
        last = report.snapshot.id if report.snapshot else "nothing yet"
        show.say(f"NOT PUBLISHED after {seconds:.0f} s; still served: {last}")
        for problem in result.problems:
            show.say(f"  why   {problem}")
        show.say("  more  the run in the Dagster UI: make dev")
    raise typer.Exit(code)


def _build_as_of(deployment: Deployment, text: str, as_json: bool) -> None:
    from ioc_pipelines.orchestration.known_then import known_at
    from ioc_pipelines.serving import show

    built = known_at(deployment, text)
    if as_json:
        print_json({"file": built.file, "marts": built.marts, "batches": built.batches})
    else:
        show.say(f"BUILT as of {text}: {built.file}, from {built.batches} batches")


def _require_moments(*texts: str | None) -> None:
    for text in texts:
        try:
            datetime.fromisoformat(text or "2026-01-01")
        except ValueError:
            stop(f"'{text}' is not a date; write 2026-11-01 or 2026-11-01T08:00", code=2)
