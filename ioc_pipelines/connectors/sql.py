"""Read a table of an agency's database by watermark, in one read-only transaction."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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
            frame = pl.read_database(query, connection, infer_schema_length=None)
    except SQLAlchemyError as error:
        # the driver's message can carry values of rows; its kind cannot
        msg = f"database of {connector.url_env}: {type(error).__name__}"
        raise SourceUnavailableError(msg) from error
    finally:
        engine.dispose()
    path = workspace / f"{connector.table}.parquet"
    frame.write_parquet(path)
    newest = frame[connector.watermark].max() if window.is_open and frame.height else seen
    return Fetched(
        files=(SourceFile(path.name, path),),
        cursor={"watermark": newest},
        has_news=frame.height > 0,
        confirms=True,
    )


def _read_only_engine(connector: SqlConnector, environment: Mapping[str, str]) -> sa.Engine:
    address = environment.get(connector.url_env)
    if not address:
        msg = f"environment variable {connector.url_env} is not set: it holds the database's URL"
        raise SourceUnavailableError(msg)
    url = sa.make_url(address)
    if url.get_backend_name() != "sqlite":
        msg = f"{connector.url_env}: only sqlite is supported, not {url.get_backend_name()}"
        raise SourceUnavailableError(msg)
    read_only = f"sqlite:///file:{url.database}?mode=ro&uri=true"
    return sa.create_engine(read_only, poolclass=sa.pool.NullPool)


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
