"""The published snapshots, as the portal holds them open.

A request works with one snapshot from its beginning to its end. The file of a snapshot is opened
once, read-only; each request has a cursor. A request that finds that the link has moved on has the
new file opened beside it, and nobody waits for that; once it is open it is shown, and the old one
is closed when the last request lets go of it.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

import duckdb

from ioc_pipelines.home import PUBLISHED_FILE, Home
from ioc_pipelines.warehouse.readers import reading
from ioc_pipelines.warehouse.snapshots import (
    SnapshotManifest,
    mart_of,
    published_id,
    read_manifest,
)

_LOG = logging.getLogger(__name__)
VIETNAM_ZONE = "Asia/Ho_Chi_Minh"


class NothingPublishedError(RuntimeError):
    """Nothing is published yet that could be shown."""


@dataclass
class Snapshot:
    """An open snapshot. ``etag`` is the hash of its manifest; ``exports`` a folder of its own."""

    home: Home
    manifest: SnapshotManifest
    etag: str
    connection: duckdb.DuckDBPyConnection
    exports: Path
    open_too: ExitStack
    users: int = 0
    lock: Lock = field(default_factory=Lock)

    @property
    def id(self) -> str:
        """The id of the snapshot."""
        return self.manifest.snapshot_id

    @property
    def file(self) -> Path:
        """The published file itself."""
        return self.home.snapshots / self.id / PUBLISHED_FILE

    def mart(self, name: str) -> Path:
        """The Parquet file of a mart."""
        return mart_of(self.home, self.id, name)

    def close(self) -> None:
        """Close the file and forget what was exported from it."""
        self.open_too.close()


class Published:
    """What is published of a home, whichever snapshot that is at the moment."""

    def __init__(self, home: Home, warm: Callable[[Snapshot], object] = lambda _: None) -> None:
        """Of this home; nothing is opened yet. ``warm``: what to do before one is shown."""
        self._home = home
        self._warm = warm
        self._lock = Lock()
        self._open: Snapshot | None = None
        self._opening: str | None = None
        self._is_closed = False

    @contextmanager
    def current(self) -> Iterator[Snapshot]:
        """The newest published snapshot, for one request. Raises NothingPublishedError."""
        with self._lock:
            snapshot = self._newest()
            snapshot.users += 1
        try:
            yield snapshot
        finally:
            self._let_go(snapshot)

    @contextmanager
    def held(self, snapshot: Snapshot) -> Iterator[None]:
        """Keep a snapshot open that is open already: for work that may outlive its request."""
        with self._lock:
            snapshot.users += 1
        try:
            yield
        finally:
            self._let_go(snapshot)

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            self._is_closed = True
            if self._open:
                self._open.close()
            self._open = None

    def _newest(self) -> Snapshot:
        newest = published_id(self._home)
        if newest is None:
            msg = f"nothing is published yet at {self._home.published}; run `ioc refresh`"
            raise NothingPublishedError(msg)
        if self._open is None:
            self._open = _opened(self._home, newest)
        elif newest not in (self._open.id, self._opening):
            self._opening = newest
            Thread(target=self._change_over, args=(newest,), daemon=True).start()
        return self._open

    def _change_over(self, snapshot_id: str) -> None:
        """Open a snapshot while the one before it is shown, then show it. The last good stays."""
        snapshot = None
        try:
            snapshot = _opened(self._home, snapshot_id)
            self._warm(snapshot)
        except Exception:  # noqa: BLE001  # a thread has nobody to raise it to
            # tried again with the next publication, not with every request
            _LOG.exception("snapshot %s cannot be shown; the one before it stays", snapshot_id)
            if snapshot is not None:
                snapshot.close()
            return
        with self._lock:
            before, self._open = self._open, snapshot
            self._opening = None
            if self._is_closed:
                snapshot.close()
            elif before is not None and not before.users:
                before.close()

    def _let_go(self, snapshot: Snapshot) -> None:
        with self._lock:
            snapshot.users -= 1
            if not snapshot.users and snapshot is not self._open:
                snapshot.close()


def _opened(home: Home, snapshot_id: str) -> Snapshot:
    with ExitStack() as opened:
        # its marts are not deleted while they are read
        opened.enter_context(reading(home.snapshots / snapshot_id))
        exports = Path(tempfile.mkdtemp(prefix="ioc-portal-"))
        opened.callback(shutil.rmtree, exports, ignore_errors=True)
        manifest = read_manifest(home, snapshot_id)
        file = home.snapshots / snapshot_id / PUBLISHED_FILE
        connection = duckdb.connect(str(file), read_only=True)
        opened.callback(connection.close)
        # no query can read or write another file than the exports of its snapshot
        connection.execute("set global allowed_directories = $folders", {"folders": [str(exports)]})
        connection.execute("set global enable_external_access = false")
        connection.execute(f"set global timezone = '{VIETNAM_ZONE}'")
        etag = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()[:32]
        return Snapshot(home, manifest, etag, connection, exports, opened.pop_all())
