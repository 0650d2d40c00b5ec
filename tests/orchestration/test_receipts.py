"""After a delivery the sender finds a receipt in the outbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioc_pipelines.orchestration.receipts import send_receipt
from tests.orchestration.deployments import Bench, csv_feed, dropped, good, write_csv


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


def test_an_outbox_that_cannot_be_written_to_stops_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(_outbox(bench).parent / "a.csv", good(3))
    report = bench.deliver()
    _outbox(bench).write_text("a file where the folder should be")
    send_receipt(bench.deployment, report)
    assert "no receipt for" in caplog.text
    assert report.outcome == "accepted"
