"""Keep the bytes as received: content-addressed, immutable, with a manifest per delivery (H54).

``landing/<agency>/<dataset>[/<variant>]/blobs/<sha256>`` holds each content once;
``…/deliveries/<delivery_id>.json`` says which names it came under. ``…/failed/<sha256>`` are first
bytes of answers that were no delivery.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel

from ioc_pipelines.connectors.fetched import NothingArrivedError, SourceFile
from ioc_pipelines.durable import room_for, sha256_of, write_durably
from ioc_pipelines.intake.layout.archive import MEMBER
from ioc_pipelines.intake.legacy_text import readable

_CHUNK = 1024**2


class TamperedLandingError(Exception):
    """A landed blob no longer has the hash of its manifest."""


class LandedFile(BaseModel, frozen=True):
    """One file of a delivery: its name at the source, hash and size in bytes.

    ``known`` numbers the records in it that an earlier delivery brought.
    """

    name: str
    sha256: str
    size: int
    known: tuple[int, ...] = ()


class Manifest(BaseModel, frozen=True):
    """What one delivery landed."""

    delivery_id: str
    feed: str
    files: tuple[LandedFile, ...]

    def file_of(self, shown: str | None) -> LandedFile | None:
        """The file that a table came in, by its readable name; a member's is its archive."""
        name = shown or ""
        return self._by_name.get(name) or self._by_name.get(name.split(MEMBER)[0])

    @cached_property
    def _by_name(self) -> dict[str, LandedFile]:
        return {readable(file.name): file for file in self.files}


def taken(files: Iterable[SourceFile], folder: Path) -> tuple[SourceFile, ...]:
    """Files whose owner may still change them, as copies of our own in ``folder``.

    Raises NothingArrivedError when one is not what it was when it was found.
    """
    return tuple(
        file if file.sha256 is None else _own(file, folder / f"taken-{number:05d}")
        for number, file in enumerate(files)
    )


def _own(file: SourceFile, copy: Path) -> SourceFile:
    _copied(file, copy)
    return replace(file, path=copy, sha256=None)


class Landing:
    """The landing area of one profile."""

    def __init__(self, root: Path) -> None:
        """Use ``root``, made when first written to."""
        self._root = root

    def land(self, feed: str, delivery_id: str, files: Iterable[SourceFile]) -> Manifest:
        """Copy the files in, then write the manifest; each by temporary name, fsync, rename.

        Raises DiskFullError, and NothingArrivedError when a file is not what it was when it was
        found.
        """
        blobs = self._root / feed / "blobs"
        blobs.mkdir(parents=True, exist_ok=True)
        landed = tuple(_land_one(file, blobs) for file in files)
        manifest = Manifest(delivery_id=delivery_id, feed=feed, files=landed)
        path = self._manifest_path(feed, delivery_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, manifest.model_dump_json(indent=1).encode())
        return manifest

    def manifest(self, feed: str, delivery_id: str) -> Manifest:
        """Read the manifest of a delivery. Raises FileNotFoundError when it landed nothing."""
        return Manifest.model_validate_json(self._manifest_path(feed, delivery_id).read_bytes())

    def path(self, feed: str, file: LandedFile) -> Path:
        """Where the bytes of a landed file are.

        Raises TamperedLandingError when they are not the bytes that were received (H54, H55).
        """
        path = self._root / feed / "blobs" / file.sha256
        actual = sha256_of(path) if path.is_file() else None
        if actual != file.sha256:
            msg = f"landing of {feed}: {file.name} has changed since it was received"
            raise TamperedLandingError(msg)
        return path

    def keep(self, feed: str, content: bytes) -> str:
        """Keep the first bytes of an answer that a fetch failed on; returns their SHA-256.

        They are no delivery: nothing reads them but who looks for whose fault it was (H80).
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self._root / feed / "failed" / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, content)
        return digest

    def kept(self, feed: str, sha256: str) -> bytes | None:
        """Such bytes, None when they are not there any more."""
        path = self._root / feed / "failed" / sha256
        return path.read_bytes() if path.is_file() else None

    def _manifest_path(self, feed: str, delivery_id: str) -> Path:
        return self._root / feed / "deliveries" / f"{delivery_id}.json"


def _opened(file: SourceFile) -> int:
    """Open a source file as it was found: no link that took its place, no pipe that blocks."""
    try:
        opened = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOENT, errno.ENXIO):
            raise _changed(file) from error
        raise
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise _changed(file)
    return opened


def _changed(file: SourceFile) -> NothingArrivedError:
    return NothingArrivedError(f"{file.name}: changed while it was taken; taken once whole")


def _copied(file: SourceFile, target: Path) -> tuple[str, int]:
    """Copy a source file as it was found; its SHA-256 and its size in bytes."""
    with os.fdopen(_opened(file), "rb") as source, target.open("wb+") as copied:
        with room_for(target, os.fstat(source.fileno()).st_size):
            shutil.copyfileobj(source, copied, _CHUNK)
            copied.flush()
            os.fsync(copied.fileno())
        copied.seek(0)
        digest = hashlib.file_digest(copied, "sha256").hexdigest()
        size = copied.seek(0, os.SEEK_END)
    if file.sha256 is not None and digest != file.sha256:
        raise _changed(file)
    return digest, size


def _land_one(file: SourceFile, blobs: Path) -> LandedFile:
    temporary = blobs / f".{os.getpid()}-{id(file)}.part"
    try:
        digest, size = _copied(file, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    temporary.chmod(0o440)
    temporary.replace(blobs / digest)
    return LandedFile(name=file.name, sha256=digest, size=size, known=file.known)
