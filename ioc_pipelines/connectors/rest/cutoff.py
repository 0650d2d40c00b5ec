"""End a connection at the deadline, whatever it is waiting for."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Any


class Cutoff:
    """Shuts the connection down after so many seconds.

    A time-out of a read starts anew with every byte: the head of an answer that trickles in would
    never end by it. The body's deadline is checked piece by piece; this is for all before it.
    """

    def __init__(self, after_s: float) -> None:
        """Prepare; entering it starts the time."""
        self._timer = Timer(after_s, self._cut)
        self._timer.daemon = True
        self._lock = Lock()
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of a new connection: the `trace` extension of a request."""
        if event == "connection.connect_tcp.complete":
            # a duplicate: TLS takes the socket itself over, and a closed one's number is reused
            connected = info["return_value"].get_extra_info("socket").dup()
            with self._lock:
                self._close()
                self._socket = connected

    def __enter__(self) -> Cutoff:
        """Start the time."""
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the time and let go of the connection."""
        self._timer.cancel()
        with self._lock:
            self._close()

    def _cut(self) -> None:
        with self._lock, suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
