"""Put a file into an agency's drop folder, as the agency does."""

from __future__ import annotations

import os
from pathlib import Path

from ioc_pipelines.durable import write_durably
from ioc_pipelines.sandbox.world import World

_DAY_S, _AT_S = 86_400, 30_600  # half past eight


def put(path: Path, content: bytes, day: int, world: World) -> None:
    """Write ``content`` to ``path`` unless it is there already, as saved on ``day``.

    ``day`` is a number since 1970-01-01; a file changed since then was saved the day before
    ``world.as_of``.
    """
    if path.is_file():
        if path.read_bytes() == content:
            return
        day = int(world.now) - 1
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, content)
    moment = min(day, int(world.now) - 1) * _DAY_S + _AT_S
    os.utime(path, (moment, moment))
