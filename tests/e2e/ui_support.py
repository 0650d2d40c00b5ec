"""Start ``ioc dev`` on a data root of its own, and stop all of it again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage

T = TypeVar("T")
IOC = Path(sys.executable).with_name("ioc")
_READY_S, _STOP_S = 120, 60


def environment(root: Path) -> dict[str, str]:
    """The environment of an operator whose data root is ``root``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IOC_", "DAGSTER_"))}
    return {**kept, "IOC_HOME": str(root)}


@contextmanager
def dagster_ui(root: Path) -> Iterator[str]:
    """The address of a running ``ioc dev``. Ctrl-C must end every process that it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = root.parent / "dev.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [IOC, "dev", "--port", str(port)],
            env=environment(root),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        survivors = _stop(process, root)
    assert not survivors, f"still running after Ctrl-C: {survivors}"


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/server_info")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.5)
        finally:
            connection.close()
    raise AssertionError(f"the UI did not answer in {_READY_S} s:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes], root: Path) -> list[str]:
    """Interrupt the process group as a terminal does; what is still there then is killed."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    until = time.monotonic() + _STOP_S
    while (process.poll() is None or _started_for(root)) and time.monotonic() < until:
        time.sleep(0.2)
    left = _started_for(root)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return [f"{pid} {name}" for pid, name in left.items()]


def _started_for(root: Path) -> dict[int, str]:
    """Processes that carry this data root in their environment, whichever group they are in."""
    mark, found = f"IOC_HOME={root}".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            is_ours = mark in (folder / "environ").read_bytes().split(b"\0")
            # the simulated agencies go on without the UI
            if is_ours and b"ioc_pipelines.sandbox.server.run" not in command:
                found[int(folder.name)] = command.decode()[:200]
        except OSError:  # ended meanwhile, or another user's
            continue
    return found


def graphql(url: str, query: str) -> Any:
    """The answer of the UI's own API."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    assert "errors" not in answer, answer
    return answer["data"]


def until(found: Callable[[], T | None], seconds: float, what: str) -> T:
    """What ``found`` answers as soon as it answers anything."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(1)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


@dataclass
class Traffic:
    """What a browser asked for and complained of."""

    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note what all pages of the context do."""
        context.on("request", lambda request: self._address(request.url))
        context.on("console", self._message)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("page", lambda page: page.on("websocket", lambda s: self._address(s.url)))

    def _address(self, url: str) -> None:
        if host := urlsplit(url).hostname:  # data: and blob: have none
            self.hosts.add(host)

    def _message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)
