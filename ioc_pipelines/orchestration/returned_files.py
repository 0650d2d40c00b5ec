"""Feedback packs that came back to a drop folder, taken before the folder's own delivery.

A full delivery of the same night is newer than a correction that lies beside it.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.names import feed_in
from ioc_pipelines.connectors.files.returned import correction_pattern, fetch_corrections, slug
from ioc_pipelines.connectors.within import within
from ioc_pipelines.durable import sha256_of
from ioc_pipelines.orchestration.delivery import Report, deliver_correction
from ioc_pipelines.orchestration.deployment import Deployment

logger = logging.getLogger(__name__)
_GRACE_S = 5


def take_corrections(
    deployment: Deployment, entry: FeedEntry, run_id: str, now: datetime
) -> list[Report]:
    """Deliver the feed's corrections that are new, by name. A folder out of reach has none."""
    connector = entry.feed.connector
    if not isinstance(connector, FilesConnector | SftpConnector):
        return []
    with tempfile.TemporaryDirectory(prefix="ioc-fetch-", ignore_cleanup_errors=True) as folder:
        try:
            files = within(
                connector.timeout_s + _GRACE_S,
                lambda: fetch_corrections(
                    connector,
                    deployment.environment,
                    lambda name: is_for(entry, name, deployment.catalog.active),
                    Path(folder),
                ),
            )
        except SourceUnavailableError:
            return []  # the delivery of the folder itself says so
        taken = deployment.ledger.deliveries.corrections_taken(entry.id)
        fresh = [file for file in files if sha256_of(file.path) not in taken]
        return [deliver_correction(deployment, entry, run_id, file, now) for file in fresh]


def is_for(entry: FeedEntry, name: str, active: Sequence[FeedEntry]) -> bool:
    """Whether a correction in the feed's folder is for this feed to take.

    It is by its name. One that names no feed of that folder is taken by the first of them, to be
    refused with the reason: somebody waits for an answer.
    """
    here = [other for other in active if _place(other) == _place(entry)]
    named = feed_in(name)
    owners = [other for other in here if slug(other.id) == named]
    return entry.id == (owners or here or [entry])[0].id


def _place(entry: FeedEntry) -> tuple[str, str] | None:
    match entry.feed.connector:
        case FilesConnector() as files:
            return files.root_env, correction_pattern(files)
        case SftpConnector() as sftp:
            return sftp.url_env, correction_pattern(sftp)
        case _:
            return None
