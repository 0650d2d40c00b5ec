"""A drop folder on a real OpenSSH server."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.connectors import SftpConnector
from ioc_pipelines.connectors.fetched import Fetched, NothingArrivedError, SourceUnavailableError
from ioc_pipelines.connectors.files.outbox import send_back
from ioc_pipelines.connectors.files.sftp import fetch_sftp
from tests.connectors.files.test_folder import state
from tests.sftp_server import SftpServer, sftp_server

CONNECTOR = SftpConnector(
    kind="sftp",
    url_env="SFTP_URL",
    known_hosts_env="SFTP_HOSTS",
    key_file_env="SFTP_KEY",
    pattern="so_y_te/*.csv",
    quiet_s=0,
    outbox="so_y_te/phan-hoi",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sftp")) as running:
        yield running


@pytest.fixture
def drop(server: SftpServer) -> Iterator[Path]:
    folder = server.folder / "so_y_te"
    folder.mkdir(parents=True)
    yield folder
    for path in sorted(server.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def _fetch(
    server: SftpServer, workspace: Path, cursor: dict[str, Any] | None = None, **changed: Any
) -> Fetched:
    environment = {**server.environment(), **changed}
    return fetch_sftp(CONNECTOR, environment, cursor, workspace)


def test_matching_files_are_copied_byte_for_byte(
    server: SftpServer, drop: Path, tmp_path: Path
) -> None:
    big = os.urandom(3_000_000)
    (drop / "Tuần 2.csv").write_bytes(big)
    (drop / "Tuần 1.csv").write_bytes(b"")
    (drop / "notes.txt").write_bytes(b"no")
    (drop / ".hidden.csv").write_bytes(b"no")
    (drop / "folder.csv").mkdir()
    (drop / "link.csv").symlink_to("/etc/passwd")
    before = state(server.folder)
    fetched = _fetch(server, tmp_path)
    assert [file.name for file in fetched.files] == ["so_y_te/Tuần 1.csv", "so_y_te/Tuần 2.csv"]
    assert [file.path.read_bytes() for file in fetched.files] == [b"", big]
    assert fetched.cursor["files"]["so_y_te/Tuần 2.csv"] == hashlib.sha256(big).hexdigest()
    assert (fetched.has_news, fetched.confirms, fetched.missing) == (True, False, ())
    assert state(server.folder) == before


def test_an_unchanged_folder_is_not_copied_again(
    server: SftpServer, drop: Path, tmp_path: Path
) -> None:
    (drop / "a.csv").write_text("a")
    (drop / "b.csv").write_text("b")
    first = _fetch(server, tmp_path)
    same = _fetch(server, tmp_path, first.cursor)
    assert (same.has_news, same.files, same.cursor) == (False, (), first.cursor)
    (drop / "b.csv").unlink()
    gone = _fetch(server, tmp_path, first.cursor)
    assert (gone.has_news, gone.missing) == (True, ("so_y_te/b.csv",))
    assert [file.name for file in gone.files] == ["so_y_te/a.csv"]


def test_nothing_there_is_nothing_arrived(server: SftpServer, drop: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingArrivedError, match=r"no file matches so_y_te/\*\.csv"):
        _fetch(server, tmp_path)


def test_a_missing_folder_is_unavailable(server: SftpServer, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="the folder or file is not there"):
        _fetch(server, tmp_path)


def test_a_server_with_another_key_is_not_trusted(
    server: SftpServer, drop: Path, tmp_path: Path
) -> None:
    (drop / "a.csv").write_text("a")
    other = tmp_path / "known_hosts"
    client_key = server.key.with_suffix(".pub").read_text().split()
    other.write_text(f"[127.0.0.1]:{server.port} {client_key[0]} {client_key[1]}\n")
    with pytest.raises(SourceUnavailableError, match="another key than the known one"):
        _fetch(server, tmp_path, SFTP_HOSTS=str(other))
    other.write_text("")
    with pytest.raises(SourceUnavailableError, match="key is not in the known hosts file"):
        _fetch(server, tmp_path, SFTP_HOSTS=str(other))


def test_a_refused_login_and_a_closed_port_are_told_apart(
    server: SftpServer, drop: Path, tmp_path: Path
) -> None:
    host_key = server.known_hosts.parent / "host"
    with pytest.raises(SourceUnavailableError, match="SFTP_URL: the login was refused"):
        _fetch(server, tmp_path, SFTP_KEY=str(host_key))
    with pytest.raises(SourceUnavailableError, match="SFTP_URL: NoValidConnectionsError"):
        _fetch(server, tmp_path, SFTP_URL="sftp://me@127.0.0.1:1/drop")


def test_a_server_that_never_answers_costs_its_time(
    server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ioc_pipelines.connectors.files.sftp._ANSWER_S", 0.3)
    with socket.socket() as tarpit:
        tarpit.bind(("127.0.0.1", 0))
        tarpit.listen()
        url = f"sftp://me@127.0.0.1:{tarpit.getsockname()[1]}/drop"
        with pytest.raises(SourceUnavailableError, match="SFTP_URL: "):
            _fetch(server, tmp_path, SFTP_URL=url)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SFTP_URL", "", "environment variable SFTP_URL is not set"),
        ("SFTP_URL", "ftp://me@host/drop", "not of the form sftp://"),
        ("SFTP_URL", "sftp://host/drop", "not of the form sftp://"),
        ("SFTP_KEY", "", "environment variable SFTP_KEY is not set"),
        ("SFTP_HOSTS", "", "environment variable SFTP_HOSTS is not set"),
    ],
)
def test_what_is_not_configured_is_named(
    server: SftpServer, tmp_path: Path, variable: str, value: str, said: str
) -> None:
    with pytest.raises(SourceUnavailableError, match=said):
        _fetch(server, tmp_path, **{variable: value})


def test_feedback_goes_to_the_outbox_whole(server: SftpServer, drop: Path, tmp_path: Path) -> None:
    (drop / "a.csv").write_text("a")
    send_back(CONNECTOR, server.environment(), "bien-nhan.txt", "đã nhận".encode())
    send_back(CONNECTOR, server.environment(), "bien-nhan.txt", "đã nhận lại".encode())
    outbox = drop / "phan-hoi"
    assert [path.name for path in outbox.iterdir()] == ["bien-nhan.txt"]
    assert (outbox / "bien-nhan.txt").read_text(encoding="utf-8") == "đã nhận lại"
    assert [file.name for file in _fetch(server, tmp_path).files] == ["so_y_te/a.csv"]
