"""A batch judged in pieces comes to what the same batch comes to when it is held at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.base import BatchContext, BatchFinding, BatchRule, Rule, column
from contracts.batch_rules import row_count_as_before
from ioc_pipelines.catalog.corrections import Corrections
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake import pieces
from ioc_pipelines.orchestration import landed
from tests.orchestration.deployments import DAY as ONE_DAY
from tests.orchestration.deployments import NIGHT, Bench, Claims, Report, dropped, entry, info

DAY = NIGHT.date()
KINDS = {"Mã": pl.String, "Họ tên": pl.String, "Số tiền": pl.Float64, "Ngày": pl.Date}
ROWS = st.tuples(
    st.sampled_from(["K001", "K002", "K003", "K004", "X1", " K001", None]),
    st.sampled_from(["An", "Bình", "Nguyá»…n", "A  B", None]),
    st.sampled_from([0.0, 5.0, -1.0, 2.5, float("nan"), None]),
    st.sampled_from([DAY, DAY - timedelta(days=200), None]),
)


TOLD = {"reason": "đã báo", "provider": "so_a", "reported_on": "2026-11-01", "status": "active"}
REGISTER = [
    {"id": "seven", "key": {"code": "K007"}, "expected": 7, "action": "drop"},
    {"id": "nine", "key": {"code": "K009"}, "expected": 9, "action": "override", "value": 90},
    {"id": "gone", "key": {"code": "K999"}, "expected": 9, "action": "drop"},
]


def _no_five(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
    broken = (frame["amount"] == 5).fill_null(value=False)
    return BatchFinding(int((~broken).sum()), frame.height, "", broken)


class Looked(Claims):
    """Claims with a column of its own that is unique, and rules about the batch."""

    __contract__ = info("upsert")
    __batch_rules__ = (
        BatchRule(
            Rule("correct.no_five", "amount", "Không được là năm"),
            _no_five,
            lambda frame, context: (frame, context),
            sees=("amount",),
        ),
        row_count_as_before(at_least=0.5, at_most=2.0),
    )
    name: str = column(vi="Họ tên", en="Name", personal=True, unique=True, nullable=True)


COLUMNS: dict[str, Any] = {
    "code": "Mã",
    "name": "Họ tên",
    "amount": "Số tiền",
    "paid_on": "Ngày",
}


def feed(floor: float) -> FeedEntry:
    return entry(
        Looked,
        "so_a",
        connector=dropped("so_a/*.parquet"),
        layout={"format": "parquet"},
        columns=COLUMNS,
        acceptance_floor=floor,
    )


@contextmanager
def in_pieces(rows: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "LARGE_BYTES", 0)
        patch.setattr(pieces, "PIECE_ROWS", rows)
        patch.setattr(landed, "weigh", lambda *_: pytest.fail("it was held at once"))
        yield


def write(path: Path, rows: list[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=KINDS, orient="row").write_parquet(path)


def everything(bench: Bench, report: Report) -> dict[str, Any]:
    """All that a delivery leaves behind, but for moments and random names."""
    found: dict[str, Any] = {"outcome": report.outcome, "batch": report.batch}
    found["detail"] = report.detail
    found["newest"] = bench.deployment.ledger.deliveries.newest_event(bench.entry.id)
    found["results"] = report.results
    found["scores"] = report.scores
    for area in (bench.deployment.home.accepted, bench.deployment.home.quarantine):
        for path in sorted(area.rglob("*.parquet")):
            frame = pl.read_parquet(path)
            found[path.relative_to(area.parent).as_posix()] = (
                dict(frame.schema),
                sorted(map(repr, frame.rows())),
            )
    return found


SETTINGS = settings(max_examples=20, deadline=None)


@SETTINGS
@given(
    first=st.lists(ROWS, min_size=1, max_size=8),
    second=st.lists(ROWS, min_size=1, max_size=12),
    size=st.integers(1, 5),
    floor=st.sampled_from([0.0, 0.5, 1.0]),
)
@example(  # a duplicate, a shared key and a shared name, each across the border of pieces
    first=[("K001", "An", 1.0, DAY)],
    second=[
        ("K001", "An", 1.0, DAY),
        ("K002", "Bình", 0.0, DAY),
        ("K001", "An", 1.0, DAY),
        ("K002", "Chi", 0.0, DAY),
        ("K003", "An", 0.0, DAY),
        ("K004", "Dũng", 0.0, DAY),
    ],
    size=1,
    floor=0.0,
)
def test_in_pieces_as_at_once(
    first: list[tuple[Any, ...]], second: list[tuple[Any, ...]], size: int, floor: float
) -> None:
    found = []
    for cut in (None, size):
        with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
            folder = Path(name)
            patch.setenv("IOC_HASH_KEY", "a secret of the test")
            patch.setenv("TEST_DROP", str(folder / "drop"))
            bench = Bench.of(folder, feed(floor))
            nights = []
            for night, rows in enumerate((first, second)):
                write(bench.drop / "so_a" / "a.parquet", rows[: len(rows) // 2])
                write(bench.drop / "so_a" / "b.parquet", rows[len(rows) // 2 :])
                if cut is None:
                    report = bench.deliver(NIGHT + night * ONE_DAY)
                else:
                    with in_pieces(cut):
                        report = bench.deliver(NIGHT + night * ONE_DAY)
                nights.append(everything(bench, report))
            found.append(nights)
    assert found[1] == found[0]


def test_what_stands_is_seen_before_in_pieces_too(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, feed(0.0))
    rows = [(f"K{n:03d}", f"Người {n}", float(n), DAY) for n in range(20)]
    write(drop / "so_a" / "a.parquet", rows)
    at_once = bench.deliver()
    write(drop / "so_a" / "a.parquet", rows[::-1])
    with in_pieces(6):
        again = bench.deliver(NIGHT + ONE_DAY)
    assert (at_once.outcome, again.outcome) == ("partly_accepted", "seen_before")
    assert again.batch == at_once.batch


def test_a_known_error_is_corrected_in_its_piece_and_one_that_is_gone_is_told_once(
    tmp_path: Path, drop: Path
) -> None:
    named = [{**TOLD, "column": "amount", **known} for known in REGISTER]
    register = Corrections.model_validate({"corrections": named}).corrections
    known = replace(feed(0.0), corrections=register)
    rows = [(f"K{n:03d}", f"Người {n}", float(n), DAY) for n in range(6, 20)]
    found = []
    for name, cut in (("at_once", None), ("pieces", 4)):
        folder = tmp_path / name
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("IOC_HASH_KEY", "a secret of the test")
            patch.setenv("TEST_DROP", str(folder / "drop"))
            bench = Bench.of(folder, known)
            write(bench.drop / "so_a" / "a.parquet", rows)
            if cut is None:
                report = bench.deliver()
            else:
                with in_pieces(cut):
                    report = bench.deliver()
            found.append(everything(bench, report))
    assert found[1] == found[0]
    assert found[1]["detail"]["corrections"]["absent"] == ["gone"]
    assert found[1]["batch"].rows_received == len(rows)
