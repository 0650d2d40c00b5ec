"""Put a file back beside the drop folder, where the agency looks for feedback.

The outbox is the only place of a source that is ever written to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import paramiko

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.folder import folder_of
from ioc_pipelines.connectors.files.sftp import session
from ioc_pipelines.durable import write_durably

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$")


def send_back(
    connector: FilesConnector | SftpConnector,
    environment: Mapping[str, str],
    name: str,
    content: bytes,
) -> None:
    """Write ``content`` as ``name`` into the feed's outbox, whole or not at all.

    Raises ValueError when the feed has no outbox or ``name`` is not a plain file name, and
    SourceUnavailableError when the outbox cannot be written to.
    """
    if connector.outbox is None or not _NAME.match(name):
        msg = f"no outbox, or not a plain file name: {name!r}"
        raise ValueError(msg)
    match connector:
        case FilesConnector():
            folder = folder_of(connector, environment) / connector.outbox
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for unfinished in folder.glob(f".{name}.*.part"):  # of a run that was killed
                    unfinished.unlink(missing_ok=True)
                write_durably(folder / name, content)
            except OSError as error:
                msg = f"outbox {connector.outbox}: {error.strerror}"
                raise SourceUnavailableError(msg) from error
        case SftpConnector():
            with session(connector, environment) as (client, root):
                _upload(client, f"{root}/{connector.outbox}", name, content)


def _upload(client: paramiko.SFTPClient, folder: str, name: str, content: bytes) -> None:
    try:
        client.stat(folder)
    except FileNotFoundError:
        client.mkdir(folder)
    with client.open(f"{folder}/.{name}.part", "wb") as target:
        target.write(content)
    client.posix_rename(f"{folder}/.{name}.part", f"{folder}/{name}")
