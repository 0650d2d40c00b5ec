"""A cold refresh of fourteen feeds of a thousand rows, against their raw work."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.feed import communes, write_feed
from scripts.bench.nightly import by_hand
from scripts.bench.project import Copy
from scripts.bench.report import Result

FEEDS, ROWS, ROUNDS = 14, 1_000, 2


def run(folder: Path, *, tiny: bool) -> Result:
    """An empty data root, a process that has to start; then a second night with nothing new."""
    feeds = 2 if tiny else FEEDS
    copy = Copy.below(folder, feeds)
    (folder / "communes.txt").write_text("\n".join(communes()), encoding="utf-8")
    files = [copy.drop / f"so_{number:03d}" / "dossiers.parquet" for number in range(feeds)]
    for number, file in enumerate(files):
        write_feed(file, ROWS, 0.01, start=number * ROWS)
    cold, again, raw = [], [], []
    for _ in range(1 if tiny else ROUNDS):
        copy.forget()
        cold.append(copy.ioc("refresh"))
        again.append(copy.ioc("refresh"))
        raw.append(sum(by_hand(file, folder)[0].seconds for file in files))
    best = min(cold, key=lambda one: one.seconds)
    warm = min(again, key=lambda one: one.seconds)
    return Result(
        ("what", "s", "CPU s", "against the raw work"),
        [
            ["cold refresh", f"{best.seconds:.1f}", f"{best.cpu_s:.1f}",
             f"{best.seconds / min(raw):.1f} ×"],
            ["the next, nothing new", f"{warm.seconds:.1f}", f"{warm.cpu_s:.1f}",
             f"{warm.seconds / min(raw):.1f} ×"],
            ["raw work, by hand in SQL", f"{min(raw):.1f}", "", "1"],
        ],
        [f"{feeds} feeds of {ROWS:,} rows; the better of {len(cold)} rounds; at most 25 s."],
    )  # fmt: skip
