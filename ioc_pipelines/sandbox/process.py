"""Start and stop the process that serves a sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ioc_pipelines.sandbox.state import Running

_START_S, _STOP_S, _LOOK_EVERY_S = 60.0, 20.0, 0.05
LOG = "server.log"


class SandboxError(RuntimeError):
    """The sandbox could not be started or stopped; the message says what to do."""


def running(folder: Path) -> Running | None:
    """Who serves the sandbox, None when nobody does; what a killed process left is cleared."""
    known = Running.read(folder)
    if known is not None and not _is_alive(known.pid):
        Running.path(folder).unlink(missing_ok=True)
        return None
    return known


def start(folder: Path) -> Running:
    """Serve the sandbox in ``folder`` by a process of its own, unless one already does.

    Raises SandboxError when it does not come up.
    """
    if known := running(folder):
        return known
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own module, a folder of ours
            [sys.executable, "-m", "ioc_pipelines.sandbox.server.run", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if (known := Running.read(folder)) and known.pid == process.pid:
            return known
        time.sleep(_LOOK_EVERY_S)
    process.kill()
    msg = f"the sandbox did not start; what it said: {folder / LOG}"
    raise SandboxError(msg)


def stop(folder: Path) -> bool:
    """Stop the process that serves the sandbox; whether there was one. Its data stays.

    Raises SandboxError when it does not end.
    """
    known = running(folder)
    if known is None:
        return False
    os.kill(known.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    while _is_alive(known.pid):
        if time.monotonic() > deadline:
            msg = f"process {known.pid} that serves the sandbox does not end; stop it by hand"
            raise SandboxError(msg)
        time.sleep(_LOOK_EVERY_S)
    Running.path(folder).unlink(missing_ok=True)
    return True


def _is_alive(pid: int) -> bool:
    """Whether the process is there and is a sandbox's: a number may have been given again."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
    return b"ioc_pipelines.sandbox.server.run" in command
