"""Who may write: one process builds and publishes a profile, one fetches a feed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ValidationError

from ioc_pipelines.home import Home

_LOOK_EVERY_S = 0.2
_held: dict[str, IO[str]] = {}


class Holder(BaseModel, frozen=True):
    """Who holds the build: process id, what it does, since when."""

    pid: int
    what: str
    since: datetime

    def __str__(self) -> str:
        """In words, for an operator."""
        return f"process {self.pid} ({self.what}) since {self.since:%Y-%m-%d %H:%M:%S} UTC"


class BuildHeldError(RuntimeError):
    """Another process builds, and did not end within the time that was given."""


def hold_build(
    home: Home,
    what: str = "build",
    *,
    wait_s: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Hold the build until ``release_build`` or the end of the process; waits for another holder.

    ``what`` is told to whoever waits; ``say`` is told whom this process waits for. The operating
    system frees it when a process dies, so no stale lock is ever left. Raises BuildHeldError after
    ``wait_s``; without it waits as long as it takes.
    """
    path = home.root / "build.lock"
    if str(path) in _held:
        return
    home.root.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    try:
        _wait_for(file, path, wait_s, say)
    except BuildHeldError:
        file.close()
        raise
    file.truncate(0)
    file.write(Holder(pid=os.getpid(), what=what, since=datetime.now(UTC)).model_dump_json())
    file.flush()
    _held[str(path)] = file


def _wait_for(file: IO[str], path: Path, wait_s: float | None, say: Callable[[str], None]) -> None:
    began, told = time.monotonic(), None
    while not _locked(file):
        holder = _holder(path)
        if holder != told:
            say(f"waiting for the build, held by {holder or 'another process'}")
            told = holder
        if wait_s is not None and time.monotonic() - began >= wait_s:
            msg = (
                f"the build is held by {holder or 'another process'} and was not free within "
                f"{wait_s:g} s; wait for it to end, or end that process: its lock goes with it"
            )
            raise BuildHeldError(msg)
        time.sleep(_LOOK_EVERY_S)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> Holder | None:
    """Who holds it; None while that is being written."""
    try:
        return Holder.model_validate_json(path.read_bytes())
    except (ValidationError, FileNotFoundError):
        return None


def release_build(home: Home) -> None:
    """Let the next writer in."""
    file = _held.pop(str(home.root / "build.lock"), None)
    if file is not None:
        file.close()


@contextmanager
def holding_feed(home: Home, feed: str) -> Iterator[None]:
    """Fetch a feed alone: a run that asks for the same feed meanwhile waits, then finds no news."""
    with _exclusively(home.root / "locks" / f"{feed.replace('/', '__')}.lock"):
        yield


@contextmanager
def holding_start(home: Home) -> Iterator[None]:
    """Look alone whether another run works, and clear what dead ones left."""
    with _exclusively(home.root / "locks" / "start.lock"):
        yield


@contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
