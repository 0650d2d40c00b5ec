"""``python -m scripts.bench [NAME ...] [--tiny]``: run benchmarks, print them, write the page.

``--tiny`` runs with a few rows in seconds, to see that a benchmark still works; it writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from pathlib import Path
from typing import Protocol, cast

from scripts.bench import report

NAMES = (
    "nightly",
    "history",
    "small_feeds",
    "large_feed",
    "publishing",
    "readers",
    "loading",
    "files",
    "judging",
)


class Benchmark(Protocol):
    """A module of this package that measures one thing."""

    def run(self, folder: Path, *, tiny: bool) -> report.Result:
        """Measure, in a folder of its own."""


def benchmark(name: str) -> Benchmark:
    """The benchmark of that name."""
    return cast(Benchmark, importlib.import_module(f"scripts.bench.{name}"))


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--tiny", action="store_true", help="a few rows, in seconds; no page")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(NAMES)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    for name in asked.names or NAMES:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ioc-bench-") as folder:
            result = benchmark(name).run(Path(folder), tiny=asked.tiny)
        print(
            f"\n{name}, {time.monotonic() - started:.0f} s", *result.lines(), sep="\n", flush=True
        )
        if not asked.tiny:
            report.write(name, result)


if __name__ == "__main__":
    main()
