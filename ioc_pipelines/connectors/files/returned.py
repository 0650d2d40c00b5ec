"""Corrected feedback packs among the files of a drop folder: known by their name.

A pack goes out as ``can-sua-<feed>-<batch>.xlsx`` and comes back under that name, or what a
desktop makes of it: ``can-sua-… (1).xlsx``, ``Bản sao của can-sua-….xlsx``, ``….ODS``.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.connectors.files.folder import folder_of, list_folder
from ioc_pipelines.connectors.files.sftp import copy_some, list_sftp, session
from ioc_pipelines.connectors.files.whole import Listing, whole_files

logger = logging.getLogger(__name__)


def pack_name(feed: str, batch_id: str) -> str:
    """The name of a feed's pack, the same each time it is made."""
    return f"can-sua-{slug(feed)}-{batch_id}.xlsx"


def slug(feed: str) -> str:
    """The feed as file names have it: ``<dataset>[-<variant>]``."""
    return feed.split("/", 1)[1].replace("/", "-")


def correction_pattern(connector: FilesConnector | SftpConnector) -> str:
    """Where a feed's corrections are dropped: beside its files."""
    folder = connector.pattern.rpartition("/")[0]
    return f"{folder}/*" if folder else "*"


def list_corrections(connector: FilesConnector, root: Path) -> Listing:
    """The corrections in a drop folder on a disk; what lies in the outbox has not come back."""
    listing = list_folder(root, correction_pattern(connector), corrections=True)
    outbox = f"{connector.outbox}/" if connector.outbox else None
    return {n: facts for n, facts in listing.items() if not (outbox and n.startswith(outbox))}


def fetch_corrections(
    connector: FilesConnector | SftpConnector,
    environment: Mapping[str, str],
    wanted: Callable[[str], bool],
    workspace: Path,
) -> list[SourceFile]:
    """Copies of the whole corrections in the drop folder whose name is ``wanted``.

    What is judged is what was copied, whatever its owner does to the file meanwhile.
    Raises SourceUnavailableError when the folder cannot be reached.
    """
    match connector:
        case FilesConnector():
            root = folder_of(connector, environment)
            found = whole_files(lambda: list_corrections(connector, root), connector.quiet_s)
            names = [name for name in found.names if wanted(name)]
            return list(_copied(root, names, workspace))
        case SftpConnector():
            pattern = correction_pattern(connector)
            with session(connector, environment) as (client, folder):
                found = whole_files(
                    lambda: list_sftp(client, folder, pattern, corrections=True),
                    connector.quiet_s,
                )
                names = [name for name in found.names if wanted(name)]
                return copy_some(client, folder, names, workspace, connector)


def _copied(root: Path, names: Sequence[str], workspace: Path) -> Iterator[SourceFile]:
    for number, name in enumerate(names):
        copy = workspace / f"{number:05d}"
        try:
            shutil.copyfile(root / name, copy)
        except OSError as error:  # taken away, or closed to us: it is looked for again each time
            logger.warning("a correction cannot be read: %s", error.strerror)
            continue
        yield SourceFile(name, copy)
