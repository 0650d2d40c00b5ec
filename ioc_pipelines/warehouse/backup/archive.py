"""The archive: an encrypted, deduplicating restic repository in a folder.

restic keeps content once however often it is backed up, authenticates every part, and needs no
network (docs/adr/0042). Only this module knows it. Its parts are files named by the SHA-256 of what
is in them; which there are is noted beside them, so that one that is gone is named at once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from ioc_pipelines.durable import sha256_of, write_durably
from ioc_pipelines.warehouse.backup.manifest import BackupError

_WRONG_KEY = "wrong password or no key found"
_LINES_SAID = 6
_HEADS = ("keys", "snapshots", "index")
_DATA = "data"
_PARTS = "parts.txt"


@dataclass(frozen=True)
class Entry:
    """One backup in the archive. ``path``: the folder it was taken of."""

    backup_id: str
    taken_at: datetime
    path: str
    bytes: int
    files: int


class Archive:
    """The archive of one profile."""

    def __init__(self, folder: Path, key: str) -> None:
        """Use a folder, made when first written to; ``key`` encrypts and opens it."""
        self.folder, self._key = folder, key

    def add(self, root: Path, *, host: str, size: int, files: int) -> str:
        """Back all files below ``root`` up; returns the id of the backup. Stores what is new."""
        self._begin()
        tags = ("--tag", f"bytes={size}", "--tag", f"files={files}")
        # the files are hard links: their ctime says when they were linked
        options = ("--json", "--ignore-ctime", "--host", host)
        said = self._run("backup", *options, *tags, str(root))
        self._note_parts()
        summary = json.loads(said.splitlines()[-1])
        return str(summary["snapshot_id"])[:8]

    def entries(self) -> list[Entry]:
        """The backups, newest first."""
        if not self.folder.is_dir() or not any(self.folder.iterdir()):
            return []
        self._require_parts(*_HEADS)
        found = json.loads(self._run("snapshots", "--json", *self._lock())) or []
        return sorted((_entry(one) for one in found), key=lambda e: e.taken_at, reverse=True)

    def entry(self, backup_id: str | None) -> Entry:
        """The backup of that id, else the newest. Raises BackupError when there is none."""
        entries = self.entries()
        for entry in entries:
            if backup_id in (None, entry.backup_id):
                return entry
        known = ", ".join(entry.backup_id for entry in entries) or "none"
        msg = f"no backup '{backup_id or 'at all'}' in {self.folder}; there are: {known}"
        raise BackupError(msg)

    def check(self) -> None:
        """Read every part of the archive. Raises BackupError naming the parts that are wrong."""
        self._require_parts(*_HEADS, _DATA)
        self._run("check", *self._lock())

    @contextmanager
    def members(self, entry: Entry) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes]]]]:
        """The files of a backup one after the other: path below its root, and content.

        Raises BackupError at the end of a stream that is not whole.
        """
        command = self._command("dump", *self._lock(), "-a", "tar", entry.backup_id, entry.path)
        with subprocess.Popen(  # noqa: S603
            command, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None  # noqa: S101  asked for above
            assert process.stderr is not None  # noqa: S101
            try:
                yield _files(process.stdout, entry.path)
                process.stdout.read()
            except tarfile.TarError as error:
                said = process.stderr.read().decode(errors="replace")
                raise self._failed("dump", said) from error
            except BaseException:
                process.kill()
                raise
            said = process.stderr.read().decode(errors="replace")
            if process.wait() != 0:
                raise self._failed("dump", said)

    def forget_old(self, keep: int) -> None:
        """Keep the newest ``keep`` backups and free what only older ones held."""
        if self._count("snapshots") > keep:
            (self.folder / _PARTS).unlink(missing_ok=True)  # they will be fewer
            self._run("forget", "--keep-last", str(keep), "--group-by", "host", "--prune")
            self._note_parts()

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if not any(self.folder.iterdir()):
            self._run("init")
        if self._count("locks"):
            self._run("unlock")  # of processes that are gone, only

    def _parts(self, *kinds: str) -> dict[str, Path]:
        files = (path for kind in kinds for path in (self.folder / kind).rglob("*"))
        found = {path.relative_to(self.folder).as_posix(): path for path in files if path.is_file()}
        return dict(sorted(found.items()))

    def _note_parts(self) -> None:
        write_durably(self.folder / _PARTS, "\n".join(self._parts(*_HEADS, _DATA)).encode())

    def _require_parts(self, *kinds: str) -> None:
        """Raise BackupError when a part is gone, or one of these kinds is not what it was."""
        noted = self.folder / _PARTS
        wanted = noted.read_text().splitlines() if noted.exists() else []
        gone = sorted(set(wanted) - self._parts(*_HEADS, _DATA).keys())
        changed = [n for n, path in self._parts(*kinds).items() if sha256_of(path) != path.name]
        for what, names in (("missing", gone), ("damaged", changed)):
            if names:
                told = ", ".join(names[:_LINES_SAID])
                msg = f"{len(names)} parts of the archive {self.folder} are {what}: {told}"
                raise BackupError(msg)

    def _count(self, kind: str) -> int:
        return sum(1 for _ in (self.folder / kind).glob("*"))

    def _lock(self) -> tuple[str, ...]:
        """A medium that cannot be written to takes no lock."""
        return () if os.access(self.folder, os.W_OK) else ("--no-lock",)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            self._command(*arguments),
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise self._failed(arguments[0], f"{done.stdout}\n{done.stderr}")
        return done.stdout.strip()

    def _command(self, *arguments: str) -> list[str]:
        restic = shutil.which("restic")
        if restic is None:
            msg = "restic is not installed, which keeps the archive: apt-get install restic"
            raise BackupError(msg)
        return [restic, "--repo", str(self.folder), "--no-cache", *arguments]

    def _environment(self) -> dict[str, str]:
        """Nothing of ours but what starts a program: restic reads variables of its own."""
        known = {
            name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
        }
        return {**known, "RESTIC_PASSWORD": self._key}

    def _failed(self, what: str, said: str) -> BackupError:
        if _WRONG_KEY in said:
            return BackupError(f"the key is not that of the archive {self.folder}")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        problems = [line for line in lines if _is_problem(line)] or lines
        told = "; ".join(dict.fromkeys(problems[:_LINES_SAID]))
        return BackupError(f"the archive {self.folder} cannot be used ({what}): {told}")


def _is_problem(line: str) -> bool:
    low = line.lower()
    words = ("error", "fatal", "does not", "not found", "no such", "invalid", "failed", "mismatch")
    return any(word in low for word in words)


def _entry(found: dict[str, Any]) -> Entry:
    tags = dict(tag.split("=", 1) for tag in found.get("tags", ()) if "=" in tag)
    return Entry(
        backup_id=found["short_id"],
        taken_at=datetime.fromisoformat(found["time"]),
        path=found["paths"][0],
        bytes=int(tags.get("bytes", 0)),
        files=int(tags.get("files", 0)),
    )


def _files(stream: IO[bytes], root: str) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Regular files of the stream, their names below ``root``; anything else is not ours."""
    prefix = root.lstrip("/") + "/"
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for info in tar:
            if info.isdir():
                continue
            content = tar.extractfile(info) if info.isreg() else None
            name = info.name.lstrip("/")
            if content is None or not name.startswith(prefix) or ".." in name.split("/"):
                msg = f"the backup holds what no backup of ours holds: {info.name}"
                raise BackupError(msg)
            info.name = name.removeprefix(prefix)
            yield info, content
