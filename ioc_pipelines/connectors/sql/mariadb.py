"""MariaDB and MySQL, by PyMySQL with a cursor on the server's side.

Values come as the server writes them, and Arrow reads them by the column's type: nothing passes
through a float on its way to a decimal, and no Python object is made per cell.
"""

from __future__ import annotations

import contextlib
import math
import ssl
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pymysql
import sqlalchemy as sa
from pymysql.converters import conversions
from pymysql.cursors import Cursor, SSCursor
from sqlalchemy.dialects import mysql

from ioc_pipelines.connectors.fetched import (
    NotConfiguredError,
    SourceChangedError,
    SourceUnavailableError,
)
from ioc_pipelines.connectors.sql.address import Address
from ioc_pipelines.connectors.sql.query import column, from_table, rows_of, statement
from ioc_pipelines.connectors.sql.seen import hashes_of
from ioc_pipelines.connectors.sql.source import Batch, Span, TableName, Value

_DIALECT = mysql.dialect(paramstyle="format")
_ENCODERS: dict[Any, Any] = {
    kind: way for kind, way in conversions.items() if not isinstance(kind, int)
}
_CHUNK = 50_000
_CONNECT_S = 10
_MOST_DIGITS = 38
_WHOLE: dict[str, tuple[pa.DataType, pa.DataType]] = {  # signed, unsigned
    "tinyint": (pa.int8(), pa.uint8()),
    "smallint": (pa.int16(), pa.uint16()),
    "mediumint": (pa.int32(), pa.uint32()),
    "int": (pa.int32(), pa.uint32()),
    "bigint": (pa.int64(), pa.uint64()),
    "year": (pa.int16(), pa.int16()),
}
_TEXT = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json"}
_BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
_SHAPES = {
    "geometry", "point", "linestring", "polygon",
    "multipoint", "multilinestring", "multipolygon", "geometrycollection",
}  # fmt: skip
_TIMES = {"date": pa.date32(), "datetime": pa.timestamp("us"), "timestamp": pa.timestamp("us")}
_ORDERED = {*_WHOLE, *_TIMES, *_TEXT, "decimal", "double", "float"}
_NO_DATE = "^0000|^.{4}-00|^.{7}-00"
_WORDS = {
    1044: "access denied", 1045: "access denied", 1142: "access denied", 1143: "access denied",
    1698: "access denied", 1049: "unknown database", 1040: "too many connections",
    1203: "too many connections", 1129: "refused", 1130: "access denied",
    1205: "time-out", 1969: "time-out", 3024: "time-out",
    1792: "refused: the transaction is read-only",
    2006: "the connection broke", 2026: "no agreement on TLS",
}  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A column as information_schema describes it."""

    name: str
    kind: str
    is_unsigned: bool
    digits: int
    places: int

    @property
    def arrow(self) -> pa.DataType:
        """What it is read as: as it is, or as text."""
        if self.kind in _WHOLE:
            return _WHOLE[self.kind][self.is_unsigned]
        if self.kind == "bit":
            return pa.uint64()
        if self.kind == "decimal" and self.digits <= _MOST_DIGITS:
            return pa.decimal128(self.digits, self.places)
        if self.kind in {"float", "double"}:
            return pa.float64()
        if self.kind in _BYTES:
            return pa.binary()
        return _TIMES.get(self.kind, pa.string())

    @property
    def expression(self) -> sa.ColumnElement[Any]:
        """How it is asked for."""
        read = column(self.name)
        if self.kind in _SHAPES:
            asked: sa.ColumnElement[Any] = sa.func.st_astext(read)
        elif self.kind == "bit":
            asked = sa.cast(read, mysql.INTEGER(unsigned=True))
        elif self.kind == "float":  # as text it loses digits; as the double it is, it does not
            asked = read + sa.literal_column("0e0")
        elif self.arrow == pa.string() and self.kind not in _TEXT:
            asked = sa.cast(read, sa.CHAR)
        else:
            return read
        return asked.label(sa.quoted_name(self.name, quote=True))


@contextlib.contextmanager
def open_mariadb(variable: str, address: Address, timeout_s: float) -> Iterator[MariadbSource]:
    """One read-only transaction. Raises SourceUnavailableError when the server does not answer."""
    try:
        with connect(address, timeout_s, _tls(variable, address)) as connection:
            yield MariadbSource(connection)
    except pymysql.Error as error:
        msg = f"database of {variable}: {_words(error)}"
        raise SourceUnavailableError(msg) from None


@contextlib.contextmanager
def connect(
    address: Address, timeout_s: float, tls: ssl.SSLContext | None = None
) -> Iterator[pymysql.Connection[Cursor]]:
    """A connection in a transaction that sees one moment and refuses every write."""
    url = address.url
    connection = pymysql.connect(
        host=url.host or "localhost",
        port=url.port or 3306,
        user=url.username,
        password=str(url.password or ""),
        database=url.database,
        charset="utf8mb4",
        connect_timeout=math.ceil(min(_CONNECT_S, timeout_s)),
        read_timeout=math.ceil(timeout_s),
        write_timeout=math.ceil(timeout_s),
        conv=_ENCODERS,
        ssl=tls,
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET time_zone = '+07:00'")
            cursor.execute("SELECT version()")
            ((version,),) = cursor.fetchall()
            if "mariadb" in version.lower():
                cursor.execute("SET max_statement_time = %s", (timeout_s,))
            else:  # MySQL, in milliseconds
                cursor.execute("SET max_execution_time = %s", (math.ceil(timeout_s * 1000),))
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield connection
    finally:
        with contextlib.suppress(pymysql.Error):
            connection.close()


def _tls(variable: str, address: Address) -> ssl.SSLContext | None:
    """Where the URL names an authority: the server's name and certificate must agree with it."""
    if "ssl_ca" not in address.options:
        return None
    try:
        return ssl.create_default_context(cafile=address.options["ssl_ca"])
    except OSError:
        msg = f"database of {variable}: the file that ssl_ca names holds no certificate"
        raise NotConfiguredError(msg) from None


class MariadbSource:
    """An open transaction in a MariaDB or MySQL database."""

    def __init__(self, connection: pymysql.Connection[Cursor]) -> None:
        """Read through ``connection``."""
        self._connection = connection
        self._columns: dict[TableName, dict[str, _Column]] = {}
        self.note: Counter[str] = Counter()

    def tables(self) -> Collection[TableName]:
        """Tables and views; those of the URL's database also without its name."""
        found = self._fetch(
            "SELECT table_schema, table_name, coalesce(table_schema = database(), 0) "
            "FROM information_schema.tables WHERE table_schema NOT IN "
            "('information_schema', 'mysql', 'performance_schema', 'sys')"
        )
        qualified = [TableName(schema, name) for schema, name, _ in found]
        return qualified + [TableName(None, name) for _, name, own in found if own == "1"]

    def columns(self, table: TableName) -> Collection[str]:
        """The table's columns."""
        return self._described(table)

    def newest(self, table: TableName, watermark: str, upto: Value | None) -> Value | None:
        """The greatest watermark."""
        described = self._described(table)[watermark]
        if described.kind not in _ORDERED:
            msg = (
                f"{table.name}: watermark '{watermark}' is of type {described.kind}, "
                "not a time, number or text"
            )
            raise SourceChangedError(msg)
        read = column(watermark)
        query = sa.select(sa.cast(sa.func.max(read), sa.CHAR)).select_from(from_table(table))
        if upto is not None:
            query = query.where(read <= _bound(upto, described))
        ((value,),) = self._fetch(*statement(query, _DIALECT))
        return int(value) if value is not None and described.kind in _WHOLE else value

    def rows(
        self, table: TableName, columns: Collection[str], span: Span | None
    ) -> Iterator[Batch]:
        """The rows, read from the server as they are taken."""
        described = self._described(table)
        wanted = [described[name] for name in columns]
        schema = pa.schema([(each.name, each.arrow) for each in wanted])
        since, until = (
            None if bound is None or span is None else _bound(bound, described[span.watermark])
            for bound in ((span.since, span.until) if span else (None, None))
        )
        query = rows_of(table, [each.expression for each in wanted], span, since, until)
        cursor = SSCursor(self._connection)
        cursor.execute(*statement(query, _DIALECT))
        while found := cursor.fetchmany(_CHUNK):
            rows = self._table(found, schema)
            yield Batch(rows, partial(hashes_of, rows))
        empty = schema.empty_table()
        yield Batch(empty, partial(hashes_of, empty))

    def _table(self, rows: Collection[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
        cells = zip(*rows, strict=True)
        arrays = [self._array(c, field.type) for c, field in zip(cells, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _array(self, cells: tuple[str | bytes | None, ...], kind: pa.DataType) -> pa.Array:
        if kind == pa.binary():
            return pa.array(cells, kind)
        text = pa.array(cells, pa.string())
        if not pa.types.is_temporal(kind):
            return text.cast(kind)
        none = pc.match_substring_regex(text, _NO_DATE)
        if pc.any(none).as_py():
            self.note["zero_dates_as_null"] += pc.sum(none).as_py()
            text = pc.if_else(none, None, text)
        return text.cast(kind)

    def _described(self, table: TableName) -> dict[str, _Column]:
        if table not in self._columns:
            found = self._fetch(
                "SELECT column_name, data_type, column_type, coalesce(numeric_precision, 0), "
                "coalesce(numeric_scale, 0) FROM information_schema.columns "
                "WHERE table_schema = coalesce(%s, database()) AND table_name = %s",
                (table.schema, table.name),
            )
            self._columns[table] = {
                name: _Column(name, kind.lower(), "unsigned" in full, int(digits), int(places))
                for name, kind, full, digits, places in found
            }
        return self._columns[table]

    def _fetch(self, query: str, values: tuple[Any, ...] = ()) -> Collection[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()


def _bound(value: Value, described: _Column) -> sa.ColumnElement[Any]:
    """A value to bind, of the column's own kind: text against a decimal is compared as a float."""
    exact: Any = Decimal(value) if described.kind == "decimal" else value
    return sa.literal(exact)


def _words(error: Exception) -> str:
    """What went wrong, without a word of the driver's message: it can carry values of rows."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number in (2003, 2013):
        return _connection_words(error)
    return _WORDS.get(number, f"{type(error).__name__} {number}")


def _connection_words(error: Exception) -> str:
    said = str(error)
    signs: dict[str, Callable[[str], bool]] = {
        "time-out": lambda text: "timed out" in text,
        "refused": lambda text: "refused" in text,
        "unknown host": lambda text: "getaddrinfo" in text or "Name or service" in text,
    }
    return next((w for w, found in signs.items() if found(said)), "the connection broke")
