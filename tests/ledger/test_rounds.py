"""Ad hoc collection rounds: what is asked for, who has delivered since, when a round is over."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config

from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import open_ledger, writer
from ioc_pipelines.ledger.records import Conclusion, Feeder
from ioc_pipelines.ledger.rounds import Rounds
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.test_open import MIGRATIONS

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DEADLINE = NOW + 4 * HOUR
A, B = (Feeder(f"so_{name}/test.x", f"so_{name}", "test.x") for name in "ab")


@pytest.fixture
def rounds(engine: sa.Engine) -> Rounds:
    return Rounds(engine)


def opened(rounds: Rounds, *feeders: Feeder, run_id: str = "run", now: datetime = NOW) -> str:
    feeds = [feeder.feed for feeder in feeders or (A, B)]
    return rounds.open(feeds, reason="bão số 9", deadline=DEADLINE, run_id=run_id, now=now)


def delivered(
    ledger: Ledger, feeder: Feeder, at: datetime, *, arrived: bool, replays: int | None = None
) -> int:
    ref = ledger.begin(feeder, "any", now=at, replays=replays)
    ledger.conclude(ref, feeder, Conclusion("any", arrived=arrived, detail={}), now=at)
    return ref.seq


def test_an_open_round_says_what_it_asked_for(rounds: Rounds, engine: sa.Engine) -> None:
    assert rounds.unfinished() == []
    name = opened(rounds, B, A, A)
    (found,) = rounds.unfinished()
    assert found.round_id == name
    assert found.deadline == DEADLINE
    assert found.pending == (A.feed, B.feed)
    assert found.last_attempt is None
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(tables.collection_round)).mappings()
    assert (row["reason"], row["run_id"], row["closed_at"]) == ("bão số 9", "run", None)
    assert row["opened_at"] == "2026-11-20T19:00:00.000000+00:00"


def test_a_run_opens_one_round_however_often_it_is_tried(rounds: Rounds) -> None:
    first = opened(rounds, A)
    assert opened(rounds, A, B, now=NOW + MINUTE) == first
    (found,) = rounds.unfinished()
    assert found.pending == (A.feed,)
    second = opened(rounds, A, run_id="another", now=NOW + MINUTE)
    assert [round_.round_id for round_ in rounds.unfinished()] == [first, second]


def test_a_run_that_is_tried_twice_at_once_opens_one_round(rounds: Rounds) -> None:
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(opened(rounds))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 6
    assert len(set(names)) == len(rounds.unfinished()) == 1


@pytest.mark.parametrize(
    ("feeds", "deadline"),
    [([A.feed], NOW - MINUTE), ([A.feed], NOW), ([], DEADLINE)],
    ids=["past", "just now", "no feed"],
)
def test_a_round_without_feeds_or_time_is_refused(
    rounds: Rounds, feeds: list[str], deadline: datetime
) -> None:
    with pytest.raises(ValueError, match="a deadline ahead"):
        rounds.open(feeds, reason="", deadline=deadline, run_id="run", now=NOW)
    assert rounds.unfinished() == []


def test_a_delivery_of_before_does_not_count(rounds: Rounds, ledger: Ledger) -> None:
    delivered(ledger, A, NOW - timedelta(microseconds=1), arrived=True)
    opened(rounds)
    (found,) = rounds.unfinished()
    assert found.pending == (A.feed, B.feed)
    assert found.last_attempt is None


def test_a_delivery_since_counts_when_it_arrived(rounds: Rounds, ledger: Ledger) -> None:
    opened(rounds)
    delivered(ledger, A, NOW, arrived=False)
    delivered(ledger, B, NOW + MINUTE, arrived=True)
    (found,) = rounds.unfinished()
    assert found.pending == (A.feed,)
    assert found.last_attempt == NOW + MINUTE
    delivered(ledger, A, NOW + 2 * MINUTE, arrived=True)
    delivered(ledger, A, NOW + 3 * MINUTE, arrived=False)  # it had delivered: that stays
    (found,) = rounds.unfinished()
    assert found.pending == ()
    assert found.last_attempt == NOW + 3 * MINUTE


def test_a_delivery_under_way_is_an_attempt_and_no_arrival(rounds: Rounds, ledger: Ledger) -> None:
    opened(rounds, A)
    ledger.begin(A, "any", now=NOW + MINUTE)
    (found,) = rounds.unfinished()
    assert (found.pending, found.last_attempt) == ((A.feed,), NOW + MINUTE)


def test_what_is_judged_again_was_not_delivered(rounds: Rounds, ledger: Ledger) -> None:
    seq = delivered(ledger, A, NOW - HOUR, arrived=True)
    opened(rounds, A)
    delivered(ledger, A, NOW + MINUTE, arrived=True, replays=seq)
    (found,) = rounds.unfinished()
    assert (found.pending, found.last_attempt) == ((A.feed,), None)


def test_a_delivery_counts_for_each_round_that_asks_for_it(rounds: Rounds, ledger: Ledger) -> None:
    first = opened(rounds)
    delivered(ledger, A, NOW + MINUTE, arrived=True)
    second = opened(rounds, run_id="another", now=NOW + 2 * MINUTE)
    delivered(ledger, B, NOW + 3 * MINUTE, arrived=True)
    pending = {round_.round_id: round_.pending for round_ in rounds.unfinished()}
    assert pending == {first: (), second: (A.feed,)}


def test_a_closed_round_is_not_asked_about_again(rounds: Rounds, engine: sa.Engine) -> None:
    first, second = opened(rounds), opened(rounds, run_id="another", now=NOW + MINUTE)
    rounds.close(first, NOW + HOUR)
    assert [round_.round_id for round_ in rounds.unfinished()] == [second]
    with engine.connect() as connection:
        query = sa.select(tables.collection_round.c.closed_at).order_by("round_id")
        assert [row[0] for row in connection.execute(query)] == [
            "2026-11-20T20:00:00.000000+00:00",
            None,
        ]
    # a run whose round is over opens no other
    assert opened(rounds, now=NOW + 2 * HOUR) == first
    assert [round_.round_id for round_ in rounds.unfinished()] == [second]


def test_a_ledger_without_rounds_gets_them_and_keeps_what_it_had(tmp_path: Path) -> None:
    engine = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writer(engine).begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.downgrade(config, "0001")
    names = {"delivery", "batch", "acceptance", "rule_result", "score", "snapshot"}
    assert set(sa.inspect(engine).get_table_names()) == {*names, "alembic_version"}
    with writer(engine).begin() as connection:
        connection.exec_driver_sql(
            "insert into delivery (delivery_id, kind, feed, agency, dataset, started_at, outcome,"
            " arrived, detail) values ('d1', 'fetch', 'so_a/test.x', 'so_a', 'test.x',"
            " '2026-11-20T19:00:00.000000+00:00', 'accepted', 1, '{}')"
        )
    engine.dispose()

    again = open_ledger(str(engine.url))
    (kept,) = Ledger(again).table("delivery").to_dicts()
    assert (kept["delivery_id"], kept["outcome"], kept["submitted_by"]) == ("d1", "accepted", None)
    rounds = Rounds(again)
    assert rounds.unfinished() == []
    opened(rounds, A, now=NOW + MINUTE)
    (found,) = rounds.unfinished()
    assert found.pending == (A.feed,)
