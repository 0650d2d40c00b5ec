"""Take what lies in a drop folder of an SFTP server, without changing anything there."""

from __future__ import annotations

import fnmatch
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import unquote, urlsplit

import paramiko

from ioc_pipelines.catalog.connectors import SftpConnector
from ioc_pipelines.connectors.fetched import (
    Fetched,
    NotConfiguredError,
    NothingArrivedError,
    SourceFaultyError,
    SourceFile,
    SourceUnavailableError,
)
from ioc_pipelines.connectors.files.names import is_correction, is_litter
from ioc_pipelines.connectors.files.whole import Listing, missing, require_some, whole_files
from ioc_pipelines.durable import sha256_of

_ANSWER_S = 10.0
_BLOCK_BYTES = 1 << 18
_MOST_BYTES = 4 * 1024**3


def fetch_sftp(
    connector: SftpConnector,
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    workspace: Path,
) -> Fetched:
    """All whole files of the folder that match, copied to ``workspace``.

    As for a folder on a disk, a delivery is the whole folder; when names, sizes and times are
    those of the last delivery, nothing is copied.
    Raises SourceUnavailableError when the server cannot be reached, shows another key than the
    known one or refuses the login, and NothingArrivedError as for a folder.
    """
    deadline = monotonic() + connector.timeout_s
    with session(connector, environment) as (client, root):
        found = whole_files(lambda: list_sftp(client, root, connector.pattern), connector.quiet_s)
        known = dict((cursor or {}).get("files", {}))
        require_some(found, connector.pattern, known)
        listed = list_sftp(client, root, connector.pattern)
        seen = {name: list(listed[name]) for name in found.names if name in listed}
        if seen == (cursor or {}).get("listing"):
            return Fetched((), dict(cursor or {}), has_news=False, confirms=False)
        files = tuple(copy_some(client, root, list(seen), workspace, connector, deadline))
    hashes = {file.name: sha256_of(file.path) for file in files}
    return Fetched(
        files=files,
        cursor={"files": hashes, "listing": seen},
        has_news=hashes != known,
        confirms=False,
        missing=missing(known, hashes),
        note={"left_alone": list(found.being_written)} if found.being_written else {},
    )


@contextmanager
def session(
    connector: SftpConnector, environment: Mapping[str, str]
) -> Iterator[tuple[paramiko.SFTPClient, str]]:
    """A session and the folder it is for. Raises SourceUnavailableError when there is none."""
    url = urlsplit(_required(environment, connector.url_env))
    if url.scheme != "sftp" or not url.hostname or not url.username:
        msg = f"{connector.url_env} is not of the form sftp://user@host:port/folder"
        raise NotConfiguredError(msg)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    password, key_file = (
        _required(environment, name) if name else None
        for name in (connector.password_env, connector.key_file_env)
    )
    try:
        client.load_host_keys(_required(environment, connector.known_hosts_env))
        client.connect(
            url.hostname,
            port=url.port or 22,
            username=unquote(url.username),
            password=password,
            key_filename=key_file,
            allow_agent=False,
            look_for_keys=False,
            timeout=_ANSWER_S,
            banner_timeout=_ANSWER_S,
            auth_timeout=_ANSWER_S,
            channel_timeout=_ANSWER_S,
        )
        sftp = client.open_sftp()
        channel = sftp.get_channel()
        if channel is not None:
            channel.settimeout(_ANSWER_S)
        yield sftp, unquote(url.path).rstrip("/")
    except (paramiko.SSHException, EOFError, OSError) as error:
        # the message of a driver can carry paths and names; its kind cannot
        msg = f"SFTP server of {connector.url_env}: {_said(error)}"
        raise SourceUnavailableError(msg) from error
    finally:
        client.close()


def copy_some(
    client: paramiko.SFTPClient,
    root: str,
    names: Sequence[str],
    workspace: Path,
    connector: SftpConnector,
    deadline: float | None = None,
) -> list[SourceFile]:
    """Copy files to ``workspace``. Raises SourceUnavailableError after the ``deadline``."""
    until = monotonic() + connector.timeout_s if deadline is None else deadline
    files = [SourceFile(name, workspace / f"{number:05d}") for number, name in enumerate(names)]
    for file in files:
        _copy(client, f"{root}/{file.name}", file.path, until, connector)
    return files


def list_sftp(
    client: paramiko.SFTPClient, root: str, pattern: str, *, corrections: bool = False
) -> Listing:
    """Regular files of one folder: links and names with a path in them are left alone.

    Either the deliveries or the ``corrections`` that came back among them.
    """
    folder, _, names = pattern.rpartition("/")
    below = f"{folder}/" if folder else ""
    return {
        f"{below}{entry.filename}": (entry.st_size or 0, float(entry.st_mtime or 0))
        for entry in client.listdir_attr(f"{root}/{folder}")
        if stat.S_ISREG(entry.st_mode or 0)
        and fnmatch.fnmatchcase(entry.filename, names)
        and "/" not in entry.filename
        and is_correction(entry.filename) == corrections
        and not is_litter(entry.filename)
    }


def _copy(
    client: paramiko.SFTPClient,
    remote: str,
    local: Path,
    deadline: float,
    connector: SftpConnector,
) -> None:
    with client.open(remote, "rb") as source, local.open("wb") as target:
        source.prefetch()
        copied, most = 0, source.stat().st_size or 0
        if most > _MOST_BYTES:
            msg = (
                f"{connector.url_env}: a file of {most} bytes, larger than any delivery: not taken"
            )
            raise SourceFaultyError(msg)
        while block := source.read(_BLOCK_BYTES):
            copied += len(block)
            if copied > most:
                msg = f"{connector.url_env}: a file grew while it was copied; taken once whole"
                raise NothingArrivedError(msg)
            if monotonic() > deadline:
                msg = f"{connector.url_env}: not copied within {connector.timeout_s:.0f} s"
                raise SourceUnavailableError(msg)
            target.write(block)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        msg = f"environment variable {name} is not set"
        raise NotConfiguredError(msg)
    return value


def _said(error: Exception) -> str:
    match error:
        case paramiko.BadHostKeyException():
            return "it shows another key than the known one; ask the agency before trusting it"
        case paramiko.AuthenticationException():
            return "the login was refused"
        case TimeoutError():
            return "time-out"
        case FileNotFoundError():
            return "the folder or file is not there"
        case paramiko.SSHException() if "known_hosts" in str(error):
            return "its key is not in the known hosts file"
        case _:
            return type(error).__name__
