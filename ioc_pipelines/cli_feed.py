"""``ioc feed``: try a layout on files, and get back what was landed."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ioc_pipelines.cli_evidence import show_failures
from ioc_pipelines.cli_support import Json, Profile, deployment_of, feed_of, print_json, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ioc_pipelines.catalog.load import FeedEntry
    from ioc_pipelines.intake.landing import LandedFile
    from ioc_pipelines.orchestration.deployment import Deployment
    from ioc_pipelines.quality.split import Verdict
    from ioc_pipelines.serving.rehearsal import Rehearsal

feed = typer.Typer(no_args_is_help=True, help="One agency's supply of one dataset.")

FeedId = Annotated[str, typer.Argument(help="Feed id, as `ioc status` shows it")]
_SHOWN = 15


@feed.command("look")
def feed_look(
    file: Annotated[Path, typer.Argument(help="A workbook, an archive or a text file")],
    sheet: Annotated[str | None, typer.Option(help="Sheet to show; default: the first")] = None,
    member: Annotated[str | None, typer.Option(help="Pattern of a member to open")] = None,
    rows: Annotated[int, typer.Option(help="How many rows")] = 20,
) -> None:
    """Show what stands in a file, before there is a layout for it."""
    from ioc_pipelines.intake.errors import FileRefusedError
    from ioc_pipelines.intake.layout.archive import members
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.preview import preview

    (path,) = [path for _, path in _given([file])]
    if member is None:
        for line in preview(path, sheet, rows):
            show.say(line)
        return
    with tempfile.TemporaryDirectory(prefix="ioc-look-") as folder:
        try:
            for number, (found, name) in enumerate(members(path, file.name, member, Path(folder))):
                show.say(name if number == 0 else f"also matches: {name}")
                if number == 0:
                    copy = found.with_suffix(Path(name).suffix)
                    copy.write_bytes(found.read_bytes())
                    for line in preview(copy, sheet, rows):
                        show.say(line)
        except re.error as error:
            stop(f"'{member}' is not a regular expression: {error}", code=2)
        except FileRefusedError as error:
            stop(str(error), code=1)


@feed.command("try")
def feed_try(
    feed_id: FeedId,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files to read; without any, the feed's source")
    ] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Read files by the feed's layout and contract. Lands, records and accepts nothing.

    Exit code 1 when a delivery of them would not be accepted, or a file of them not read.
    """
    from ioc_pipelines.orchestration.judging import context_of
    from ioc_pipelines.serving.rehearsal import rehearse, summary

    deployment = deployment_of(profile)
    entry = feed_of(deployment, feed_id)
    with tempfile.TemporaryDirectory(prefix="ioc-try-") as folder:
        chosen = _given(files) if files else _fetched(deployment, entry, Path(folder))
        before = deployment.ledger.acceptances.current_batch(entry.id)
        contract = entry.required_contract()
        context = context_of(deployment, contract, datetime.now(UTC), before)
        result = rehearse(entry, chosen, context, deployment.spellings)
    if as_json:
        print_json(summary(result))
    else:
        _show(result)
    raise typer.Exit(0 if result.would_be_accepted else 1)


@feed.command("inventory")
def feed_inventory(profile: Profile = None, as_json: Json = False) -> None:
    """Every feed by its channel, priority first, and how much comes without a person sending it."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.inventory import inventory_of

    inventory = inventory_of(deployment_of(profile).catalog)
    if as_json:
        print_json(inventory.model_dump(mode="json"))
        return
    rows = [feed.model_dump() for feed in inventory.feeds]
    show.table(list(rows[0]) if rows else [], [list(row.values()) for row in rows])
    counted = ", ".join(f"{count} by {channel}" for channel, count in inventory.channels.items())
    share = inventory.automatic_share
    automatic = "" if share is None else f"; {share:.0%} automatic (API or database)"
    show.say(f"active: {counted}{automatic}")


@feed.command("files")
def feed_files(feed_id: FeedId, profile: Profile = None, as_json: Json = False) -> None:
    """The files of the feed's last delivery that brought some, as they were received."""
    from ioc_pipelines.serving import show

    deployment = deployment_of(profile)
    listed = _landed(deployment, feed_of(deployment, feed_id))
    if as_json:
        print_json([file.model_dump() for file in listed])
    else:
        show.table(["name", "bytes", "sha256"], [(f.name, f.size, f.sha256) for f in listed])


@feed.command("failures")
def feed_failures(
    feed_id: FeedId,
    limit: Annotated[int, typer.Option(min=1, help="Deliveries at most")] = 10,
    personal: Annotated[
        bool, typer.Option("--personal", help="What came also of datasets with personal columns")
    ] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """The feed's failed deliveries: whose fault, why, and the evidence that was kept."""
    deployment = deployment_of(profile)
    show_failures(deployment, feed_of(deployment, feed_id), limit, personal, as_json)


@feed.command("file")
def feed_file(
    feed_id: FeedId,
    sha256: Annotated[str, typer.Argument(help="Hash of the file, or its first characters")],
    output: Annotated[Path, typer.Option(help="Where to write it; must not be there yet")],
    profile: Profile = None,
) -> None:
    """Write one landed file's bytes, identical to what was received."""
    import shutil

    deployment = deployment_of(profile)
    entry = feed_of(deployment, feed_id)
    found = {f.sha256: f for f in _landed(deployment, entry) if f.sha256.startswith(sha256)}
    if len(found) != 1:
        stop(f"{len(found) or 'no'} files with the hash '{sha256}'; see `ioc feed files`", code=2)
    if output.exists():
        stop(f"{output} is there already", code=2)
    (file,) = found.values()
    shutil.copyfile(deployment.landing.path(entry.id, file), output)
    typer.echo(f"{output}: {file.size} bytes, SHA-256 {file.sha256}", err=True)


def _landed(deployment: Deployment, entry: FeedEntry) -> list[LandedFile]:
    """The files of the newest delivery that landed some."""
    delivery = deployment.ledger.deliveries.last_landed(entry.id)
    return list(deployment.landing.manifest(entry.id, delivery).files) if delivery else []


def _given(files: list[Path]) -> list[tuple[str, Path]]:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        stop(f"no such file: {', '.join(missing)}", code=2)
    return [(path.as_posix(), path) for path in files]


def _fetched(deployment: Deployment, entry: FeedEntry, folder: Path) -> list[tuple[str, Path]]:
    from ioc_pipelines.connectors.fetch import fetch
    from ioc_pipelines.connectors.fetched import FetchError, Window

    try:
        found = fetch(entry.feed, deployment.environment, None, Window(), folder)
    except FetchError as error:
        stop(str(error), code=1)
    return [(file.name, file.path) for file in found.files]


def _more(count: int) -> None:
    from ioc_pipelines.serving import show

    if count > _SHOWN:
        show.say(f"… and {count - _SHOWN} more: --json shows all")


def _show(result: Rehearsal) -> None:
    """Where the tables are, what is refused and why, row by row and cell by cell."""
    import polars as pl

    from ioc_pipelines.serving import show

    read, verdict = result.read, result.verdict
    for place in read.found[:_SHOWN]:
        facts = ", ".join(f"{key} {value}" for key, value in place.items() if key != "file")
        show.say(f"{place.get('file', '…')}: {facts}")
    if len(read.found) > _SHOWN:
        show.say(f"… and {len(read.found) - _SHOWN} more tables")
    for name in read.passed_over:
        show.say(f"{name}: has no such table; passed over")
    for error in read.refused:
        show.say(f"REFUSED {error}")
    if verdict is None:
        show.say("no table was read")
        return
    said = result.unreadable.group_by("column", "text", maintain_order=True).agg(
        pl.len().alias("cells"), pl.first("file", "sheet", "row")
    )
    for cell in said.head(_SHOWN).iter_rows(named=True):
        show.say(
            f"cannot be read: {cell['column']} '{cell['text']}', {cell['cells']} cells, the first "
            f"in {cell['file']}, {cell['sheet'] or '-'}, row {cell['row']}"
        )
    _more(said.height)
    for rule, column, count in result.rules.rows():
        breaks = "row breaks" if count == 1 else "rows break"
        show.say(f"{count} {breaks} {rule}" + (f" ({column})" if column else ""))
    differ = read.control.filter(~read.control["ties"])
    for total in differ.head(_SHOWN).iter_rows(named=True):
        show.say(
            f"total differs: row {total['row_number']} of {total['source_file']}, "
            f"{total['column_name']} {total['key']}: {total['stated']:,.10g} stated, "
            f"{total['parts_sum']:,.10g} from {total['parts']} rows"
        )
    _more(differ.height)
    show.say(
        f"{show.counted(read.read, 'file')} read, {len(read.refused)} refused, "
        f"{len(read.passed_over)} without the table; {show.counted(verdict.rows_received, 'row')}: "
        f"{verdict.accepted.height} would be accepted, {verdict.quarantined.height} refused, "
        f"{verdict.rows_duplicate} duplicates; "
        f"{show.counted(read.control.height, 'total')} compared, {differ.height} differ"
    )
    for line in _why_not_whole(verdict):
        show.say(line)


def _why_not_whole(verdict: Verdict) -> Iterator[str]:
    if verdict.status == "below_floor":
        yield "REFUSED as a whole: fewer rows are valid than acceptance_floor of the feed asks"
    for held in verdict.holding:
        yield f"HELD as a whole: {held.rule.id}: {held.rule.message_vi} ({held.detail})"
