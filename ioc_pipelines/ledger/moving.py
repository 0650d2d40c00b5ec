"""A ledger moved from a file to a server, row by row, and proved equal."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.open import writer

_AT_ONCE = 10_000


class MoveError(RuntimeError):
    """The ledger was not moved; both are as they were."""


def move_ledger(source: sa.Engine, target: sa.Engine) -> dict[str, int]:
    """Copy every row of ``source`` to ``target``, both in the newest form; rows by table.

    Raises MoveError when the target holds rows already, or holds others afterwards.
    """
    moved = {}
    with source.connect() as reading, writer(target).begin() as writing:
        for table in t.metadata.sorted_tables:
            if writing.execute(sa.select(table).limit(1)).first():
                msg = f"the ledger on the server is not empty: {table.name} has rows"
                raise MoveError(msg)
            for rows in reading.execute(sa.select(table)).mappings().partitions(_AT_ONCE):
                writing.execute(sa.insert(table), [dict(row) for row in rows])
            count, digest = _content(reading, table)
            if _content(writing, table) != (count, digest):
                msg = f"{table.name} is not the same on the server"
                raise MoveError(msg)
            moved[table.name] = count
            _go_on_counting(writing, table)
    return moved


def _content(connection: sa.Connection, table: sa.Table) -> tuple[int, int]:
    """How many rows, and a sum of their hashes: engines sort text differently."""
    count = digest = 0
    for row in connection.execute(sa.select(table)):
        count += 1
        digest ^= int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest())
    return count, digest


def _go_on_counting(connection: sa.Connection, table: sa.Table) -> None:
    """Where the server gives out numbers, it goes on after those that came along."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    highest = connection.execute(sa.select(sa.func.max(column))).scalar()
    if highest is not None:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(sa.select(sa.func.setval(sequence, highest)))
