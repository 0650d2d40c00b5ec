"""``ioc backup``: take a backup, verify it, restore it, list what there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, progress
from ioc_pipelines.home import Home

if TYPE_CHECKING:
    from ioc_pipelines.warehouse.backup.archive import Archive

backup = typer.Typer(no_args_is_help=True, help="Encrypted backups of a profile.")

_BackupId = Annotated[
    str | None, typer.Argument(help="Backup, as `ioc backup list` shows it; default: the newest")
]
_MEBIBYTE = 1 << 20


@backup.command("create")
def backup_create(
    keep: Annotated[
        int | None, typer.Option(min=1, help="Newest backups to keep; default: the profile's")
    ] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Back up landing, accepted, quarantine, ledger, snapshots, reports and configuration."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.warehouse.backup.create import create

    deployment = deployment_of(profile)
    home, kept = deployment.home, deployment.catalog.profile.keep.backups
    archive = _archive(home)
    progress(f"backup of {home.profile} to {archive.folder}")
    made = create(home, archive, keep=keep or kept)
    if archive.folder.stat().st_dev == home.root.stat().st_dev:
        progress("the archive is on the disk of the data: set IOC_BACKUP_DIR to another disk")
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    show.say(
        f"BACKED UP {made.backup_id}: {made.files} files, {_mebibytes(made.bytes)} "
        f"in {made.duration_s:.1f} s"
    )


@backup.command("verify")
def backup_verify(
    backup_id: _BackupId = None, profile: Profile = None, as_json: Json = False
) -> None:
    """Read every part of the archive and every file of a backup, without restoring it."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.warehouse.backup.verify import verify

    home = Home.of(profile)
    sound = verify(home, _archive(home), backup_id)
    if as_json:
        print_json(sound.model_dump(mode="json"))
        return
    show.say(
        f"{sound.backup_id}: sound, {sound.files} files, {_mebibytes(sound.bytes)} "
        f"in {sound.duration_s:.1f} s"
    )


@backup.command("restore")
def backup_restore(
    backup_id: _BackupId = None,
    to: Annotated[
        Path | None, typer.Option(help="Another IOC_HOME to restore into; default: the profile's")
    ] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Restore a backup into an empty place and prove that it is equal."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.warehouse.backup.restore import restore

    home = Home.of(profile)
    target = Home(home.profile, to.absolute() / home.profile) if to else home
    on_server = home.ledger_url if home.ledger_url != home.ledger_file_url else None
    done = restore(target, _archive(home), backup_id, server_ledger=None if to else on_server)
    if to and on_server:
        progress("the ledger is the file there: unset IOC_DATABASE_URL to work with that place")
    for name in done.differs:
        progress(f"not as in the backup: {name}")
    if done.hash_key_from == "environment":
        progress("set IOC_HASH_KEY as it was, or new key hashes will not match the old")
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    show.say(
        f"RESTORED {done.backup_id} of {done.taken_at:%Y-%m-%d %H:%M} UTC to {done.root}: "
        f"{done.files} files, {_mebibytes(done.bytes)}, equal to the manifest, "
        f"in {done.duration_s:.1f} s"
    )
    show.say(f"published: {done.published or 'nothing yet'}")


@backup.command("list")
def backup_list(profile: Profile = None, as_json: Json = False) -> None:
    """The backups in the archive, newest first."""
    from ioc_pipelines.serving import show

    rows = [
        {
            "id": entry.backup_id,
            "taken_at": entry.taken_at.isoformat(timespec="seconds"),
            "files": entry.files,
            "bytes": entry.bytes,
        }
        for entry in _archive(Home.of(profile)).entries()
    ]
    if as_json:
        print_json(rows)
        return
    show.table(["id", "taken_at", "files", "bytes"], [list(row.values()) for row in rows])


def _archive(home: Home) -> Archive:
    from ioc_pipelines.warehouse.backup.environment import archive_of

    return archive_of(home)


def _mebibytes(size: int) -> str:
    return f"{size / _MEBIBYTE:.1f} MiB"
