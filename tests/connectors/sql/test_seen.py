from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ioc_pipelines.connectors.sql.seen import Tally, hashes_of, seen_in

TABLE = {
    "a": pa.array([1, 2, None]),
    "b": pa.array(["x", None, "x"]),
    "c": pa.array([Decimal("1.50"), None, Decimal("1.50")], pa.decimal128(38, 2)),
    "d": pa.array([datetime(2026, 11, 1), None, None], pa.timestamp("us")),  # noqa: DTZ001
    "e": pa.array([b"\xff", None, None]),
}


def test_a_tally_remembers_every_row_up_to_its_limit() -> None:
    tally = Tally(limit=3)
    tally.add(np.array([5, 2**64 - 1], np.uint64))
    tally.add(np.array([5], np.uint64))
    cursor = tally.cursor()
    assert list(cursor) == ["seen"]
    known = seen_in(cursor)
    assert known is not None
    assert known.tolist() == [5, 2**64 - 1]
    tally.add(np.array([1], np.uint64))
    assert tally.cursor() == {"content": tally.content}
    assert seen_in(tally.cursor()) is None


def test_content_is_the_rows_in_any_order_each_as_often_as_it_is_there() -> None:
    def content(*batches: list[int]) -> str:
        tally = Tally(limit=0)
        for batch in batches:
            tally.add(np.array(batch, np.uint64))
        return tally.content

    assert content([1, 2**64 - 1], [7]) == content([7, 2**64 - 1, 1])
    assert content([1, 1]) != content([1])
    assert content([1]) != content([2])
    assert content() == content([])


def test_a_hash_is_the_same_in_another_process() -> None:
    """Or every process would deliver again what the last one delivered."""
    code = "from tests.connectors.sql.test_seen import *;print(hashes_of(pa.table(TABLE)).tolist())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(hashes_of(pa.table(TABLE)).tolist())


def test_no_two_rows_of_a_million_look_alike() -> None:
    """A row taken for one that was seen would be lost: small numbers are the hard case."""
    numbers = np.arange(1_000_000)
    table = pa.table(
        {
            "a": numbers % 100,
            "b": numbers // 100 % 100,
            "c": numbers // 10_000,
            "d": numbers % 2 == 0,
            "e": pa.nulls(len(numbers)),
        }
    )
    assert len(np.unique(hashes_of(table))) == len(numbers)
    swapped = pa.table({"a": ["a", None, "", "ab", ""], "b": [None, "a", "ab", "", None]})
    assert len(np.unique(hashes_of(swapped))) == 5
