"""How long a command takes, how much of the processors, and how much memory at most."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_EVERY_S = 0.05
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock and of the processors, the most memory in MB, what was printed.

    The memory is that of all processes of the command together, sampled twenty times a second.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    stdout: str


def measured(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command. Raises RuntimeError with the end of what it said when it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            command, cwd=cwd, env=dict(environment), stdout=out, stderr=err, start_new_session=True
        )
        peak = _Peak(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_mb = peak.stop()
        out.seek(0)
        err.seek(0)
        said = out.read()
        if process.returncode:
            ran = " ".join(map(str, command[-3:]))
            msg = f"{ran}: exit {process.returncode}\n{said[-2_000:]}{err.read()[-4_000:]}"
            raise RuntimeError(msg)
    return Measured(seconds, used.ru_utime + used.ru_stime, peak_mb, said)


class _Peak:
    """The resident memory of all processes of a session, sampled."""

    def __init__(self, session: int) -> None:
        self._session, self._peak_mb, self._over = session, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._peak_mb

    def _watch(self) -> None:
        while not self._over.wait(_EVERY_S):
            now_mb = sum(_resident_mb(process) for process in _processes(self._session))
            self._peak_mb = max(self._peak_mb, now_mb)


def _processes(session: int) -> Iterator[Path]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            facts = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(facts[3]) == session:
            yield path


def _resident_mb(process: Path) -> float:
    try:
        return int((process / "statm").read_text().split()[1]) * _PAGE_MB
    except OSError:
        return 0.0


def alternate(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run each in turn, so that what else the machine does falls on all; the median of each."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in times.items()}
