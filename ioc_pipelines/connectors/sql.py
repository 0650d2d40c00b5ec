"""Read a table of an agency's database by watermark, in one read-only transaction."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import sqlalchemy as sa
import sqlalchemy.ext.asyncio  # polars imports it on first use: not in two threads at once
from sqlalchemy.exc import SQLAlchemyError

from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.connectors.fetched import (
    Fetched,
    SourceChangedError,
    SourceFile,
    SourceUnavailableError,
    Window,
)


def fetch_sql(
    connector: SqlConnector,
    columns: Iterable[str],
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
) -> Fetched:
    """The rows whose watermark is past the cursor, or inside ``window`` when one is asked for.

    Only ``columns`` and the watermark are read: what the feed does not name stays at the source.
    The rows are written to ``workspace`` as Parquet. A window leaves the cursor as it was.
    Raises SourceUnavailableError when the database does not answer and SourceChangedError when
    the table or a column is gone.
    """
    engine = _read_only_engine(connector, environment)
    wanted = sorted({*columns, connector.watermark})
    seen = (cursor or {}).get("watermark")
    try:
        with engine.connect() as connection:
            _require_columns(connection, connector.table, wanted)
            query = _query(connector, wanted, seen, window)
            frame = _frame(connection, query, wanted)
    except SQLAlchemyError as error:
        # the driver's message can carry values of rows; its kind cannot
        msg = f"database of {connector.url_env}: {type(error).__name__}"
        raise SourceUnavailableError(msg) from error
    finally:
        engine.dispose()
    path = workspace / "table.parquet"
    frame.write_parquet(path)
    newest = frame[connector.watermark].max() if window.is_open and frame.height else seen
    return Fetched(
        files=(SourceFile(f"{connector.table}.parquet", path),),
        cursor={"watermark": newest},
        has_news=frame.height > 0,
        confirms=True,
    )


def _frame(connection: sa.Connection, query: sa.Select[Any], wanted: list[str]) -> pl.DataFrame:
    """The rows with the types of their values; a column of several types becomes text.

    SQLite takes any value in any column: what polars cannot type alike is kept as it is written.
    """
    rows = [tuple(row) for row in connection.execute(query)]
    by_column = zip(wanted, zip(*rows, strict=True), strict=True) if rows else ()
    columns = dict(by_column) or dict.fromkeys(wanted, ())
    return pl.DataFrame([_series(name, list(values)) for name, values in columns.items()])


def _series(name: str, values: list[Any]) -> pl.Series:
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int, float}:
        return pl.Series(name, values, pl.Float64, strict=False)
    if len(kinds) > 1:
        return pl.Series(name, [None if v is None else _written(v) for v in values], pl.String)
    return pl.Series(name, values)


def _written(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _read_only_engine(connector: SqlConnector, environment: Mapping[str, str]) -> sa.Engine:
    address = environment.get(connector.url_env)
    if not address:
        msg = f"environment variable {connector.url_env} is not set: it holds the database's URL"
        raise SourceUnavailableError(msg)
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError as error:
        msg = f"{connector.url_env} does not hold a database URL"
        raise SourceUnavailableError(msg) from error
    if url.get_backend_name() != "sqlite":
        msg = f"{connector.url_env}: only sqlite is supported, not {url.get_backend_name()}"
        raise SourceUnavailableError(msg)
    # a path may hold what means something in a URL; options of the URL are not taken
    written = address.split(":///", 1)[-1]
    path = written if Path(written).is_file() else str(url.database)
    location = f"file:{quote(path)}?mode=ro"
    return sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(location, uri=True),
        poolclass=sa.pool.NullPool,
    )


def _require_columns(connection: sa.Connection, table: str, wanted: list[str]) -> None:
    inspector = sa.inspect(connection)
    tables = inspector.get_table_names() + inspector.get_view_names()
    if table not in tables:
        raise SourceChangedError(_difference("table", [table], tables))
    present = [column["name"] for column in inspector.get_columns(table)]
    missing = [name for name in wanted if name not in present]
    if missing:
        raise SourceChangedError(f"{table}: {_difference('column', missing, present)}")


def _difference(kind: str, missing: list[str], present: list[str]) -> str:
    parts = []
    for name in missing:
        near = difflib.get_close_matches(name, present, n=2, cutoff=0.5)
        parts.append(f"'{name}'" + (f" (nearest: {', '.join(near)})" if near else ""))
    return f"{kind} {', '.join(parts)} is not there; there are {', '.join(sorted(present))}"


def _query(connector: SqlConnector, wanted: list[str], seen: Any, window: Window) -> sa.Select[Any]:
    table = sa.table(connector.table, *(sa.column(name) for name in wanted))
    query = sa.select(*table.c).order_by(table.c[connector.watermark])
    watermark = table.c[connector.watermark]
    if window.is_open:
        return query.where(watermark > seen) if seen is not None else query
    if window.since:
        query = query.where(watermark >= window.since.strftime("%Y-%m-%d %H:%M:%S"))
    if window.until:
        query = query.where(watermark < window.until.strftime("%Y-%m-%d %H:%M:%S"))
    return query
