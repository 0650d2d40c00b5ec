"""Fifty readers, each one question a second: their 95th percentile, with and without a refresh."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb

from ioc_pipelines.home import PUBLISHED_FILE
from scripts.bench.feed import write_feed
from scripts.bench.project import Copy
from scripts.bench.report import Result

READERS, PROCESSES, SECONDS, ROWS = 50, 2, 20, 200_000
QUERY = """
    select commune_code, sum(dossiers), sum(fee_vnd) from marts.bench_dossier_by_month
    where month >= date '2020-01-01' group by all order by 2 desc limit 10
"""
_MAIN = "from scripts.bench.readers import read; read()"


def run(folder: Path, *, tiny: bool) -> Result:
    """Publish once, ask while nothing else runs, then while a refresh publishes again."""
    copy = Copy.below(folder)
    feed = copy.drop / "so_000" / "dossiers.parquet"
    rows, seconds = (1_000, 2) if tiny else (ROWS, SECONDS)
    write_feed(feed, rows, 0.01)
    copy.ioc("refresh")
    path = copy.home / "published" / PUBLISHED_FILE
    alone = _asked(path, seconds)
    write_feed(feed, rows // 10, 0.01, start=rows)
    refresh = threading.Thread(target=copy.ioc, args=("refresh",))
    refresh.start()
    during: list[float] = []
    while refresh.is_alive():
        during += _asked(path, min(seconds, 10))
    refresh.join()
    return Result(
        ("", "questions", "failed", "median, ms", "p95, ms (at most 50)"),
        [_row("no refresh", alone), _row("during a refresh", during)],
        [f"{READERS} readers, one question a second each; every question opens the file anew."],
    )


def _row(name: str, found: list[float]) -> list[str]:
    answered = [one * 1_000 for one in found if one >= 0]
    p95 = statistics.quantiles(answered, n=20)[-1]
    failed = len(found) - len(answered)
    return [name, str(len(found)), str(failed), f"{statistics.median(answered):.1f}", f"{p95:.1f}"]


def _asked(path: Path, seconds: int) -> list[float]:
    """The seconds that each question took; -1 for one that failed."""
    command = [sys.executable, "-c", _MAIN, path, str(READERS // PROCESSES), str(seconds)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(PROCESSES)
    ]
    return [float(line) for one in running for line in one.communicate()[0].split()]


def read() -> None:
    """One process with its share of the readers, each a thread that opens the file per question."""
    path, readers, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    found: list[float] = []
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_one, args=(path, number / readers, until, found))
        for number in range(readers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*found)


def _one(path: str, delay: float, until: float, found: list[float]) -> None:
    time.sleep(delay)
    while time.monotonic() < until:
        started = time.perf_counter()
        try:
            with duckdb.connect(path, read_only=True, config={"threads": 1}) as connection:
                connection.execute(QUERY).fetchall()
            found.append(time.perf_counter() - started)
        except duckdb.Error:
            found.append(-1.0)
        time.sleep(max(0.0, 1 - (time.perf_counter() - started)))
