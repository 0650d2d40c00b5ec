"""What the ledger answers, and that a conclusion is written whole or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.store import (
    BatchRecord,
    Conclusion,
    DeliveryRef,
    Feeder,
    Ledger,
    ResultRecord,
    ScoreRecord,
)

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)
A = Feeder("so_a/test.x", "so_a", "test.x")
B = Feeder("so_b/test.x", "so_b", "test.x")
TABLES = ("delivery", "batch", "acceptance", "rule_result", "score")


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture
def ledger(engine: sa.Engine) -> Ledger:
    return Ledger(engine)


def batch(name: str, accepted: int = 8, refused: int = 1, duplicate: int = 1) -> BatchRecord:
    received = accepted + refused + duplicate
    return BatchRecord(name, "1.0.0", received, accepted, refused, duplicate, "partly_accepted")


def deliver(
    ledger: Ledger,
    feeder: Feeder = A,
    at: datetime = NOW,
    *,
    name: str | None = "b1",
    accept: bool = True,
    replays: int | None = None,
    **facts: Any,
) -> DeliveryRef:
    """A concluded delivery, by default of one batch that is accepted."""
    ref = ledger.begin(feeder, "run", now=at, replays=replays)
    conclusion = Conclusion(
        outcome="accepted" if name else "source_unavailable",
        arrived=bool(name),
        detail={},
        batch=batch(name) if name else None,
        accept_for=(replays or ref.seq) if accept and name else None,
    )
    ledger.conclude(ref, feeder, replace(conclusion, **facts), now=at)
    return ref


def rows(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    return ledger.table(name).to_dicts()


def state(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(ledger, name) for name in TABLES}


# -- deliveries -----------------------------------------------------------------------------------


def test_a_delivery_is_recorded_before_it_is_known_how_it_ends(ledger: Ledger) -> None:
    local = datetime(2026, 11, 21, 2, tzinfo=timezone(timedelta(hours=7)))
    ref = ledger.begin(A, "run-1", now=local)
    (row,) = rows(ledger, "delivery")
    assert (row["outcome"], row["ended_at"], row["kind"]) == ("running", None, "fetch")
    assert row["started_at"] == "2026-11-20T19:00:00.000000+00:00"
    assert row["delivery_id"] == ref.delivery_id
    assert ref.delivery_id.startswith("20261120T190000-")
    assert (row["feed"], row["agency"], row["dataset"]) == ("so_a/test.x", "so_a", "test.x")
    assert (row["run_id"], row["arrived"], row["batch_id"]) == ("run-1", False, None)


def test_two_deliveries_of_one_moment_have_ids_of_their_own(ledger: Ledger) -> None:
    refs = [ledger.begin(feeder, "run", now=NOW) for feeder in (A, A, B)]
    assert [ref.seq for ref in refs] == [1, 2, 3]
    assert len({ref.delivery_id for ref in refs}) == 3


def test_interrupted_deliveries_are_closed(ledger: Ledger) -> None:
    deliver(ledger)
    dead = ledger.begin(A, "killed", now=NOW + HOUR)
    assert ledger.close_interrupted() == 1
    assert ledger.close_interrupted() == 0
    first, second = rows(ledger, "delivery")
    assert (first["outcome"], second["outcome"]) == ("accepted", "interrupted")
    assert second["delivery_id"] == dead.delivery_id
    assert second["ended_at"] is not None
    assert ledger.current_batch(A.feed) == "b1"
    assert ledger.last_arrival(A.feed) == NOW


def test_the_last_delivery_is_the_one_that_began_last(ledger: Ledger) -> None:
    assert ledger.last_delivery(A.feed) is None
    deliver(ledger, at=NOW + HOUR)
    deliver(ledger, at=NOW, name=None, detail={"problem": "down"})
    deliver(ledger, B, at=NOW + 2 * HOUR, name="b9")
    found = ledger.last_delivery(A.feed)
    assert found is not None
    assert (found["outcome"], found["detail"]) == ("source_unavailable", {"problem": "down"})


# -- cursor and arrival ---------------------------------------------------------------------------


def test_the_cursor_is_that_of_the_newest_delivery_that_left_one(ledger: Ledger) -> None:
    assert ledger.last_cursor(A.feed) is None
    deliver(ledger, cursor={"watermark": "2026-11-01 08:00:00"})
    deliver(ledger, cursor={"files": {"tệp.csv": "ab"}})
    deliver(ledger, name=None)
    deliver(ledger, B, name="b2", cursor={"watermark": "z"})
    ledger.begin(A, "run", now=NOW)
    assert ledger.last_cursor(A.feed) == {"files": {"tệp.csv": "ab"}}
    assert ledger.last_cursor(B.feed) == {"watermark": "z"}
    deliver(ledger, cursor={})
    assert ledger.last_cursor(A.feed) == {}


def test_the_last_arrival_counts_good_fetches_only(ledger: Ledger) -> None:
    assert ledger.last_arrival(A.feed) is None
    deliver(ledger, at=NOW, name=None)
    assert ledger.last_arrival(A.feed) is None
    seq = deliver(ledger, at=NOW + HOUR).seq
    deliver(ledger, at=NOW + 2 * HOUR, name=None)
    deliver(ledger, at=NOW + 3 * HOUR, name="b2", replays=seq)
    deliver(ledger, B, at=NOW + 4 * HOUR, name="b3")
    ledger.begin(A, "run", now=NOW + 5 * HOUR)
    assert ledger.last_arrival(A.feed) == NOW + HOUR
    deliver(ledger, at=NOW + 6 * HOUR, name=None, arrived=True)
    assert ledger.last_arrival(A.feed) == NOW + 6 * HOUR


# -- a conclusion ---------------------------------------------------------------------------------


def test_a_conclusion_is_written_whole(ledger: Ledger) -> None:
    results = [
        ResultRecord("correct.min", "amount", "correct", 8, 9),
        ResultRecord("complete.all", "", "complete", 3, 4, "thiếu 33-01"),
    ]
    scores = [ScoreRecord("correct", 88.5, 8, 9), ScoreRecord("live", None, 0, 0)]
    ref = deliver(ledger, results=results, scores=scores, bytes_landed=77, detail={"tệp": "á"})
    found = state(ledger)
    (delivery,) = found["delivery"]
    assert (delivery["batch_id"], delivery["rows_received"]) == ("b1", 10)
    assert (delivery["bytes_landed"], delivery["arrived"]) == (77, True)
    assert json.loads(delivery["detail"]) == {"tệp": "á"}
    (judged,) = found["batch"]
    assert {k: judged[k] for k in judged if k.startswith("rows_")} == {
        "rows_received": 10,
        "rows_accepted": 8,
        "rows_quarantined": 1,
        "rows_duplicate": 1,
    }
    assert {
        (r["rule"], r["column_name"], r["passed"], r["evaluated"], r["detail"])
        for r in found["rule_result"]
    } == {
        ("correct.min", "amount", 8, 9, ""),
        ("complete.all", "", 3, 4, "thiếu 33-01"),
    }
    assert {(s["dimension"], s["score"], s["batch_id"]) for s in found["score"]} == {
        ("correct", 88.5, "b1"),
        ("live", None, "b1"),
    }
    (acceptance,) = found["acceptance"]
    assert (acceptance["delivery_seq"], acceptance["superseded_at"]) == (ref.seq, None)


_GOOD = ResultRecord("correct.min", "amount", "correct", 8, 9)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"results": [_GOOD, ResultRecord("correct.max", "x", "correct", None, 1)]},  # type: ignore[arg-type]
        {"scores": [ScoreRecord("correct", 1.0, None, 1)]},  # type: ignore[arg-type]
        {"batch": replace(batch("b2"), rows_accepted=7)},
        {"batch": replace(batch("b2"), rows_duplicate=0)},
        {"accept_for": 999},
        {"detail": {"x": object()}},
    ],
    ids=["result", "score", "row lost", "row counted twice", "no such delivery", "detail"],
)
def test_a_conclusion_that_fails_leaves_nothing(ledger: Ledger, spoilt: dict[str, Any]) -> None:
    deliver(ledger, results=[_GOOD], scores=[ScoreRecord("correct", 90.0, 9, 10)])
    ref = ledger.begin(A, "run", now=NOW + HOUR)
    before = state(ledger)
    conclusion = Conclusion(
        outcome="accepted",
        arrived=True,
        detail={"problem": "x"},
        batch=batch("b2"),
        accept_for=ref.seq,
        cursor={"watermark": 1},
        results=[_GOOD],
        scores=[ScoreRecord("correct", 50.0, 1, 2)],
    )
    with pytest.raises((sa.exc.SQLAlchemyError, TypeError)):
        ledger.conclude(ref, A, replace(conclusion, **spoilt), now=NOW + HOUR)
    assert state(ledger) == before
    assert ledger.current_batch(A.feed) == "b1"
    assert ledger.last_cursor(A.feed) is None
    # and the same delivery can be concluded still
    ledger.conclude(ref, A, conclusion, now=NOW + HOUR)
    assert ledger.current_batch(A.feed) == "b2"


def test_the_database_itself_refuses_rows_that_vanish(ledger: Ledger, engine: sa.Engine) -> None:
    deliver(ledger)
    for column in ("rows_received", "rows_accepted", "rows_quarantined", "rows_duplicate"):
        known = tables.batch.c[column]
        query = sa.update(tables.batch).values({column: known + 1})
        with (
            engine.begin() as connection,
            pytest.raises(sa.exc.IntegrityError, match="no_row_vanishes"),
        ):
            connection.execute(query)
    assert rows(ledger, "batch")[0]["rows_received"] == 10


# -- acceptance -----------------------------------------------------------------------------------


def standing(ledger: Ledger, dataset: str = "test.x") -> list[tuple[str, str, int]]:
    return ledger.acceptances(dataset).select("batch_id", "feed", "delivery_seq").rows()


def test_deliveries_stand_in_their_order(ledger: Ledger) -> None:
    deliver(ledger, name="b1")
    deliver(ledger, name="b2", at=NOW - HOUR)  # the clock went back: the order did not
    deliver(ledger, B, name="b3")
    deliver(ledger, name="b4", accept=False)
    deliver(ledger, name=None)
    deliver(ledger, Feeder("so_a/test.y", "so_a", "test.y"), name="b5")
    assert standing(ledger) == [("b1", A.feed, 1), ("b2", A.feed, 2), ("b3", B.feed, 3)]
    assert ledger.current_batch(A.feed) == "b2"
    assert ledger.current_batch(B.feed) == "b3"
    assert ledger.current_batch("so_z/test.x") is None
    assert standing(ledger, "test.none") == []


def test_acceptances_tell_when_they_were_recorded(ledger: Ledger) -> None:
    deliver(ledger)
    frame = ledger.acceptances("test.x")
    assert frame.schema["recorded_at"] == pl.Datetime("us", "UTC")
    assert frame["recorded_at"].to_list() == [NOW]
    assert ledger.acceptances("test.none").schema == frame.schema


def test_a_batch_can_be_current_again(ledger: Ledger) -> None:
    for name in ("a", "b", "a"):
        deliver(ledger, name=name)
    assert [name for name, *_ in standing(ledger)] == ["a", "b", "a"]
    assert ledger.current_batch(A.feed) == "a"
    assert len(rows(ledger, "batch")) == 2


def test_a_reprocess_takes_the_place_of_the_delivery_it_replays(ledger: Ledger) -> None:
    first, second = deliver(ledger, name="old-1"), deliver(ledger, name="old-2", at=NOW + HOUR)
    deliver(ledger, name="new-1", at=NOW + 2 * HOUR, replays=first.seq)
    assert standing(ledger) == [("new-1", A.feed, 1), ("old-2", A.feed, 2)]
    assert ledger.current_batch(A.feed) == "old-2"
    assert ledger.standing_batch(first.seq) == "new-1"
    assert ledger.standing_batch(second.seq) == "old-2"
    assert ledger.standing_batch(999) is None
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


def test_current_results_are_those_of_the_last_judgement(ledger: Ledger) -> None:
    assert ledger.current_results(A.feed) == []
    old, new = (ResultRecord("correct.min", "x", "correct", n, 9, "d") for n in (1, 2))
    deliver(ledger, results=[old])
    deliver(ledger, name="refused", accept=False, results=[replace(old, passed=5)])
    assert ledger.current_results(A.feed) == [old]
    deliver(ledger, accept=False, results=[new])
    assert ledger.current_results(A.feed) == [new]
    deliver(ledger, name=None, results=[replace(old, passed=7)])
    assert ledger.current_results(A.feed) == [new]


def landed(ledger: Ledger, **facts: Any) -> DeliveryRef:
    return deliver(ledger, bytes_landed=10, **facts)


def seqs(found: Sequence[dict[str, Any]]) -> list[int]:
    return [row["seq"] for row in found]


def test_what_stands_and_the_newest_landed_are_reprocessed_in_order(ledger: Ledger) -> None:
    assert ledger.to_reprocess(A.feed) == []
    landed(ledger, name="b1")
    landed(ledger, name="b2", accept=False)  # below its floor, and since delivered again
    landed(ledger, name="b3")
    landed(ledger, name=None)  # not readable
    deliver(ledger, name=None)  # the source was down
    landed(ledger, feeder=B, name="b4")
    assert seqs(ledger.to_reprocess(A.feed)) == [1, 3, 4]
    landed(ledger, name="b1-mended", replays=1)
    assert seqs(ledger.to_reprocess(A.feed)) == [1, 3, 4]
    assert {row["kind"] for row in ledger.to_reprocess(A.feed)} == {"fetch"}


def test_one_batch_is_reprocessed_where_it_stands(ledger: Ledger) -> None:
    for name in ("a", "b", "a"):
        landed(ledger, name=name)
    landed(ledger, name="refused", accept=False)
    assert seqs(ledger.to_reprocess(A.feed, "a")) == [1, 3]
    assert seqs(ledger.to_reprocess(A.feed, "b")) == [2]
    assert seqs(ledger.to_reprocess(A.feed, "refused")) == [4]
    assert ledger.to_reprocess(A.feed, "unknown") == []


# -- batches, scores, snapshots -------------------------------------------------------------------


def test_a_batch_judged_again_has_its_newest_counts(ledger: Ledger) -> None:
    deliver(ledger)
    deliver(ledger, batch=batch("b1", accepted=9, refused=0))
    found = ledger.batch("b1")
    assert found is not None
    assert (found["rows_accepted"], found["rows_quarantined"]) == (9, 0)
    assert len(rows(ledger, "batch")) == 1
    assert ledger.batch("nope") is None


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
    assert ledger.latest_scores(A.feed) == {"correct": 70.0, "live": 0.0}
    assert ledger.latest_scores(B.feed) == {}


def test_snapshots_are_recorded_once(ledger: Ledger) -> None:
    facts = {
        "snapshot_id": "s1",
        "built_at": "2026-11-20T19:00:00+00:00",
        "run_id": "r",
        "dbt_hash": "h",
        "sha256": "x",
        "bytes": 1,
    }
    ledger.add_snapshot(**facts)
    with pytest.raises(sa.exc.IntegrityError):
        ledger.add_snapshot(**facts)
    (row,) = rows(ledger, "snapshot")
    assert datetime.fromisoformat(row.pop("published_at")) <= datetime.now(UTC)
    assert row == facts


def test_an_export_has_its_types_even_when_it_is_empty(ledger: Ledger) -> None:
    empty = {name: ledger.table(name).schema for name in tables.metadata.tables}
    assert empty["batch"]["rows_received"] == pl.Int64
    assert empty["delivery"]["arrived"] == pl.Boolean
    assert empty["delivery"]["detail"] == pl.String
    assert empty["score"]["score"] == pl.Float64
    deliver(ledger, results=[_GOOD], scores=[ScoreRecord("correct", None, 0, 0)])
    for name in TABLES:
        frame = ledger.table(name)
        assert frame.height > 0, name
        assert frame.schema == empty[name], name


def test_feeds_may_be_concluded_side_by_side(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledgers = [Ledger(open_ledger(url)) for _ in range(4)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for night in range(5):
                feeder = Feeder(f"so_{number}/test.x", f"so_{number}", "test.x")
                deliver(ledgers[number], feeder, name=f"b{number}-{night}", results=[_GOOD])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = standing(ledgers[0])
    assert len(found) == len({seq for *_, seq in found}) == 20
    for number in range(4):
        own = [name for name, feed, _ in found if feed == f"so_{number}/test.x"]
        assert own == [f"b{number}-{night}" for night in range(5)]
