"""Take what lies in a drop folder, without touching it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.connectors.fetched import (
    Fetched,
    NothingArrivedError,
    SourceFile,
    SourceUnavailableError,
)
from ioc_pipelines.durable import sha256_of

_SHOWN = 5


def fetch_files(
    connector: FilesConnector, environment: Mapping[str, str], cursor: Mapping[str, Any] | None
) -> Fetched:
    """All files of the folder that match the feed's pattern.

    A delivery is the whole folder, so that a rule about the batch sees every unit; ``has_news``
    tells whether anything differs from ``cursor`` (name to SHA-256).
    Raises SourceUnavailableError when the folder is not configured or not there, and
    NothingArrivedError when no file matches.
    """
    root = _root(connector, environment)
    paths = sorted(path for path in root.glob(connector.pattern) if _is_inside(path, root))
    known = dict((cursor or {}).get("files", {}))
    if not paths:
        shown = ", ".join(sorted(known)[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        gone = f"; {len(known)} no longer there: {shown}" if known else ""
        msg = f"no file matches {connector.pattern}{gone}"
        raise NothingArrivedError(msg)
    present = {path.relative_to(root).as_posix(): path for path in paths}
    hashes = {name: sha256_of(path) for name, path in present.items()}
    return Fetched(
        files=tuple(SourceFile(name, path) for name, path in present.items()),
        cursor={"files": hashes},
        has_news=hashes != known,
        confirms=False,
        missing=_missing(known, hashes),
    )


def _missing(known: Mapping[str, str], present: Mapping[str, str]) -> tuple[str, ...]:
    """Names that are gone with their content: a renamed file is not missing."""
    moved = {sha for name, sha in present.items() if name not in known}
    return tuple(
        sorted(name for name, sha in known.items() if name not in present and sha not in moved)
    )


def _root(connector: FilesConnector, environment: Mapping[str, str]) -> Path:
    address = environment.get(connector.root_env)
    if not address:
        msg = f"environment variable {connector.root_env} is not set: it names the feed's folder"
        raise SourceUnavailableError(msg)
    root = Path(address)
    if not root.is_dir():
        msg = f"the folder that {connector.root_env} names is not there"
        raise SourceUnavailableError(msg)
    return root.resolve()


def _is_inside(path: Path, root: Path) -> bool:
    """Regular files of the folder only: no link out of it, no lock file of an office program."""
    return (
        not path.name.startswith(("~$", "."))
        and path.is_file()
        and path.resolve().is_relative_to(root)
    )
