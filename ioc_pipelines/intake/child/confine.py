"""What a process that reads foreign files may do: little, and nothing over the network."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.reading import ReadingLimits

_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _SIGKILL = 1, 38, 9
_OPEN_FILES = 128
_MB = 1024**2
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork", "pty.")


class NotAllowedError(BaseException):
    """The reader reached for the network or another program; nothing may catch it on its way."""


def cut_off_network() -> bool:
    """Leave the network for an empty namespace, where the kernel lets an ordinary user.

    Only before the process has a second thread. Elsewhere the audit hook of ``confine`` is what
    stands between a reader and the network.
    """
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return any(
            libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWNET | _CLONE_NEWUSER)
        )
    except (OSError, AttributeError):
        return False  # not Linux


def confine(limits: ReadingLimits, folder: Path) -> None:
    """Bind this process to its limits for good; ``folder`` is where it may write."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with suppress(OSError):
        # where the machine itself runs short, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    memory, written = limits.memory_mb * _MB, limits.written_mb * _MB
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    tempfile.tempdir = str(folder)
    sys.addaudithook(_refuse)


def allow_time(seconds: int) -> None:
    """Give the process so many more seconds of processor time, from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED):
        os.write(2, f"a reader of files may not: {event}\n".encode())
        raise NotAllowedError(event)
