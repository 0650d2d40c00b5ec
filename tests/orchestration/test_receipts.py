"""After a delivery the sender finds a receipt in the outbox."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from contracts.batch_rules import row_count_as_before
from ioc_pipelines.ledger.records import Feeder
from ioc_pipelines.orchestration.feeds import intake_assets
from ioc_pipelines.orchestration.receipts import send_receipt, send_receipt_due
from ioc_pipelines.orchestration.receipts_due import due, note_due
from tests.orchestration.deployments import (
    COLUMNS,
    DAY,
    NIGHT,
    Bench,
    Claims,
    csv_feed,
    dropped,
    entry,
    good,
    info,
    with_feed,
    write_csv,
)


class Counted(Claims):
    __contract__ = info("counted")
    __batch_rules__ = (row_count_as_before(at_least=0.5),)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    return Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*.csv", outbox="so_a/phan-hoi")))


def _outbox(bench: Bench) -> Path:
    return bench.drop / "so_a" / "phan-hoi"


def test_the_newest_receipt_replaces_the_last(bench: Bench) -> None:
    drop = _outbox(bench).parent
    write_csv(drop / "a.csv", good(3))
    send_receipt(bench.deployment, bench.deliver())
    (receipt,) = _outbox(bench).iterdir()
    first = receipt.read_text(encoding="utf-8-sig")
    assert "Số dòng: 3 nhận, 3 đạt, 0 chưa đạt, 0 trùng lặp" in first
    write_csv(drop / "a.csv", good(4))
    send_receipt(bench.deployment, bench.deliver())
    assert list(_outbox(bench).iterdir()) == [receipt]
    assert "4 nhận" in receipt.read_text(encoding="utf-8-sig")


def test_no_news_writes_nothing(bench: Bench) -> None:
    write_csv(_outbox(bench).parent / "a.csv", good(3))
    bench.deliver()
    send_receipt(bench.deployment, bench.deliver())
    assert not _outbox(bench).exists()


def test_a_receipt_that_a_killed_run_owed_is_sent_at_the_next_start(bench: Bench) -> None:
    drop, outbox = _outbox(bench).parent, _outbox(bench)
    write_csv(drop / "a.csv", [*good(3), ("X", "Người", "1", "15/11/2026")])
    send_receipt(bench.deployment, bench.deliver())
    sent = {path.name: path.stat().st_size for path in outbox.iterdir()}
    assert len(sent) == 3  # receipt, pack and page
    for path in outbox.iterdir():
        path.unlink()
    (outbox / f".{min(sent)}.4711.part").write_bytes(b"half of it")
    # it was not settled: as if the process had died while it sent
    send_receipt_due(bench.deployment, bench.entry)
    found = {path.name: path.stat().st_size for path in outbox.iterdir()}
    assert found.keys() == sent.keys()
    (receipt,) = (name for name in sent if name.endswith(".txt"))
    assert "4 nhận" in (outbox / receipt).read_text(encoding="utf-8-sig")
    assert due(bench.deployment, bench.entry) is None


def test_a_delivery_that_was_not_concluded_owes_no_receipt(bench: Bench) -> None:
    write_csv(_outbox(bench).parent / "a.csv", good(3))
    feeder = Feeder(bench.entry.id, "so_a", bench.entry.feed.dataset)
    ref = bench.deployment.ledger.begin(feeder, "run", now=NIGHT)
    note_due(bench.deployment, bench.entry, ref.delivery_id)
    bench.deployment.ledger.close_interrupted()
    send_receipt_due(bench.deployment, bench.entry)
    assert not _outbox(bench).exists()
    assert due(bench.deployment, bench.entry) is None


def test_an_outbox_that_cannot_be_written_to_stops_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(_outbox(bench).parent / "a.csv", good(3))
    report = bench.deliver()
    _outbox(bench).write_text("a file where the folder should be")
    send_receipt(bench.deployment, report)
    assert "no receipt for" in caplog.text
    assert report.outcome == "accepted"


def test_what_is_judged_again_has_a_receipt(bench: Bench) -> None:
    drop = _outbox(bench).parent
    write_csv(drop / "a.csv", [*good(9), ("K010", "Người 10", "-1", "15/11/2026")])
    bench.deliver()
    assert not _outbox(bench).exists()
    # a mended feed: amounts are told with a sign that means nothing
    columns = {**COLUMNS, "amount": {"source": "Số tiền", "nulls": ["-1"]}}
    mended = bench.again(with_feed(bench.entry, columns=columns))
    config = {"ops": {"intake": {"config": {"reprocess": True}}}}
    result = dg.materialize(
        [intake_assets(mended.deployment)], run_config=config, raise_on_error=True
    )
    assert result.success
    (receipt,) = _outbox(bench).glob("bien-nhan-*.txt")
    said = receipt.read_text(encoding="utf-8-sig")
    assert "Thời điểm kiểm tra lại: " in said
    assert "10 nhận, 9 đạt, 1 chưa đạt" in said
    assert len(list(_outbox(bench).glob("can-sua-*.xlsx"))) == 1


def test_a_batch_that_is_held_is_explained_in_vietnamese(tmp_path: Path, bench: Bench) -> None:
    drop = _outbox(bench).parent
    facts = {
        "connector": dropped("so_a/*.csv", outbox="so_a/phan-hoi"),
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": COLUMNS,
    }
    counted = Bench.of(tmp_path, entry(Counted, "so_a", **facts))
    write_csv(drop / "a.csv", good(100))
    counted.deliver()
    write_csv(drop / "a.csv", good(20))
    report = counted.deliver(NIGHT + DAY)
    assert report.outcome == "held"
    send_receipt(counted.deployment, report)
    (receipt,) = _outbox(bench).glob("bien-nhan-*.txt")
    lines = receipt.read_text(encoding="utf-8-sig").splitlines()
    (reason,) = [line for line in lines if line.startswith("Lý do: Số dòng khác hẳn")]
    assert reason.endswith("(20 dòng, trước: 100)")
    assert len(lines) < 15
