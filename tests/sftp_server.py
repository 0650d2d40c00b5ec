"""A real OpenSSH server for one test module: its own keys, one folder, on 127.0.0.1."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@dataclass(frozen=True)
class SftpServer:
    """Where it is, and what a client needs to be let in."""

    port: int
    folder: Path
    known_hosts: Path
    key: Path

    def environment(self) -> dict[str, str]:
        """The variables that a feed names."""
        return {
            "SFTP_URL": f"sftp://{getpass.getuser()}@127.0.0.1:{self.port}{self.folder}",
            "SFTP_HOSTS": str(self.known_hosts),
            "SFTP_KEY": str(self.key),
        }


@contextmanager
def sftp_server(base: Path) -> Iterator[SftpServer]:
    """Serve ``base/drop``; skips visibly where no OpenSSH server is installed."""
    if not Path(_SSHD).exists():
        pytest.skip("no OpenSSH server is installed: apt-get install openssh-server")
    (base / "drop").mkdir()
    for name in ("host", "client"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(base / name))
    shutil.copy(base / "client.pub", base / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host_key = " ".join((base / "host.pub").read_text().split()[:2])
    (base / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (base / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {base / 'host'}\n"
        f"AuthorizedKeysFile {base / 'authorized'}\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        f"PidFile {base / 'pid'}\nSubsystem sftp internal-sftp\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [_SSHD, "-D", "-e", "-f", str(base / "config")], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield SftpServer(port, base / "drop", base / "known_hosts", base / "client")
    finally:
        process.terminate()
        process.wait()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the OpenSSH server did not come up")
