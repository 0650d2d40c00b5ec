"""Files for the officer of a feed, put into its outbox."""

from __future__ import annotations

from collections.abc import Mapping

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.files.outbox import send_back
from ioc_pipelines.connectors.within import within
from ioc_pipelines.orchestration.deployment import Deployment


def has_outbox(entry: FeedEntry) -> bool:
    """Whether the feed has a folder that feedback goes back to."""
    connector = entry.feed.connector
    return isinstance(connector, FilesConnector | SftpConnector) and connector.outbox is not None


def put_into_outbox(deployment: Deployment, entry: FeedEntry, files: Mapping[str, bytes]) -> None:
    """Write files by name. Raises SourceUnavailableError when the outbox cannot be written to.

    A feed without an outbox gets nothing.
    """
    connector = entry.feed.connector
    if not isinstance(connector, FilesConnector | SftpConnector) or connector.outbox is None:
        return

    def send() -> None:
        for name, content in files.items():
            send_back(connector, deployment.environment, name, content)

    within(connector.timeout_s, send)
