"""Do the totals of a table equal the sum of their parts? In the contract's unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ioc_pipelines.intake.control_totals import CONTROL_SCHEMA
from ioc_pipelines.intake.read_batch import ReadBatch
from tests.intake.feeding import COLUMNS, read_files

SETTINGS = settings(max_examples=20)
Row = tuple[str, Any, Any]


def read(
    tmp_path: Path,
    rows: Sequence[Row],
    *totals: dict[str, Any],
    columns: dict[str, Any] | None = None,
    head: str = "Tên;Tiền;Số",
) -> ReadBatch:
    lines = [";".join("" if cell is None else str(cell) for cell in row) for row in rows]
    layout = {"format": "csv", "delimiter": ";", "label": "name", "totals": list(totals)}
    return read_files(tmp_path, {"a.csv": "\n".join([head, *lines]) + "\n"}, layout, columns)


def ties(result: ReadBatch, column: str = "amount") -> list[bool]:
    assert result.refused == []
    return result.control.filter(column_name=column)["ties"].to_list()


ALL = {"rows": "^Tổng", "parts": "all"}
WHOLE = st.integers(-(10**12), 10**12)


# --- what ties and what does not ------------------------------------------------------------------


@SETTINGS
@given(parts=st.lists(WHOLE, min_size=1, max_size=12), first=st.booleans())
def test_the_sum_of_its_parts_ties(tmp_path: Path, parts: list[int], first: bool) -> None:
    data: list[Row] = [(f"x{i}", part, 1) for i, part in enumerate(parts)]
    total: Row = ("Tổng", sum(parts), len(parts))
    result = read(tmp_path, [total, *data] if first else [*data, total], ALL)
    (amount, count) = result.control.rows(named=True)
    assert (amount["column_name"], count["column_name"]) == ("amount", "count")
    assert (amount["ties"], count["ties"]) == (True, True)
    assert (amount["stated"], amount["parts_sum"]) == (float(sum(parts)), float(sum(parts)))
    assert (amount["parts"], amount["difference"]) == (len(parts), 0.0)
    assert amount["row_number"] == (2 if first else len(parts) + 2)


@SETTINGS
@given(
    parts=st.lists(WHOLE, min_size=1, max_size=12),
    off=st.integers(-(10**6), 10**6).filter(bool),
)
def test_any_other_total_does_not(tmp_path: Path, parts: list[int], off: int) -> None:
    data: list[Row] = [(f"x{i}", part, None) for i, part in enumerate(parts)]
    result = read(tmp_path, [("Tổng", sum(parts) + off, None), *data], ALL)
    assert ties(result) == [False]
    assert result.control["difference"].to_list() == [float(off)]


@SETTINGS
@given(
    cents=st.lists(st.integers(0, 10**9), min_size=1, max_size=40),
)
def test_sums_of_fractions_tie_whatever_the_last_place_of_a_double_says(
    tmp_path: Path, cents: list[int]
) -> None:
    """0.1 + 0.2 is not 0.3 for a computer; the total of a spreadsheet is not wrong for that."""

    def written(value: int) -> str:
        return f"{value // 1000}.{value % 1000:03d}"

    data: list[Row] = [(f"x{i}", written(part), None) for i, part in enumerate(cents)]
    assert ties(read(tmp_path, [("Tổng", written(sum(cents)), None), *data], ALL)) == [True]
    assume(0 < sum(cents) < 10**8)
    wrong = read(tmp_path, [("Tổng", written(sum(cents) + 1), None), *data], ALL)
    assert ties(wrong) == [False]


@SETTINGS
@given(
    parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=12),
    off=st.integers(1, 10**6),
)
def test_where_some_parts_are_listed_they_may_fall_short_and_not_exceed(
    tmp_path: Path, parts: list[int], off: int
) -> None:
    data: list[Row] = [(f"x{i}", part, None) for i, part in enumerate(parts)]
    some = {**ALL, "some": True}
    results = [
        ties(read(tmp_path, [("Tổng", sum(parts) + change, None), *data], some))
        for change in (off, 0, -off)
    ]
    assert results == [[True], [True], [False]]


@SETTINGS
@given(off=st.integers(-20, 20), some=st.booleans())
def test_rounding_is_allowed_up_to_the_tolerance(tmp_path: Path, off: int, some: bool) -> None:
    """Off by tenths, where half a unit is allowed."""
    data: list[Row] = [("a", 100, None), ("b", 200, None)]
    total = Fraction(3000 + off, 10)
    declared = {**ALL, "tolerance": 0.5, "some": some}
    result = read(tmp_path, [("Tổng", float(total), None), *data], declared)
    assert ties(result) == [off >= -5 if some else abs(off) <= 5]


# --- which rows and columns -----------------------------------------------------------------------


def test_what_differs_is_listed_with_its_place(tmp_path: Path) -> None:
    result = read(tmp_path, [("Tổng cộng", 9, 3), ("Hà Nội", 4, 1), ("Huế", 6, 2)], ALL)
    assert result.control.schema == CONTROL_SCHEMA
    assert result.control.rows() == [
        ("a.csv", None, 2, "Tổng cộng | 9 | 3", "", "amount", 9.0, 10.0, 2, -1.0, False),
        ("a.csv", None, 2, "Tổng cộng | 9 | 3", "", "count", 3.0, 3.0, 2, 0.0, True),
    ]


def test_a_difference_refuses_nothing(tmp_path: Path) -> None:
    result = read(tmp_path, [("Tổng", 99, 99), ("Hà Nội", 4, 1)], ALL)
    assert result.batch is not None
    assert result.batch.rows["name"].to_list() == ["Hà Nội"]
    assert (result.read, result.refused) == (1, [])


def test_only_the_columns_that_add_up_are_compared(tmp_path: Path) -> None:
    """Shares and indexes do not."""
    rows: list[Row] = [("Tổng", 10, 100), ("a", 4, 40), ("b", 6, 50)]
    result = read(tmp_path, rows, {**ALL, "columns": ["amount"]})
    assert result.control["column_name"].to_list() == ["amount"]
    other = read(tmp_path, rows, {**ALL, "columns": ["count"]})
    assert other.control.select("column_name", "ties").rows() == [("count", False)]


def test_a_total_without_a_figure_in_a_column_is_not_compared_there(tmp_path: Path) -> None:
    result = read(tmp_path, [("Tổng", None, 3), ("a", 4, 1), ("b", 6, 2)], ALL)
    assert result.control.select("column_name", "ties").rows() == [("count", True)]


def test_a_total_without_parts_is_not_compared(tmp_path: Path) -> None:
    result = read(tmp_path, [("Tổng", 5, 3), ("a", 4, 1)], {**ALL, "parts": "none"})
    assert result.control.is_empty()
    assert result.control.schema == CONTROL_SCHEMA


def test_an_empty_part_adds_nothing(tmp_path: Path) -> None:
    result = read(tmp_path, [("Tổng", 4, 3), ("a", 4, 1), ("b", None, 2)], ALL)
    assert ties(result) == [True]


def test_a_year_does_not_add_up(tmp_path: Path) -> None:
    """Neither one that a wide table tells apart, nor one of the file's name."""
    columns = {**COLUMNS, "year": "year", "amount": r"/^Năm (?P<year>\d+)$/"}
    wide = read(
        tmp_path,
        [("Tổng", 3, 30), ("a", 1, 10), ("b", 2, 21)],
        ALL,
        columns=columns,
        head="Tên;Năm 2015;Năm 2016",
    )
    assert wide.control.select("key", "column_name", "stated", "parts_sum", "ties").rows() == [
        ("year=2015", "amount", 3.0, 3.0, True),
        ("year=2016", "amount", 30.0, 31.0, False),
    ]
    layout = {
        "format": "csv",
        "totals": [ALL],
        "captures": {"y": {"where": "file", "pattern": r"_(\d{4})"}},
    }
    files = {"so_2026.csv": "Tên,Tiền\nTổng,2\na,1\nb,1\n"}
    for source in ("y", "{y}"):
        named = read_files(tmp_path, files, layout, {**COLUMNS, "year": source})
        assert named.batch is not None
        assert named.batch.rows["year"].to_list() == [2026, 2026]
        assert named.control["column_name"].to_list() == ["amount"]


def test_totals_of_totals_and_of_groups(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("Tổng", 21, None),
        ("I. Bắc", 3, None),
        ("a", 1, None),
        ("b", 2, None),
        ("II. Nam", 19, None),
        ("c", 8, None),
        ("d", 10, None),
    ]
    result = read(
        tmp_path,
        rows,
        {"rows": "^Tổng", "parts_matching": r"^I+\."},
        {"rows": r"^I+\."},
    )
    found = result.control.select("row_number", "stated", "parts_sum", "parts", "ties").rows()
    assert found == [
        (2, 21.0, 22.0, 2, False),
        (3, 3.0, 3.0, 2, True),
        (6, 19.0, 18.0, 2, False),
    ]


def test_a_total_is_compared_with_the_rows_of_its_own_file(tmp_path: Path) -> None:
    """Rows have the same numbers in every file."""
    layout = {"format": "csv", "totals": [ALL]}
    files = {
        "1.csv": "Tên,Tiền\nTổng,3\na,1\nb,2\n",
        "2.csv": "Tên,Tiền\nTổng,30\na,10\nb,21\n",
        "3.csv": "Tên,Tiền\na,5\n",
    }
    control = read_files(tmp_path, files, layout).control
    assert control.select("source_file", "stated", "parts_sum", "ties").rows() == [
        ("1.csv", 3.0, 3.0, True),
        ("2.csv", 30.0, 31.0, False),
    ]


# --- units ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "factor"), [("tỷ đồng", 1000.0), ("triệu đồng", 1.0), ("đồng", 1e-6)]
)
def test_a_total_is_compared_in_the_unit_of_the_contract(
    tmp_path: Path, unit: str, factor: float
) -> None:
    """The contract counts in million đồng."""
    columns = {**COLUMNS, "amount": {"source": "Tiền", "unit": unit, "number": "plain"}}
    result = read(
        tmp_path, [("Tổng", 7, None), ("a", 4, None), ("b", 2, None)], ALL, columns=columns
    )
    (row,) = result.control.rows(named=True)
    for column, said in (("stated", 7), ("parts_sum", 6), ("difference", 1)):
        assert math.isclose(row[column], said * factor, rel_tol=1e-12)
    assert row["ties"] is False


def test_the_tolerance_is_in_the_unit_of_the_contract(tmp_path: Path) -> None:
    """One tỷ đồng off is a thousand triệu đồng off."""
    columns = {**COLUMNS, "amount": {"source": "Tiền", "unit": "tỷ đồng", "number": "plain"}}
    rows: list[Row] = [("Tổng", 7, None), ("a", 4, None), ("b", 2, None)]
    results = [
        ties(read(tmp_path, rows, {**ALL, "tolerance": tolerance}, columns=columns))
        for tolerance in (999, 1000)
    ]
    assert results == [[False], [True]]


def test_parts_in_units_of_their_own_add_up(tmp_path: Path) -> None:
    """Each row says its unit; the sum is that of the amounts, not of the figures."""
    columns = {
        **COLUMNS,
        "amount": {"source": "Tiền", "unit": "{dv}", "number": "plain"},
    }
    layout = {"format": "csv", "totals": [ALL]}
    files = {"a.csv": "Tên,Tiền,dv\nTổng,3,tỷ đồng\na,2,tỷ đồng\nb,1000,triệu đồng\n"}
    control = read_files(tmp_path, files, layout, columns).control
    assert control.select("stated", "parts_sum", "ties").rows() == [(3000.0, 3000.0, True)]
