"""The whole nightly refresh of the sandbox province, killed once at each point, then run again.

From one prepared state: the province after its first night, and days that have passed, so many that
a folder has a new weekly file, and its agency is owed a receipt. The kills follow one another, so
each run but the first begins on what a kill left.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.province import Province, local_day, served
from tests.faults.aftermath import contents, left_behind, reading, unequal_batches
from tests.faults.kills import Tell
from tests.faults.points import BUILD, INTAKE, PUBLISH, Point
from tests.faults.runs import Ended, Warm

pytestmark = pytest.mark.faults
DAYS = 8
# in the order of a run: the first feed that comes to a point dies there, before any other has
# concluded, so that all of them still have news for the points behind it
POINTS = (*INTAKE, *BUILD, *PUBLISH)


@dataclass(frozen=True)
class Night:
    """A province before its second night, and what the tables hold after an undisturbed one."""

    province: Province
    warm: Warm
    undisturbed: dict[str, str]

    def refresh(self, point: str = "") -> Ended:
        return refresh(self.province, self.warm, point)


def refresh(province: Province, warm: Warm, point: str = "") -> Ended:
    """``ioc refresh`` in a process that can be killed, with temporary files where they are seen."""
    temporary = province.base / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**province.environment(), "TMPDIR": str(temporary)}
    return warm.run(environment, "refresh", "--json", point=point)


def second_night(province: Province, warm: Warm) -> Night:
    """Run the second night once on a copy of the data root, and put the root back."""
    aside = province.home.with_name("before")
    shutil.copytree(province.home, aside, symlinks=True)
    done = refresh(province, warm)
    assert done.code == 0, done.out + done.err
    undisturbed = contents(province.published)
    shutil.rmtree(province.home)
    aside.rename(province.home)
    return Night(province, warm, undisturbed)


@pytest.fixture(scope="module")
def night(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    opened = local_day(datetime.now(UTC) - timedelta(days=DAYS + 1))
    with served(tmp_path_factory.mktemp("province") / "var", opened) as province:
        first = refresh(province, warm)
        assert first.code == 0, first.out + first.err
        assert province.here("sandbox", "advance", "--days", str(DAYS)).code == 0
        yield second_night(province, warm)


def test_killed_at_each_point_of_the_whole_refresh(night: Night, tell: Tell) -> None:
    kill_at_each(night, POINTS, tell)


def kill_at_each(night: Night, points: Sequence[Point], tell: Tell) -> None:
    with reading(night.province.published) as reader:
        for point in points:
            killed = night.refresh(point.name)
            assert killed.was_killed, f"{point} was not reached: {killed}"
            tell("killed")
        done = night.refresh()
    assert done.code == 0, done.out + done.err
    assert contents(night.province.published) == night.undisturbed
    assert unequal_batches(night.province.home) == []
    assert left_behind(night.province.base, night.province.profile) == []
    tell("reads", reader.reads)
    tell("reads failed", len(reader.failed))
    assert reader.failed == []
    assert reader.reads > 0
