"""Restore a backup into an empty place, and prove that it is what was backed up."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from ioc_pipelines.durable import room_for
from ioc_pipelines.home import PROJECT, SOURCES, Home
from ioc_pipelines.ledger.copies import LedgerNotEmptyError, filled_from_copy
from ioc_pipelines.warehouse.backup.archive import Archive, Entry
from ioc_pipelines.warehouse.backup.create import BACKED_UP
from ioc_pipelines.warehouse.backup.manifest import (
    ABOUT,
    CONFIGURATION,
    LEDGER,
    MANIFEST,
    BackupError,
    BackupManifest,
    member_of,
    members_below,
)
from ioc_pipelines.warehouse.backup.verify import require_ledger, require_sound
from ioc_pipelines.warehouse.build import dbt_hash
from ioc_pipelines.warehouse.snapshots import point_to

RESTORED_FROM = "restored_from"
_PRIVATE = {*BACKED_UP, ABOUT} - {"snapshots"}


class Restored(BaseModel, frozen=True):
    """A restored data root, equal to its backup file by file.

    ``differs``: what of the configuration is not that of this machine's project; with it the next
    refresh may publish other marts. ``hash_key_from``: see BackupManifest.
    """

    backup_id: str
    taken_at: datetime
    root: str
    files: int
    bytes: int
    published: str | None
    hash_key_from: str
    differs: tuple[str, ...]
    duration_s: float


def restore(
    home: Home,
    archive: Archive,
    backup_id: str | None = None,
    *,
    server_ledger: str | None = None,
) -> Restored:
    """Restore a backup, the newest unless said, as the data root ``home``, which must be empty.

    ``server_ledger``: URL of an empty ledger on a server to fill; it then has no ``ledger.db``.

    The root appears whole, by one rename, after every file was read back from the disk and found
    equal. Raises BackupError or DiskFullError and leaves the place as it was otherwise.
    """
    began = time.monotonic()
    if home.root.exists() and (not home.root.is_dir() or any(home.root.iterdir())):
        msg = f"{home.root} is not empty: move it away, or restore to another place"
        raise BackupError(msg)
    entry = archive.entry(backup_id)
    archive.check()
    with _draft(home) as draft, room_for(draft.root / LEDGER, entry.bytes):
        _extract(archive, entry, draft.root)
        manifest = _proved(draft.root, entry)
        differs = tuple(_differing(draft.root / CONFIGURATION, manifest))
        _finish(draft, manifest)
        _sync(draft.root)
        with _ledger_filled(draft, server_ledger):
            draft.root.replace(home.root)  # over nothing, or over an empty folder
    _sync_folder(home.root.parent)
    return Restored(
        backup_id=entry.backup_id,
        taken_at=manifest.taken_at,
        root=str(home.root),
        files=len(manifest.members),
        bytes=manifest.bytes,
        published=manifest.published,
        hash_key_from=manifest.hash_key_from,
        differs=differs,
        duration_s=round(time.monotonic() - began, 2),
    )


@contextmanager
def _ledger_filled(draft: Home, url: str | None) -> Iterator[None]:
    """The ledger on the server holds the rows when what is done meanwhile is done, else none."""
    if url is None:
        yield
        return
    copy = draft.root / RESTORED_FROM / LEDGER
    (draft.root / LEDGER).rename(copy)
    try:
        with filled_from_copy(copy, url):
            yield
    except LedgerNotEmptyError as error:
        msg = f"{error}: give the profile an empty schema, or restore to another place (--to)"
        raise BackupError(msg) from error


@contextmanager
def _draft(home: Home) -> Iterator[Home]:
    """A data root beside the place, under a name that nothing reads; gone when it did not work."""
    root = home.root.with_name(f".{home.root.name}.restoring")
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"{home.root} is being restored by another process"
            raise BackupError(msg) from error
        shutil.rmtree(root, ignore_errors=True)  # of one that was killed
        root.mkdir(mode=0o700)
        try:
            yield Home(home.profile, root)
        finally:
            shutil.rmtree(root, ignore_errors=True)
            Path(lock.name).unlink()


def _extract(archive: Archive, entry: Entry, root: Path) -> None:
    with archive.members(entry) as files:
        for info, content in files:
            path = root / info.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            path.chmod(info.mode & 0o700 | 0o400 if _is_private(info.name) else info.mode & 0o755)
            os.utime(path, (info.mtime, info.mtime))


def _is_private(name: str) -> bool:
    return name.split("/")[0] in _PRIVATE or "/" not in name


def _proved(root: Path, entry: Entry) -> BackupManifest:
    path = root / MANIFEST
    manifest = BackupManifest.model_validate_json(path.read_bytes()) if path.is_file() else None
    sound = require_sound(manifest, members_below(root), entry.backup_id)
    require_ledger(sound, root / LEDGER)
    return sound


def _finish(draft: Home, manifest: BackupManifest) -> None:
    """What a data root has besides its files: who may read them, and what analysts open."""
    draft.snapshots.mkdir(exist_ok=True)
    draft.prepare()
    draft.root.chmod(0o755)
    if manifest.published:
        point_to(draft, manifest.published)
    (draft.root / ABOUT).rename(draft.root / RESTORED_FROM)
    (draft.root / RESTORED_FROM).chmod(0o700)


def _differing(configuration: Path, manifest: BackupManifest) -> Iterator[str]:
    """Files of the configuration that this project has not, or has otherwise."""
    for part, here in (
        (f"sources/{manifest.profile}", SOURCES / manifest.profile),
        ("contracts", PROJECT / "contracts"),
    ):
        for path in sorted((configuration / part).rglob("*")):
            ours = here / path.relative_to(configuration / part)
            if path.is_file() and (not ours.is_file() or member_of(ours) != member_of(path)):
                yield f"{part}/{path.relative_to(configuration / part)}"
    if dbt_hash() != manifest.dbt_hash:
        yield "dbt_project"


def _sync(root: Path) -> None:
    for path in (*root.rglob("*"), root):
        if not path.is_symlink():
            _sync_folder(path)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
