"""Deliveries are written from their beginning; a conclusion whole or not at all."""

from __future__ import annotations

import json
import multiprocessing
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.records import Conclusion, Feeder, ResultRecord, ScoreRecord
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import (
    GOOD,
    HOUR,
    NOW,
    TABLES,
    A,
    B,
    batch,
    deliver,
    rows,
    standing,
    state,
)


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
    assert ledger.acceptances.current_batch(A.feed) == "b1"
    assert ledger.deliveries.last_arrival(A.feed) == NOW


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


@pytest.mark.parametrize(
    "spoilt",
    [
        {"results": [GOOD, ResultRecord("correct.max", "x", "correct", None, 1)]},  # type: ignore[arg-type]
        {"scores": [ScoreRecord("correct", 1.0, None, 1)]},  # type: ignore[arg-type]
        {"batch": replace(batch("b2"), rows_accepted=7)},
        {"batch": replace(batch("b2"), rows_duplicate=0)},
        {"accept_for": 999},
        {"detail": {"x": object()}},
    ],
    ids=["result", "score", "row lost", "row counted twice", "no such delivery", "detail"],
)
def test_a_conclusion_that_fails_leaves_nothing(ledger: Ledger, spoilt: dict[str, Any]) -> None:
    deliver(ledger, results=[GOOD], scores=[ScoreRecord("correct", 90.0, 9, 10)])
    ref = ledger.begin(A, "run", now=NOW + HOUR)
    before = state(ledger)
    conclusion = Conclusion(
        outcome="accepted",
        arrived=True,
        detail={"problem": "x"},
        batch=batch("b2"),
        accept_for=ref.seq,
        cursor={"watermark": 1},
        results=[GOOD],
        scores=[ScoreRecord("correct", 50.0, 1, 2)],
    )
    with pytest.raises((sa.exc.SQLAlchemyError, TypeError)):
        ledger.conclude(ref, A, replace(conclusion, **spoilt), now=NOW + HOUR)
    assert state(ledger) == before
    assert ledger.acceptances.current_batch(A.feed) == "b1"
    assert ledger.deliveries.last_cursor(A.feed) is None
    # and the same delivery can be concluded still
    ledger.conclude(ref, A, conclusion, now=NOW + HOUR)
    assert ledger.acceptances.current_batch(A.feed) == "b2"


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
    deliver(ledger, results=[GOOD], scores=[ScoreRecord("correct", None, 0, 0)])
    for name in TABLES:
        frame = ledger.table(name)
        assert frame.height > 0, name
        assert frame.schema == empty[name], name


def test_feeds_may_be_concluded_side_by_side(engine: sa.Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    ledgers = [Ledger(open_ledger(url)) for _ in range(4)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for night in range(5):
                feeder = Feeder(f"so_{number}/test.x", f"so_{number}", "test.x")
                deliver(ledgers[number], feeder, name=f"b{number}-{night}", results=[GOOD])
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


def _conclude(url: str, together: Barrier, failures: Queue[str]) -> None:
    """The same rows, judged by two processes at the same moments."""
    ledger = Ledger(open_ledger(url))
    together.wait(timeout=60)
    try:
        for night in range(20):
            deliver(
                ledger,
                name=f"b{night}",
                results=[GOOD],
                scores=[ScoreRecord("correct", 90.0, 8, 9)],
            )
    except Exception as error:  # noqa: BLE001
        failures.put(f"{type(error).__name__}: {error}")
    else:
        failures.put("")


def test_two_processes_conclude_the_same_rows_at_once(engine: sa.Engine) -> None:
    context = multiprocessing.get_context("spawn")
    together, failures = context.Barrier(2), context.Queue()
    url = engine.url.render_as_string(hide_password=False)
    processes = [
        context.Process(target=_conclude, args=(url, together, failures)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    assert [failures.get(timeout=120) for _ in processes] == ["", ""]
    for process in processes:
        process.join(timeout=60)
    ledger = Ledger(engine)
    assert len(rows(ledger, "delivery")) == len({r["seq"] for r in rows(ledger, "delivery")}) == 40
    assert sorted(r["batch_id"] for r in rows(ledger, "batch")) == sorted(
        f"b{night}" for night in range(20)
    )
    assert len(rows(ledger, "score")) == 20
