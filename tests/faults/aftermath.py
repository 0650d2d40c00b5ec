"""What a killed process left, once another has started and ended; what readers saw meanwhile."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

# which delivery brought a row and when, and where in it the row stood, differ from run to run
PROVENANCE = frozenset(
    {"_batch_id", "_recorded_at", "_file", "_sheet", "_row", "batch_id", "recorded_at"}
)
# since when a value is known, and which snapshot said so first, are clocks and names of runs
CLOCKS = frozenset(
    {"known_from", "known_until", "opened_at", "closed_at", "snapshot_id", "built_at"}
)
COMPARED = ("staging", "core", "marts")


def contents(path: Path) -> dict[str, str]:
    """A hash of the rows of each table in any order, without ``PROVENANCE`` and ``CLOCKS``."""
    found = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        for name, columns in _tables(connection).items():
            row = ", ".join(f'"{column}"' for column in columns)
            # two different sums over the hash of each row: order does not count, copies do
            sql = f"select count(*), sum(hash({row})::hugeint), bit_xor(hash({row}, 1)) from {name}"
            found[name] = str(connection.execute(sql).fetchall()[0])
    return found


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    sql = (
        "select schema_name || '.' || table_name, column_name from duckdb_columns()"
        f" where schema_name in {COMPARED} order by all"
    )
    tables: dict[str, list[str]] = {}
    for name, column in connection.execute(sql).fetchall():
        if column not in PROVENANCE | CLOCKS:
            tables.setdefault(name, []).append(column)
    return tables


def left_behind(base: Path, profile: str) -> list[str]:
    """What a dead process left that should be gone: files, locks, runs, deliveries."""
    home = base / profile
    found = [
        str(path.relative_to(base))
        for path in base.rglob("*")
        if path.name.endswith((".part", ".tmp", ".wal")) or path.name.startswith("ioc-")
    ]
    found += [f"temporary/{path.name}" for path in (home / "temporary").iterdir()]
    found += [f"lock {path.name}" for path in _locks(home) if _is_held(path)]
    found += [f"run lock {path.name}" for path in (home / "dagster" / "running").iterdir()]
    found += [f"run {name}" for name in _unfinished_runs(home)]
    found += [
        f"delivery {seq}"
        for (seq,) in query(
            home / "ledger.db", "select seq from delivery where outcome = 'running'"
        )
    ]
    return found


def unequal_batches(home: Path) -> list[tuple[Any, ...]]:
    """Batches whose rows do not add up: received = accepted + quarantined + duplicate."""
    return query(
        home / "ledger.db",
        "select * from batch where rows_received <> rows_accepted + rows_quarantined"
        " + rows_duplicate",
    )


def _locks(home: Path) -> list[Path]:
    return [home / "build.lock", *sorted((home / "locks").iterdir())]


def _is_held(path: Path) -> bool:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _unfinished_runs(home: Path) -> list[str]:
    sql = "select run_id from runs where status not in ('SUCCESS', 'FAILURE', 'CANCELED')"
    return [name for (name,) in query(home / "dagster" / "history" / "runs.db", sql)]


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of an SQLite file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


class Reader(threading.Thread):
    """Opens the published file again and again; keeps what it saw and what failed."""

    def __init__(self, published: Path) -> None:
        super().__init__(daemon=True)
        self._published, self._ended = published, threading.Event()
        self.reads = 0
        self.failed: list[str] = []
        self.seen: set[str] = set()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                with duckdb.connect(str(self._published), read_only=True) as connection:
                    sql = "select snapshot_id from quality.snapshot order by built_at desc limit 1"
                    self.seen.add(connection.execute(sql).fetchall()[0][0])
                self.reads += 1
            except (duckdb.Error, OSError) as error:
                self.failed.append(str(error))
            self._ended.wait(0.1)

    def end(self) -> None:
        self._ended.set()
        self.join(timeout=60)


@contextmanager
def reading(published: Path) -> Iterator[Reader]:
    """A reader that polls until the end."""
    reader = Reader(published)
    reader.start()
    try:
        yield reader
    finally:
        reader.end()
