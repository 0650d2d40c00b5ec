"""Have files read by disposable processes, and say in plain words how one came to its end."""

from __future__ import annotations

import atexit
import errno
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.home import PROJECT
from ioc_pipelines.intake.child.parts import lines_of, refusal
from ioc_pipelines.intake.child.server import PROGRESS, REQUEST
from ioc_pipelines.intake.errors import OversizedFileError, UnreadableFileError

# of a delivery whose files break their limits one after the other
_MOST_BROKEN = 3
_MODULE = "ioc_pipelines.intake.child.server"
# what a reader may know of our environment: no address and no secret
_KNOWN = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_NO_THREADS = {"_RJEM_MALLOC_CONF": "background_thread:false"}
_START_S, _STOP_S = 60, 5
_IN_THE_PROFILE = "in the profile"
_NO_MEMORY = b"memory allocation of"


class ReaderFailedError(Exception):
    """A reader failed by a defect of ours: ``kind`` of the error and where, innermost last."""

    def __init__(self, kind: str, at: Sequence[str]) -> None:
        """Take what the process told."""
        self.kind, self.at = kind, tuple(at)
        super().__init__(f"a reader of files failed: {kind}")


@dataclass(frozen=True)
class Ended:
    """How a reading process ended: its exit code, or minus the signal that ended it."""

    exit: int
    killed: bool
    cpu_s: float
    peak_mb: int
    cut_off: bool


@dataclass(frozen=True)
class Request:
    """What to do with files, each a name to show and where its bytes are."""

    task: str
    files: Sequence[tuple[str, Path]]
    more: Mapping[str, Any]
    limits: ReadingLimits


class _Server:
    """A process that reading processes are forked from; one request at a time."""

    def __init__(self) -> None:
        known = {name: os.environ[name] for name in _KNOWN if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**known, **_NO_THREADS, "PYTHONPATH": str(PROJECT)},
        )

    def ended(self, folder: Path, limits: ReadingLimits, files: int) -> Ended | None:
        """Have the work in ``folder`` done; None when the server itself is gone."""
        request, answer = self._process.stdin, self._process.stdout
        if request is None or answer is None:
            return None
        with suppress(BrokenPipeError):
            request.write(json.dumps({"folder": str(folder)}).encode() + b"\n")
            request.flush()
        ready, _, _ = select.select([answer], [], [], _START_S + limits.wall_s * (files + 1))
        line = answer.readline() if ready else b""
        return Ended(**json.loads(line)) if line else None

    def stop(self) -> None:
        """End it and whatever it has forked."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Readers:
    """As many servers as the machine has cores, started when first needed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._slots = BoundedSemaphore(max(2, os.cpu_count() or 2))
        self._idle: list[_Server] = []
        self._lock = Lock()

    def ended(self, folder: Path, limits: ReadingLimits, files: int) -> Ended:
        """Have the work in ``folder`` done by a process of its own."""
        with self._slots, self._one() as server:
            ended = server.ended(folder, limits, files)
            if ended is None:
                server.stop()
                msg = "the process that readers of files are forked from is gone"
                raise ChildProcessError(msg)
            with self._lock:
                self._idle.append(server)
            return ended

    @contextmanager
    def _one(self) -> Iterator[_Server]:
        with self._lock:
            server = self._idle.pop() if self._idle else None
        yield server or _Server()

    def stop(self) -> None:
        """End the servers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for server in idle:
            server.stop()


def _begin() -> None:
    global _readers
    _readers = Readers()


_readers = Readers()
atexit.register(lambda: _readers.stop())
os.register_at_fork(after_in_child=_begin)


def done(request: Request) -> Iterator[tuple[int, Path, dict[str, Any]]]:
    """What came of each file as it was told: its number, the folder of its tables, and the line.

    A file that its reader broke down on is told as refused, and the next ones are read by another
    process. Raises ReaderFailedError for a defect of ours and OSError for one of the machine.
    """
    start, broken = 0, 0
    while start < len(request.files):
        with tempfile.TemporaryDirectory(prefix="ioc-read-") as folder:
            here = Path(folder)
            if broken == _MOST_BROKEN:
                yield from _left(request, start, here)
                return
            ended = _asked(here, request, start)
            told = list(lines_of(here / PROGRESS))
            finished = {start + line["end"] for line in told if "end" in line}
            last = start + max((line["begin"] for line in told if "begin" in line), default=0)
            for line in told:
                if "file" in line and start + line["file"] in finished:
                    yield start + line["file"], here, line
            if last not in finished:
                failure = next((line["failed"] for line in told if "failed" in line), None)
                reason = _why(ended, failure, here, request.limits)
                yield last, here, _refused(request, last, reason)
                broken += 1
            start = last + 1


def _asked(folder: Path, request: Request, start: int) -> Ended:
    asked = {
        "task": request.task,
        "files": [(name, str(path)) for name, path in request.files[start:]],
        "limits": request.limits.model_dump(),
        **request.more,
    }
    (folder / REQUEST).write_text(json.dumps(asked), encoding="utf-8")
    return _readers.ended(folder, request.limits, len(request.files) - start)


def _refused(request: Request, number: int, reason: str) -> dict[str, Any]:
    kind = OversizedFileError if reason.endswith(_IN_THE_PROFILE) else UnreadableFileError
    return {"refused": refusal(kind(request.files[number][0], reason))}


def _left(request: Request, start: int, folder: Path) -> Iterator[tuple[int, Path, dict[str, Any]]]:
    """The files that nobody reads any more."""
    reason = f"not read: {_MOST_BROKEN} files before it broke the limits of reading"
    for number in range(start, len(request.files)):
        yield number, folder, _refused(request, number, reason)


def _why(
    ended: Ended, failure: Mapping[str, Any] | None, folder: Path, limits: ReadingLimits
) -> str:
    """Why a file was not read, by the end of its reader. Raises what is not the file's fault."""
    if failure is not None:
        if failure["errno"] == errno.EFBIG:
            return _beyond(f"unpacks to more than {limits.written_mb} MiB", "written_mb")
        if failure["errno"] is not None:
            raise OSError(failure["errno"], os.strerror(failure["errno"]))
        if failure["error"] == MemoryError.__name__:
            return _beyond(f"takes more than {limits.memory_mb} MiB of memory to read", "memory_mb")
        if failure["is_ours"]:
            raise ReaderFailedError(failure["error"], failure["at"])
        return f"damaged, or made to do harm: its reader broke down ({failure['error']})"
    if ended.killed:
        return _beyond(f"not read within {limits.wall_s} s", "wall_s")
    if ended.exit == -signal.SIGXCPU:
        return _beyond(f"takes more than {limits.cpu_s} s of processor time to read", "cpu_s")
    errors = folder / "stderr"
    said = errors.read_bytes() if errors.exists() else b""
    if _NO_MEMORY in said or ended.exit == -signal.SIGKILL:
        return _beyond(f"takes more than {limits.memory_mb} MiB of memory to read", "memory_mb")
    name = signal.Signals(-ended.exit).name if ended.exit < 0 else f"exit code {ended.exit}"
    return f"damaged, or made to do harm: its reader broke down ({name})"


def _beyond(what: str, setting: str) -> str:
    return f"{what}: if the file is in order, raise reading.{setting} {_IN_THE_PROFILE}"
