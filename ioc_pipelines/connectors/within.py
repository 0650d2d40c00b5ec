"""A last limit on how long a source may hold up its own delivery."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from ioc_pipelines.connectors.fetched import SourceUnavailableError

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T], problem: str | None = None) -> T:
    """What ``work`` returns or raises, unless it takes longer than ``seconds``.

    Work that hangs where no time-out of a driver reaches (a dead network mount) is left to itself
    in a thread that does not keep the process alive; it may only write to its own workspace.
    Raises SourceUnavailableError, which says ``problem``, when the time is over.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001  handed on to the caller, whatever it is
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="ioc-fetch")
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise SourceUnavailableError(problem or f"the source did not answer within {seconds:.0f} s")
    return done[0]
