"""Who has a snapshot open: what is being read is not deleted.

Our own readers say so (``reading``). Of others the operating system knows: DuckDB holds a lock on
each file it has open, whoever runs it and also over a network; of files without a lock, such as
Parquet, those are seen that processes of the same user have open, or of all users by root.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# struct flock of Linux: type, whence, start, length, process
_FLOCK = "hhqqi4x"


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Keep a snapshot's folder from being deleted while several of its files are read.

    Raises FileNotFoundError when it is deleted already.
    """
    with _open_folder(folder) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not folder.exists():
            raise FileNotFoundError(folder)
        yield


@contextmanager
def alone_with(folder: Path) -> Iterator[bool]:
    """Whether nobody is ``reading`` the folder; if so, nobody begins to while it lasts."""
    with _open_folder(folder) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def processes_in(folder: Path) -> list[int]:
    """Processes that have a file of the folder open, as far as this user may see.

    One that another machine runs is named 0.
    """
    folder = folder.resolve()
    found = {int(process.name) for process in _processes() if _is_in(process, folder)}
    # to ask for the locks of a file that this process has open would let go of its own
    if os.getpid() not in found:
        found |= {
            holder
            for path in folder.glob("*.duckdb")
            if (holder := _holder_of_lock(path)) is not None
        }
    return sorted(found)


def _processes() -> Iterator[Path]:
    return (path for path in Path("/proc").iterdir() if path.name.isdigit())


def _is_in(process: Path, folder: Path) -> bool:
    """Whether a process has a file of the folder open or mapped, or is ``reading`` it.

    False where the system does not tell.
    """
    inside, is_self = f"{folder}/", process.name == str(os.getpid())
    try:
        for descriptor in (process / "fd").iterdir():
            target = _target(descriptor)
            if target.startswith(inside) or (target == str(folder) and not is_self):
                return True
        return inside in (process / "maps").read_text(errors="replace")
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return False


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""


def _holder_of_lock(path: Path) -> int | None:
    ask = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with path.open("rb") as file:
        kind, *_, process = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, ask))
    return None if kind == fcntl.F_UNLCK else max(process, 0)
