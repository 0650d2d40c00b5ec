"""Take a backup: everything that cannot be made again, of one moment, while readers go on.

Files of the data root are never changed in place, so hard links hold them as they are in
milliseconds; the build is held only for that long. What is archived are the links.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from ioc_pipelines.home import PROJECT, SOURCES, Home
from ioc_pipelines.ledger.copies import copy_ledger, rows_of_copy
from ioc_pipelines.warehouse.backup.agreement import (
    blobs_of,
    is_accepted,
    is_delivery,
    require_agreement,
    rows_in,
)
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.manifest import (
    CONFIGURATION,
    LEDGER,
    MANIFEST,
    BackupError,
    BackupManifest,
    members_below,
)
from ioc_pipelines.warehouse.build import dbt_hash
from ioc_pipelines.warehouse.lock import hold_build, release_build
from ioc_pipelines.warehouse.snapshots import published_id

BACKED_UP = ("landing", "accepted", "quarantine", "snapshots", "reports")
KEPT = 14
_HASH_KEY = "hash.key"
_PINS = ".pins"
_TRIES = 5
_BETWEEN_TRIES_S = 2.0


class Created(BaseModel, frozen=True):
    """A backup that was made: its size before compression, and how long it took."""

    backup_id: str
    files: int
    bytes: int
    duration_s: float


def create(home: Home, archive: Archive, *, keep: int = KEPT) -> Created:
    """Back the profile up, then forget all but the newest ``keep`` backups.

    Raises BackupError when the ledger and the files do not agree, or the archive takes none.
    """
    began = time.monotonic()
    with _stage(home) as stage:
        manifest = _gather(home, stage)
        (stage / MANIFEST).write_text(manifest.model_dump_json(indent=1))
        files, size = len(manifest.members), manifest.bytes
        backup_id = archive.add(stage, host=home.profile, size=size, files=files)
    archive.forget_old(keep)
    seconds = time.monotonic() - began
    return Created(backup_id=backup_id, files=files, bytes=size, duration_s=round(seconds, 2))


@contextmanager
def _stage(home: Home) -> Iterator[Path]:
    """An empty private folder on the disk of the data root, of one backup at a time."""
    stage = home.root / ".backup"
    with (home.root / "backup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = "another backup of this profile is being made"
            raise BackupError(msg) from error
        shutil.rmtree(stage, ignore_errors=True)  # of one that was killed
        stage.mkdir(mode=0o700)
        try:
            yield stage
        finally:
            shutil.rmtree(stage)


def _gather(home: Home, stage: Path) -> BackupManifest:
    """Collect until everything is of one moment: intake of a refresh may be writing."""
    for last in (*[False] * (_TRIES - 1), True):
        hold_build(home, "backup")
        try:
            published = published_id(home)
            _collect(home, stage)
        finally:
            release_build(home)
        try:
            _require_one_moment(stage)
        except BackupError:
            if last:
                raise
            time.sleep(_BETWEEN_TRIES_S)
        else:
            break
    return BackupManifest(
        profile=home.profile,
        taken_at=datetime.now(UTC),
        published=published,
        dbt_hash=dbt_hash(),
        git_commit=_git_commit(),
        hash_key_from="file" if (stage / _HASH_KEY).exists() else "environment",
        ledger_rows=rows_of_copy(stage / LEDGER),
        members=members_below(stage),
    )


def _collect(home: Home, stage: Path) -> None:
    for path in stage.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    # files are written before the ledger speaks of them: the ledger first, so that they are there
    copy_ledger(home.ledger_url, stage / LEDGER)
    for folder in BACKED_UP:
        _link_all(home.root / folder, stage / folder)
    if (home.root / _HASH_KEY).exists():
        _link(home.root / _HASH_KEY, stage / _HASH_KEY)
    configuration = stage / CONFIGURATION
    _copy_text(SOURCES / home.profile, configuration / "sources" / home.profile)
    _copy_text(PROJECT / "contracts", configuration / "contracts")


def _link_all(source: Path, target: Path) -> None:
    """Link every whole file: names that begin with a dot are still being written."""
    for folder, names, files in os.walk(source):
        names[:] = [name for name in names if not name.startswith(".") or name == _PINS]
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in files:
            if not name.startswith("."):
                _link(Path(folder) / name, here / name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:  # an old page or snapshot that was just pruned
        return
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        shutil.copy2(source, target)  # a folder that lies on a disk of its own


def _copy_text(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))


def _require_one_moment(stage: Path) -> None:
    files = {p.relative_to(stage).as_posix(): p for p in stage.rglob("*") if p.is_file()}
    accepted = {name: rows_in(path, name) for name, path in files.items() if is_accepted(name)}
    landed: set[str] = set()
    for name, path in files.items():
        if is_delivery(name):
            with path.open("rb") as delivery:
                landed |= blobs_of(delivery, name)
    require_agreement(stage / LEDGER, accepted, landed, files)


def _git_commit() -> str | None:
    """The commit of the project's files, where they are a checkout."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(  # noqa: S603
        [git, "-C", str(PROJECT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None
