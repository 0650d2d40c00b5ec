"""The refresh of the same new rows over a history of one and of ten such deliveries (L16)."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.feed import write_feed
from scripts.bench.project import Copy
from scripts.bench.report import Result

HISTORY, NEW = 100_000, 20_000


def run(folder: Path, *, tiny: bool) -> Result:
    """Load the history, then time the refresh of the delivery that follows it."""
    history, new = (500, 100) if tiny else (HISTORY, NEW)
    copy = Copy.below(folder)
    feed = copy.drop / "so_000" / "dossiers.parquet"
    found = {}
    for times in (1, 10):
        copy.forget()
        write_feed(feed, history * times, 0.01)
        copy.ioc("refresh")
        write_feed(feed, new, 0.01, start=history * times)
        found[times] = copy.ioc("refresh")
    ratio = found[10].seconds / found[1].seconds
    return Result(
        ("history", "rows before", "new rows", "refresh, s", "CPU s", "ratio"),
        [
            [
                f"× {times}",
                f"{history * times:,}",
                f"{new:,}",
                f"{one.seconds:.1f}",
                f"{one.cpu_s:.1f}",
                f"{ratio:.2f} × (at most 1.2 ×)" if times > 1 else "",
            ]
            for times, one in found.items()
        ],
    )
