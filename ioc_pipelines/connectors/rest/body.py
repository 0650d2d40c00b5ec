"""Receive the body of an answer piece by piece, within the budget of the fetch."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import httpx

from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError
from ioc_pipelines.connectors.rest.budget import Budget

_PIECE = 65_536
_GZIP = 31  # window bits of zlib: a gzip header is expected


def read_body(
    response: httpx.Response, budget: Budget, what: str, seen: Callable[[bytes], None]
) -> bytes:
    """The whole body, decoded if it came as gzip; each piece is also given to ``seen``.

    Every decoded byte counts, so that a small answer cannot unfold without bound. Raises
    SourceFaultyError when it is too long, of unknown coding, cut inside its gzip, or still coming
    at the deadline; httpx.TransportError when the connection breaks.
    """
    declared = response.headers.get("content-length", "")
    if declared.isdecimal():
        budget.declared(int(declared), what)
    body = bytearray()
    for piece in _decoded(response, what):
        seen(piece)
        budget.take(len(piece), what)
        body += piece
        if budget.left() <= 0:
            raise still_coming(budget, what)
    return bytes(body)


def first_piece(response: httpx.Response, what: str) -> bytes:
    """The first that comes of a body, or nothing when it cannot be read."""
    try:
        return next(_decoded(response, what), b"")
    except (httpx.TransportError, SourceFaultyError):
        return b""


def still_coming(budget: Budget, what: str) -> SourceFaultyError | SourceUnavailableError:
    """The error of an answer that has begun and does not end in time."""
    why = "its answer was still coming at the deadline"
    if budget.pages:
        return budget.over(what, why)
    return SourceFaultyError(f"{what}: {why}: the source is too slow, or raise timeout_s")


def _decoded(response: httpx.Response, what: str) -> Iterator[bytes]:
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        yield from response.iter_raw()
        return
    if coding not in ("gzip", "x-gzip"):
        raise SourceFaultyError(f"{what}: coded as {coding[:20]!r}, which was not asked for")
    unfolding = _Gzip()
    try:
        for raw in response.iter_raw():
            yield from unfolding.pieces(raw)
    except zlib.error as error:
        raise SourceFaultyError(f"{what}: its gzip is damaged") from error
    if not unfolding.is_whole:
        raise SourceFaultyError(f"{what}: cut off inside its gzip")


class _Gzip:
    """Unfolds gzip, also several members in a row, never more than a piece at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)

    @property
    def is_whole(self) -> bool:
        return self._member.eof

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        while True:
            piece = self._member.decompress(raw, _PIECE)
            yield piece
            if self._member.unused_data:
                raw, self._member = self._member.unused_data, zlib.decompressobj(_GZIP)
                continue
            raw = self._member.unconsumed_tail
            if not raw and len(piece) < _PIECE:
                return
