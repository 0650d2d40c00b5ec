"""Take what lies in a drop folder, without touching it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.connectors.fetched import (
    Fetched,
    NotConfiguredError,
    NothingArrivedError,
    SourceFaultyError,
    SourceFile,
    SourceUnavailableError,
)
from ioc_pipelines.connectors.files.names import is_correction, is_litter
from ioc_pipelines.connectors.files.whole import Listing, missing, require_some, whole_files
from ioc_pipelines.durable import sha256_of

_SHOWN = 5
_MOST_BYTES = 4 * 1024**3


def fetch_files(
    connector: FilesConnector, environment: Mapping[str, str], cursor: Mapping[str, Any] | None
) -> Fetched:
    """All whole files of the folder that match the feed's pattern.

    A delivery is the whole folder, so that a rule about the batch sees every unit; ``has_news``
    tells whether anything differs from ``cursor`` (name to SHA-256). New files that are still
    being written are left alone, and so is what is no file: a pipe, a device, a link out of the
    folder.
    Raises SourceUnavailableError when the folder is not configured or not there,
    NothingArrivedError when no file matches or a known one is just being replaced, and
    SourceFaultyError when one is larger than any delivery.
    """
    root = folder_of(connector, environment)
    found = whole_files(lambda: list_folder(root, connector.pattern), connector.quiet_s)
    known = dict((cursor or {}).get("files", {}))
    odd = no_files(root, connector.pattern)
    try:
        require_some(found, connector.pattern, known)
    except NothingArrivedError as error:
        if not odd:
            raise
        msg = f"{error}; no file, and not taken: {_told(odd)}"
        raise NothingArrivedError(msg) from error
    paths = {name: (root / name).resolve() for name in found.names}
    for name, path in paths.items():
        _require_size(name, path)
    hashes = {name: sha256_of(path) for name, path in paths.items()}
    return Fetched(
        files=tuple(SourceFile(name, paths[name], sha256=hashes[name]) for name in found.names),
        cursor={"files": hashes},
        has_news=hashes != known,
        confirms=False,
        missing=missing(known, hashes),
        note={
            **({"left_alone": list(found.being_written)} if found.being_written else {}),
            **({"no_files": odd} if odd else {}),
        },
    )


def no_files(root: Path, pattern: str) -> dict[str, str]:
    """What matches and is no file of the folder: what it is, by name."""
    found = {}
    for path in sorted(root.glob(pattern)):
        if path.is_dir() or is_litter(path.name) or _is_inside(path, root):
            continue
        kind = "a link out of the folder" if path.is_symlink() else "a pipe, a socket or a device"
        found[path.relative_to(root).as_posix()] = kind
    return found


def _told(odd: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in list(odd.items())[:_SHOWN])


def _require_size(name: str, path: Path) -> None:
    size = path.stat().st_size
    if size > _MOST_BYTES:
        msg = f"{name}: {size} bytes, larger than any delivery ({_MOST_BYTES}): not taken"
        raise SourceFaultyError(msg)


def folder_of(connector: FilesConnector, environment: Mapping[str, str]) -> Path:
    """The drop folder. Raises SourceUnavailableError when it is not configured or not there."""
    address = environment.get(connector.root_env)
    if not address:
        msg = f"environment variable {connector.root_env} is not set: it names the feed's folder"
        raise NotConfiguredError(msg)
    root = Path(address)
    if not root.is_dir():
        msg = f"the folder that {connector.root_env} names is not there"
        raise SourceUnavailableError(msg)
    return root.resolve()


def list_folder(root: Path, pattern: str, *, corrections: bool = False) -> Listing:
    """Regular files of the folder: no link out of it, no lock file of an office program.

    Either the deliveries or the ``corrections`` that came back among them.
    """
    listed = {}
    for path in sorted(root.glob(pattern)):
        if is_correction(path.name) != corrections or not _is_inside(path, root):
            continue
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue  # renamed or removed since it was listed
        listed[path.relative_to(root).as_posix()] = facts.st_size, facts.st_mtime
    return listed


def _is_inside(path: Path, root: Path) -> bool:
    return not is_litter(path.name) and path.is_file() and path.resolve().is_relative_to(root)
