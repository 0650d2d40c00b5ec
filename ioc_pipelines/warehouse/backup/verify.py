"""Verify a backup without restoring it: every part, every file, and that they are of one moment."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

from pydantic import BaseModel

from ioc_pipelines.home import Home
from ioc_pipelines.ledger.copies import DamagedLedgerError, rows_of_copy
from ioc_pipelines.warehouse.backup.agreement import (
    blobs_of,
    is_accepted,
    is_delivery,
    require_agreement,
    rows_in,
)
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.manifest import (
    LEDGER,
    MANIFEST,
    BackupError,
    BackupManifest,
    Member,
    require_equal,
)

_PIECE = 1 << 20


class Verified(BaseModel, frozen=True):
    """A backup that is sound."""

    backup_id: str
    files: int
    bytes: int
    duration_s: float


class _Seen:
    """What the files say that stream by. Only those that must be opened are put on disk."""

    def __init__(self, scratch: Path) -> None:
        self.scratch, self.ledger = scratch, scratch / LEDGER
        self.members: dict[str, Member] = {}
        self.accepted: dict[str, int] = {}
        self.landed: set[str] = set()
        self.manifest: BackupManifest | None = None

    def see(self, name: str, content: IO[bytes]) -> None:
        if name == MANIFEST:
            self.manifest = BackupManifest.model_validate_json(content.read())
        elif name == LEDGER:
            with self.ledger.open("wb") as file:
                self.members[name] = _hashed(content, file)
        elif is_accepted(name):
            rows = self.scratch / "rows.parquet"
            with rows.open("wb") as file:
                self.members[name] = _hashed(content, file)
            self.accepted[name] = rows_in(rows, name)
        elif is_delivery(name):
            kept = io.BytesIO()
            self.members[name] = _hashed(content, kept)
            kept.seek(0)
            self.landed |= blobs_of(kept, name)
        else:
            self.members[name] = _hashed(content, None)


def verify(home: Home, archive: Archive, backup_id: str | None = None) -> Verified:
    """Check a backup, the newest unless said. Raises BackupError naming what is wrong."""
    began = time.monotonic()
    entry = archive.entry(backup_id)
    archive.check()
    home.root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".verify-", dir=home.root))
    try:
        seen = _Seen(scratch)
        with archive.members(entry) as files:
            for info, content in files:
                seen.see(info.name, content)
        manifest = require_sound(seen.manifest, seen.members, entry.backup_id)
        require_agreement(seen.ledger, seen.accepted, seen.landed, seen.members)
        require_ledger(manifest, seen.ledger)
    finally:
        shutil.rmtree(scratch)
    return Verified(
        backup_id=entry.backup_id,
        files=len(seen.members),
        bytes=manifest.bytes,
        duration_s=round(time.monotonic() - began, 2),
    )


def require_sound(
    manifest: BackupManifest | None, members: dict[str, Member], backup_id: str
) -> BackupManifest:
    """The manifest, of which these are the files. Raises BackupError naming what differs."""
    if manifest is None:
        msg = f"backup {backup_id} has no {MANIFEST}"
        raise BackupError(msg)
    require_equal(manifest, members)
    return manifest


def require_ledger(manifest: BackupManifest, ledger: Path) -> None:
    """Raise BackupError unless the ledger has the rows that the manifest says."""
    try:
        rows = rows_of_copy(ledger)
    except DamagedLedgerError as error:
        msg = f"the ledger of the backup cannot be used: {error}"
        raise BackupError(msg) from error
    if rows != manifest.ledger_rows:
        names = sorted(n for n, count in rows.items() if manifest.ledger_rows.get(n) != count)
        msg = f"{LEDGER} has other rows than the manifest says: {', '.join(names)}"
        raise BackupError(msg)


def _hashed(content: IO[bytes], copy: IO[bytes] | None) -> Member:
    digest, size = hashlib.sha256(), 0
    while piece := content.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        if copy is not None:
            copy.write(piece)
    return Member(sha256=digest.hexdigest(), bytes=size)
