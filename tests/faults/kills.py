"""Kill a refresh at a point, run it again, and hold what is there against an undisturbed one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from tests.faults.aftermath import contents, left_behind, query, reading, unequal_batches
from tests.faults.points import Point
from tests.faults.runs import Ended, Warm
from tests.faults.two_feeds import (
    KEY_OF,
    PROFILE,
    Systems,
    expected_keys,
    make_dbt_project,
    make_sources,
)

TIMES = 10
Tell = Callable[..., None]


@dataclass(frozen=True)
class Harness:
    """The two feeds, at a place of their own, and the process that runs commands on them."""

    warm: Warm
    prepared: Path
    base: Path
    today: date

    @property
    def home(self) -> Path:
        return self.base / PROFILE

    @property
    def systems(self) -> Systems:
        return Systems(self.base / "systems", self.today)

    @property
    def published(self) -> Path:
        return self.home / "published" / "ioc.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        temporary = self.base / "tmp"
        temporary.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base),
            "TMPDIR": str(temporary),
            "IOC_HOME": str(self.base),
            "IOC_PROFILE": PROFILE,
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            **self.systems.addresses,
        }

    def undisturbed(self) -> dict[str, str]:
        """What the tables hold after ``TIMES`` days that nothing disturbed."""
        told: dict[str, str] = json.loads((self.prepared / "undisturbed.json").read_text())
        return told

    def refresh(self, point: str = "", **order: str) -> Ended:
        """``ioc refresh --json``, to die at a point if one is named; see ``driver.run``."""
        order |= {"harness": str(self.prepared), "point": point}
        return self.warm.run(self.environment, "refresh", "--json", **order)

    def run(self, *arguments: str, warm: Warm | None = None, **settings: str) -> Ended:
        """Another command, with more variables in its environment."""
        environment = {**self.environment, **settings}
        return (warm or self.warm).run(environment, *arguments, harness=str(self.prepared))

    @contextmanager
    def copied(self, base: Path) -> Iterator[Harness]:
        """The same at another place, which is gone afterwards."""
        shutil.copytree(self.base, base, symlinks=True)
        try:
            yield Harness(self.warm, self.prepared, base, self.today)
        finally:
            shutil.rmtree(base)


def prepare(folder: Path, warm: Warm, today: date) -> None:
    """A first night in ``folder/base``, and what an undisturbed run says after ``TIMES`` days."""
    make_sources(folder / "sources")
    make_dbt_project(folder / "dbt_project")
    harness = Harness(warm, folder, folder / "base", today)
    harness.systems.folder.mkdir(parents=True)
    harness.systems.pass_day(0)
    done = harness.refresh()
    assert done.code == 0, done.out + done.err
    with harness.copied(folder / "undisturbed") as other:
        for day in range(1, TIMES + 1):
            other.systems.pass_day(day)
        done = other.refresh()
        assert done.code == 0, done.out + done.err
        (folder / "undisturbed.json").write_text(json.dumps(contents(other.published)))


def kill_and_run_again(harness: Harness, points: Sequence[Point], tell: Tell) -> None:
    """A day passes and the refresh is killed, at each point in turn; a plain run makes it all good.

    Nothing is run in between: each run but the first begins on what a kill left.
    """
    with reading(harness.published) as reader:
        for day, point in enumerate(points, start=1):
            harness.systems.pass_day(day)
            killed = harness.refresh(point.name)
            assert killed.was_killed, f"{point} was not reached: {killed}"
            tell("killed")
        for day in range(len(points) + 1, TIMES + 1):
            harness.systems.pass_day(day)
        done = harness.refresh()
    assert done.code == 0, done.out + done.err
    lost, twice = lost_and_twice(harness)
    tell("rows lost", lost)
    tell("rows twice", twice)
    tell("reads", reader.reads)
    tell("reads failed", len(reader.failed))
    assert (lost, twice) == (0, 0)
    assert contents(harness.published) == harness.undisturbed()
    assert unequal_batches(harness.home) == []
    assert left_behind(harness.base, PROFILE) == []
    assert reader.failed == []
    assert reader.reads > 0
    assert reader.seen <= {
        *_published(harness.home),
        *_published(harness.prepared / "base" / PROFILE),
    }


def _published(home: Path) -> set[str]:
    """Every snapshot that the ledger says was published."""
    return {name for (name,) in query(home / "ledger.db", "select snapshot_id from snapshot")}


def lost_and_twice(harness: Harness) -> tuple[int, int]:
    """Keys that should be there and are not, and rows beyond one of a key, in both tables."""
    lost = twice = 0
    with duckdb.connect(str(harness.published), read_only=True) as connection:
        for table, keys in expected_keys(TIMES + 1, harness.today).items():
            found = connection.execute(f'select "{KEY_OF[table]}" from {table}').fetchall()
            names = [name for (name,) in found]
            lost += len(keys - set(names))
            twice += len(names) - len(keys & set(names))
    return lost, twice
