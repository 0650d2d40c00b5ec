"""A consistent copy of the ledger in one file, and what such a copy says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.open import open_ledger, writer

_VERSION = "alembic_version"
_AT_ONCE = 10_000


class LedgerNotEmptyError(Exception):
    """A ledger that is to be filled from a copy holds rows already."""


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
    open_ledger(url).dispose()  # in the form that the copy has
    server = sa.create_engine(url, isolation_level="REPEATABLE READ")
    file = open_ledger(f"sqlite:///{target}")
    with server.connect() as reading, writer(file).begin() as writing:
        _copy_rows(reading, writing)
    server.dispose()
    file.dispose()
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("pragma journal_mode = delete")


@contextmanager
def filled_from_copy(path: Path, url: str) -> Iterator[None]:
    """Fill the ledger at ``url``, on a server and empty, from a copy: at the end, all or nothing.

    The copy is brought to the newest form for it. Raises LedgerNotEmptyError.
    """
    file, server = open_ledger(f"sqlite:///{path}"), open_ledger(url)
    with file.connect() as reading, writer(server).begin() as writing:
        for table in t.metadata.sorted_tables:
            if writing.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                msg = f"the ledger on the server is not empty: table {table.name}"
                raise LedgerNotEmptyError(msg)
        _copy_rows(reading, writing)
        _go_on_counting(writing)
        yield
    file.dispose()
    server.dispose()


def _copy_rows(reading: sa.Connection, writing: sa.Connection) -> None:
    for table in t.metadata.sorted_tables:
        # where there is no document there is none, not the document `null`
        plain = sa.table(
            table.name,
            *(
                sa.column(
                    c.name, sa.JSON(none_as_null=True) if isinstance(c.type, sa.JSON) else c.type
                )
                for c in table.c
            ),
        )
        for rows in reading.execute(sa.select(plain)).mappings().partitions(_AT_ONCE):
            writing.execute(sa.insert(plain), [dict(row) for row in rows])


def _go_on_counting(writing: sa.Connection) -> None:
    """Numbers that PostgreSQL gives go on after those that were copied."""
    for table in t.metadata.sorted_tables:
        counted = table.autoincrement_column
        if counted is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, counted.name)
            last = sa.select(sa.func.max(counted)).scalar_subquery()
            writing.execute(sa.select(sa.func.setval(sequence, last)).where(last.is_not(None)))


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
