"""Peak memory of a feed far larger than what the machine should hold of it at once."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.feed import write_feed
from scripts.bench.project import Copy
from scripts.bench.report import Result

SIZES = (2_000_000, 20_000_000)
_DELIVER = """
from datetime import UTC, datetime
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration.delivery import deliver
from ioc_pipelines.orchestration.deployment import Deployment
deployment = Deployment.of("bench")
report = deliver(deployment, deployment.catalog.active[0], "bench", Window(), datetime.now(UTC))
assert report.outcome == "partly_accepted", report.detail
print(report.batch.rows_received)
"""


def run(folder: Path, *, tiny: bool) -> Result:
    """Land, judge, write: the part of the refresh that once held all rows in memory."""
    copy = Copy.below(folder)
    feed, rows = copy.drop / "so_000" / "dossiers.parquet", []
    for size in (1_000, 2_000) if tiny else SIZES:
        write_feed(feed, size, 0.01)
        copy.forget()
        one = copy.python("-c", _DELIVER)
        rows.append([f"{size:,}", f"{one.seconds:.0f}", f"{one.cpu_s:.0f}", f"{one.peak_mb:.0f}"])
    return Result(
        ("rows", "s", "CPU s", "peak MB (at most 2,048)"),
        rows,
        ["One delivery, from the drop folder to accepted and quarantine."],
    )
