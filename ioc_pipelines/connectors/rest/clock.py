"""The time that a fetch goes by; a test brings its own, so that no test waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ioc_pipelines.connectors.rest.quota import Pace


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """Time of day for opening hours, a steady clock for deadlines, and how to wait.

    ``pace`` keeps the feeds of one source to its requests a minute together.
    """

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    pace: Pace = field(default_factory=Pace)


SYSTEM = Clock()
"""The clock of the machine; its pace is shared by all fetches of the process."""
