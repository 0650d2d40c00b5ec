"""Kill a refresh at a point, run it again, and hold what is there against an undisturbed one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from tests.faults.aftermath import contents, left_behind, reading, unequal_batches
from tests.faults.points import Point
from tests.faults.runs import Warm
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

    def refresh(self, point: str = "", **more: str):  # type: ignore[no-untyped-def]
        """``ioc refresh --json``, to die at a point if one is named."""
        environment = {**self.environment, **more}
        order = {"harness": str(self.prepared), "point": point}
        return self.warm.run(environment, "refresh", "--json", **order)

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


def kill_and_run_again(harness: Harness, point: Point, tell: Tell) -> None:
    """A day passes and the refresh is killed, ten times; then a plain one must make it all good."""
    with reading(harness.published) as reader:
        for day in range(1, TIMES + 1):
            harness.systems.pass_day(day)
            killed = harness.refresh(point.name)
            assert killed.was_killed, f"{point} was not reached: {killed}"
            tell("killed")
        done = harness.refresh()
    assert done.code == 0, done.out + done.err
    lost, twice = lost_and_twice(harness)
    tell("rows lost", lost)
    tell("rows twice", twice)
    tell("reads", reader.reads)
    tell("reads failed", len(reader.failed))
    assert (lost, twice) == (0, 0)
    assert contents(harness.published) == json.loads(
        (harness.prepared / "undisturbed.json").read_text()
    )
    assert unequal_batches(harness.home) == []
    assert left_behind(harness.base, PROFILE) == []
    assert reader.failed == []
    assert reader.reads > 0
    known = {path.name for path in (harness.home / "snapshots").glob("[!.]*")}
    assert reader.seen <= known | {_first(harness)}, "a reader saw what is no snapshot"


def _first(harness: Harness) -> str:
    """The snapshot that was published before the first kill; it may be pruned since."""
    return (harness.prepared / "base" / PROFILE / "published" / "ioc.duckdb").readlink().parent.name


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
