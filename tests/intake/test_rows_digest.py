"""Rows have one digest, in whatever order and pieces; other rows have another."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.intake.rows_digest import RowsDigest

TEXT = st.none() | st.text(["a", "b", "\x00", "\x1e", "\x1f", "0", "1", "2"], max_size=4)
ROWS = st.lists(st.tuples(TEXT, TEXT, st.none() | st.integers(0, 3)), max_size=6)
SCHEMA = {"a": pl.String, "b": pl.String, "n": pl.Int64}


def digest(*pieces: list[tuple[object, ...]]) -> bytes:
    found = RowsDigest()
    for rows in pieces:
        found.add(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    return found.value()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 6), st.randoms())
def test_neither_order_nor_pieces_matter(rows: list[tuple[object, ...]], cut: int, chance) -> None:  # type: ignore[no-untyped-def]
    mixed = chance.sample(rows, len(rows))
    assert digest(mixed[:cut], mixed[cut:]) == digest(rows)


@settings(max_examples=150, deadline=None)
@given(ROWS, ROWS)
def test_other_rows_have_another(
    one: list[tuple[object, ...]], other: list[tuple[object, ...]]
) -> None:
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (digest(one) == digest(other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([("a\x1f", "b", 1)], [("a", "\x1fb", 1)]),
        ([("", None, 1)], [(None, "", 1)]),
        ([("\x00", "b", 1)], [(None, "b", 1)]),
        ([("a", "b", 1)], [("a", "b", 1), ("a", "b", 1)]),
        ([("\x1e1", "b", 1)], [("\x1f", "b", 1)]),
    ],
)
def test_no_two_rows_are_written_alike(
    one: list[tuple[object, ...]], other: list[tuple[object, ...]]
) -> None:
    assert digest(one) != digest(other)
