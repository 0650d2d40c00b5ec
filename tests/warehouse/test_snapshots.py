"""Publish, verify, switch, roll back and prune, on small hand-made build files."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import struct
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse import snapshots
from ioc_pipelines.warehouse.snapshots import (
    SnapshotError,
    difference,
    point_to,
    publish,
    published_id,
    read_manifest,
    snapshot_ids,
    verify,
)
from tests.warehouse.snapshot_files import BEGAN, KEYS, TABLES, build, name, published, put, values

# what DuckDB 1.5 can open (STACK: versions between 64 and 68)
STORAGE_OF_1_5 = range(64, 69)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home("test", tmp_path / "var" / "test")


# -- publishing -----------------------------------------------------------------------------------


def test_what_is_published_is_what_was_built(home: Home) -> None:
    manifest = put(home, 1, values=7)
    assert manifest.rows == {"marts.indicator": 1, "marts.indicator_value": 7, "staging.a": 3}
    assert published_id(home) == manifest.snapshot_id == name(1)
    content = published(home).read_bytes()
    assert content == (home.build / "ioc.duckdb").read_bytes()
    assert (manifest.sha256, manifest.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert read_manifest(home, name(1)) == manifest
    assert verify(home, name(1)) == manifest
    assert values(published(home)) == 7


def test_the_catalog_is_named_ioc_and_the_file_is_not_written_to(home: Home) -> None:
    put(home, 1)
    before = published(home).read_bytes()
    with duckdb.connect(str(published(home)), read_only=True) as connection:
        assert connection.execute("select current_catalog()").fetchall() == [("ioc",)]
        query = "select value from ioc.marts.indicator_value"
        assert connection.execute(query).fetchall() == [(0.0,)]
        with pytest.raises(duckdb.Error):
            connection.execute("create table marts.more as select 1 as x").fetchall()
    assert published(home).read_bytes() == before


def test_the_file_opens_in_older_clients(home: Home) -> None:
    put(home, 1)
    header = published(home).read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert struct.unpack("<Q", header[12:20])[0] in STORAGE_OF_1_5


def test_marts_lie_beside_the_file_as_parquet(home: Home) -> None:
    put(home, 1, values=9)
    files = sorted((home.published / "marts").iterdir())
    assert [path.name for path in files] == ["indicator.parquet", "indicator_value.parquet"]
    with duckdb.connect(str(published(home)), read_only=True) as connection:
        for path in files:
            query = f"select * from marts.{path.stem}"
            table = connection.sql(query).pl()
            assert table.height > 0
            assert pl.read_parquet(path).equals(table), path.stem


def test_links_are_relative_so_that_a_home_can_be_moved(home: Home, tmp_path: Path) -> None:
    put(home, 4)
    links = {path.name: path.readlink().as_posix() for path in home.published.iterdir()}
    assert links == {
        "ioc.duckdb": f"../snapshots/{name(4)}/ioc.duckdb",
        "marts": f"../snapshots/{name(4)}/marts",
    }
    shutil.move(home.root, tmp_path / "elsewhere")
    moved = Home("test", tmp_path / "elsewhere")
    assert values(published(moved)) == 4
    assert published_id(moved) == name(4)
    assert pl.read_parquet(moved.published / "marts" / "indicator_value.parquet").height == 4


@pytest.mark.parametrize("missing", sorted(TABLES))
def test_a_build_that_is_not_whole_is_refused(home: Home, missing: str) -> None:
    put(home, 1)
    build(home, 2, left_out=f"table ioc.{missing} ")
    with pytest.raises(SnapshotError, match=missing):
        publish(
            home,
            snapshot_id=name(2),
            built_at=BEGAN,
            run_id="run",
            dbt_hash="abc",
            expected=TABLES,
            record=lambda _: None,
        )
    assert (published_id(home), snapshot_ids(home)) == (name(1), [name(1)])
    assert values(published(home)) == 1


def test_no_build_at_all_is_refused(home: Home) -> None:
    with pytest.raises(SnapshotError, match=r"marts\.indicator_value"):
        publish(
            home,
            snapshot_id=name(1),
            built_at=BEGAN,
            run_id="run",
            dbt_hash="abc",
            expected=TABLES,
            record=lambda _: None,
        )
    assert published_id(home) is None
    assert not published(home).exists()


def test_a_view_is_refused(home: Home) -> None:
    put(home, 1)
    build(home, 2, "create view ioc.marts.v as select * from ioc.marts.indicator")
    with pytest.raises(SnapshotError, match=r"marts\.v"):
        publish(
            home,
            snapshot_id=name(2),
            built_at=BEGAN,
            run_id="run",
            dbt_hash="abc",
            expected=TABLES,
            record=lambda _: None,
        )
    assert (published_id(home), snapshot_ids(home)) == (name(1), [name(1)])


def test_a_copy_that_is_not_what_was_built_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, 1)
    real = shutil.copyfile

    def half(source: Path, target: Path) -> None:
        real(source, target)
        os.truncate(target, target.stat().st_size // 2)

    monkeypatch.setattr(snapshots.shutil, "copyfile", half)
    with pytest.raises(SnapshotError, match="hash"):
        put(home, 2)
    assert (published_id(home), snapshot_ids(home)) == (name(1), [name(1)])
    assert values(published(home)) == 1


@pytest.mark.parametrize("step", ["export_marts", "write_durably", "_fsync"])
def test_a_publish_that_dies_half_way_is_never_seen(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    put(home, 1)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, step, die)
        with pytest.raises(KeyboardInterrupt):
            put(home, 2)
    assert published_id(home) == name(1)
    assert snapshot_ids(home) == [name(1)]
    assert values(published(home)) == 1
    put(home, 3)
    assert (published_id(home), snapshot_ids(home)) == (name(3), [name(3), name(1)])
    assert {path.name for path in home.snapshots.iterdir()} == {name(1), name(3)}


def test_a_snapshot_is_written_once(home: Home) -> None:
    put(home, 1)
    before = published(home).read_bytes()
    with pytest.raises((SnapshotError, OSError)):
        put(home, 1, values=99)
    assert published(home).read_bytes() == before
    assert verify(home, name(1)).rows["marts.indicator_value"] == 1


# -- verifying ------------------------------------------------------------------------------------


def test_a_changed_file_is_found(home: Home) -> None:
    put(home, 3)
    path = home.snapshots / name(3) / "ioc.duckdb"
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    cases = {"one bit": bytes(flipped), "cut": whole[:-4096], "longer": whole + b"\0"}
    for case, content in cases.items():
        path.write_bytes(content)
        with pytest.raises(SnapshotError, match=name(3)):
            verify(home, name(3))
        assert read_manifest(home, name(3)).rows["marts.indicator_value"] == 3, case
    path.write_bytes(whole)
    assert verify(home, name(3)).snapshot_id == name(3)
    path.unlink()
    with pytest.raises(SnapshotError, match="missing"):
        verify(home, name(3))


def test_a_row_added_by_hand_is_found(home: Home) -> None:
    put(home, 3)
    path = home.snapshots / name(3) / "ioc.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into staging.a values (99)").fetchall()
    with pytest.raises(SnapshotError, match=name(3)):
        verify(home, name(3))


def test_a_changed_parquet_mart_is_found(home: Home) -> None:
    """Tools without DuckDB read these: they are the snapshot as much as its file is."""
    put(home, 3)
    pl.DataFrame({"value": [1.0]}).write_parquet(
        home.snapshots / name(3) / "marts" / "indicator_value.parquet"
    )
    with pytest.raises(SnapshotError, match="indicator_value"):
        verify(home, name(3))


def test_a_manifest_that_lies_is_found(home: Home) -> None:
    manifest = put(home, 3)
    lie = manifest.model_copy(update={"rows": {**manifest.rows, "staging.a": 4}})
    path = home.snapshots / name(3) / "manifest.json"
    path.write_text(lie.model_dump_json())
    with pytest.raises(SnapshotError, match="row counts"):
        verify(home, name(3))


def test_a_key_that_is_there_twice_is_found_by_the_manifest_alone(home: Home) -> None:
    """However it came there: hash and counts are those of the file as it is."""
    manifest = put(home, 3)
    assert verify(home, name(3)).keys == KEYS
    path = home.snapshots / name(3) / "ioc.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("update staging.a set id = 0 where id = 1").fetchall()
    content = path.read_bytes()
    as_it_is = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    told = manifest.model_copy(update=as_it_is).model_dump_json()
    (home.snapshots / name(3) / "manifest.json").write_text(told)
    with pytest.raises(SnapshotError, match=r"1 keys of staging\.a are there more than once"):
        verify(home, name(3))


def test_an_unknown_snapshot_is_named_with_those_there_are(home: Home) -> None:
    put(home, 1)
    for ask in (verify, read_manifest, point_to):
        with pytest.raises(SnapshotError, match=f"'nope'.*{name(1)}"):
            ask(home, "nope")
    assert published_id(home) == name(1)


# -- switching ------------------------------------------------------------------------------------


def test_rolling_back_and_forward(home: Home) -> None:
    for number in (1, 2, 3):
        put(home, number)
    assert values(published(home)) == 3
    for number in (1, 3, 2):
        point_to(home, name(number))
        assert published_id(home) == name(number)
        assert values(published(home)) == number
        marts = home.published / "marts" / "indicator_value.parquet"
        assert pl.read_parquet(marts).height == number
    assert snapshot_ids(home) == [name(3), name(2), name(1)]
    assert {path.name for path in home.published.iterdir()} == {"ioc.duckdb", "marts"}


def test_difference_names_tables_and_rows(home: Home) -> None:
    put(home, 1, values=4)
    build(home, 9, "create table ioc.staging.b as select 1 as id", left_out="table ioc.marts.indi")
    with duckdb.connect(str(home.build / "ioc.duckdb")) as connection:
        query = "create table marts.indicator_value as select range as value from range(9)"
        connection.execute(query).fetchall()
    publish(
        home,
        snapshot_id=name(2),
        built_at=BEGAN,
        run_id="run",
        dbt_hash="abc",
        expected=["staging.a"],
        record=lambda _: None,
    )
    found = {one.table: one for one in difference(home, name(1), name(2))}
    assert {table: (one.rows_older, one.rows_newer) for table, one in found.items()} == {
        "marts.indicator": (1, None),
        "marts.indicator_value": (4, 9),
        "staging.b": (None, 1),
    }
    value = found["marts.indicator_value"]
    assert value.columns_removed == {"indicator_code": "VARCHAR", "period_start": "DATE"}
    assert value.columns_retyped == {"value": ("DOUBLE", "BIGINT")}
    assert difference(home, name(1), name(1)) == []
    (asked,) = difference(home, name(1), name(2), tables=["staging.a"])
    assert (asked.key, asked.added, asked.removed, asked.changed) == (("id",), 0, 0, 0)
    with pytest.raises(SnapshotError, match=r"no table 'marts\.nope'"):
        difference(home, name(1), name(2), tables=["marts.nope"])


# -- readers --------------------------------------------------------------------------------------


def _watch(path: str, until: str, found: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    """Open and count again and again; report every count, or what went wrong."""
    seen: set[tuple[int, int]] = set()
    rounds = 0
    try:
        while not Path(until).exists() or rounds < 3:
            with duckdb.connect(path, read_only=True) as connection:
                one, two = "staging.a", "marts.indicator_value"
                query = f"select (select count(*) from {one}), (select count(*) from {two})"
                seen.update(connection.execute(query).fetchall())
            rounds += 1
    except Exception as error:  # noqa: BLE001
        found.put(f"{type(error).__name__}: {error}")
        return
    found.put((rounds, sorted(seen)))


def test_readers_in_other_processes_never_see_an_error(home: Home, tmp_path: Path) -> None:
    put(home, 1)
    stop = tmp_path / "stop"
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    readers = [
        context.Process(target=_watch, args=(str(published(home)), str(stop), found))
        for _ in range(2)
    ]
    for reader in readers:
        reader.start()
    for number in range(2, 12):
        put(home, number)
    stop.touch()
    answers = [found.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(timeout=60)
    for answer in answers:
        assert not isinstance(answer, str), answer
        rounds, seen = answer
        assert rounds >= 3
        assert {a for a, _ in seen} == {3}
        assert {b for _, b in seen} <= set(range(1, 12))
