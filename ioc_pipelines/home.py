"""Where things are: the project's own files and the data root of a profile.

Names are fixed by the design: ``$IOC_HOME/<profile>/`` with ``landing accepted quarantine build
snapshots published reports backups dagster`` and ``ledger.db``.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "sources"
DBT_PROJECT = PROJECT / "dbt_project"
PUBLISHED_FILE = "ioc.duckdb"
DEFAULT_PROFILE = "hung_yen"
# the one setting that puts the ledger and what Dagster stores on PostgreSQL
DATABASE_URL = "IOC_DATABASE_URL"


class DatabaseSettingError(ValueError):
    """``IOC_DATABASE_URL`` is no address of a PostgreSQL database. Never says what it holds."""


def table_name(dataset: str) -> str:
    """The name of a dataset where dots do not go: ``<sector>__<dataset>``."""
    return dataset.replace(".", "__", 1)


@dataclass(frozen=True)
class Home:
    """The data root of one profile."""

    profile: str
    root: Path
    build_name: str = "build"

    @classmethod
    def of(cls, profile: str | None = None) -> Home:
        """The home of ``profile``, else of ``IOC_PROFILE``, below ``IOC_HOME`` or ``var/``."""
        name = profile or os.environ.get("IOC_PROFILE") or DEFAULT_PROFILE
        base = Path(os.environ.get("IOC_HOME") or PROJECT / "var").absolute()
        return cls(name, base / name)

    @property
    def landing(self) -> Path:
        """Bytes as received, immutable."""
        return self.root / "landing"

    @property
    def accepted(self) -> Path:
        """Rows that met their contract, one Parquet file per batch."""
        return self.root / "accepted"

    @property
    def quarantine(self) -> Path:
        """Rows that did not, with every rule they broke."""
        return self.root / "quarantine"

    @property
    def build(self) -> Path:
        """Private build files of dbt and the exported ledger."""
        return self.root / self.build_name

    @property
    def as_of(self) -> Path:
        """Warehouse files as known at an earlier moment, one folder each."""
        return self.root / "as_of"

    @property
    def snapshots(self) -> Path:
        """Published warehouse files, one folder each."""
        return self.root / "snapshots"

    @property
    def published(self) -> Path:
        """What analysts open: links to the newest snapshot."""
        return self.root / "published"

    @property
    def reports(self) -> Path:
        """Pages and packs that people open: acceptance, feedback."""
        return self.root / "reports"

    @property
    def backups(self) -> Path:
        """The encrypted archive, unless ``IOC_BACKUP_DIR`` sets another place for it."""
        return self.root / "backups"

    @property
    def temporary(self) -> Path:
        """Work spaces of runs, emptied when one starts: fetched files may hold personal data."""
        return self.root / "temporary"

    @property
    def releases(self) -> Path:
        """Records of upgrades with the ledger as it was before each."""
        return self.root / "releases"

    @property
    def dagster(self) -> Path:
        """``DAGSTER_HOME`` of this profile."""
        return self.root / "dagster"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger: its schema of ``IOC_DATABASE_URL``, else ``ledger.db``.

        Raises DatabaseSettingError.
        """
        return self._in_database("ledger") or self.ledger_file_url

    @property
    def ledger_file_url(self) -> str:
        """SQLAlchemy URL of the ledger below the data root, where there is no database server."""
        return f"sqlite:///{self.root / 'ledger.db'}"

    @property
    def dagster_url(self) -> str | None:
        """Where Dagster stores runs and events: its schema of ``IOC_DATABASE_URL``; None: files."""
        return self._in_database("dagster")

    def _in_database(self, part: str) -> str | None:
        """The URL of this profile's schema ``<profile>_<part>``: two profiles never mix."""
        url = os.environ.get(DATABASE_URL, "").strip()
        if not url:
            return None
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", self.profile):
            msg = f"profile '{self.profile}' cannot name a schema: letters, digits, _ only"
            raise DatabaseSettingError(msg)
        split = urlsplit(url)
        if split.scheme not in {"postgresql", "postgres"} or not split.path.strip("/"):
            msg = f"{DATABASE_URL} must read postgresql://user:password@host:port/database"
            raise DatabaseSettingError(msg)
        given = [pair for pair in parse_qsl(split.query) if pair[0] != "options"]
        query = urlencode(
            [*given, ("options", f"-csearch_path={self.profile}_{part}")], quote_via=quote
        )
        return urlunsplit(("postgresql+psycopg2", split.netloc, split.path, query, ""))

    @property
    def sandbox(self) -> Path:
        """The simulated agency systems, outside the data root as real ones are."""
        return Path(os.environ.get("IOC_SANDBOX") or self.root.parent / "sandbox")

    def prepare(self) -> None:
        """Make the folders that hold rows or messages, for their owner only.

        What is published is for others to read; the root is for them to pass through.
        """
        folders = (self.landing, self.accepted, self.quarantine, self.build, self.reports)
        for private in (*folders, self.dagster):
            private.mkdir(parents=True, exist_ok=True)
            private.chmod(0o700)
        if self.ledger_url == self.ledger_file_url:
            ledger = self.root / "ledger.db"
            ledger.touch()
            ledger.chmod(0o600)

    def hash_key(self) -> bytes:
        """The secret that key hashes are made with: ``IOC_HASH_KEY`` or a private file.

        The file is made on first use, readable by its owner only.
        """
        if from_environment := os.environ.get("IOC_HASH_KEY"):
            return from_environment.encode()
        path = self.root / "hash.key"
        if not path.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            # whole or not at all, and the first who makes it: half a key would hash what it can
            draft = path.with_name(f".{path.name}.{os.getpid()}.part")
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(draft, flags, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_bytes()
