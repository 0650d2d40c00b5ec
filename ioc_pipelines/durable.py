"""Files that are there whole or not at all, hashes that show it, and room on the disk for them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# a database that cannot write a page of its own
_NO_ROOM = 1 << 20
_SAID = ("No space left on device", "database or disk is full", "Disk quota exceeded")


class DiskFullError(OSError):
    """There is no room for a file: which, how many bytes it needs, how many are free."""

    def __init__(self, path: Path, needed: int | None = None) -> None:
        """``needed`` in bytes, None where it is not known before it is written."""
        folder = next(p for p in [path, *path.parents] if p.is_dir())
        asked = "" if needed is None else f"{needed} bytes needed, "
        free = shutil.disk_usage(folder).free
        super().__init__(f"disk full at {path}: {asked}{free} bytes free; make room and run again")


@contextmanager
def room_for(path: Path, needed: int | None = None) -> Iterator[None]:
    """Write ``path`` within: raises DiskFullError when it does not fit, before or while it is."""
    if needed is not None and shutil.disk_usage(path.parent).free < needed:
        raise DiskFullError(path, needed)
    try:
        yield
    except DiskFullError:
        raise
    except Exception as error:
        if getattr(error, "errno", None) in _FULL or says_disk_full(str(error)):
            raise DiskFullError(path, needed) from None
        raise


def says_disk_full(message: str) -> bool:
    """Whether what another program said means that the disk is full."""
    return any(said in message for said in _SAID)


def is_of_full_disk(error: BaseException | None, root: Path) -> bool:
    """Whether an error, or one that led to it, is for want of room, on the disk of ``root``.

    A database says so in words; SQLite sometimes only that it could not write.
    """
    while error is not None:
        if getattr(error, "errno", None) in _FULL or isinstance(error, DiskFullError):
            return True
        if says_disk_full(str(error)) or ("disk I/O error" in str(error) and _has_no_room(root)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _has_no_room(root: Path) -> bool:
    return root.is_dir() and shutil.disk_usage(root).free < _NO_ROOM


def write_durably(path: Path, content: bytes) -> None:
    """Write to a temporary name beside ``path``, fsync, rename. The folder must exist.

    Raises DiskFullError; nothing is left then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with room_for(path, len(content)), temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
