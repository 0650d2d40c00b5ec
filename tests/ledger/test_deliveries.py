"""What the ledger answers about deliveries: the last ones, and what can be judged again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ioc_pipelines.ledger.records import DeliveryRef
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import HOUR, NOW, A, B, deliver


def test_the_last_delivery_is_the_one_that_began_last(ledger: Ledger) -> None:
    assert ledger.deliveries.last(A.feed) is None
    deliver(ledger, at=NOW + HOUR)
    deliver(ledger, at=NOW, name=None, detail={"problem": "down"})
    deliver(ledger, B, at=NOW + 2 * HOUR, name="b9")
    found = ledger.deliveries.last(A.feed)
    assert found is not None
    assert (found["outcome"], found["detail"]) == ("source_unavailable", {"problem": "down"})


def test_the_cursor_is_that_of_the_newest_delivery_that_left_one(ledger: Ledger) -> None:
    assert ledger.deliveries.last_cursor(A.feed) is None
    deliver(ledger, cursor={"watermark": "2026-11-01 08:00:00"})
    deliver(ledger, cursor={"files": {"tệp.csv": "ab"}})
    deliver(ledger, name=None)
    deliver(ledger, B, name="b2", cursor={"watermark": "z"})
    ledger.begin(A, "run", now=NOW)
    assert ledger.deliveries.last_cursor(A.feed) == {"files": {"tệp.csv": "ab"}}
    assert ledger.deliveries.last_cursor(B.feed) == {"watermark": "z"}
    deliver(ledger, cursor={})
    assert ledger.deliveries.last_cursor(A.feed) == {}


def test_the_last_arrival_counts_good_fetches_only(ledger: Ledger) -> None:
    assert ledger.deliveries.last_arrival(A.feed) is None
    deliver(ledger, at=NOW, name=None)
    assert ledger.deliveries.last_arrival(A.feed) is None
    seq = deliver(ledger, at=NOW + HOUR).seq
    deliver(ledger, at=NOW + 2 * HOUR, name=None)
    deliver(ledger, at=NOW + 3 * HOUR, name="b2", replays=seq)
    deliver(ledger, B, at=NOW + 4 * HOUR, name="b3")
    ledger.begin(A, "run", now=NOW + 5 * HOUR)
    assert ledger.deliveries.last_arrival(A.feed) == NOW + HOUR
    deliver(ledger, at=NOW + 6 * HOUR, name=None, arrived=True)
    assert ledger.deliveries.last_arrival(A.feed) == NOW + 6 * HOUR


def landed(ledger: Ledger, **facts: Any) -> DeliveryRef:
    return deliver(ledger, bytes_landed=10, **facts)


def seqs(found: Sequence[dict[str, Any]]) -> list[int]:
    return [row["seq"] for row in found]


def test_what_stands_and_the_newest_landed_are_reprocessed_in_order(ledger: Ledger) -> None:
    assert ledger.deliveries.to_reprocess(A.feed) == []
    landed(ledger, name="b1")
    landed(ledger, name="b2", accept=False)  # below its floor, and since delivered again
    landed(ledger, name="b3")
    landed(ledger, name=None)  # not readable
    deliver(ledger, name=None)  # the source was down
    landed(ledger, feeder=B, name="b4")
    assert seqs(ledger.deliveries.to_reprocess(A.feed)) == [1, 3, 4]
    landed(ledger, name="b1-mended", replays=1)
    assert seqs(ledger.deliveries.to_reprocess(A.feed)) == [1, 3, 4]
    assert {row["kind"] for row in ledger.deliveries.to_reprocess(A.feed)} == {"fetch"}


def test_one_batch_is_reprocessed_where_it_stands(ledger: Ledger) -> None:
    for name in ("a", "b", "a"):
        landed(ledger, name=name)
    landed(ledger, name="refused", accept=False)
    assert seqs(ledger.deliveries.to_reprocess(A.feed, "a")) == [1, 3]
    assert seqs(ledger.deliveries.to_reprocess(A.feed, "b")) == [2]
    assert seqs(ledger.deliveries.to_reprocess(A.feed, "refused")) == [4]
    assert ledger.deliveries.to_reprocess(A.feed, "unknown") == []
