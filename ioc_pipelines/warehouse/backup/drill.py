"""Rehearse the loss of everything: restore the newest backup aside, prove it equal, throw it away.

That it can be done, and how long it takes, is known before it is needed (H45, L14).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import BaseModel

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.manifest import BackupError
from ioc_pipelines.warehouse.backup.restore import Restored, restore
from ioc_pipelines.warehouse.snapshots import SnapshotError, verify

_PLACE = ".drill"


class Drill(BaseModel, frozen=True):
    """One rehearsal: which backup, when, how long, and whether what came back is equal.

    ``result``: `equal` or `failed`, then ``problem`` says why.
    """

    drill_id: str
    backup_id: str | None
    backup_taken_at: datetime | None
    started_at: datetime
    ended_at: datetime
    duration_s: float
    files: int | None
    bytes: int | None
    result: str
    problem: str

    @property
    def is_equal(self) -> bool:
        """Whether everything came back."""
        return self.result == "equal"


def rehearse(home: Home, archive: Callable[[], Archive], run_id: str) -> Drill:
    """Restore the newest backup of a profile to a folder of its own, verify it, remove it.

    Never raises for what is wrong with a backup: a failed rehearsal is an answer, and recorded.
    """
    started, began = datetime.now(UTC), time.monotonic()
    restored: Restored | None = None
    problem = ""
    place = home.root / _PLACE
    shutil.rmtree(place, ignore_errors=True)  # of one that was killed
    aside = Home(home.profile, place / home.profile)
    try:
        restored = restore(aside, archive())
        if restored.published:
            verify(aside, restored.published)
    except (BackupError, SnapshotError, OSError) as error:
        problem = str(error)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Drill(
        drill_id=f"{started:%Y%m%dT%H%M%S}-{run_id[:8]}",
        backup_id=restored.backup_id if restored else None,
        backup_taken_at=restored.taken_at if restored else None,
        started_at=started,
        ended_at=datetime.now(UTC),
        duration_s=round(time.monotonic() - began, 2),
        files=restored.files if restored else None,
        bytes=restored.bytes if restored else None,
        result="failed" if problem else "equal",
        problem=problem,
    )
