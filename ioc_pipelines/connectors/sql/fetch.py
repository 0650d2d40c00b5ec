"""Read a table of an agency's database: what is new since the last time, in one transaction."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.connectors.difference import difference
from ioc_pipelines.connectors.fetched import (
    Fetched,
    SourceChangedError,
    SourceFile,
    SourceUnavailableError,
    Window,
)
from ioc_pipelines.connectors.sql import parquet, watermark
from ioc_pipelines.connectors.sql.address import Address, address_of
from ioc_pipelines.connectors.sql.mariadb import open_mariadb
from ioc_pipelines.connectors.sql.postgresql import open_postgresql
from ioc_pipelines.connectors.sql.seen import Tally, seen_in
from ioc_pipelines.connectors.sql.source import Batch, Source, Span, TableName, Value
from ioc_pipelines.connectors.sql.sqlite import open_sqlite
from ioc_pipelines.connectors.within import within

_OPEN: dict[str, Callable[[str, Address, float], AbstractContextManager[Source]]] = {
    "postgresql": open_postgresql,
    "mariadb": open_mariadb,
    "sqlite": open_sqlite,
}


def fetch_sql(
    connector: SqlConnector,
    columns: Iterable[str],
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
) -> Fetched:
    """The rows that the source has had since ``cursor``, or that changed inside ``window``.

    Only ``columns`` and the watermark are read: what the feed does not name stays at the source.
    The rows are written to ``workspace`` as Parquet. A window leaves the cursor as it was.
    The cursor: ``watermark``, the newest; ``seen`` or ``content``, the rows that the next fetch
    will read again (see seen.py); ``reads``, which columns of which table it is about: another
    choice of them begins anew.

    Raises SourceUnavailableError when the database does not answer within the connector's
    ``timeout_s`` seconds, and SourceChangedError when the table, a column or the kind of the
    watermark is not what the feed was connected to. No message holds an address or a value.
    """
    address = address_of(connector.url_env, environment)
    if connector.watermark is None and not window.is_open:
        msg = f"{connector.table}: without a watermark no span of time can be asked for"
        raise SourceUnavailableError(msg)
    wanted = sorted({*columns, *filter(None, [connector.watermark])})
    deadline = time.monotonic() + connector.timeout_s

    def work() -> Fetched:
        opened = _OPEN[address.engine](connector.url_env, address, connector.timeout_s)
        with opened as source:
            table = _table(source, connector.table, wanted)
            reading = _Reading(source, table, wanted, connector, deadline)
            path = workspace / "table.parquet"
            if window.is_open:
                return reading.since(cursor or {}, address.engine, path)
            return reading.within(window, cursor or {}, address.engine, path)

    # only libpq has no time limit of its own for a server that accepts a query and falls silent
    return within(connector.timeout_s, work, str(_timed_out(connector.url_env)))


def _timed_out(variable: str) -> SourceUnavailableError:
    return SourceUnavailableError(f"database of {variable}: time-out")


@dataclass(frozen=True)
class _Reading:
    """One table, read in one transaction."""

    source: Source
    table: TableName
    columns: list[str]
    connector: SqlConnector
    deadline: float
    started: float = field(default_factory=time.monotonic)

    def since(self, cursor: Mapping[str, Any], engine: str, path: Path) -> Fetched:
        """Everything since the cursor that it does not know yet."""
        newest = self._newest()
        known = cursor if self._is_about_this(cursor, newest) else {}
        begin, again = self._begin(known.get("watermark")), self._begin(newest)
        seen = seen_in(known)
        is_again = begin == again
        must_hash = is_again or seen is not None or "content" in known
        read = self._tally()
        batches = self._rows(begin, read if must_hash else None)
        rows = parquet.write((_without(batch, seen) for batch in batches), path)
        left = read
        if not is_again:
            left = self._tally()
            for _ in self._rows(again, left):
                pass
        is_emptied = rows == 0 and "content" in known and self.connector.watermark is None
        has_news = (rows > 0 or is_emptied) and known.get("content") != read.content
        return self._fetched(path, rows, engine, has_news, self._cursor(newest, left))

    def within(self, window: Window, cursor: Mapping[str, Any], engine: str, path: Path) -> Fetched:
        """Everything that changed inside the window, delivered before or not."""
        column = str(self.connector.watermark)
        newest = self.source.newest(self.table, column, None)
        since, until = watermark.bounds(window, newest, column)
        span = Span(column, since, until, nulls=False)
        batches = self._timed(self.source.rows(self.table, self.columns, span))
        rows = parquet.write((batch.table for batch in batches), path)
        return self._fetched(path, rows, engine, rows > 0, dict(cursor) or {"watermark": None})

    def _is_about_this(self, cursor: Mapping[str, Any], newest: Value | None) -> bool:
        """Whether the cursor speaks of the same columns, and of a watermark of the same kind."""
        known = cursor.get("watermark")
        if cursor.get("reads", self._reads) != self._reads:
            return False
        if known is None or newest is None:
            return True
        is_text = isinstance(known, str) == isinstance(newest, str)
        return is_text and watermark.is_time(known) == watermark.is_time(newest)

    def _newest(self) -> Value | None:
        """The newest watermark that can be true."""
        column = self.connector.watermark
        if column is None:
            return None
        newest = self.source.newest(self.table, column, None)
        upto = None if newest is None else watermark.latest_sane(newest, datetime.now(UTC))
        return newest if upto is None else self.source.newest(self.table, column, upto)

    def _begin(self, newest: Value | None) -> Value | None:
        if newest is None or self.connector.watermark is None:
            return None
        return watermark.behind(newest, self.connector.overlap, self.connector.watermark)

    def _rows(self, begin: Value | None, tally: Tally | None) -> Iterator[Batch]:
        column = self.connector.watermark
        span = None if column is None or begin is None else Span(column, begin)
        for batch in self._timed(self.source.rows(self.table, self.columns, span)):
            if tally is not None:
                tally.add(batch.hashes())
            yield batch

    def _timed(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            if time.monotonic() > self.deadline:
                raise _timed_out(self.connector.url_env)
            yield batch

    def _tally(self) -> Tally:
        return Tally(limit=0) if self.connector.watermark is None else Tally()

    def _cursor(self, newest: Value | None, left: Tally) -> dict[str, Any]:
        return {"watermark": newest, **left.cursor(), "reads": self._reads}

    @property
    def _reads(self) -> str:
        named = repr((self.connector.table, self.connector.watermark, self.columns))
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    def _fetched(
        self, path: Path, rows: int, engine: str, has_news: bool, cursor: dict[str, Any]
    ) -> Fetched:
        seconds = round(time.monotonic() - self.started, 1)
        return Fetched(
            files=(SourceFile(f"{self.connector.table}.parquet", path),),
            cursor=cursor,
            has_news=has_news,
            confirms=True,
            note={"rows": rows, "engine": engine, "seconds": seconds, **self.source.note},
        )


def _without(batch: Batch, seen: Any) -> pa.Table:
    if seen is None or not len(seen) or not batch.table.num_rows:
        return batch.table
    return batch.table.filter(pa.array(~np.isin(batch.hashes(), seen)))


def _table(source: Source, named: str, wanted: list[str]) -> TableName:
    """The table or view of that name. Raises SourceChangedError when it or a column is gone."""
    present = {".".join(filter(None, table)): table for table in source.tables()}
    if named not in present:
        raise SourceChangedError(difference("table", [named], present))
    columns = source.columns(present[named])
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise SourceChangedError(f"{named}: {difference('column', missing, columns)}")
    return present[named]
