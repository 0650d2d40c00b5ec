"""A consistent copy of the ledger in one file, and what such a copy says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.open import open_ledger

_VERSION = "alembic_version"


class DamagedLedgerError(Exception):
    """A copy of the ledger cannot be opened, or is not whole."""


@dataclass(frozen=True)
class Standing:
    """A batch that counts: accepted, not superseded."""

    dataset: str
    batch_id: str
    rows_accepted: int


def copy_ledger(url: str, target: Path) -> None:
    """Write the ledger at ``url`` as it is at one moment to a new SQLite file.

    Writers go on meanwhile. A ledger on a server is copied table by table in one transaction.
    """
    source = sa.make_url(url)
    if source.get_backend_name() == "sqlite":
        with (
            closing(sqlite3.connect(str(source.database))) as ours,
            closing(sqlite3.connect(target)) as copy,
        ):
            ours.backup(copy)
            copy.execute("pragma journal_mode = delete")  # one file, nothing beside it
        return
    ours_engine = sa.create_engine(url, isolation_level="REPEATABLE READ")
    copy_engine = open_ledger(f"sqlite:///{target}")
    with ours_engine.connect() as reading, copy_engine.begin() as writing:
        for table in t.metadata.sorted_tables:
            for rows in reading.execute(sa.select(table)).mappings().partitions(10_000):
                writing.execute(sa.insert(table), [dict(row) for row in rows])
    ours_engine.dispose()
    copy_engine.dispose()
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("pragma journal_mode = delete")


def rows_of_copy(path: Path) -> dict[str, int]:
    """Rows of every table of a copy. Raises DamagedLedgerError when it is not whole."""
    with _opened(path) as copy:
        names = [
            name
            for (name,) in copy.execute("select name from sqlite_master where type = 'table'")
            if not name.startswith("sqlite_")
        ]
        if _VERSION not in names:
            msg = f"{path.name} is no ledger"
            raise DamagedLedgerError(msg)
        return {
            name: copy.execute(f'select count(*) from "{name}"').fetchone()[0]
            for name in sorted(names)
        }


def standing_of_copy(path: Path) -> list[Standing]:
    """The batches of a copy that count. Raises DamagedLedgerError when it is not whole."""
    query = """
        select distinct b.dataset, b.batch_id, b.rows_accepted
        from acceptance as a join batch as b on b.batch_id = a.batch_id
        where a.superseded_at is null order by 1, 2
    """
    with _opened(path) as copy:
        return [Standing(*row) for row in copy.execute(query)]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy that is only read, and checked page by page first."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as copy:
            (said,) = copy.execute("pragma integrity_check").fetchone()
            if said != "ok":
                raise DamagedLedgerError(f"{path.name}: {said.splitlines()[0]}")
            yield copy
    except sqlite3.DatabaseError as error:
        raise DamagedLedgerError(f"{path.name}: {error}") from error
