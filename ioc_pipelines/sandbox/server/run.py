"""The process that serves a sandbox: ``python -m ioc_pipelines.sandbox.server.run FOLDER``."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
from pathlib import Path

from ioc_pipelines.sandbox.server import databases
from ioc_pipelines.sandbox.server.web import SandboxServer
from ioc_pipelines.sandbox.state import Running

_LOOK_EVERY_S = 2.0


def serve(root: Path) -> None:
    """Serve until told to stop, or until the folder is gone or served by somebody else."""
    secret, token = secrets.token_hex(16), secrets.token_hex(16)
    with SandboxServer(root, secret, token) as server, socket.socket() as tarpit:
        # takes connections and never answers: what a hanging database looks like
        tarpit.bind(("127.0.0.1", 0))
        tarpit.listen(64)
        signal.signal(signal.SIGTERM, lambda *_: server.stopping.set())
        signal.signal(signal.SIGINT, lambda *_: server.stopping.set())
        running = Running(
            pid=os.getpid(),
            port=server.server_address[1],
            tarpit_port=tarpit.getsockname()[1],
            client_secret=secret,
            token=token,
            database_urls=databases.load(root, secret),
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.write(root)
        while not server.stopping.wait(_LOOK_EVERY_S) and _is_ours(root):
            pass
        server.stopping.set()
        server.shutdown()
    if _is_ours(root):
        Running.path(root).unlink()
    databases.drop(root)


def _is_ours(root: Path) -> bool:
    running = Running.read(root)
    return running is not None and running.pid == os.getpid()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
