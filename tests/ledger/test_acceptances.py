"""Which batch stands for which delivery."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.ledger.records import Feeder
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import HOUR, NOW, A, B, deliver, rows, standing


def test_deliveries_stand_in_their_order(ledger: Ledger) -> None:
    deliver(ledger, name="b1")
    deliver(ledger, name="b2", at=NOW - HOUR)  # the clock went back: the order did not
    deliver(ledger, B, name="b3")
    deliver(ledger, name="b4", accept=False)
    deliver(ledger, name=None)
    deliver(ledger, Feeder("so_a/test.y", "so_a", "test.y"), name="b5")
    assert standing(ledger) == [("b1", A.feed, 1), ("b2", A.feed, 2), ("b3", B.feed, 3)]
    assert ledger.acceptances.current_batch(A.feed) == "b2"
    assert ledger.acceptances.current_batch(B.feed) == "b3"
    assert ledger.acceptances.current_batch("so_z/test.x") is None
    assert standing(ledger, "test.none") == []


def test_acceptances_tell_when_they_were_recorded(ledger: Ledger) -> None:
    deliver(ledger)
    frame = ledger.acceptances.of("test.x")
    assert frame.schema["recorded_at"] == pl.Datetime("us", "UTC")
    assert frame["recorded_at"].to_list() == [NOW]
    assert ledger.acceptances.of("test.none").schema == frame.schema


def test_a_batch_can_be_current_again(ledger: Ledger) -> None:
    for name in ("a", "b", "a"):
        deliver(ledger, name=name)
    assert [name for name, *_ in standing(ledger)] == ["a", "b", "a"]
    assert ledger.acceptances.current_batch(A.feed) == "a"
    assert len(rows(ledger, "batch")) == 2


def test_a_reprocess_takes_the_place_of_the_delivery_it_replays(ledger: Ledger) -> None:
    first, second = deliver(ledger, name="old-1"), deliver(ledger, name="old-2", at=NOW + HOUR)
    deliver(ledger, name="new-1", at=NOW + 2 * HOUR, replays=first.seq)
    assert standing(ledger) == [("new-1", A.feed, 1), ("old-2", A.feed, 2)]
    assert ledger.acceptances.current_batch(A.feed) == "old-2"
    assert ledger.acceptances.standing_batch(first.seq) == "new-1"
    assert ledger.acceptances.standing_batch(second.seq) == "old-2"
    assert ledger.acceptances.standing_batch(999) is None
    old = rows(ledger, "acceptance")[0]
    assert (old["batch_id"], old["superseded_at"]) == (
        "old-1",
        "2026-11-20T21:00:00.000000+00:00",
    )


def test_accepting_what_stands_already_changes_nothing(ledger: Ledger) -> None:
    ref = deliver(ledger)
    before = rows(ledger, "acceptance")
    deliver(ledger, at=NOW + HOUR, replays=ref.seq)
    assert rows(ledger, "acceptance") == before
    assert len(before) == 1
