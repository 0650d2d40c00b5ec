"""The process that reading processes are forked from: ``python -m ….child.server``.

It has imported what reading needs, once, and reads nothing itself. Each line on its standard input
is a request ``{"folder": …}``; it forks a child that does the work that ``folder`` describes, waits
for it, and answers with a line that says how the child ended.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from ioc_pipelines.intake.child.confine import allow_time, confine, cut_off_network

REQUEST, PROGRESS = "request.json", "progress.jsonl"
_LOOK_EVERY_S = 0.5
_FAILED = 70


def main() -> None:
    """Serve until standard input ends: with the process that started it."""
    cut_off = cut_off_network()
    from ioc_pipelines.intake.child.tasks import run  # after the network is gone: it starts threads

    gc.collect()
    gc.freeze()  # what is shared with the children stays shared
    for line in sys.stdin:
        folder = Path(json.loads(line)["folder"])
        child = os.fork()
        if child == 0:
            _work(folder, run)
        ended = _watched(child, folder)
        print(json.dumps({**ended, "cut_off": cut_off}), flush=True)  # noqa: T201


def _work(folder: Path, run: Any) -> None:
    """What the child does; it never returns."""
    code = _FAILED
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        run(folder, confine, allow_time)
        code = 0
    finally:
        os._exit(code)


def _watched(child: int, folder: Path) -> dict[str, Any]:
    """How the child ended; killed when it stands still, or when nobody waits for it any more."""
    wall_s = json.loads((folder / REQUEST).read_bytes())["limits"]["wall_s"]
    progress, started, killed = folder / PROGRESS, time.time(), False
    handle = os.pidfd_open(child)
    try:
        while True:
            ready, _, _ = select.select([handle, 0], [], [], _LOOK_EVERY_S)
            if handle in ready:
                _, status, usage = os.wait4(child, 0)
                return {
                    "exit": os.waitstatus_to_exitcode(status),
                    "killed": killed,
                    "cpu_s": usage.ru_utime + usage.ru_stime,
                    "peak_mb": usage.ru_maxrss // 1024,
                }
            moved = progress.stat().st_mtime if progress.exists() else started
            if 0 in ready or time.time() - moved > wall_s:
                # input while the child works: its end, for one request is sent at a time
                killed = True
                os.kill(child, signal.SIGKILL)
    finally:
        os.close(handle)


if __name__ == "__main__":
    main()
