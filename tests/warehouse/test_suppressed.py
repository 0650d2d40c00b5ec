"""Disclosure control: what is shown of a table of persons allows no small cell to be worked out.

The macro is rendered by itself and run on made-up tables. Whether a cell can be worked out is asked
of linear programs, which know nothing of how the cells to hide were chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import jinja2
import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog  # type: ignore[import-untyped,unused-ignore]

from ioc_pipelines.home import DBT_PROJECT

ALL, TOTAL = "33", "total"
Table = dict[str, Sequence[int]]


def _macros() -> Any:
    """The macros as functions; dbt's ``{% test x %}`` is one named ``test_x``."""
    names = ("suppressed", "test_no_small_cell", "test_no_lone_gap")
    text = "".join((DBT_PROJECT / "macros" / f"{n}.sql").read_text(encoding="utf-8") for n in names)
    text = text.replace("{% test ", "{% macro test_").replace("endtest", "endmacro")
    return jinja2.Environment(autoescape=False).from_string(text).module  # noqa: S701


MACROS = _macros()


def cells(table: Table, breakdown: str = "b", month: int = 1) -> pl.DataFrame:
    """Long form, with the line of all units and the column of totals. Keys are units."""
    width = len(next(iter(table.values())))
    names = [f"c{n}" for n in range(width)]
    whole = [sum(row[n] for row in table.values()) for n in range(width)]
    rows = []
    for unit, row in {**table, ALL: whole}.items():
        total = [(TOTAL, sum(row))] if width > 1 else []
        for name, value in [*zip(names, row, strict=True), *total]:
            rows.append((month, unit, breakdown, name, value))
    return pl.DataFrame(rows, schema=["month", "unit", "breakdown", "category", "n"], orient="row")


def suppressed(frame: pl.DataFrame) -> pl.DataFrame:
    """What the macro makes of the cells, in the cells' order."""
    sql = MACROS.suppressed("frame", ["month"], "unit", "n")
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        found = connection.sql(sql).pl()
    key = ["month", "unit", "breakdown", "category"]
    return frame.select(key).join(found, on=key, how="left", maintain_order="left")


def hidden(frame: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Unit and category of each cell that is not shown, and why."""
    gaps = suppressed(frame).drop_nulls("suppression")
    return {(unit, name): why for _, unit, _, name, _, why in gaps.iter_rows()}


def bounds(frame: pl.DataFrame, shown: pl.DataFrame) -> dict[int, tuple[float, float]]:
    """For each hidden cell, by its row, the least and the most that the sums allow."""
    # a line's total is one figure, whatever it is the total of
    of = pl.when(pl.col("category") == TOTAL).then(pl.lit("")).otherwise("breakdown")
    figure = pl.struct("month", "unit", of.alias("of"), "category").rank("dense").cast(pl.Int64) - 1
    told = frame.with_columns(figure.alias("figure")).with_row_index("row")
    with_total = told.filter((pl.col("category") == TOTAL).any().over("breakdown"))
    width = told.select(pl.col("figure").max() + 1).item()
    sums = [
        *_sums(with_total, ["month", "unit", "breakdown"], pl.col("category") == TOTAL, width),
        *_sums(told, ["month", "breakdown", "category"], pl.col("unit") == ALL, width),
    ]
    limits: list[tuple[float, float | None]] = [(0.0, None)] * width
    for at, value in zip(told["figure"], shown["n"], strict=True):
        if value is not None:
            limits[at] = (value, value)
    found = {}
    for row, at in told.filter(shown["n"].is_null())["row", "figure"].iter_rows():
        aim = np.zeros(width)
        aim[at] = 1.0
        least, most = (
            linprog(sign * aim, A_eq=np.array(sums), b_eq=np.zeros(len(sums)), bounds=limits)
            for sign in (1, -1)
        )
        found[row] = (least.fun, float("inf") if most.fun is None else -most.fun)
    return found


def _sums(told: pl.DataFrame, within: list[str], is_whole: pl.Expr, width: int) -> list[Any]:
    """One equation for each sum: its parts less the whole are nothing."""
    equations = []
    for _, part in told.with_columns(is_whole.alias("is_whole")).group_by(within):
        row = np.zeros(width)
        for at, whole in part["figure", "is_whole"].iter_rows():
            row[at] += -1.0 if whole else 1.0
        equations.append(row)
    return equations


def drawn(chance: np.random.Generator) -> pl.DataFrame:
    """A made-up province: few or many units and categories, many zeroes and small counts."""
    units, width = int(chance.integers(1, 9)), int(chance.integers(1, 6))
    mean = chance.choice([0.5, 3.0, 12.0, 60.0], size=width)
    size = chance.choice([0.1, 1.0, 1.0, 8.0], size=units)
    table = {f"{n:02}": chance.poisson(mean * size[n]).tolist() for n in range(units)}
    frame = cells(table)
    if width < 2:
        return frame
    totals = [sum(row) for row in table.values()]
    # a second breakdown of the same people
    split = [int(chance.binomial(whole, 0.4)) for whole in totals]
    second = {
        unit: [part, whole - part] for unit, part, whole in zip(table, split, totals, strict=True)
    }
    return pl.concat([frame, cells(second, "s")])


# -- what is hidden, by hand ----------------------------------------------------------------------

FINE: Table = {"01": [20, 30], "02": [40, 50], "03": [0, 60]}


def test_a_table_without_small_cells_is_shown_whole() -> None:
    assert hidden(cells(FINE)) == {}
    # nobody is nobody, and five are enough
    assert hidden(cells({"01": [0, 5], "02": [9, 0]})) == {}


def test_a_small_cell_takes_a_category_and_the_next_smallest_line_with_it() -> None:
    table = {"01": [3, 30, 70], "02": [40, 20, 50], "03": [10, 60, 10], "04": [0, 60, 10]}
    assert hidden(cells(table)) == {
        ("01", "c0"): "small",
        # c2 is the smallest category that is nowhere small
        ("01", "c2"): "complement",
        # in line 04 nobody is to be hidden
        ("03", "c0"): "complement",
        ("03", "c2"): "complement",
    }


def test_where_each_category_is_small_somewhere_the_largest_goes_first() -> None:
    table = {"01": [3, 90], "02": [80, 2], "03": [50, 60]}
    assert hidden(cells(table)) == {
        ("01", "c0"): "small",
        ("01", "c1"): "complement",
        ("02", "c1"): "small",
        ("02", "c0"): "complement",
    }
    # the anchor, c1, is all that is small in line 02: c2 goes with it, and of line 01 as well
    table = {"01": [30, 90, 4], "02": [50, 2, 70], "03": [3, 60, 60]}
    gaps = hidden(cells(table))
    assert gaps["02", "c1"] == "small"
    assert gaps["02", "c2"] == "complement"


def test_a_small_total_is_hidden_in_two_lines() -> None:
    gaps = hidden(cells({"01": [2, 1], "02": [20, 30], "03": [40, 50]}))
    assert gaps["01", TOTAL] == "small"
    assert gaps["02", TOTAL] == "complement"
    assert ("03", TOTAL) not in gaps
    assert (ALL, TOTAL) not in gaps


def test_of_a_single_category_the_next_smallest_is_hidden() -> None:
    frame = cells({"01": [2], "02": [0], "03": [7], "04": [30]})
    assert hidden(frame) == {("01", "c0"): "small", ("03", "c0"): "complement"}
    assert hidden(cells({"01": [2], "02": [4], "03": [7]})) == dict.fromkeys(
        [("01", "c0"), ("02", "c0")], "small"
    )


def test_where_only_one_unit_has_any_the_province_is_hidden_too() -> None:
    gaps = hidden(cells({"01": [3, 50], "02": [0, 60]}))
    assert gaps[ALL, "c0"] == "small"
    assert hidden(cells({"01": [2]})) == dict.fromkeys([("01", "c0"), (ALL, "c0")], "small")


def test_tables_do_not_hide_each_other_s_cells() -> None:
    frame = pl.concat([cells({"01": [3, 50], "02": [20, 60]}), cells(FINE, month=2)])
    shown = suppressed(frame)
    assert shown.filter(month=2)["suppression"].null_count() == cells(FINE).height
    assert shown.filter(month=1)["suppression"].null_count() < cells(FINE).height


def test_what_nobody_reported_is_not_small() -> None:
    frame = cells(FINE).with_columns(
        pl.when((pl.col("unit") != "01") | (pl.col("category") != "c0")).then("n").alias("n")
    )
    assert hidden(frame) == {}


# -- and by linear programs -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_nothing_hidden_can_be_worked_out(seed: int) -> None:
    frame = drawn(np.random.default_rng(seed))
    shown = suppressed(frame)
    assert shown.filter(pl.col("n").is_between(1, 4)).is_empty()
    told = frame.with_columns(shown["n"].alias("shown"), shown["suppression"])
    assert told.filter(pl.col("shown").is_not_null() & (pl.col("shown") != pl.col("n"))).is_empty()
    assert told.filter(pl.col("shown").is_null() != pl.col("suppression").is_not_null()).is_empty()
    is_small = frame["n"].is_between(1, 4)
    assert ((shown["suppression"] == "small").fill_null(value=False) == is_small).all()
    for i, (least, most) in bounds(frame, shown).items():
        if is_small[i]:
            assert most - least > 0.5, frame.row(i)


def test_the_program_works_out_what_is_hidden_alone() -> None:
    """The audit above can fail: a small cell without its complement has one solution."""
    frame = cells({"01": [3, 30], "02": [40, 50]})
    alone = frame.with_columns(pl.when(pl.col("n") != 3).then("n").alias("n"))
    assert bounds(frame, alone) == {0: (3.0, 3.0)}


# -- the tests that the warehouse runs ------------------------------------------------------------


def failing(frame: pl.DataFrame) -> tuple[int, int]:
    """Small cells, and gaps that stand alone, in what would be published."""
    first = frame["breakdown"].first()
    kept = frame.filter((pl.col("category") != TOTAL) | (pl.col("breakdown") == first))
    is_total = pl.col("category") == TOTAL
    model = kept.with_columns(
        pl.when(is_total).then(pl.lit(TOTAL)).otherwise("breakdown").alias("breakdown")
    )
    small = MACROS.test_no_small_cell("model", "n")
    lone = MACROS.test_no_lone_gap("model", ["month"], "unit", "n")
    with duckdb.connect() as connection:
        connection.register("model", model)
        return len(connection.execute(small).fetchall()), len(connection.execute(lone).fetchall())


@pytest.mark.parametrize("seed", range(100, 120))
def test_what_the_macro_makes_passes(seed: int) -> None:
    assert failing(suppressed(drawn(np.random.default_rng(seed)))) == (0, 0)


def test_a_planted_cell_fails() -> None:
    frame = suppressed(cells({"01": [3, 30], "02": [40, 50], "03": [20, 60]}))
    assert failing(frame) == (0, 0)
    is_planted = (pl.col("unit") == "01") & (pl.col("category") == "c0")
    shown = frame.with_columns(pl.when(is_planted).then(3).otherwise("n").alias("n"))
    # the cell itself; and beside it now a gap that is its line's only one, and one in its category
    assert failing(shown) == (1, 2)


def test_a_complement_that_is_shown_fails() -> None:
    frame = suppressed(cells({"01": [3, 30], "02": [40, 50], "03": [20, 60]}))
    is_shown = (pl.col("unit") == "01") & (pl.col("category") == "c1")
    shown = frame.with_columns(pl.when(is_shown).then(30).otherwise("n").alias("n"))
    assert failing(shown) == (0, 2)
    assert failing(cells({"01": [3], "02": [7]}, "births")) == (1, 0)
