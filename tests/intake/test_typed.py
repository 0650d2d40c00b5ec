"""A column that comes in its type is read as it would be by way of text."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.intake.conform import Conformed, conform
from ioc_pipelines.intake.typed import as_typed

SETTINGS = settings(max_examples=60, deadline=None)
WHOLE = st.integers(-(2**31), 2**31 - 1)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
MOMENTS = st.datetimes()  # naive, as a contract has them
KINDS: list[tuple[Any, Any, Any]] = [
    (WHOLE, pl.Int32, pl.Int64),
    (WHOLE, pl.Int64, pl.Float64),
    (st.integers(0, 2**64 - 1), pl.UInt64, pl.Int64),
    (NUMBERS, pl.Float64, pl.Float64),
    (DAYS, pl.Date, pl.Date),
    (MOMENTS, pl.Datetime("us"), pl.Date),
    (MOMENTS, pl.Datetime("us"), pl.Datetime("us")),
]


def read(cells: list[Any], kind: Any, target: Any, **declared: Any) -> Conformed:
    count = len(cells)
    source = pl.Series("S", cells, dtype=kind)
    table = pl.DataFrame({"_file": ["f"] * count, "_row": range(count), "S": source})
    table = table.with_columns(pl.lit(None, pl.String).alias("_sheet"))
    wanted = target() if isinstance(target, type) else target
    return conform(table, {"x": Column(source="S", **declared)}, {"x": wanted})


@pytest.mark.parametrize(("values", "kind", "target"), KINDS)
def test_as_by_way_of_text(values: Any, kind: Any, target: Any) -> None:
    @SETTINGS
    @given(st.lists(st.none() | values, max_size=8))
    def holds(cells: list[Any]) -> None:
        typed = read(cells, kind, target)
        # a text that never comes is declared to mean nothing: so the cells are read as texts
        by_text = read(cells, kind, target, nulls=["không có chữ này"])
        assert typed.rows.equals(by_text.rows)
        assert typed.unreadable.equals(by_text.unreadable)
        assert typed.received.equals(by_text.received)

    holds()


@pytest.mark.parametrize(
    "declared",
    [{"nulls": ["-9"]}, {"scale": 1000}, {"unit": "nghìn đồng"}, {"default": "0"}, {"pad": 5}],
)
def test_what_is_declared_about_cells_is_read_in_their_text(declared: dict[str, Any]) -> None:
    table = pl.DataFrame({"S": [1, -9]})
    assert as_typed(Column(source="S", **declared), table, pl.Int64()) is None
    assert as_typed(Column(source="S"), table, pl.Int64()) is not None
