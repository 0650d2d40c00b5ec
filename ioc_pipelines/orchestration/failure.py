"""What is recorded as the evidence of a delivery that failed (H80).

It is published with the delivery: hashes, sizes and places, never a value. The bytes themselves
stay in landing.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ioc_pipelines.connectors.fetched import FailedAnswer
from ioc_pipelines.intake.child.readers import ReaderFailedError
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.landing import LandedFile, Landing, Manifest
from ioc_pipelines.intake.marking import marking_of_answer

_PACKAGE = Path(__file__).parents[1]
_FRAMES, _FILES = 3, 5


def of_answer(landing: Landing, feed: str, answer: FailedAnswer) -> dict[str, Any]:
    """The answer that a fetch failed on; its first bytes are kept in landing, unless secret."""
    told = {
        "http_status": answer.status,
        "content_type": answer.content_type,
        "bytes_received": answer.received,
    }
    if not answer.first or marking_of_answer(answer.first):
        return told
    try:
        sha256 = landing.keep(feed, answer.first)
    except OSError as error:  # a full disk must not cost the record of the failure
        return {**told, "not_kept": type(error).__name__}
    return {**told, "kept": {"bytes": len(answer.first), "sha256": sha256}}


def of_error(error: Exception) -> dict[str, Any]:
    """Where in our code an error came up, innermost last; never what it said."""
    if isinstance(error, ReaderFailedError):
        return {"error": error.kind, "at": list(error.at[-_FRAMES:])}
    frames = [
        f"{Path(frame.filename).relative_to(_PACKAGE).as_posix()}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    return {"error": type(error).__name__, "at": frames[-_FRAMES:]}


def of_files(manifest: Manifest, refused: Iterable[FileRefusedError]) -> dict[str, Any]:
    """The landed files that were refused, or all when none is named: what they are known by."""
    named = {manifest.file_of(error.file) for error in refused}
    files = [file for file in manifest.files if file in named] or list(manifest.files)
    return {"files": [_known(file) for file in files[:_FILES]]}


def _known(file: LandedFile) -> dict[str, Any]:
    return {"name": file.name, "sha256": file.sha256, "bytes": file.size}
