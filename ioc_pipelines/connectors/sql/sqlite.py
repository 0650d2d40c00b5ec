"""SQLite: a file, opened so that it cannot be written to.

SQLite takes any value in any column, whatever was declared. What a column holds is therefore asked
of the very rows that are to be read, in the same transaction, before the first of them is read.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ioc_pipelines.connectors.fetched import SourceChangedError, SourceUnavailableError
from ioc_pipelines.connectors.sql.address import Address
from ioc_pipelines.connectors.sql.query import column, from_table, rows_of, statement
from ioc_pipelines.connectors.sql.source import Batch, Hashes, Span, TableName, Value

_DIALECT = sqlite.dialect(paramstyle="qmark")
_CHUNK = 50_000
_STEPS = 100_000  # of SQLite's machine, between two looks at the clock
_KINDS = {"integer": pa.int64(), "real": pa.float64(), "text": pa.string(), "blob": pa.binary()}


@contextmanager
def open_sqlite(variable: str, address: Address, timeout_s: float) -> Iterator[SqliteSource]:
    """One transaction on the file. Raises SourceUnavailableError when it cannot be read."""
    try:
        with closing(connect(address, timeout_s)) as connection:
            connection.execute("BEGIN")
            yield SqliteSource(connection)
    except sqlite3.Error as error:
        # the driver's message can carry values of rows; its kind cannot
        said = "time-out" if "interrupted" in str(error) else type(error).__name__
        msg = f"database of {variable}: {said}"
        raise SourceUnavailableError(msg) from None


def connect(address: Address, timeout_s: float) -> sqlite3.Connection:
    """A connection that refuses every write, and ends what runs longer than ``timeout_s``."""
    # a path may hold what means something in a URL; options of the URL are not taken
    written = address.written.split(":///", 1)[-1]
    path = written if Path(written).is_file() else str(address.url.database)
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, timeout=min(10, timeout_s)
    )
    deadline = time.monotonic() + timeout_s
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    return connection


class SqliteSource:
    """An open transaction in a SQLite file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read through ``connection``."""
        self._connection = connection
        self.note: Counter[str] = Counter()

    def tables(self) -> Collection[TableName]:
        """Tables and views of the file."""
        found = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        )
        return [TableName(None, name) for (name,) in found]

    def columns(self, table: TableName) -> Collection[str]:
        """The table's columns, generated ones as well."""
        query = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1"
        return [name for (name,) in self._connection.execute(query, (table.name,))]

    def newest(self, table: TableName, watermark: str, upto: Value | None) -> Value | None:
        """The greatest watermark as it is stored: a number or text."""
        query = sa.select(sa.func.max(column(watermark))).select_from(from_table(table))
        if upto is not None:
            query = query.where(column(watermark) <= sa.literal(upto))
        ((value,),) = self._connection.execute(*statement(query, _DIALECT))
        if isinstance(value, bytes):
            msg = f"{table.name}: watermark '{watermark}' holds bytes, not a time, number or text"
            raise SourceChangedError(msg)
        return value  # type: ignore[no-any-return]

    def rows(
        self, table: TableName, columns: Collection[str], span: Span | None
    ) -> Iterator[Batch]:
        """The rows with the types of their values; a column of several types becomes text."""
        names = list(columns)
        schema = self._schema(table, names, span)
        found = self._execute(table, [column(name) for name in names], span)
        while rows := found.fetchmany(_CHUNK):
            yield _batch(rows, schema)
        yield _batch([], schema)

    def _schema(self, table: TableName, names: list[str], span: Span | None) -> pa.Schema:
        holds = [
            sa.func.coalesce(sa.func.max(sa.func.typeof(column(name)) == kind), 0).label(f"_{i}")
            for i, (name, kind) in enumerate((name, kind) for name in names for kind in _KINDS)
        ]
        (flags,) = self._execute(table, holds, span)
        width = len(_KINDS)
        return pa.schema(
            (name, _type(flags[i * width : (i + 1) * width])) for i, name in enumerate(names)
        )

    def _execute(
        self, table: TableName, expressions: list[Any], span: Span | None
    ) -> sqlite3.Cursor:
        since, until = (
            None if bound is None else sa.literal(bound)
            for bound in ((span.since, span.until) if span else (None, None))
        )
        query = rows_of(table, expressions, span, since, until)
        return self._connection.execute(*statement(query, _DIALECT))


def _type(flags: tuple[int, ...]) -> pa.DataType:
    kinds = [kind for kind, there in zip(_KINDS, flags, strict=True) if there]
    if not kinds:
        return pa.null()
    if kinds == ["integer", "real"]:
        return pa.float64()
    return _KINDS[kinds[0]] if len(kinds) == 1 else pa.string()


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> Batch:
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_array(values, field.type) for values, field in zip(cells, schema, strict=True)]
    return Batch(pa.Table.from_arrays(arrays, schema=schema), partial(_hashes, rows))


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if kind == pa.string():
        values = tuple(None if value is None else _written(value) for value in values)
    elif kind == pa.float64():
        values = tuple(None if value is None else float(value) for value in values)
    return pa.array(values, kind)


def _written(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _hashes(rows: list[tuple[Any, ...]]) -> Hashes:
    """Of the values as stored: the type that a batch gives them depends on the rows beside them."""
    digests = b"".join(hashlib.blake2b(repr(row).encode(), digest_size=8).digest() for row in rows)
    return np.frombuffer(digests, "<u8").astype(np.uint64)
