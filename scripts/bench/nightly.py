"""The nightly of one large feed against the same by hand, and against dlt + GX + dbt.

Fixed seconds and marginal seconds per million rows are told apart by two sizes. Ours is the whole
`ioc refresh` of the whole project, to which the feed's dataset was added; each run begins with an
empty data root. All three must come to the same rows accepted.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from ioc_pipelines.home import PROJECT, PUBLISHED_FILE
from scripts.bench.feed import communes, write_feed
from scripts.bench.measure import Measured, measured
from scripts.bench.project import Copy
from scripts.bench.report import Result

MILLION = 1_000_000
SIZES, TINY = (MILLION, 5 * MILLION), (1_000, 2_000)
SHARES = (0.01, 0.5)
PEERS = Path(__file__).parent / "peers"
ENVIRONMENT = PROJECT / "var" / "bench-peers"


def run(folder: Path, *, tiny: bool) -> Result:
    """Each program at each share of bad rows and each size."""
    copy, sizes = Copy.below(folder), TINY if tiny else SIZES
    (folder / "communes.txt").write_text("\n".join(communes()), encoding="utf-8")
    programs: dict[str, Callable[[Path], tuple[Measured, int]]] = {
        "ioc refresh": lambda _: _ours(copy),
        "DuckDB SQL by hand": lambda feed: by_hand(feed, folder),
    }
    if not tiny:
        python = peers_python()
        programs["dlt + GX + dbt"] = lambda feed: _peer("dlt_gx_dbt", python, feed, folder)
    rows = []
    for share in SHARES:
        found: dict[str, list[Measured]] = {name: [] for name in programs}
        for size in sizes:
            feed = copy.drop / "so_000" / "dossiers.parquet"
            write_feed(feed, size, share)
            accepted = set()
            for name, program in programs.items():
                measure, kept = program(feed)
                found[name].append(measure)
                accepted.add(kept)
            if len(accepted) != 1:
                msg = f"not the same rows are accepted: {accepted}"
                raise AssertionError(msg)
        rows += _rows(share, sizes, found)
    return Result(
        ("bad rows", "program", "fixed s", "s per million rows", "CPU s per million rows",
         f"{sizes[1] / MILLION:g} M rows, s", "peak MB"),
        rows,
    )  # fmt: skip


def _rows(
    share: float, sizes: tuple[int, int], found: dict[str, list[Measured]]
) -> list[list[str]]:
    rows, own = [], found["ioc refresh"]
    step = (sizes[1] - sizes[0]) / MILLION
    for name, (small, large) in found.items():
        marginal = (large.seconds - small.seconds) / step
        own_marginal = (own[1].seconds - own[0].seconds) / step
        ratio = "" if name == "ioc refresh" else f" (ours {own_marginal / marginal:.2f} ×)"
        of_memory = (
            "" if name == "ioc refresh" else f" (ours {own[1].peak_mb / large.peak_mb:.2f} ×)"
        )
        of_whole = (
            "" if name == "ioc refresh" else f" (ours {own[1].seconds / large.seconds:.2f} ×)"
        )
        rows.append(
            [
                f"{share:.0%}",
                name,
                f"{small.seconds - marginal * sizes[0] / MILLION:.1f}",
                f"{marginal:.2f}{ratio}",
                f"{(large.cpu_s - small.cpu_s) / step:.2f}",
                f"{large.seconds:.1f}{of_whole}",
                f"{large.peak_mb:.0f}{of_memory}",
            ]
        )
    return rows


def _ours(copy: Copy) -> tuple[Measured, int]:
    copy.forget()
    measure = copy.ioc("refresh")
    path = copy.home / "published" / PUBLISHED_FILE
    with duckdb.connect(str(path), read_only=True) as published:
        kept = published.execute("select count(*) from staging.bench__dossier").fetchall()[0][0]
    return measure, int(kept)


def by_hand(feed: Path, folder: Path) -> tuple[Measured, int]:
    """The same by hand, and how many rows it kept; ``communes.txt`` lies in the folder."""
    return _peer("by_hand", Path(sys.executable), feed, folder)


def _peer(name: str, python: Path, feed: Path, folder: Path) -> tuple[Measured, int]:
    work = folder / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(work), "PYTHONWARNINGS": "ignore"}
    command = [python, PEERS / f"{name}.py", feed, work, folder / "communes.txt"]
    measure = measured(command, work, environment)
    return measure, int(measure.stdout.split()[-3])


def peers_python() -> Path:
    """The Python of the peers' own environment, made on first use from pinned requirements."""
    python, wanted = ENVIRONMENT / "bin" / "python", PEERS / "requirements.txt"
    stamp = ENVIRONMENT / "made-of.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)  # noqa: S603
        install = [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes"]
        subprocess.run([*install, "--compile-bytecode", "-r", wanted], check=True)  # noqa: S603
        shutil.copyfile(wanted, stamp)
    return python
