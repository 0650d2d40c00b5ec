"""Killed ten times at each point of build, a refresh of two feeds loses no row."""

from __future__ import annotations

import pytest

from tests.faults.kills import TIMES, Harness, Tell, kill_and_run_again
from tests.faults.points import BUILD, Point

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("point", BUILD, ids=lambda point: point.name)
def test_killed_ten_times(harness: Harness, point: Point, tell: Tell) -> None:
    kill_and_run_again(harness, [point] * TIMES, tell)
