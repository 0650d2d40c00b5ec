"""A real HTTP server on this machine that answers as a test scripts it, and records what came."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer, and what goes wrong with it."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    length: int | None = None
    """Declared length; the connection is closed after fewer bytes than that."""
    drip_s: float = 0
    """Pause after each byte of the body."""
    drip_head_s: float = 0
    """Pause after each byte of the head."""
    hang: bool = False
    """No answer at all, until the server stops."""
    reset: bool = False
    """The connection is reset instead of an answer."""


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    given = {name.replace("_", "-"): said for name, said in headers.items()}
    return Reply(body, status, {"Content-Type": "application/json; charset=utf-8", **given})


Script = Callable[[Asked], Reply]


class Server:
    """The server, its address and the requests it has seen, in order."""

    def __init__(self, script: Script | Iterable[Reply]) -> None:
        self.script: Script = script if callable(script) else in_turn(script)
        self.asked: list[Asked] = []
        self.stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.scheme = "http"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def values(self, param: str) -> list[str | None]:
        """What each request had for a query parameter."""
        return [asked.params.get(param) for asked in self.asked]

    def speak_tls(self, certificate: str, key: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "https"

    def start(self) -> None:
        serve = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        serve.start()

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(
                    self.command,
                    split.path,
                    dict(parse_qsl(split.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
                server.asked.append(asked)
                try:
                    server._answer(self, server.script(asked))
                except OSError:
                    self.close_connection = True

            do_POST = do_GET  # noqa: N815  the name that the base class looks for

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.hang:
            self.stopped.wait()
        if reply.reset:
            # a socket that lingers for no time is reset when it is closed
            handler.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            handler.connection.shutdown(socket.SHUT_RD)
            handler.connection.close()
        if reply.hang or reply.reset:
            handler.close_connection = True
            return
        declared = len(reply.body) if reply.length is None else reply.length
        is_chunked = "Transfer-Encoding" in reply.headers
        headers = {**({} if is_chunked else {"Content-Length": str(declared)}), **reply.headers}
        head = f"HTTP/1.1 {reply.status} Said\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        self._send(handler, f"{head}\r\n".encode(), reply.drip_head_s)
        self._send(handler, reply.body, reply.drip_s)
        if declared != len(reply.body):
            handler.close_connection = True

    def _send(self, handler: BaseHTTPRequestHandler, data: bytes, pause_s: float) -> None:
        if not pause_s:
            handler.wfile.write(data)
            return
        for byte in data:
            handler.wfile.write(bytes([byte]))
            if self.stopped.wait(pause_s):
                return


def in_turn(replies: Iterable[Reply]) -> Script:
    """One answer after the other; a request too many is an error that a test sees."""
    remaining = iter(replies)
    return lambda _: next(remaining, Reply(b"no answer was scripted", 418))


@contextmanager
def serving(script: Script | Iterable[Reply]) -> Iterator[Server]:
    """A running server."""
    server = Server(script)
    server.start()
    try:
        yield server
    finally:
        server.stop()
