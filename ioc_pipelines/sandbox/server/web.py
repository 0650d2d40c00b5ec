"""The web server of the sandbox: one port, each system below its own name, faults included."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import socket
import struct
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from ioc_pipelines.sandbox.addresses import CLIENT_ID
from ioc_pipelines.sandbox.server import services
from ioc_pipelines.sandbox.server.services import JSON, Answer
from ioc_pipelines.sandbox.server.spoiling import AHEAD_S, spoilt
from ioc_pipelines.sandbox.server.spoiling import OF_RECORDS as _OF_RECORDS
from ioc_pipelines.sandbox.state import Fault, Faults

TOKEN_LIFE_S = 300
_DRIP_S = 0.5
_MAINTENANCE = (
    "<!DOCTYPE html><html lang=vi><head><title>Hệ thống đang bảo trì</title></head>"
    "<body><h1>Hệ thống đang bảo trì, vui lòng quay lại sau</h1></body></html>"
).encode()


class SandboxServer(ThreadingHTTPServer):
    """Serves the sandbox in ``root``; ``secret`` is what LGSP clients show, ``token`` the API's."""

    daemon_threads = True

    def __init__(self, root: Path, secret: str, token: str, port: int = 0) -> None:
        """Listen on ``port`` of 127.0.0.1, 0 for any that is free."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.root, self.secret, self.token = root, secret, token
        shown = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
        self.login = f"Basic {shown}"  # RFC 6749, 2.3.1
        self.tokens: dict[str, float] = {}
        self.stopping = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away; anything else is a defect and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def new_token(self) -> str:
        """A bearer token that ends after ``TOKEN_LIFE_S``."""
        token = secrets.token_hex(16)
        self.tokens[token] = time.monotonic() + TOKEN_LIFE_S
        return token

    def fault_of(self, system: str) -> Fault | None:
        """What is broken of a system."""
        return (Faults.read(self.root) or Faults()).broken.get(system)


class _Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as the system would, or as its fault has it."""
        parts = urlsplit(self.path)
        system, _, rest = parts.path.removeprefix("/").partition("/")
        query = dict(parse_qsl(parts.query))
        fault = self.server.fault_of(system)
        if fault == "endless":
            query = {name: value for name, value in query.items() if name not in _POSITIONS}
        answer = self._answer(system, f"/{rest}", query)
        if fault == "endless":
            answer = _never_ending(answer)
        if fault in _OF_RECORDS and answer.status == HTTPStatus.OK:
            answer = self._spoilt(system, f"/{rest}", query, answer, fault)
        self._send(answer, fault)

    def do_POST(self) -> None:
        """The LGSP takes its queries by POST too, and gives tokens."""
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        if self.path != "/lgsp/token":
            self.do_GET()
        elif self.headers.get("Authorization") == self.server.login:
            given = {"access_token": self.server.new_token(), "expires_in": TOKEN_LIFE_S}
            self._send(Answer.of(given), self.server.fault_of("lgsp"))
        else:
            self._send(Answer.of({"error": "invalid_client"}, status=401), None)

    def _spoilt(
        self, system: str, path: str, query: dict[str, str], answer: Answer, fault: Fault
    ) -> Answer:
        """The answer with other records in it."""
        first = None
        if fault in ("repeated", "overlapping") and set(query) & _POSITIONS:
            others = {name: value for name, value in query.items() if name not in _POSITIONS}
            first = self._answer(system, path, others)
        return spoilt(answer, fault, first)

    def _answer(self, system: str, path: str, query: dict[str, str]) -> Answer:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if system == "lgsp":
            if self.server.tokens.get(token, 0) < time.monotonic():
                return Answer.of({"MSG": "AUTHEN_ERROR", "Code": 100, "Count": 0})
            return services.lgsp(self.server.root, path, query)
        if system == "xay_dung":
            if token != self.server.token:
                return Answer.of({"error": "unauthorized"}, status=401)
            base = f"http://{self.headers['Host']}/{system}"
            return services.permits(self.server.root, path, query, base)
        if system == "quan_trac":
            return services.readings(self.server.root, path, query)
        return Answer.of({"error": "not found"}, status=404)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        if fault == "hang":
            self.server.stopping.wait()
            return
        if fault == "reset":
            self._reset(answer.body)
            return
        answer = _in_its_place(answer, fault)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if fault == "slow":
            self._drip(answer.body)
        else:
            self.wfile.write(answer.body)

    def _reset(self, body: bytes) -> None:
        """Half an answer, and the connection is reset."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time of the server, which may be wrong by more than a year."""
        system = urlsplit(self.path).path.removeprefix("/").partition("/")[0]
        ahead = AHEAD_S if self.server.fault_of(system) == "clock" else 0
        return super().date_time_string((time.time() if timestamp is None else timestamp) + ahead)

    def _drip(self, body: bytes) -> None:
        for byte in body:
            if self.server.stopping.wait(_DRIP_S):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: queries are of no interest, and the log would grow."""


def _in_its_place(answer: Answer, fault: Fault | None) -> Answer:
    """What a broken system answers instead."""
    match fault:
        case "html":
            return Answer(_MAINTENANCE, headers={"Content-Type": "text/html; charset=utf-8"})
        case "truncated":
            return Answer(answer.body[: len(answer.body) // 2], headers=answer.headers)
        case "cut_gzip":
            packed = gzip.compress(answer.body)
            headers = {**answer.headers, "Content-Encoding": "gzip"}
            return Answer(packed[: len(packed) // 2], headers=headers)
        case "charset":
            return Answer(answer.body.decode().encode("utf-16"), headers=answer.headers)
        case "busy":
            return Answer.of({"error": "busy"}, status=429, **{"Retry-After": "1"})
        case "throttled":
            return Answer.of({"error": "too many requests"}, status=429)
        case "error":
            return Answer.of({"error": "internal"}, status=500)
        case "denied":
            return Answer.of({"error": "forbidden"}, status=403)
        case _:
            return answer


_POSITIONS = {"page", "after", "cursor"}


def _never_ending(answer: Answer) -> Answer:
    """The first page again, with a way on that is always new."""
    moment = time.monotonic_ns()
    headers = dict(answer.headers)
    if "Link" in headers:
        headers["Link"] = headers["Link"].replace("after=", f"moment={moment}&after=")
    value = json.loads(answer.body)
    if isinstance(value, dict) and "meta" in value:
        value["meta"]["next"] = str(moment)
    elif isinstance(value, dict):
        value["Moment"] = moment
    return Answer.of(value, answer.status, **headers)
