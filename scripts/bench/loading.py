"""How long Dagster's code location takes to load, with ten, a hundred and three hundred feeds."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.measure import Measured
from scripts.bench.project import Copy
from scripts.bench.report import Result

FEEDS, ROUNDS = (10, 100, 300), 3
_LOAD = "import time; t = time.perf_counter(); import ioc_pipelines.definitions as d; " + (
    "d.defs.resolve_all_job_defs(); print(time.perf_counter() - t)"
)


def run(folder: Path, *, tiny: bool) -> Result:
    """Import the definitions and resolve every job, as a code location does; process included."""
    copy, feeds = Copy.below(folder), (1, 2) if tiny else FEEDS
    found: dict[int, list[Measured]] = {number: [] for number in feeds}
    for _ in range(1 if tiny else ROUNDS):
        for number in feeds:
            copy.declare(number)
            found[number].append(copy.python("-c", _LOAD))
    best = {number: min(one.seconds for one in several) for number, several in found.items()}
    cpu = {number: min(one.cpu_s for one in several) for number, several in found.items()}
    least = feeds[0]
    return Result(
        ("feeds", "s", "CPU s", "ratio"),
        [
            [
                str(number),
                f"{best[number]:.1f}",
                f"{cpu[number]:.1f}",
                f"{best[number] / best[least]:.2f} ×"
                + (" (at most 1.5 ×)" if number == feeds[-1] else ""),
            ]
            for number in feeds
        ],
        ["The best of three rounds, each a process of its own."],
    )
