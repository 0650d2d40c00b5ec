"""PostgreSQL, by ADBC: rows come as Arrow, streamed by ``COPY … (FORMAT binary)``.

ADBC uses COPY only for a query without bound values. So a bound of the watermark is handed over as
a setting of the transaction, by a bound value, and the query reads that setting.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ioc_pipelines.connectors.fetched import SourceChangedError, SourceUnavailableError
from ioc_pipelines.connectors.sql.address import Address
from ioc_pipelines.connectors.sql.query import column, from_table, rows_of, statement
from ioc_pipelines.connectors.sql.seen import hashes_of
from ioc_pipelines.connectors.sql.source import Batch, Span, TableName, Value

_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_CONNECT_S = 10
_BATCH_SIZE, _BATCH_BYTES = "adbc.postgresql.batch_size_hint_bytes", 4 << 20
_NATIVE = {
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us"),
}
_WHOLE = {"int2", "int4", "int8"}
_TIMES = {"date", "timestamp", "timestamptz"}
_ORDERED = _WHOLE | _TIMES | {"float4", "float8", "numeric", "text", "varchar", "bpchar"}
_MOST_DIGITS = 38
# `infinity` as ADBC reads it: counted from 2000 and moved to 1970, past the end of the integer
_INFINITY = {pa.date32(): -2147472692, pa.timestamp("us"): -9222425352054775809}
_FIRST = {pa.date32(): -719162, pa.timestamp("us"): -62135596800000000}  # 0001-01-01
_LAST = {pa.date32(): 2932896, pa.timestamp("us"): 253402300799999999}  # 9999-12-31
_TABLES = """
    SELECT n.nspname, c.relname, pg_table_is_visible(c.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
_COLUMNS = """
    SELECT
        a.attname,
        CASE WHEN n.nspname = 'pg_catalog' THEN b.typname ELSE '' END,
        CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
        format_type(b.oid, NULL)
    FROM pg_attribute AS a
    JOIN pg_type AS t ON t.oid = a.atttypid
    JOIN pg_type AS b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    JOIN pg_namespace AS n ON n.oid = b.typnamespace
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
"""
_WORDS = {  # SQLSTATE, the longest that fits
    "57014": "time-out",
    "55P03": "time-out",
    "25P03": "time-out",
    "42501": "access denied",
    "25006": "refused: the transaction is read-only",
    "28": "access denied",
    "3D": "unknown database",
    "53": "the server is out of resources",
    "57": "the server ended the connection",
    "08": "the connection broke",
}
_SAID = {  # before there is a connection there is no SQLSTATE, and no row either
    "refused": "refused",
    "timeout": "time-out",
    "password": "access denied",
    "role": "access denied",
    "pg_hba": "access denied",
    "authentication": "access denied",
    "database": "unknown database",
    "translate host name": "unknown host",
    "SSL": "no agreement on TLS",
    "certificate": "no agreement on TLS",
    "closed the connection": "the connection broke",
}


@dataclass(frozen=True)
class _Column:
    """A column: the name of its built-in type (empty: none), its modifier, its type in SQL."""

    name: str
    kind: str
    modifier: int
    sql_type: str

    @property
    def arrow(self) -> pa.DataType:
        """What it is read as: as it is, or as text."""
        if self.kind == "numeric" and self.modifier > 0:
            digits = (self.modifier - 4) >> 16 & 0xFFFF
            places = ((self.modifier - 4) & 0x7FF ^ 1024) - 1024
            if 0 <= places <= digits <= _MOST_DIGITS:
                return pa.decimal128(digits, places)
        return _NATIVE.get(self.kind, pa.string())

    @property
    def expression(self) -> sa.ColumnElement[Any]:
        """How it is asked for. A moment is asked for on the clock of Viet Nam, as contracts are."""
        read = column(self.name)
        if self.kind == "timestamptz":
            moved: sa.ColumnElement[Any] = sa.func.timezone(_quoted("Asia/Ho_Chi_Minh"), read)
            return moved.label(sa.quoted_name(self.name, quote=True))
        if self.kind in _NATIVE:
            return read
        # a numeric too: the server writes its digits faster than ADBC does
        return sa.cast(read, sa.Text).label(sa.quoted_name(self.name, quote=True))


@contextlib.contextmanager
def open_postgresql(variable: str, address: Address, timeout_s: float) -> Iterator[PostgresSource]:
    """One read-only transaction. Raises SourceUnavailableError when the server does not answer."""
    try:
        with connect(address, timeout_s) as connection:
            yield PostgresSource(connection)
    except (adbc_driver_manager.Error, _StreamError) as error:
        msg = f"database of {variable}: {_words(error)}"
        raise SourceUnavailableError(msg) from None


@contextlib.contextmanager
def connect(address: Address, timeout_s: float) -> Iterator[adbc.Connection]:
    """A connection in a transaction that sees one moment and refuses every write."""
    connection = adbc.connect(_uri(address, timeout_s), autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            limit = str(math.ceil(timeout_s * 1000))
            for setting, value in (
                ("statement_timeout", limit),
                ("lock_timeout", limit),
                ("idle_in_transaction_session_timeout", limit),
                ("TimeZone", "UTC"),
                ("DateStyle", "ISO, YMD"),
            ):
                cursor.execute("SELECT set_config($1, $2, true)", (setting, value))
                cursor.fetchall()
        yield connection
    finally:
        with contextlib.suppress(adbc_driver_manager.Error):
            connection.close()


class PostgresSource:
    """An open transaction in a PostgreSQL database."""

    def __init__(self, connection: adbc.Connection) -> None:
        """Read through ``connection``."""
        self._connection = connection
        self._columns: dict[TableName, dict[str, _Column]] = {}
        self.note: Counter[str] = Counter()

    def tables(self) -> Collection[TableName]:
        """Tables and views; those of the search path also without their schema."""
        found = self._fetch(_TABLES)
        qualified = [TableName(schema, name) for schema, name, _ in found]
        return qualified + [TableName(None, name) for _, name, visible in found if visible]

    def columns(self, table: TableName) -> Collection[str]:
        """The table's columns."""
        return self._described(table)

    def newest(self, table: TableName, watermark: str, upto: Value | None) -> Value | None:
        """The greatest watermark; `infinity` is not one."""
        described = self._described(table)[watermark]
        if described.kind not in _ORDERED:
            msg = (
                f"{table.name}: watermark '{watermark}' is of type {described.sql_type}, "
                "not a time, number or text"
            )
            raise SourceChangedError(msg)
        read = column(watermark)
        query = sa.select(sa.cast(sa.func.max(read), sa.Text)).select_from(from_table(table))
        if described.kind in _TIMES:
            query = query.where(sa.func.isfinite(read))
        if upto is not None:
            query = query.where(read <= self._bound("ioc.upto", upto, described))
        ((value,),) = self._fetch(*statement(query, _DIALECT))
        return int(value) if value is not None and described.kind in _WHOLE else value

    def rows(
        self, table: TableName, columns: Collection[str], span: Span | None
    ) -> Iterator[Batch]:
        """The rows as Arrow, about 4 MB at a time."""
        described = self._described(table)
        wanted = [described[name] for name in columns]
        schema = pa.schema([(each.name, each.arrow) for each in wanted])
        since = until = None
        if span is not None:
            watermark = described[span.watermark]
            since = self._bound("ioc.since", span.since, watermark)
            until = self._bound("ioc.until", span.until, watermark)
        query = rows_of(table, [each.expression for each in wanted], span, since, until)
        text, _ = statement(query, _DIALECT)
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{_BATCH_SIZE: str(_BATCH_BYTES)})
            cursor.execute(text)
            with cursor.fetch_record_batch() as reader:
                for found in _streamed(reader):
                    rows = self._table(found, schema)
                    yield Batch(rows, partial(hashes_of, rows))
        empty = schema.empty_table()
        yield Batch(empty, partial(hashes_of, empty))

    def _table(self, found: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
        arrays = [
            self._array(cells, field) for cells, field in zip(found.columns, schema, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _array(self, cells: pa.Array, field: pa.Field) -> pa.Array:
        if pa.types.is_decimal(field.type):
            return self._decimals(cells, field.type)
        if field.type in _INFINITY:
            return self._within_calendar(cells, field.type)
        return cells

    def _decimals(self, cells: pa.Array, kind: pa.DataType) -> pa.Array:
        nan = pc.equal(cells, "NaN")
        if pc.any(nan).as_py():
            self.note["nan_as_null"] += pc.sum(nan).as_py()
            cells = pc.if_else(nan, None, cells)
        return cells.cast(kind)

    def _within_calendar(self, cells: pa.Array, kind: pa.DataType) -> pa.Array:
        """Times of the years 1 to 9999; `infinity` is the last of them."""
        numbers = cells.view(pa.int32() if pa.types.is_date(kind) else pa.int64())
        ends = pc.min_max(numbers).as_py()
        first, last = _FIRST[kind], _LAST[kind]
        if ends["min"] is None or first <= ends["min"] <= ends["max"] <= last:
            return cells
        outside = pc.or_(pc.less(numbers, first), pc.greater(numbers, last))
        self.note["times_brought_into_calendar"] += pc.sum(outside).as_py()
        is_late = pc.or_(pc.greater(numbers, last), pc.equal(numbers, _INFINITY[kind]))
        ends_at = pc.if_else(is_late, pa.scalar(last, numbers.type), pa.scalar(first, numbers.type))
        return pc.if_else(outside, ends_at, numbers).view(kind)

    def _bound(
        self, setting: str, value: Value | None, described: _Column
    ) -> sa.ColumnElement[Any] | None:
        """A value for a query that may not have one: bound here, read there, once."""
        if value is None:
            return None
        self._fetch("SELECT set_config($1, $2, true)", (setting, str(value)))
        held = sa.func.current_setting(_quoted(setting))
        # a window may begin in the middle of a day
        kind = "timestamp" if described.kind == "date" else described.sql_type
        typed: sa.ColumnElement[Any] = sa.cast(held, _Named(kind))
        return sa.select(typed).scalar_subquery()

    def _described(self, table: TableName) -> dict[str, _Column]:
        if table not in self._columns:
            name = _DIALECT.identifier_preparer.format_table(from_table(table))
            found = self._fetch(_COLUMNS, (name,))
            self._columns[table] = {row[0]: _Column(*row) for row in found}
        return self._columns[table]

    def _fetch(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())


class _StreamError(Exception):
    """The rows ended with an error; without a SQLSTATE, which ADBC does not hand on here."""


class _Named(sa.types.UserDefinedType[Any]):
    """A type by the name that the server itself gives it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


def _quoted(text: str) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{text}'")


def _uri(address: Address, timeout_s: float) -> str:
    url = address.url
    user = quote(url.username or "", safe="")
    password = "" if url.password is None else ":" + quote(str(url.password), safe="")
    host = url.host or "localhost"
    host = f"[{host}]" if ":" in host else quote(host, safe="")
    options = {
        **address.options,
        "connect_timeout": str(math.ceil(min(_CONNECT_S, timeout_s))),
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "application_name": "ioc-pipelines",
    }
    at = f"{user}{password}@" if user else ""
    database = quote(url.database or "", safe="")
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{at}{host}{port}/{database}?{urlencode(options, quote_via=quote)}"


def _streamed(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """What the reader has; its errors, which come as errors of files, told from those of a disk."""
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (OSError, pa.ArrowException) as error:
            raise _StreamError(str(error)) from None
        yield batch


def _words(error: adbc_driver_manager.Error | _StreamError) -> str:
    """What went wrong, without a word of the driver's message: it can carry values of rows."""
    state = error.sqlstate if isinstance(error, adbc_driver_manager.Error) else None
    if state:
        known = [state[:length] for length in (5, 2) if state[:length] in _WORDS]
        return _WORDS[known[0]] if known else f"SQLSTATE {state}"
    said = str(error)
    if "ailed to connect" in said:
        after = said.split("failed:")[-1]
        return next((words for sign, words in _SAID.items() if sign in after), "no connection")
    ended = {"canceling statement": "time-out", "terminating": _WORDS["57"], **_SAID}
    of_stream = ("canceling statement", "terminating", "closed the connection")
    return next((ended[sign] for sign in of_stream if sign in said), "the query failed")
