"""The benchmarks still run: those that need no whole refresh are run with a few rows."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration.delivery import deliver
from scripts.bench import report
from scripts.bench.__main__ import NAMES, benchmark
from scripts.bench.feed import SOURCES, communes, write_feed
from scripts.bench.nightly import by_hand
from scripts.bench.overlay.contracts.bench.dossier import Dossier
from tests.orchestration.deployments import Bench, dropped, entry

CHEAP = ("judging", "publishing", "files")


@pytest.mark.parametrize("name", CHEAP)
def test_a_benchmark_runs_with_a_few_rows(name: str, tmp_path: Path) -> None:
    result = benchmark(name).run(tmp_path, tiny=True)
    assert result.rows
    assert {len(row) for row in result.rows} == {len(result.columns)}


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_place_on_the_page(name: str, tmp_path: Path) -> None:
    assert callable(importlib.import_module(f"scripts.bench.{name}").run)
    page = tmp_path / "page.md"
    page.write_text(report.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    report.write(name, report.Result(("what", "s"), [("it", "1.5")]), page)
    assert page.read_text(encoding="utf-8").count("| it | 1.5 |") == 1


def test_the_peer_by_hand_keeps_the_rows_that_we_keep(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = entry(
        Dossier,
        "so_a",
        connector=dropped("so_a/*.parquet"),
        layout={"format": "parquet"},
        columns=dict(SOURCES),
        acceptance_floor=0.2,
    )
    bench = Bench.of(tmp_path, feed)
    path = drop / "so_a" / "dossiers.parquet"
    write_feed(path, 3_000, 0.3)
    (tmp_path / "communes.txt").write_text("\n".join(communes()), encoding="utf-8")
    _, kept = by_hand(path, tmp_path)

    done = deliver(bench.deployment, feed, "run", Window(), datetime.now(UTC))

    assert done.batch is not None
    assert (done.batch.rows_received, done.batch.rows_duplicate) == (3_003, 3)
    assert done.batch.rows_accepted == kept
    hand = pl.read_parquet(tmp_path / "by_hand" / "refusals.parquet")
    ours = bench.refusals(done.batch.batch_id)
    assert {row for row, *_ in hand.select("_row").rows()} == {row for _, row, *_ in ours}
