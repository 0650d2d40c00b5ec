"""The ``ioc`` command as an operator runs it, and what a home holds afterwards."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from contracts.base import VIETNAM
from ioc_pipelines import cli
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.sandbox.answer_key import AnswerKey
from ioc_pipelines.sandbox.state import Running

BUDGET = "so_tai_chinh/finance.budget_revenue"
BOOKED = "kho_bac/finance.budget_revenue"  # the same fact, told by a second agency
DISEASE = "so_y_te/health.disease_weekly"
DOSSIER = "van_phong_ubnd/public_services.procedure_dossier"
FEEDBACK = "van_phong_ubnd/public_services.citizen_feedback"
LAND = "so_nnmt/land.transaction"
AIR = "so_nnmt/environment.air_quality_hourly"
TAX = "thue_tinh/finance.tax_collection"
PERMIT = "so_xay_dung/construction.permit"
INVESTMENT = "so_tai_chinh/finance.public_investment"
INSURANCE = "bhxh_tinh/social_security.participation_monthly"
_CATALOG = load_catalog(SOURCES / "hung_yen")
FEEDS = tuple(entry.id for entry in _CATALOG.active)
# whose rows may be published; of the others only marts are
LATE_AFTER = {entry.id: entry.feed.late_after for entry in _CATALOG.active}
SHOWN = tuple(e.id for e in _CATALOG.active if e.required_contract().info().publish == "rows")
PLANNED = tuple(entry.id for entry in _CATALOG.entries if entry.id not in FEEDS)
IOC = Path(sys.executable).with_name("ioc")


def staging_of(feed: str) -> str:
    """The published table of a feed's dataset."""
    return f"staging.{feed.split('/')[1].replace('.', '__')}"


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

    def here(self, *arguments: str) -> Done:
        """The same command in this process: its libraries take seconds to import, here once."""
        out, err = io.StringIO(), io.StringIO()
        with _environment(self.environment()), redirect_stdout(out), redirect_stderr(err):
            sys.argv[1:], before = arguments, sys.argv[1:]
            try:
                cli.main()
            except SystemExit as end:
                code = end.code
            finally:
                sys.argv[1:] = before
        assert isinstance(code, int)
        return Done(code, out.getvalue(), err.getvalue())

    def status(self) -> dict[str, dict[str, Any]]:
        """Feeds by id, as ``ioc status --json`` tells."""
        done = self.here("status", "--json")
        assert done.code == 0, done.err
        return {feed["feed"]: feed for feed in done.json()["feeds"]}

    def key(self) -> AnswerKey:
        """What a right intake finds in the sandbox as it stands."""
        return AnswerKey.read(self.sandbox)

    def outcomes(self) -> dict[str, str]:
        """The last outcome of every active feed."""
        known = self.status()
        return {feed: known[feed]["outcome"] for feed in FEEDS}

    def query(self, sql: str) -> list[Any]:
        return query(self.published, sql)

    def published_id(self) -> str:
        return self.published.readlink().parent.name

    def snapshot(self, name: str) -> Path:
        return self.home / "snapshots" / name / "ioc.duckdb"


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """This process with that environment and no other."""
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(wanted)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def served(base: Path, as_of: date | str | None = None) -> Iterator[Province]:
    """A province whose sandbox is made and served, and stopped whatever happens."""
    base.mkdir(parents=True, exist_ok=True)
    province = Province(base)
    chosen = ["--as-of", str(as_of)] if as_of else []
    try:
        started = province.here("sandbox", "start", *chosen)
        assert started.code == 0, started.err
        yield province
    finally:
        stopped = province.here("sandbox", "stop")
    assert stopped.code == 0, stopped.err


def copied(province: Province, base: Path) -> Province:
    """The same province at another place, with the folders of its own and the same servers."""
    shutil.copytree(province.base, base, symlinks=True)
    return Province(base)


@contextmanager
def served_apart(copy: Province) -> Iterator[Province]:
    """A copied province with servers of its own: what is done to them is done to nobody else."""
    Running.path(copy.sandbox).unlink(missing_ok=True)
    (copy.sandbox / "systems" / "dat_dai" / "dat_dai.db").unlink()  # filled anew at start
    with served(copy.base) as province:
        yield province


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """``folder`` as the first worker that asks for it made it; the others wait for that."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = folder.with_suffix(".part")
            shutil.rmtree(draft, ignore_errors=True)
            make(draft)
            draft.rename(folder)
    return folder


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
