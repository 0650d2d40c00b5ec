"""What became of refused rows, against a plain retelling of what happened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.quality.cases import DELIVERY_SCHEMA, ORDERS, Happened, cases, settled
from ioc_pipelines.quality.deadlines import Limits

START = datetime(2026, 11, 1, tzinfo=UTC)
FEED = "so_a/test.upsert"
REFUSED = {
    "batch_id": pl.String,
    "feed": pl.String,
    "key_hash": pl.String,
    "ticket": pl.String,
    "has_key": pl.Boolean,
    "is_held_back": pl.Boolean,
    "rule": pl.String,
}
ANSWERS = {
    "batch_id": pl.String,
    "feed": pl.String,
    "ticket": pl.String,
    "new_ticket": pl.String,
    "key_hash": pl.String,
    "has_key": pl.Boolean,
    "is_accepted": pl.Boolean,
}
# a night: of each key what came, none, a good row, or one of three wrong ones
Night = dict[str, str]
NIGHTS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(["good", "x", "y", "z"]), max_size=3),
    max_size=6,
)


def happened(nights: list[Night], *, full: bool = False, closings: Any = ()) -> Happened:
    deliveries, refused, accepted = [], [], []
    for number, night in enumerate(nights, start=1):
        batch, at = f"b{number}", START + timedelta(days=number)
        deliveries.append((FEED, batch, ORDERS * number + 1, at, True, full))
        for key, said in night.items():
            if said == "good":
                accepted.append((ORDERS * number + 1, key))
            else:
                refused.append((batch, FEED, key, f"P{key}{said}", True, False, "correct.min"))
    return Happened(
        FEED,
        pl.DataFrame(deliveries, schema=DELIVERY_SCHEMA, orient="row"),
        pl.DataFrame(refused, schema=REFUSED, orient="row"),
        pl.DataFrame(
            accepted,
            schema={"order": pl.Int64, "key_hash": pl.String},
            orient="row",
        ),
        pl.DataFrame(schema=ANSWERS),
        pl.DataFrame(
            list(closings),
            schema={"ticket": pl.String, "closed_at": pl.Datetime("us", "UTC")},
            orient="row",
        ),
    )


def retold(nights: list[Night], *, full: bool) -> dict[tuple[str, str], tuple[str, int]]:
    """Status and attempt of each refused row, told night by night."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    sent: dict[str, list[str]] = defaultdict(list)
    open_: dict[str, tuple[str, str]] = {}
    for number, night in enumerate(nights, start=1):
        for key in "abc":
            said = night.get(key)
            if said == "good":
                if key in open_:
                    found[open_.pop(key)] = ("corrected", len(sent[key]) + 1)
                sent[key].clear()
            elif said:
                if said not in sent[key]:
                    sent[key].append(said)
                if key in open_:
                    row = open_[key]
                    found[row] = ("superseded", found[row][1])
                open_[key] = (f"b{number}", f"P{key}{said}")
                found[open_[key]] = ("open", len(sent[key]))
            elif full and key in open_:
                row = open_.pop(key)
                found[row] = ("no_longer_sent", found[row][1])
    return found


@settings(max_examples=150)
@given(NIGHTS, st.booleans())
def test_cases_are_what_happened(nights: list[Night], full: bool) -> None:
    frame = cases(happened(nights, full=full), None, START)
    found = {
        (row["batch_id"], row["ticket"]): (row["status"], row["attempt"])
        for row in frame.iter_rows(named=True)
    }
    assert found == retold(nights, full=full)
    # nothing is lost, nothing is told twice
    assert frame.height == sum(said != "good" for night in nights for said in night.values())
    is_open = pl.col("status") == "open"
    assert frame.select((pl.col("closed_at").is_null() == is_open).all()).item() in (True, None)


def test_deadlines_are_the_end_of_a_day_in_viet_nam() -> None:
    frame = cases(happened([{"a": "x"}, {"b": "good"}]), Limits(5, 10, 15), START)
    (row,) = frame.iter_rows(named=True)
    assert row["first_refused_at"] == START + timedelta(days=1)
    assert row["due_at"] == datetime(2026, 11, 12, 16, 59, 59, tzinfo=UTC)


def test_a_row_closed_by_hand_stays_closed() -> None:
    by_hand = [("Pax", START + timedelta(days=1, hours=1))]
    frame = cases(happened([{"a": "x"}, {"a": "x"}], closings=by_hand), None, START)
    assert frame["status"].to_list() == ["superseded", "closed"]
    frame = cases(happened([{"a": "x"}, {"a": "y"}], closings=by_hand), None, START)
    assert frame["status"].to_list() == ["superseded", "open"]


def came_back(*answers: tuple[str, str, bool], key: str = "a") -> pl.DataFrame:
    """Batch, ticket and whether it was accepted, of rows that say in a pack what they said."""
    rows = [(batch, FEED, ticket, ticket, key, True, is_in) for batch, ticket, is_in in answers]
    return pl.DataFrame(rows, schema=ANSWERS, orient="row")


def told(what: Happened) -> list[tuple[str, str, str, int]]:
    columns = ("batch_id", "ticket", "status", "attempt")
    return cases(what, None, START).select(columns).rows()


def test_a_row_left_as_it_was_in_a_pack_reopens_nothing() -> None:
    """The source mended the row; then an old pack came back in which another was corrected."""
    nights: list[Night] = [{"a": "x"}, {"a": "good"}, {"a": "x"}, {"a": "x"}]
    left = came_back(("b3", "Pax", False), ("b4", "Pax", False))
    what = replace(happened(nights), answers=left)
    assert told(what) == [
        ("b1", "Pax", "corrected", 2),
        ("b3", "Pax", "superseded", 2),
        ("b4", "Pax", "superseded", 2),
    ]
    # the source itself sends the old row again: that is news
    what = replace(happened(nights), answers=left.filter(pl.col("batch_id") == "b4"))
    assert [status for _, _, status, _ in told(what)] == ["corrected", "superseded", "open"]


def test_a_row_left_as_it_was_while_its_case_is_open_is_handed_back_again() -> None:
    what = replace(happened([{"a": "x"}, {"a": "x"}]), answers=came_back(("b2", "Pax", False)))
    assert told(what) == [("b1", "Pax", "superseded", 1), ("b2", "Pax", "open", 1)]


def test_what_the_source_no_longer_sends_is_not_reopened_by_an_old_pack() -> None:
    what = happened([{"a": "x"}, {}, {"a": "x"}], full=True)
    correction = pl.col("batch_id") == "b3"
    fulls = what.deliveries.with_columns(pl.col("is_full") & ~correction)
    what = replace(what, deliveries=fulls, answers=came_back(("b3", "Pax", False)))
    assert [status for _, _, status, _ in told(what)] == ["no_longer_sent", "superseded"]


def test_of_two_that_contradict_each_other_the_one_that_came_back_settles_both() -> None:
    """However often the source sends the two again; what contradicts it then is another case."""
    refused = [
        (batch, FEED, "a", ticket, True, False, "clean.key_unique")
        for batch in ("b1", "b3")
        for ticket in ("Pax", "Pay", *(["Paz"] if batch == "b3" else []))
    ]
    what = happened([{}, {"a": "good"}, {}])
    what = replace(
        what,
        refused=pl.DataFrame(refused, schema=REFUSED, orient="row"),
        answers=came_back(("b2", "Pay", True)),
    )
    assert told(what) == [
        ("b1", "Pax", "corrected", 2),
        ("b1", "Pay", "corrected", 1),
        ("b3", "Pax", "corrected", 2),
        ("b3", "Pay", "corrected", 1),
        ("b3", "Paz", "open", 1),
    ]


@pytest.mark.parametrize(
    ("nights", "full", "over"),
    [
        ([{"a": "x"}], False, set()),
        ([{"a": "x"}, {"a": "good"}], False, {"Pax"}),
        # its successor is still open, and mended
        ([{"a": "x"}, {"a": "y"}], False, set()),
        ([{"a": "x"}, {"a": "y"}, {"a": "good"}], False, {"Pax", "Pay"}),
        # refused again after it was in: the old ticket says nothing of that
        ([{"a": "x"}, {"a": "good"}, {"a": "y"}], False, {"Pax"}),
        ([{"a": "x"}, {"a": "good"}, {"a": "x"}], False, set()),
        ([{"a": "x", "b": "x"}, {"b": "x"}], True, {"Pax"}),
        ([{"a": "x", "b": "x"}, {"b": "x"}], False, set()),
    ],
)
def test_a_ticket_is_settled_when_its_case_has_ended(
    nights: list[Night], full: bool, over: set[str]
) -> None:
    story = happened(nights, full=full, closings=[("Pbx", START)])
    assert set(settled(story)) == over


def test_a_case_is_not_closed_by_the_row_whose_key_it_was_given_by_mistake() -> None:
    """`clean.key_taken`: the key is another row's, which is accepted again and again."""
    nights = [(1, "b1"), (2, "b2"), (3, "b3")]
    deliveries = pl.DataFrame(
        [
            (FEED, batch, ORDERS * number + 1, START + timedelta(days=number), batch != "b2", False)
            for number, batch in nights
        ],
        schema=DELIVERY_SCHEMA,
        orient="row",
    )
    refused = pl.DataFrame(
        [
            ("b1", FEED, None, "Pold", False, False, "complete.required"),
            ("b2", FEED, "other", "Pnew", True, False, "clean.key_taken"),
            ("b3", FEED, None, "Pold", False, False, "complete.required"),
        ],
        schema=REFUSED,
        orient="row",
    )
    answers = pl.DataFrame(
        [("b2", FEED, "Pold", "Pnew", "other", True, False)], schema=ANSWERS, orient="row"
    )
    accepted = pl.DataFrame(
        [(ORDERS * number + 1, "other") for number in (1, 3)],
        schema={"order": pl.Int64, "key_hash": pl.String},
        orient="row",
    )
    closings = pl.DataFrame(schema={"ticket": pl.String, "closed_at": pl.Datetime("us", "UTC")})
    story = Happened(FEED, deliveries, refused, accepted, answers, closings)
    found = cases(story, None, START + timedelta(days=4))
    assert found.select("batch_id", "ticket", "status").rows() == [
        ("b1", "Pold", "superseded"),
        ("b2", "Pnew", "superseded"),
        ("b3", "Pold", "open"),
    ]
    assert settled(story).to_list() == []
