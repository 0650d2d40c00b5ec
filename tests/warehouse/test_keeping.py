"""Which snapshots are deleted: the old ones, and none that is open, pinned or published."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.pins import pin, pins, unpin
from ioc_pipelines.warehouse.readers import processes_in, reading
from ioc_pipelines.warehouse.snapshots import (
    KEPT,
    kept_because,
    point_to,
    prune,
    snapshot_ids,
    verify,
)
from tests.warehouse.snapshot_files import name, published, put, values

OPEN_DUCKDB = (
    "import duckdb; c = duckdb.connect(FILE, read_only=True); c.execute('from marts.indicator')"
)
OPEN_PARQUET = "f = open(FILE, 'rb')"
MAP_PARQUET = """
import mmap
with open(FILE, 'rb') as f:
    m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home("test", tmp_path / "var" / "test")


@contextmanager
def reader(opens: str, path: Path) -> Iterator[int]:
    """A process of its own that has the file open; its id."""
    script = f"FILE = {str(path)!r}\n{opens}\nprint('open', flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process.pid
        finally:
            process.kill()


def _read(folder: str, began: Event, end: Event) -> None:
    with reading(Path(folder)):
        began.set()
        end.wait(60)


def test_five_are_kept(home: Home) -> None:
    for number in range(1, 8):
        put(home, number)
    assert KEPT == 5
    assert snapshot_ids(home) == [name(number) for number in (7, 6, 5, 4, 3)]
    assert {path.name for path in home.snapshots.iterdir()} == set(snapshot_ids(home))
    for snapshot_id in snapshot_ids(home):
        verify(home, snapshot_id)


def test_the_published_one_is_never_pruned(home: Home) -> None:
    for number in range(1, 6):
        put(home, number)
    point_to(home, name(1))
    assert sorted(prune(home, keep=2)) == [name(2), name(3)]
    assert snapshot_ids(home) == [name(5), name(4), name(1)]
    assert values(published(home)) == 1
    assert prune(home, keep=2) == []


def test_the_one_before_the_published_is_kept(home: Home) -> None:
    for number in range(1, 6):
        put(home, number)
    point_to(home, name(3))
    assert prune(home, keep=1) == [name(4), name(1)]
    assert snapshot_ids(home) == [name(5), name(3), name(2)]
    assert kept_because(home, name(2), keep=1) == ["the one before the published"]
    assert kept_because(home, name(3), keep=1) == ["published"]
    assert kept_because(home, name(5), keep=1) == ["one of the newest 1"]


@pytest.mark.parametrize(
    ("opens", "file"),
    [
        (OPEN_DUCKDB, "ioc.duckdb"),
        (OPEN_PARQUET, "marts/indicator.parquet"),
        (MAP_PARQUET, "marts/indicator.parquet"),
    ],
    ids=["DuckDB", "Parquet", "mapped"],
)
def test_one_that_another_process_has_open_is_kept_until_it_ends(
    home: Home, opens: str, file: str
) -> None:
    for number in range(1, 6):
        put(home, number)
    with reader(opens, home.snapshots / name(2) / file) as process:
        assert processes_in(home.snapshots / name(2)) == [process]
        assert prune(home, keep=1) == [name(3), name(1)]
        assert kept_because(home, name(2), keep=1) == [f"open in process {process}"]
        verify(home, name(2))
    assert processes_in(home.snapshots / name(2)) == []
    assert prune(home, keep=1) == [name(2)]


def test_a_duckdb_reader_is_known_by_its_lock_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left where /proc does not tell: processes of other users, or on other machines."""
    put(home, 1)
    monkeypatch.setattr("ioc_pipelines.warehouse.readers._processes", lambda: iter(()))
    folder = home.snapshots / name(1)
    with reader(OPEN_DUCKDB, folder / "ioc.duckdb") as process:
        assert processes_in(folder) == [process]
    assert processes_in(folder) == []


def test_one_that_our_own_reader_holds_between_two_files_is_kept(home: Home) -> None:
    for number in range(1, 5):
        put(home, number)
    context = multiprocessing.get_context("spawn")
    began, end = context.Event(), context.Event()
    child = context.Process(target=_read, args=(str(home.snapshots / name(1)), began, end))
    child.start()
    assert began.wait(60)
    with reading(home.snapshots / name(2)):  # and this process another
        assert prune(home, keep=1) == []
        assert kept_because(home, name(1), keep=1) == [f"open in process {child.pid}"]
    end.set()
    child.join(60)
    assert prune(home, keep=1) == [name(2), name(1)]
    with pytest.raises(FileNotFoundError), reading(home.snapshots / name(1)):
        pass


def test_a_reader_keeps_its_snapshot_and_a_new_one_sees_the_new(home: Home) -> None:
    put(home, 1)
    session = duckdb.connect(str(published(home)), read_only=True)
    try:
        for number in range(2, 9):  # long enough for the first to be pruned, were it not open
            put(home, number)
            assert values(published(home)) == number
            query = "select count(*) from marts.indicator_value"
            assert session.execute(query).fetchall() == [(1,)]
        assert name(1) in snapshot_ids(home)
    finally:
        session.close()
    put(home, 9)
    assert name(1) not in snapshot_ids(home)


def test_a_pinned_one_is_kept_until_every_holder_lets_it_go(home: Home) -> None:
    for number in range(1, 5):
        put(home, number)
    pin(home, name(1), "report.monthly.2026-11", "Báo cáo tháng 11")
    pin(home, name(1), "report.quarterly", "Báo cáo quý")
    pin(home, name(1), "report.quarterly", "Báo cáo quý IV")
    assert pins(home, name(1)) == {
        "report.monthly.2026-11": "Báo cáo tháng 11",
        "report.quarterly": "Báo cáo quý IV",
    }
    assert pins(home, name(2)) == {}
    assert prune(home, keep=1) == [name(2)]
    unpin(home, name(1), "report.quarterly")
    assert prune(home, keep=1) == []
    assert kept_because(home, name(1), keep=1) == ["pinned by report.monthly.2026-11"]
    unpin(home, name(1), "report.monthly.2026-11")
    unpin(home, name(1), "nobody")
    assert prune(home, keep=1) == [name(1)]


def test_what_cannot_be_pinned_is_refused(home: Home) -> None:
    put(home, 1)
    with pytest.raises(FileNotFoundError):
        pin(home, name(2), "report", "")
    for holder in ("", "../out", ".hidden", "Báo cáo", "a/b"):
        with pytest.raises(ValueError, match="holds no snapshot"):
            pin(home, name(1), holder, "")
    assert pins(home, name(1)) == {}


def test_a_publication_keeps_as_many_as_it_is_told(home: Home) -> None:
    for number in range(1, 5):
        put(home, number, keep=2)
    assert snapshot_ids(home) == [name(4), name(3)]
