"""``ioc ledger``: its form, upgrades with consent and the way back, the move to a server."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, progress, stop
from ioc_pipelines.home import DATABASE_URL

ledger = typer.Typer(no_args_is_help=True, help="The ledger's form: upgrade, way back, move.")


@ledger.command("show")
def ledger_show(profile: Profile = None, as_json: Json = False) -> None:
    """Where the ledger is, its form and the newest, and the releases that were recorded."""
    from ioc_pipelines.ledger.open import connect_ledger
    from ioc_pipelines.ledger.upgrades import releases, revisions
    from ioc_pipelines.serving import show

    home = deployment_of(profile).home
    home.prepare()
    engine = connect_ledger(home.ledger_url)
    now, newest = revisions(engine)
    found = releases(home.releases)
    if as_json:
        facts = {"engine": engine.dialect.name, "revision": now, "newest": newest}
        print_json({**facts, "releases": [release.model_dump(mode="json") for release in found]})
        return
    show.say(f"ledger on {engine.dialect.name}, at {now or 'no form yet'}, newest {newest}")
    columns = ("release_id", "approval_no", "consented_by", "actor", "migrated_at", "reverted_at")
    show.table(list(columns), [[getattr(one, name) for name in columns] for one in found])


@ledger.command("upgrade")
def ledger_upgrade(
    approval: Annotated[str, typer.Option(help="Number of the approval, 45/QĐ-UBND")],
    consented_by: Annotated[str, typer.Option(help="Who of the managing agency consented")],
    announced_on: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Day on which users were told of it")
    ],
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Write the consent down, copy the ledger as it is, migrate it to the newest form."""
    from ioc_pipelines.ledger.upgrades import upgrade
    from ioc_pipelines.serving import show

    deployment = deployment_of(profile)
    home = deployment.home
    home.prepare()
    done = upgrade(
        home.ledger_url,
        home.releases,
        approval_no=approval,
        consented_by=consented_by,
        announced_on=announced_on.date(),
        actor=deployment.actor,
        now=datetime.now(UTC),
    )
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    show.say(f"UPGRADED from {done.from_revision} to {done.to_revision}: {done.release_id}")
    show.say(f"  copy  {home.releases / done.release_id / 'ledger.db'}")
    show.say(f"  back  ioc ledger revert {done.release_id}")


@ledger.command("revert")
def ledger_revert(
    release: Annotated[str, typer.Argument(help="Release, as `ioc ledger show` names it")],
    profile: Profile = None,
) -> None:
    """Bring the ledger back to the form before a release, before the older program starts."""
    from ioc_pipelines.ledger.upgrades import revert
    from ioc_pipelines.serving import show

    home = deployment_of(profile).home
    done = revert(home.ledger_url, home.releases, release, now=datetime.now(UTC))
    show.say(f"REVERTED to {done.from_revision}: now start the program of that version")


@ledger.command("move")
def ledger_move(profile: Profile = None, as_json: Json = False) -> None:
    """Move the ledger from its file to IOC_DATABASE_URL; the file is kept under another name."""
    from ioc_pipelines.ledger.moving import move_ledger
    from ioc_pipelines.ledger.open import open_ledger
    from ioc_pipelines.serving import show

    home = deployment_of(profile).home
    file = home.root / "ledger.db"
    if not os.environ.get(DATABASE_URL):
        stop(f"{DATABASE_URL} is not set: there is nowhere to move to", code=2)
    if not file.exists():
        stop(f"there is no {file}", code=2)
    progress("moving the ledger; nothing else may run")
    source = open_ledger(home.ledger_file_url)
    moved = move_ledger(source, open_ledger(home.ledger_url))
    source.dispose()
    kept = file.with_name(f"ledger-moved-{datetime.now(UTC):%Y%m%dT%H%M%S}.db")
    file.rename(kept)
    if as_json:
        print_json({"rows": moved, "kept": kept})
        return
    show.say(f"MOVED {sum(moved.values())} rows of {len(moved)} tables; the file is {kept}")
