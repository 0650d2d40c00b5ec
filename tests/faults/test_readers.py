"""Fifty readers through three publishes: none fails, none sees two builds in one file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.snapshots import publish
from tests.faults.kills import Tell

pytestmark = pytest.mark.faults

READERS, PUBLISHES, TABLES, ROWS = 50, 3, 6, 20_000
_BEGAN = datetime(2026, 11, 20, 19, tzinfo=UTC)
# opens the path anew once a second, as an analyst's program does; a last time when `stop` is there
_READER = """
import duckdb, json, os, pathlib, sys, time
path, folder, tables = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
told = {"reads": 0, "failed": 0, "mixed": 0}
seen, latest, is_last = set(), time.monotonic() + 300, False
while not is_last:
    is_last = (folder / "stop").exists() or time.monotonic() > latest
    try:
        with duckdb.connect(path, read_only=True, config={"threads": 1}) as connection:
            builds = set()
            for number in range(tables):
                sql = f"select distinct build from marts.t{number}"
                builds.update(build for (build,) in connection.execute(sql).fetchall())
        told["reads"] += 1
        told["mixed"] += len(builds) > 1
        seen |= builds
    except Exception as error:
        told["failed"] += 1
        told["error"] = str(error)
    (folder / f"ready-{os.getpid()}").touch()
    time.sleep(0 if is_last else 1)
print(json.dumps({**told, "seen": sorted(seen)}))
"""


def build(home: Home, number: int) -> None:
    """A build file of which every table says which build it is of."""
    home.build.mkdir(parents=True, exist_ok=True)
    path = home.build / "ioc.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as ioc (storage_version 'v1.5.0')").fetchall()
        connection.execute("create schema ioc.marts").fetchall()
        for table in range(TABLES):
            connection.execute(
                f"create table ioc.marts.t{table} as"
                f" select {number} as build, range as id, md5(range::varchar) as text"
                f" from range({ROWS})"
            ).fetchall()


def publish_next(home: Home, number: int) -> None:
    publish(
        home,
        snapshot_id=f"{_BEGAN + timedelta(days=number):%Y%m%dT%H%M%S}-{number:08d}",
        built_at=_BEGAN + timedelta(days=number),
        run_id=f"run-{number}",
        dbt_hash="dbt",
        expected={f"marts.t{table}" for table in range(TABLES)},
        record=lambda _: None,
    )


@contextmanager
def readers(home: Home, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Fifty of them, each of which has read once; they are told to stop afterwards."""
    path = home.published / "ioc.duckdb"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _READER, str(path), str(folder), str(TABLES)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        while len(list(folder.glob("ready-*"))) < READERS:
            assert not [process for process in started if process.poll()], "a reader has died"
            time.sleep(0.1)
        yield started
    finally:
        (folder / "stop").touch()
        for process in started:
            process.wait(timeout=300)


def test_fifty_readers_through_three_publishes(tmp_path: Path, tell: Tell) -> None:
    home, folder = Home("test", tmp_path / "var" / "test"), tmp_path / "readers"
    folder.mkdir()
    build(home, 0)
    publish_next(home, 0)
    with readers(home, folder) as started:
        for number in range(1, PUBLISHES + 1):
            build(home, number)
            publish_next(home, number)
            time.sleep(2)
    told = [json.loads(process.communicate()[0]) for process in started]
    for name in ("reads", "failed", "mixed"):
        tell(f"fifty readers: {name}", sum(one[name] for one in told))
    assert [one for one in told if one["failed"] or one["mixed"]] == []
    # each began with the first and ended with the last
    assert [one for one in told if not {0, PUBLISHES} <= set(one["seen"])] == []
