"""One writer: whoever builds and publishes holds the build of its profile."""

from __future__ import annotations

import fcntl
import os
from typing import IO

from ioc_pipelines.home import Home

_held: dict[str, IO[str]] = {}


def hold_build(home: Home) -> None:
    """Hold the build until ``release_build`` or the end of the process; waits for another holder.

    The operating system frees it when a process dies, so no stale lock is ever left.
    """
    path = home.root / "build.lock"
    if str(path) in _held:
        return
    home.root.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    _held[str(path)] = file


def release_build(home: Home) -> None:
    """Let the next writer in."""
    file = _held.pop(str(home.root / "build.lock"), None)
    if file is not None:
        file.close()
