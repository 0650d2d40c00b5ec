"""What the ledger answers about judged batches: counts, results, scores."""

from __future__ import annotations

from dataclasses import replace

from ioc_pipelines.ledger.records import ResultRecord, ScoreRecord
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import HOUR, NOW, A, B, batch, deliver, rows


def test_current_results_are_those_of_the_last_judgement(ledger: Ledger) -> None:
    assert ledger.batches.current_results(A.feed) == []
    old, new = (ResultRecord("correct.min", "x", "correct", n, 9, "d") for n in (1, 2))
    deliver(ledger, results=[old])
    deliver(ledger, name="refused", accept=False, results=[replace(old, passed=5)])
    assert ledger.batches.current_results(A.feed) == [old]
    deliver(ledger, accept=False, results=[new])
    assert ledger.batches.current_results(A.feed) == [new]
    deliver(ledger, name=None, results=[replace(old, passed=7)])
    assert ledger.batches.current_results(A.feed) == [new]


def test_the_last_results_are_those_of_a_whole_delivery(ledger: Ledger) -> None:
    """A correction is some rows: what it is judged by says nothing of the others."""
    assert ledger.batches.last_results(A.feed) == []
    of_all, of_some = (ResultRecord("correct.min", "x", "correct", n, 9) for n in (8, 9))
    deliver(ledger, results=[of_all])
    sent_back = deliver(ledger, name="c1", kind="correction", results=[of_some])
    deliver(ledger, name="c1", replays=sent_back.seq, results=[of_some])
    assert ledger.batches.last_results(A.feed) == [of_all]
    deliver(ledger, name=None, accept=False)
    assert ledger.batches.last_results(A.feed) == [of_all]


def test_a_batch_judged_again_has_its_newest_counts(ledger: Ledger) -> None:
    deliver(ledger)
    deliver(ledger, batch=batch("b1", accepted=9, refused=0))
    found = ledger.batches.get("b1")
    assert found is not None
    assert (found["rows_accepted"], found["rows_quarantined"]) == (9, 0)
    assert len(rows(ledger, "batch")) == 1
    assert ledger.batches.get("nope") is None


def test_the_last_score_of_a_day_wins_and_days_are_kept(ledger: Ledger) -> None:
    for hours, score in ((0, 50.0), (1, 60.0), (24, 70.0)):
        deliver(ledger, at=NOW + hours * HOUR, scores=[ScoreRecord("correct", score, 1, 2)])
    deliver(ledger, at=NOW + 25 * HOUR, name=None, scores=[ScoreRecord("live", 0.0, 0, 1)])
    found = {
        (s["scored_on"], s["dimension"], s["batch_id"]): s["score"] for s in rows(ledger, "score")
    }
    assert found == {
        # 19:00 UTC is the next day in Viet Nam
        ("2026-11-21", "correct", "b1"): 60.0,
        ("2026-11-22", "correct", "b1"): 70.0,
        ("2026-11-22", "live", ""): 0.0,
    }
    assert ledger.batches.latest_scores(A.feed) == {"correct": 70.0, "live": 0.0}
    assert ledger.batches.latest_scores(B.feed) == {}
