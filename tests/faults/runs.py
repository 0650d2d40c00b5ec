"""Commands of the product in processes that can be killed, started from one warm process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WARM = Path(__file__).with_name("warm.py")


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, negative when a signal ended it, and what it said."""

    code: int
    out: str
    err: str
    cpu_s: float

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def json(self) -> Any:
        return json.loads(self.out)


class Warm:
    """The warm process; one command at a time."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder = process, folder
        assert self._line() == {"ready": True}

    def run(self, environment: Mapping[str, str], *arguments: str, **order: Any) -> Ended:
        """Run a command of the product in a child of the warm process; see ``driver.run``."""
        out, err = self._folder / "out", self._folder / "err"
        order |= {
            "arguments": arguments,
            "environment": dict(environment),
            "folder": str(self._folder),
            "out": str(out),
            "err": str(err),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.pid = self._line()["pid"]
        ended = self._line()
        return Ended(ended["code"], out.read_text(), err.read_text(), ended["cpu_s"])

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the warm process has ended"
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def warm_process(folder: Path) -> Iterator[Warm]:
    """A warm process with ``folder`` to work in, ended afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, str(_WARM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        cwd=folder,
    ) as process:
        try:
            yield Warm(process, folder)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)
