"""What a connector brings back, and how it says that it could not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FailedAnswer:
    """What had come of the answer that a fetch failed on: its status and its first bytes.

    ``received`` counts its bytes until then. Private: it may hold anything.
    """

    status: int
    content_type: str
    received: int
    first: bytes


class FetchError(Exception):
    """Why nothing was fetched; ``answer`` is the evidence, where a source answered over HTTP."""

    answer: FailedAnswer | None = None


class SourceUnavailableError(FetchError):
    """The source did not answer, or is not configured. The message says which and what to do."""


class NotConfiguredError(SourceUnavailableError):
    """The source could not be asked for want of a setting of ours: an address, a secret."""


class SourceFaultyError(FetchError):
    """The source answered, but not with its data: an error page, a cut answer, endless pages."""


class NothingArrivedError(FetchError):
    """The source answered and had nothing for us: an empty folder, no matching file."""


class SourceChangedError(FetchError):
    """The source no longer has the structure that the feed was connected to."""


@dataclass(frozen=True)
class SourceFile:
    """One file to be landed: its name at the source and where its bytes are now.

    ``known`` numbers the records in it, from 1, that an earlier delivery brought: the file is kept
    as it came, and these are not received again. ``sha256`` is that of a file whose owner may still
    change it: only these bytes are taken.
    """

    name: str
    path: Path
    known: tuple[int, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True)
class Fetched:
    """The files of one delivery.

    ``cursor`` is handed to the next fetch once this delivery is accepted. ``has_news`` is false
    when the source has nothing since the last cursor. ``confirms`` says whether the source itself
    answered just now, so that no news is good news (a database), or not (a folder).
    ``missing`` names what was there at the last cursor and is gone. ``note`` says what else is
    worth recording of the fetch: pages, requests, files left alone; never a value of a row.
    """

    files: tuple[SourceFile, ...]
    cursor: dict[str, Any]
    has_news: bool
    confirms: bool
    missing: tuple[str, ...] = field(default=())
    note: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """Only what changed in this span at the source; None means open (H38: on request)."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing was asked for in particular."""
        return self.since is None and self.until is None
