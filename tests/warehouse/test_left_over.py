"""What a dead process left is cleared; a build that cannot be opened is set aside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.left_over import clear_left_over, set_aside_unopenable


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home("test", tmp_path / "var" / "test")
    home.prepare()
    return home


def built(home: Home) -> Path:
    path = home.build / "work.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table a as select range as id from range(1000)").fetchall()
    return path


def test_only_what_is_unfinished_is_cleared(home: Home) -> None:
    unfinished = [
        home.landing / "so_a" / "x" / "blobs" / ".17-4.part",
        home.accepted / "t" / "batches" / ".b.parquet.17.part",
        home.snapshots / ".s.part" / "ioc.duckdb",
        home.temporary / "ioc-fetch-abc" / "page-1.json",
        home.build / "work.duckdb.tmp" / "spilled",
    ]
    kept = [
        home.landing / "so_a" / "x" / "blobs" / "part",
        home.accepted / "t" / "batches" / "b.parquet",
        home.snapshots / "s" / "ioc.duckdb",
        home.dagster / "history" / "its-own.part",
    ]
    for path in (*unfinished, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    home.published.mkdir()
    link = home.published / ".ioc.duckdb.17.part"
    link.symlink_to("../snapshots/s/ioc.duckdb")

    assert len(clear_left_over(home)) == len(unfinished) + 1
    assert [path for path in unfinished if path.exists()] == []
    assert not link.is_symlink()
    assert [path for path in kept if not path.exists()] == []
    assert clear_left_over(home) == []


def test_a_build_that_opens_stays(home: Home) -> None:
    path = built(home)
    assert set_aside_unopenable(home.build) == []
    assert path.exists()


@pytest.mark.parametrize("damage", ["header", "cut", "log", "log alone"])
def test_a_build_that_does_not_open_is_set_aside(home: Home, damage: str) -> None:
    path = built(home)
    log = path.with_name("work.duckdb.wal")
    match damage:
        case "header":
            path.write_bytes(b"\0" * path.stat().st_size)
        case "cut":
            path.write_bytes(path.read_bytes()[:6000])
        case "log":
            log = _log_of_a_killed_writer(path)
            content = bytearray(log.read_bytes())
            content[len(content) // 2] ^= 0xFF
            log.write_bytes(content)
        case "log alone":
            log.write_bytes(path.read_bytes())
            path.unlink()
    aside = set_aside_unopenable(home.build)
    assert aside != []
    assert all(found.parent == home.build / "set_aside" for found in aside)
    assert list(home.build.glob("*.duckdb*")) == []
    assert set_aside_unopenable(home.build) == []


def _log_of_a_killed_writer(path: Path) -> Path:
    """The write-ahead log of a process that was killed with a table in it."""
    writes = (
        "import duckdb, os, signal, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute('create table b as select range::varchar as t from range(3000)').fetchall();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", writes, str(path)], check=False)
    log = path.with_name(f"{path.name}.wal")
    assert log.stat().st_size > 0
    return log


def test_the_log_of_a_killed_writer_opens(home: Home) -> None:
    """It is no damage: DuckDB reads it."""
    _log_of_a_killed_writer(built(home))
    assert set_aside_unopenable(home.build) == []


def test_one_generation_is_kept(home: Home) -> None:
    for content in (b"first", b"second"):
        (home.build / "work.duckdb").write_bytes(content)
        (found,) = set_aside_unopenable(home.build)
        assert found.read_bytes() == content
    assert len(list((home.build / "set_aside").iterdir())) == 1
