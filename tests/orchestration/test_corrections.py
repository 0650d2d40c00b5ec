"""Known errors in a delivery: corrected while they are sent, loud once they are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.corrections import Correction
from ioc_pipelines.orchestration.delivery import Report, reprocess
from tests.orchestration.deployments import (
    DAY,
    NIGHT,
    PHONE,
    Bench,
    csv_feed,
    given,
    good,
    write_csv,
)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))


def known(code: str = "K001", **facts: Any) -> Correction:
    common = {
        "id": f"sai-{code.lower()}",
        "key": {"code": code},
        "column": "amount",
        "expected": int(code[1:]) * 1000,
        "reason": "Nhập nhầm",
        "provider": "Cơ quan thử",
        "reported_on": date(2026, 11, 2),
        "status": "active",
    }
    return Correction.model_validate({**common, **facts})


HUNDRED = known(action="override", value=100)


def bench_of(folder: Path, *corrections: Correction) -> Bench:
    bench = Bench.of(folder, replace(csv_feed(), corrections=corrections))
    sent(bench, *good(10))
    return bench


def under(bench: Bench, *corrections: Correction) -> Bench:
    """The same home under a changed register."""
    return bench.again(replace(bench.entry, corrections=corrections))


def sent(bench: Bench, *rows: Any) -> None:
    write_csv(bench.drop / "so_a" / "1.csv", rows)


def sent_again(bench: Bench) -> None:
    """The same content under another name."""
    (path,) = (bench.drop / "so_a").glob("*.csv")
    path.rename(path.with_name(f"{path.stem}-lai.csv"))


def amounts(bench: Bench) -> dict[str, int]:
    batch = bench.current()
    assert batch is not None
    return dict(bench.accepted(batch).select("code", "amount").rows())


def applies(report: Report) -> tuple[int, int, str] | None:
    found = [r for r in report.results if r.rule.id == "correct.correction_applies"]
    return (found[0].passed, found[0].evaluated, found[0].detail) if found else None


def private(bench: Bench, batch: str) -> list[dict[str, Any]]:
    path = bench.deployment.home.quarantine / "test__upsert" / batch / "corrections.parquet"
    return pl.read_parquet(path).to_dicts()


def test_a_known_error_is_corrected_and_its_raw_value_kept(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, HUNDRED)
    report = bench.deliver()
    assert report.outcome == "accepted"
    assert amounts(bench)["K001"] == 100
    assert applies(report) == (1, 1, "")
    assert bench.detail()["corrections"] == {"applied": ["sai-k001"], "differs": [], "absent": []}
    assert "problem" not in bench.detail()
    assert report.batch is not None
    (row,) = private(bench, report.batch.batch_id)
    assert (row["raw"], row["corrected"], row["_row"]) == ("1000", "100", 2)
    frame = bench.accepted(report.batch.batch_id)
    assert frame.filter(pl.col("_corrections").is_not_null())["code"].to_list() == ["K001"]


def test_a_batch_without_corrections_is_the_one_it_was(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    first = bench.deliver().batch
    sent_again(bench)
    again = under(bench, known("K099", action="drop")).deliver(NIGHT + DAY)
    assert (again.outcome, again.batch) == ("seen_before", first)
    assert applies(again) == (0, 0, "row not sent: sai-k099")


def test_once_the_source_is_mended_the_correction_fails_loudly(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, HUNDRED)
    before = bench.deliver()
    first, *others = good(10)
    sent(bench, (*first[:2], "555", first[3]), *others)
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "accepted"
    assert amounts(bench)["K001"] == 555, "uncorrected"
    assert applies(report) == (0, 1, "no longer as expected: sai-k001")
    assert "sai-k001" in bench.detail()["problem"]
    assert "555" not in str(bench.detail())
    assert (given(report)["correct"] or 0) < (given(before)["correct"] or 0)
    # every time until it is removed
    sent_again(bench)
    again = bench.deliver(NIGHT + 2 * DAY)
    assert (again.outcome, applies(again)) == ("seen_before", applies(report))
    assert "sai-k001" in bench.detail()["problem"]
    assert applies(bench.deliver(NIGHT + 2 * DAY)) == applies(report), "without news too"
    sent_again(bench)
    removed = under(bench).deliver(NIGHT + 3 * DAY)
    assert removed.outcome == "seen_before"
    assert applies(removed) == (0, 0, "")
    assert given(removed)["correct"] == 100
    assert "problem" not in bench.detail()


def test_a_changed_register_is_not_hidden_by_seen_before(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    first = bench.deliver().batch
    mended = under(bench, HUNDRED)
    sent_again(bench)
    report = mended.deliver(NIGHT + DAY)
    assert report.outcome == "accepted"
    assert report.batch != first
    assert amounts(mended)["K001"] == 100
    sent_again(bench)
    assert mended.deliver(NIGHT + 2 * DAY).outcome == "seen_before"


def test_reprocessing_applies_the_register_and_takes_it_back(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    first = bench.deliver().batch
    assert first is not None
    mended = under(bench, HUNDRED)
    (report,) = reprocess(mended.deployment, mended.entry, "again")
    assert report.outcome == "accepted"
    assert amounts(mended)["K001"] == 100
    withdrawn = under(bench, HUNDRED.model_copy(update={"status": "withdrawn"}))
    (report,) = reprocess(withdrawn.deployment, withdrawn.entry, "again")
    assert withdrawn.current() == first.batch_id
    assert amounts(withdrawn)["K001"] == 1000


def test_a_dropped_row_goes_to_quarantine_and_is_counted(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, known("K002", action="drop"))
    report = bench.deliver()
    assert report.outcome == "partly_accepted"
    assert report.batch is not None
    counts = vars(report.batch)
    assert (counts["rows_received"], counts["rows_accepted"], counts["rows_quarantined"]) == (
        10,
        9,
        1,
    )
    assert bench.refusals(report.batch.batch_id) == {("so_a/1.csv", 3, "correct.known_error", None)}
    assert bench.quarantined(report.batch.batch_id)["Số tiền"].to_list() == ["2000"]
    sent_again(bench)
    assert bench.deliver(NIGHT + DAY).outcome == "seen_before"


def test_a_stale_correction_is_told_beside_a_batch_below_its_floor(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, HUNDRED)
    sent(bench, *(("K001", "Người 1", "-5", "15/11/2026"),), ("K002", PHONE, "-7", "15/11/2026"))
    assert bench.deliver().outcome == "below_floor"
    problem = bench.detail()["problem"]
    assert "sai-k001" in problem
    assert "below the floor" in problem
    assert PHONE not in str(bench.detail())


def test_a_corrected_value_is_held_to_the_contract(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, known(action="override", value=-1))
    report = bench.deliver()
    assert report.batch is not None
    assert bench.refusals(report.batch.batch_id) == {("so_a/1.csv", 2, "correct.min", "amount")}
