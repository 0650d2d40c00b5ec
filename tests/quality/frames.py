"""Contracts made at run time, and random frames for any contract, valid-looking and hostile."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandera.polars as pa
import polars as pl
from hypothesis import strategies as st

from contracts.base import VIETNAM, BatchContext, Contract, ContractInfo
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.quality.evaluate import Evaluation

Broken = set[tuple[int, str, str | None]]

ARRIVED = datetime(2026, 11, 20, 2, tzinfo=VIETNAM)
_LOCAL = ARRIVED.replace(tzinfo=None)
_REFERENCE = ("12001", "12002", "12003")

_PLAIN: dict[Any, list[Any]] = {
    pl.String: ["Hưng Yên", "a", "b"],
    pl.Int64: [0, 1, 2, 7],
    pl.Float64: [0.0, 0.5, 2.0, 7.25],
    pl.Boolean: [True, False],
    pl.Date: [_LOCAL.date() - timedelta(days=days) for days in (0, 1, 30)],
    pl.Datetime: [_LOCAL - timedelta(hours=hours) for hours in (0, 1, 30)],
}
_HOSTILE: dict[Any, list[Any]] = {
    pl.String: [
        "",
        " ",
        "2024-13",
        "12001\n",
        "99999",
        "'; DROP TABLE x; --",
        "😀",
        unicodedata.normalize("NFD", "Hưng Yên"),
    ],
    pl.Int64: [-1, 5000, 5001, -(2**63), 2**63 - 1],
    pl.Float64: [float("nan"), float("inf"), float("-inf"), -0.0, -1e-300, 1e308],
    pl.Boolean: [False],
    pl.Date: [date(1900, 1, 1), date(9999, 12, 31), _LOCAL.date() + timedelta(days=1)],
    pl.Datetime: [datetime(1900, 1, 1), datetime(9999, 12, 31), _LOCAL + timedelta(seconds=1)],  # noqa: DTZ001
}


def contract_of(
    columns: Mapping[str, tuple[Any, Any]], *, key: tuple[str, ...], **members: Any
) -> type[Contract]:
    """A contract with ``columns`` (name to type and ``column(...)``) and further class members."""
    info = ContractInfo(
        dataset="testing.made_up",
        version="1.0.0",
        title_vi="Thử nghiệm",
        title_en="Made up",
        grain="one row per key",
        key=key,
        load_mode="upsert",
        publish="rows",
        basis="tests",
    )
    body = {
        "__contract__": info,
        "__module__": __name__,
        "__annotations__": {name: kind for name, (kind, _) in columns.items()},
        **{name: declared for name, (_, declared) in columns.items()},
        **members,
    }
    return type("MadeUp", (Contract,), body)


def context_for(contract: type[Contract]) -> BatchContext:
    """The moment of arrival, with a short list for each reference that the contract names."""
    named = {(col.metadata or {}).get("references") for col in contract.columns().values()}
    return BatchContext(ARRIVED, {name: pl.Series(_REFERENCE) for name in named if name})


def conformed(
    frame: pl.DataFrame,
    ids: Iterable[int] | None = None,
    unreadable: Iterable[tuple[int, str]] = (),
) -> Conformed:
    """``frame`` as a conformed batch under the given row ids."""
    numbers = list(range(frame.height)) if ids is None else list(ids)
    rows = frame.select(
        pl.Series(ROW_ID, numbers, dtype=pl.UInt32),
        pl.lit("drop/file.csv").alias("_file"),
        pl.lit(None, pl.String).alias("_sheet"),
        pl.Series("_row", [n + 2 for n in numbers], dtype=pl.Int64),
        pl.all(),
    )
    received = rows.select(ROW_ID, *(pl.col(name).cast(pl.String) for name in frame.columns))
    cells = pl.DataFrame(
        [(row, name, "?") for row, name in unreadable],
        schema={ROW_ID: pl.UInt32, "column": pl.String, "text": pl.String},
        orient="row",
    )
    return Conformed(rows, received, cells)


def broken(evaluation: Evaluation) -> Broken:
    """Row id, rule and column of everything that was found broken."""
    rows = evaluation.broken.select(ROW_ID, "rule", "column_name").rows()
    dimensions = evaluation.broken.select(
        pl.col("rule").str.split(".").list.first() == pl.col("dimension").cast(pl.String)
    )
    assert dimensions.to_series().all()
    assert evaluation.broken["message_vi"].str.len_chars().gt(0).all()
    return set(rows)


@st.composite
def frames(draw: st.DrawFn, contract: type[Contract], context: BatchContext) -> pl.DataFrame:
    """Rows in the contract's columns and types; keys repeat, and some frames are quite tame."""
    tame = draw(st.booleans())
    height = draw(st.integers(1, 2) if tame else st.integers(0, 9))
    schema = contract.schema(context)
    series = []
    for name, kind in contract.polars_schema().items():
        cells = _cells(schema.columns[name], kind, tame=tame)
        drawn = draw(st.lists(cells, min_size=height, max_size=height))
        series.append(pl.Series(name, drawn, dtype=kind))
    frame = pl.DataFrame(series)
    again = draw(st.lists(st.integers(0, height - 1), max_size=0 if tame else 2)) if height else []
    return pl.concat([frame, frame[again]]) if again else frame


def _cells(col: pa.Column, kind: pl.DataType, *, tame: bool) -> st.SearchStrategy[Any]:
    good = _good(col, kind)
    if col.nullable:
        good = st.one_of(good, good, good, st.none())
    if tame:
        return good
    hostile = st.sampled_from([None, *_HOSTILE[kind.base_type()], *_around(col)])
    return st.one_of(good, good, good, hostile)


def _good(col: pa.Column, kind: pl.DataType) -> st.SearchStrategy[Any]:
    """Values that look as the column's checks ask for."""
    stated = {check.name: check.statistics or {} for check in col.checks}
    if "isin" in stated:
        allowed = {
            v for s in col.checks if s.name == "isin" for v in s.statistics["allowed_values"]
        }
        return st.sampled_from(sorted(allowed))
    if "str_matches" in stated:
        pattern = stated["str_matches"]["pattern"]
        text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
        return st.from_regex(re.compile(text, re.ASCII), fullmatch=True)
    plain = _PLAIN[kind.base_type()]
    # a year is none of the plain numbers
    return st.sampled_from([v for v in plain if _is_within(v, col)] or _within_bounds(col) or plain)


def _is_within(value: Any, col: pa.Column) -> bool:
    """Whether a value is inside all bounds that the column's checks name."""
    inside = {
        "greater_than": lambda bounds: value > bounds["min_value"],
        "greater_than_or_equal_to": lambda bounds: value >= bounds["min_value"],
        "less_than": lambda bounds: value < bounds["max_value"],
        "less_than_or_equal_to": lambda bounds: value <= bounds["max_value"],
        "in_range": lambda bounds: bounds["min_value"] <= value <= bounds["max_value"],
    }
    return all(inside[c.name](c.statistics) for c in col.checks if c.name in inside)


def _within_bounds(col: pa.Column) -> list[Any]:
    return [value for value in _around(col) if _is_within(value, col)]


def _around(col: pa.Column) -> list[Any]:
    """The bounds that the column's checks name, and the values just outside of them."""
    found: list[Any] = []
    for check in col.checks:
        for name in ("min_value", "max_value"):
            bound = (check.statistics or {}).get(name)
            if isinstance(bound, datetime):
                found += [bound, bound - timedelta(microseconds=1), bound + timedelta(seconds=1)]
            elif isinstance(bound, date):
                found += [bound, bound - timedelta(days=1), bound + timedelta(days=1)]
            elif isinstance(bound, int | float) and check.name != "str_length":
                found += [bound, bound - 1, bound + 1]
    return found
