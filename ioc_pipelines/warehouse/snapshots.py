"""Publish by verified atomic switch; list, verify, compare, roll back and prune snapshots.

``snapshots/<id>/ioc.duckdb`` is written once and never changed; ``published/ioc.duckdb`` is a link
to the newest. A reader that has the old one open keeps it; a new one opens the new one (DESIGN,
rule 6). The marts lie beside the file as Parquet.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
from pydantic import BaseModel

from ioc_pipelines.durable import room_for, sha256_of, write_durably
from ioc_pipelines.home import PUBLISHED_FILE, Home
from ioc_pipelines.warehouse.pins import pins
from ioc_pipelines.warehouse.readers import alone_with, processes_in, reading
from ioc_pipelines.warehouse.snapshot_diff import TableDifference, differences, duplicates

KEPT = 5
MANIFEST = "manifest.json"
_MARTS = "marts"


class SnapshotError(Exception):
    """A snapshot is missing, damaged, or not what it should be. The message says which and why."""


class SnapshotManifest(BaseModel, frozen=True):
    """What a snapshot is: hash and size of its file, of each table rows and key, hashes of marts.

    It says by itself what it must be, whatever the models are later.
    """

    snapshot_id: str
    built_at: datetime
    run_id: str
    dbt_hash: str
    sha256: str
    bytes: int
    rows: dict[str, int]
    keys: dict[str, tuple[str, ...]] = {}
    marts: dict[str, str] = {}


def publish(
    home: Home,
    *,
    snapshot_id: str,
    built_at: datetime,
    run_id: str,
    dbt_hash: str,
    expected: Collection[str],
    record: Callable[[SnapshotManifest], None],
    keys: Mapping[str, tuple[str, ...]] | None = None,
    beside: Sequence[Path] = (),
    keep: int = KEPT,
) -> SnapshotManifest:
    """Copy the build's published file to a snapshot, verify the copy, and switch to it.

    ``expected`` are the tables (``schema.name``) that a whole build has; ``record`` is told of the
    snapshot before anybody can open it; ``keys`` are the columns of each table's key; ``beside``
    are files to lay beside it, such as the page of its acceptance; ``keep``: see ``prune``.
    Raises SnapshotError when the build is not whole or the copy is not what was built, and
    DiskFullError; what was published stays then.
    """
    built = home.build / PUBLISHED_FILE
    rows = row_counts(built) if built.is_file() else {}
    if missing := sorted(set(expected) - set(rows)):
        msg = f"the build is not whole, run a full refresh; missing: {', '.join(missing)}"
        raise SnapshotError(msg)
    if (home.snapshots / snapshot_id).exists():
        msg = f"{snapshot_id}: this build is published already; run a refresh for a new one"
        raise SnapshotError(msg)
    for abandoned in home.snapshots.glob(".*.part"):
        shutil.rmtree(abandoned)
    staging = home.snapshots / f".{snapshot_id}.part"
    staging.mkdir(parents=True)
    manifest = SnapshotManifest(
        snapshot_id=snapshot_id,
        built_at=built_at,
        run_id=run_id,
        dbt_hash=dbt_hash,
        sha256=sha256_of(built),
        bytes=built.stat().st_size,
        rows=rows,
        keys={table: tuple(columns) for table, columns in (keys or {}).items()},
    )
    try:
        with room_for(staging / PUBLISHED_FILE, manifest.bytes):
            manifest = _staged(built, staging, manifest, beside)
    except BaseException:
        shutil.rmtree(staging)
        raise
    staging.replace(home.snapshots / snapshot_id)
    _fsync(home.snapshots)
    record(manifest)
    point_to(home, snapshot_id)
    prune(home, keep)
    return manifest


def _staged(
    built: Path, staging: Path, manifest: SnapshotManifest, beside: Sequence[Path]
) -> SnapshotManifest:
    """Lay the whole snapshot out in ``staging``, verified and on the disk for good."""
    copy = staging / PUBLISHED_FILE
    shutil.copyfile(built, copy)
    for page in beside:
        shutil.copyfile(page, staging / page.name)
    _require_same(copy, manifest)
    export_marts(copy, staging / _MARTS)
    manifest = manifest.model_copy(update={"marts": _mart_hashes(staging / _MARTS)})
    write_durably(staging / MANIFEST, manifest.model_dump_json(indent=1).encode())
    for path in sorted(staging.rglob("*")):
        _fsync(path)
    return manifest


def point_to(home: Home, snapshot_id: str) -> None:
    """Switch what analysts open to a snapshot that is there; also the way to roll back."""
    folder = home.snapshots / snapshot_id
    read_manifest(home, snapshot_id)
    home.published.mkdir(parents=True, exist_ok=True)
    # the file last: whoever follows it finds the marts switched already
    for name in (_MARTS, PUBLISHED_FILE):
        target = Path("..") / folder.parent.name / folder.name / name
        temporary = home.published / f".{name}.{os.getpid()}.part"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(home.published / name)
    _fsync(home.published)


def published_id(home: Home) -> str | None:
    """The id of the snapshot that analysts open now."""
    link = home.published / PUBLISHED_FILE
    return link.readlink().parent.name if link.is_symlink() else None


def snapshot_ids(home: Home) -> list[str]:
    """Ids of all snapshots on disk, newest first."""
    found = (path.parent.name for path in home.snapshots.glob(f"[!.]*/{MANIFEST}"))
    return sorted(found, reverse=True)


def read_manifest(home: Home, snapshot_id: str) -> SnapshotManifest:
    """The manifest of a snapshot. Raises SnapshotError when there is none."""
    if snapshot_id not in snapshot_ids(home):
        known = ", ".join(snapshot_ids(home)) or "none"
        msg = f"no snapshot '{snapshot_id}'; there are: {known}"
        raise SnapshotError(msg)
    path = home.snapshots / snapshot_id / MANIFEST
    return SnapshotManifest.model_validate_json(path.read_bytes())


def mart_of(home: Home, snapshot_id: str, mart: str) -> Path:
    """Where the Parquet file of a snapshot's mart is, if it has that mart."""
    return home.snapshots / snapshot_id / _MARTS / f"{mart}.parquet"


def verify(home: Home, snapshot_id: str) -> SnapshotManifest:
    """Check hash, tables, row counts and keys. Raises SnapshotError naming what differs."""
    manifest = read_manifest(home, snapshot_id)
    folder = home.snapshots / snapshot_id
    _require_same(folder / PUBLISHED_FILE, manifest)
    _require_keys(folder / PUBLISHED_FILE, manifest)
    actual = _mart_hashes(folder / _MARTS)
    differing = [
        name
        for name in sorted({*actual, *manifest.marts})
        if actual.get(name) != manifest.marts.get(name)
    ]
    if differing:
        msg = f"{snapshot_id}: marts are not those of its manifest: {', '.join(differing)}"
        raise SnapshotError(msg)
    return manifest


def difference(
    home: Home,
    older: str,
    newer: str,
    *,
    tables: Collection[str] = (),
    examples: int = 0,
    personal: Collection[str] = (),
) -> list[TableDifference]:
    """How the tables of two snapshots differ: see ``snapshot_diff.differences``.

    Raises SnapshotError when there is no such snapshot, or neither has a table that is asked for.
    """
    before, after = read_manifest(home, older), read_manifest(home, newer)
    if unknown := sorted(set(tables) - before.rows.keys() - after.rows.keys()):
        msg = f"no table '{unknown[0]}' in {older} or {newer}"
        raise SnapshotError(msg)
    with reading(home.snapshots / older), reading(home.snapshots / newer):
        return differences(
            home.snapshots / older / PUBLISHED_FILE,
            home.snapshots / newer / PUBLISHED_FILE,
            {**before.keys, **after.keys},
            tables=tables,
            examples=examples,
            personal=personal,
        )


def prune(home: Home, keep: int = KEPT) -> list[str]:
    """Delete the snapshots that nothing keeps: see ``kept_because``. Returns their ids."""
    gone = []
    for snapshot_id in snapshot_ids(home)[keep:]:
        folder = home.snapshots / snapshot_id
        with alone_with(folder) as alone:
            # asked under the lock: whoever pins or reads it now was first, or finds it gone
            if alone and not kept_because(home, snapshot_id, keep):
                aside = home.snapshots / f".{snapshot_id}.part"
                folder.replace(aside)
                shutil.rmtree(aside)
                gone.append(snapshot_id)
    return gone


def kept_because(home: Home, snapshot_id: str, keep: int = KEPT) -> list[str]:
    """Why a snapshot is not pruned: of the newest, published or the one before it, pinned, open.

    Empty: nothing keeps it.
    """
    ids, published = snapshot_ids(home), published_id(home)
    reasons = []
    if snapshot_id in ids[:keep]:
        reasons.append(f"one of the newest {keep}")
    if snapshot_id == published:
        reasons.append("published")
    if published and snapshot_id in [older for older in ids if older < published][:1]:
        reasons.append("the one before the published")
    reasons += [f"pinned by {holder}" for holder in pins(home, snapshot_id)]
    reasons += [
        f"open in process {process}" for process in processes_in(home.snapshots / snapshot_id)
    ]
    return reasons


def _require_same(path: Path, manifest: SnapshotManifest) -> None:
    if not path.is_file():
        msg = f"{manifest.snapshot_id}: the file is missing"
        raise SnapshotError(msg)
    if sha256_of(path) != manifest.sha256:
        msg = f"{manifest.snapshot_id}: the file's hash is not that of its manifest"
        raise SnapshotError(msg)
    if (rows := row_counts(path)) != manifest.rows or not rows:
        msg = f"{manifest.snapshot_id}: tables or row counts are not those of its manifest"
        raise SnapshotError(msg)


def _require_keys(path: Path, manifest: SnapshotManifest) -> None:
    with duckdb.connect(str(path), read_only=True) as connection:
        for table, key in manifest.keys.items():
            schema, _, name = table.partition(".")
            if found := duplicates(connection, f'"{schema}"."{name}"', key):
                msg = f"{manifest.snapshot_id}: {found} keys of {table} are there more than once"
                raise SnapshotError(msg)


def row_counts(path: Path) -> dict[str, int]:
    """Rows of every table. Raises SnapshotError when there is a view: a snapshot is frozen."""
    with duckdb.connect(str(path), read_only=True) as connection:
        views = connection.execute(
            "select schema_name || '.' || view_name from duckdb_views() where not internal"
        ).fetchall()
        if views:
            msg = f"views are not published: {', '.join(name for (name,) in views)}"
            raise SnapshotError(msg)
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        return {
            f"{schema}.{table}": connection.execute(
                f'select count(*) from "{schema}"."{table}"'
            ).fetchall()[0][0]
            for schema, table in tables
        }


def export_marts(path: Path, folder: Path, *, in_order: bool = False) -> None:
    """The marts as Parquet files; ``in_order``: the same rows come to the same bytes."""
    folder.mkdir()
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        for (table,) in tables:
            target = str(folder / f"{table}.parquet").replace("'", "''")
            rows = f'from marts."{table}"' + (" order by all" if in_order else "")
            connection.execute(f"copy ({rows}) to '{target}' (format parquet)").fetchall()


def _mart_hashes(folder: Path) -> dict[str, str]:
    return {path.stem: sha256_of(path) for path in sorted(folder.glob("*.parquet"))}


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
