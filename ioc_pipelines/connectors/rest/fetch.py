"""Fetch one delivery over HTTP: each page's bytes as a file of its own (A14, B09, H54)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.connectors import RestConnector
from ioc_pipelines.connectors.fetched import Fetched, NothingArrivedError, SourceFile, Window
from ioc_pipelines.connectors.rest.changes import News, asked_params
from ioc_pipelines.connectors.rest.clock import SYSTEM, Clock
from ioc_pipelines.connectors.rest.pages import Page, first_url, walk
from ioc_pipelines.connectors.rest.source import Source, opened


def fetch_rest(
    connector: RestConnector,
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
    clock: Clock = SYSTEM,
) -> Fetched:
    """The records that the source answers with: what changed where it can say so, or everything.

    Only GET is sent, and POST for the token (H79), within the source's hours and requests a minute
    (B09). Raises SourceUnavailableError when the source does not answer or may not be asked now,
    SourceFaultyError when it answers with anything but its whole data, and NothingArrivedError when
    it has no record at all. No message holds a record's value or a secret.
    """
    with opened(connector, environment, clock) as source:
        return collected(connector, source, cursor, window, workspace, clock)


def collected(
    connector: RestConnector,
    source: Source,
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
    clock: Clock,
) -> Fetched:
    """Walk the pages of an open source and write each to ``workspace``.

    An answer without records holds no row and is not kept: only its end of the paging counts.
    """
    narrowed = asked_params(connector.changes, cursor, window)
    first = first_url(
        source.url(connector.path), {**connector.params, **narrowed}, connector.paging
    )
    news = News(connector.changes, cursor, clock.now()) if connector.changes else None
    files: list[SourceFile] = []
    bytes_of_all = hashlib.sha256()
    for page in walk(source.ask, first, connector.paging, source.budget):
        known = news.add(page.records) if news is not None else ()
        if page.records:
            files.append(_written(page, workspace, known if window.is_open else ()))
            bytes_of_all.update(hashlib.sha256(page.body).digest())
    if not files and not narrowed:
        msg = "the source answered and has no record at all"
        raise NothingArrivedError(msg)
    note: dict[str, Any] = source.budget.note
    if news is not None and news.undated:
        note["undated"] = news.undated
    if news is None:
        after: dict[str, Any] = {"sha256": bytes_of_all.hexdigest()}
        is_news = after != cursor
    elif window.is_open:
        after, is_news = news.cursor(), news.is_news
    else:
        after, is_news = dict(cursor or {}), bool(files)
    return Fetched(tuple(files), after, is_news, confirms=True, note=note)


def _written(page: Page, workspace: Path, known: tuple[int, ...]) -> SourceFile:
    name = f"page-{page.number:05}.json"
    path = workspace / name
    path.write_bytes(page.body)
    return SourceFile(name, path, known)
