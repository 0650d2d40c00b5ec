"""The ``ioc`` command as an operator runs it, and what a home holds afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from contracts.base import VIETNAM

BUDGET = "so_tai_chinh/finance.budget_revenue"
DISEASE = "so_y_te/health.disease_weekly"
DOSSIER = "van_phong_ubnd/public_services.procedure_dossier"
PLANNED = "so_tai_chinh/finance.public_investment"
FEEDS = (BUDGET, DISEASE, DOSSIER)
IOC = Path(sys.executable).with_name("ioc")


@dataclass(frozen=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Province:
    """``IOC_HOME`` of a province with its sandbox."""

    base: Path
    profile: str = "hung_yen"

    @property
    def home(self) -> Path:
        return self.base / self.profile

    @property
    def sandbox(self) -> Path:
        return self.base / "sandbox"

    @property
    def published(self) -> Path:
        return self.home / "published" / "ioc.duckdb"

    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own settings but what starts a program."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base),
            "IOC_HOME": str(self.base),
            "IOC_PROFILE": self.profile,
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        }

    def ioc(self, *arguments: str, timeout: float = 400, **extra: str) -> Done:
        done = subprocess.run(
            [IOC, *arguments],
            env={**self.environment(), **extra},
            cwd=self.base,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def status(self) -> dict[str, dict[str, Any]]:
        """Feeds by id, as ``ioc status --json`` tells."""
        done = self.ioc("status", "--json")
        assert done.code == 0, done.err
        return {feed["feed"]: feed for feed in done.json()["feeds"]}

    def query(self, sql: str) -> list[Any]:
        return query(self.published, sql)

    def published_id(self) -> str:
        return self.published.readlink().parent.name

    def snapshot(self, name: str) -> Path:
        return self.home / "snapshots" / name / "ioc.duckdb"


def query(path: Path, sql: str) -> list[Any]:
    """Rows of a DuckDB file that is opened, read and let go."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def tables(path: Path, schemas: Iterable[str]) -> list[str]:
    listed = ", ".join(f"'{schema}'" for schema in schemas)
    sql = (
        "select schema_name || '.' || table_name from duckdb_tables()"
        f" where schema_name in ({listed}) order by all"
    )
    return [name for (name,) in query(path, sql)]


@contextmanager
def both(before: Path, after: Path):  # type: ignore[no-untyped-def]
    """Two snapshots side by side, as catalogs ``a`` and ``b``."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{before}' as a (read_only)").fetchall()
        connection.execute(f"attach '{after}' as b (read_only)").fetchall()
        yield connection


def differing(
    before: Path,
    after: Path,
    names: Iterable[str],
    without: Mapping[str, Iterable[str]] | Iterable[str] = (),
) -> dict[str, tuple[int, int]]:
    """Rows only in the one and only in the other, of the tables that are not the same multiset."""
    found = {}
    with both(before, after) as connection:
        for name in names:
            columns = [
                column
                for (column, *_) in connection.execute(f"describe a.{name}").fetchall()
                if column not in set(without)
            ]
            listed = ", ".join(f'"{column}"' for column in columns)
            counts = []
            for one, other in (("a", "b"), ("b", "a")):
                sql = (
                    f"select count(*) from (select {listed} from {one}.{name}"
                    f" except all select {listed} from {other}.{name})"
                )
                ((count,),) = connection.execute(sql).fetchall()
                counts.append(count)
            if any(counts):
                found[name] = (counts[0], counts[1])
    return found


def local_day(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%Y-%m-%d}"
