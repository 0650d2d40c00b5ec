"""Reach a feed's source by whatever way it declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.connectors import (
    FilesConnector,
    LgspConnector,
    RestConnector,
    SftpConnector,
    SqlConnector,
)
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.connectors.fetched import Fetched, Window
from ioc_pipelines.connectors.files.folder import fetch_files
from ioc_pipelines.connectors.files.sftp import fetch_sftp
from ioc_pipelines.connectors.rest.fetch import fetch_rest
from ioc_pipelines.connectors.rest.lgsp import fetch_lgsp
from ioc_pipelines.connectors.sql import fetch_sql
from ioc_pipelines.connectors.within import within

# each connector keeps to its time-out itself; this is for what hangs out of its reach
_GRACE_S = 5


def fetch(
    feed: Feed,
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
) -> Fetched:
    """Fetch one delivery of ``feed``; temporary files go to ``workspace``.

    Raises SourceUnavailableError, also when it takes longer than the connector's ``timeout_s``,
    SourceFaultyError, NothingArrivedError or SourceChangedError.
    """
    if feed.connector is None:
        msg = f"feed of {feed.dataset} has no connector"
        raise LookupError(msg)
    return within(
        feed.connector.timeout_s + _GRACE_S,
        lambda: _fetch(feed, environment, cursor, window, workspace),
    )


def _fetch(
    feed: Feed,
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
) -> Fetched:
    match feed.connector:
        case FilesConnector() as files:
            return fetch_files(files, environment, cursor)
        case SftpConnector() as sftp:
            return fetch_sftp(sftp, environment, cursor, workspace)
        case SqlConnector() as sql:
            sources = [column.source for column in feed.columns.values()]
            return fetch_sql(sql, sources, environment, cursor, window, workspace)
        case RestConnector() as rest:
            return fetch_rest(rest, environment, cursor, window, workspace)
        case LgspConnector() as lgsp:
            return fetch_lgsp(lgsp, feed, environment, cursor, window, workspace)
        case _:
            msg = f"no way to fetch {feed.dataset}"
            raise LookupError(msg)
