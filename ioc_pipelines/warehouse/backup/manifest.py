"""What a backup says of itself: every file with its hash, and what the files were made by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from ioc_pipelines.durable import sha256_of

ABOUT = "about"
MANIFEST = f"{ABOUT}/manifest.json"
CONFIGURATION = f"{ABOUT}/configuration"
LEDGER = "ledger.db"
_SAID = 5


class BackupError(Exception):
    """A backup cannot be made, read or restored. The message names the part and what to do."""


class Member(BaseModel, frozen=True):
    """One file of a backup."""

    sha256: str
    bytes: int


class BackupManifest(BaseModel, frozen=True):
    """What a backup holds.

    ``members``: every file but this one, by its path below the data root. ``published``: the
    snapshot that analysts had open. ``hash_key_from``: `file` when it is a member, `environment`
    when whoever restores must set it again.
    """

    format: int = 1
    profile: str
    taken_at: datetime
    published: str | None
    dbt_hash: str
    git_commit: str | None
    hash_key_from: str
    ledger_rows: dict[str, int]
    members: dict[str, Member]

    @property
    def bytes(self) -> int:
        """Size of all members."""
        return sum(member.bytes for member in self.members.values())


def member_of(path: Path) -> Member:
    """A file as it is on disk now."""
    return Member(sha256=sha256_of(path), bytes=path.stat().st_size)


def members_below(root: Path) -> dict[str, Member]:
    """Every file below a folder but the manifest."""
    files = {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.is_file()}
    return {name: member_of(path) for name, path in files.items() if name != MANIFEST}


def require_equal(manifest: BackupManifest, found: Mapping[str, Member]) -> None:
    """Raise BackupError unless these are the manifest's files, each with its hash."""
    wanted = manifest.members
    problems = {
        "missing": wanted.keys() - found.keys(),
        "not in the manifest": found.keys() - wanted.keys(),
        "changed": {n for n in wanted.keys() & found.keys() if wanted[n] != found[n]},
    }
    said = [f"{what}: {_names(names)}" for what, names in problems.items() if names]
    if said:
        msg = f"the files are not those of the backup's manifest; {'; '.join(said)}"
        raise BackupError(msg)


def _names(names: Collection[str]) -> str:
    more = f" and {len(names) - _SAID} more" if len(names) > _SAID else ""
    return ", ".join(sorted(names)[:_SAID]) + more
