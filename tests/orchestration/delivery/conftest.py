"""A feed that has delivered once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.orchestration.deployments import Bench, csv_feed, good, write_csv


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """One feed of CSV files in mode upsert, with ten good rows delivered."""
    made = Bench.of(tmp_path, csv_feed())
    write_csv(drop / "so_a" / "1.csv", good(10))
    assert made.deliver().outcome == "accepted"
    return made
