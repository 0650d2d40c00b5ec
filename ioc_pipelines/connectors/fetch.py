"""Reach a feed's source by whatever way it declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.connectors import FilesConnector, SqlConnector
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.connectors.fetched import Fetched, Window
from ioc_pipelines.connectors.files import fetch_files
from ioc_pipelines.connectors.sql import fetch_sql


def fetch(
    feed: Feed,
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
) -> Fetched:
    """Fetch one delivery of ``feed``; temporary files go to ``workspace``.

    Raises SourceUnavailableError, NothingArrivedError or SourceChangedError.
    """
    match feed.connector:
        case FilesConnector() as files:
            return fetch_files(files, environment, cursor)
        case SqlConnector() as sql:
            sources = [column.source for column in feed.columns.values()]
            return fetch_sql(sql, sources, environment, cursor, window, workspace)
        case None:
            msg = f"feed of {feed.dataset} has no connector"
            raise LookupError(msg)
