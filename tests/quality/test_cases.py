"""What became of refused rows, against a plain retelling of what happened."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.quality.cases import DELIVERY_SCHEMA, Happened, Limits, cases

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
        deliveries.append((FEED, batch, 2 * number + 1, at, True, full))
        for key, said in night.items():
            if said == "good":
                accepted.append((batch, FEED, key))
            else:
                refused.append((batch, FEED, key, f"P{key}{said}", True, False, "correct.min"))
    return Happened(
        pl.DataFrame(deliveries, schema=DELIVERY_SCHEMA, orient="row"),
        pl.DataFrame(refused, schema=REFUSED, orient="row"),
        pl.DataFrame(
            accepted,
            schema={"batch_id": pl.String, "feed": pl.String, "key_hash": pl.String},
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


@settings(max_examples=150, deadline=None)
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
    frame = cases(happened([{"a": "x"}, {"b": "good"}]), Limits(10, 15), START)
    (row,) = frame.iter_rows(named=True)
    assert row["first_refused_at"] == START + timedelta(days=1)
    assert row["due_at"] == datetime(2026, 11, 12, 16, 59, 59, tzinfo=UTC)


def test_a_row_closed_by_hand_stays_closed() -> None:
    by_hand = [("Pax", START + timedelta(days=1, hours=1))]
    frame = cases(happened([{"a": "x"}, {"a": "x"}], closings=by_hand), None, START)
    assert frame["status"].to_list() == ["superseded", "closed"]
    frame = cases(happened([{"a": "x"}, {"a": "y"}], closings=by_hand), None, START)
    assert frame["status"].to_list() == ["superseded", "open"]
