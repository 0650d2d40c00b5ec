"""A table of any size is read in bounded memory: nothing holds more than some of its rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.connectors.sql.test_sqlite import database
from tests.servers import mariadb_database, postgres_database, run_mariadb, run_postgres

FEW, MANY = 150_000, 500_000
# the 350,000 rows more would take 40 MB as Arrow, ten times that as Python objects
GROWTH_MB = 20
ROW = "{n} AS n, {n} * 2 AS x, concat('H32.26.11.02-', {n}, repeat('-', 80)) AS code"
FETCH = """
import resource, sys
from pathlib import Path
from tests.connectors.sql.reading import fetching
fetch = fetching(sys.argv[1], Path(sys.argv[2]))
fetched = fetch(("n", "x", "code"), table=sys.argv[3])
print(fetched.note["rows"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mb(url: str, workspace: Path, table: str, rows: int) -> int:
    command = [sys.executable, "-c", FETCH, url, str(workspace), table]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    read, peak = map(int, done.stdout.split())
    assert read == rows
    return peak


def growth(url: str, workspace: Path) -> int:
    return peak_mb(url, workspace, "many", MANY) - peak_mb(url, workspace, "few", FEW)


def test_postgresql(tmp_path: Path) -> None:
    with postgres_database() as url:
        for name, rows in (("few", FEW), ("many", MANY)):
            row = ROW.format(n="i")
            run_postgres(
                url, f"CREATE TABLE {name} AS SELECT {row} FROM generate_series(1, {rows}) AS i"
            )
        assert growth(url, tmp_path) < GROWTH_MB


def test_mariadb(tmp_path: Path) -> None:
    with mariadb_database() as url:
        for name, rows in (("few", FEW), ("many", MANY)):
            row = ROW.format(n="seq")
            run_mariadb(url, f"CREATE TABLE {name} AS SELECT {row} FROM seq_1_to_{rows}")
        assert growth(url, tmp_path) < GROWTH_MB


@pytest.mark.parametrize("code", ["'H32.26.11.02-' || i || printf('%080d', 0)"])
def test_sqlite(tmp_path: Path, code: str) -> None:
    path = tmp_path / "x.db"
    for name, rows in (("few", FEW), ("many", MANY)):
        counted = f"WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s LIMIT {rows})"
        database(
            path,
            f"CREATE TABLE {name} AS {counted} SELECT i AS n, i * 2 AS x, {code} AS code FROM s",
        )
    assert growth(f"sqlite:///{path}", tmp_path) < GROWTH_MB
