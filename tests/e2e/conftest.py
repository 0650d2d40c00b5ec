"""What two modules look at and one worker makes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.broken_night import BrokenNight, make_broken_night
from tests.e2e.province import local_day, made_once


@pytest.fixture(scope="session")
def broken_night(tmp_path_factory: pytest.TempPathFactory) -> BrokenNight:
    """The province after its first refresh, with five systems broken. It is not served."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    yesterday = local_day(datetime.now(UTC) - timedelta(days=1))

    def make(folder: Path) -> None:
        make_broken_night(folder, yesterday)

    return BrokenNight.read(made_once(shared / "broken-night", make))
