"""The beginning of the last answer, kept while it comes: the evidence if the fetch fails on it."""

from __future__ import annotations

from collections.abc import Callable

from ioc_pipelines.connectors.fetched import FailedAnswer

FIRST_BYTES = 8_192
_TAKEN = 2 * FIRST_BYTES  # a secret that begins among the first bytes is still seen whole
_SHOWN_TYPE = 60


class LastAnswer:
    """What has come of the answer to the last request; nothing when none has begun."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._status: int | None = None
        self._content_type, self._first, self._received = "", b"", 0
        self._is_secret = False

    def forget(self) -> None:
        """Another request is sent: what the one before was answered is no evidence of it."""
        self._status = None
        self._content_type, self._first, self._received = "", b"", 0

    def begin(self, status: int, content_type: str, *, is_secret: bool) -> None:
        """An answer begins. One that may hold a token is counted and not kept."""
        self._status, self._content_type = status, content_type[:_SHOWN_TYPE]
        self._is_secret = is_secret

    def take(self, piece: bytes) -> None:
        """A piece of its body, decoded if it came coded."""
        self._received += len(piece)
        if not self._is_secret and len(self._first) < _TAKEN:
            self._first += piece[: _TAKEN - len(self._first)]

    def told(self, hide: Callable[[bytes], bytes]) -> FailedAnswer | None:
        """What is kept of it, without the secrets that ``hide`` knows."""
        if self._status is None:
            return None
        first = hide(self._first)[:FIRST_BYTES]
        return FailedAnswer(self._status, self._content_type, self._received, first)
