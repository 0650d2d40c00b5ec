"""The business key: the fewest columns, the period and the unit first, that tell rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from ioc_pipelines.scaffold.model import Field, Guess, Role, ScaffoldError

# a code of its own names a thing better than the commune where it happens to stand alone
_ORDER: Sequence[Role] = ("period", "code", "unit", "text", "time", "figure")
_MOST_COLUMNS, _MOST_CANDIDATES = 5, 10
_ONE_IN = 50
_OF_REPORT = ("closed_on", "reported_on")
_NEVER = ("updated_on", "updated_at", *_OF_REPORT, "note")
_FEW_ROWS = 3


def choose_key(fields: Sequence[Field]) -> tuple[tuple[str, ...], Guess]:
    """The key and why. Raises ScaffoldError for a sample of one column.

    One column at least stays outside the key: a row says something about what its key names.
    """
    if len(fields) < 2:
        msg = "a dataset needs two columns or more: one that names the row, one that says something"
        raise ScaffoldError(msg)
    periods = [f.name for f in fields if f.role == "period" and not f.nullable]
    day = "" if periods else _day_reported(fields)
    if day:
        periods = [day]
    units = [f.name for f in fields if periods and _is_of_one(f)]
    always = (*periods, *units)
    others = [f for f in _candidates(fields) if f.name not in always]
    frame = pl.DataFrame([f.values.alias(f.name) for f in fields]).unique()
    if frame.height < 2:
        chosen = always + tuple(f.name for f in others[: 1 if len(fields) > len(always) + 1 else 0])
        chosen = chosen or (fields[0].name,)
        return chosen, Guess("key", ", ".join(chosen), "only one row: look")
    most = min(_MOST_COLUMNS, len(fields) - len(always) - 1)
    named = [f.name for f in others if f.role != "figure"]
    slips = frame.height // _ONE_IN
    for columns, allowed in ((named, 0), (named, slips), ([f.name for f in others], 0)):
        for size in range(most + 1):
            for more in combinations(columns, size):
                names = always + more
                rows, alike = _told_apart(frame, names)
                if names and rows and alike <= allowed:
                    why = _why(rows, alike) + (f"; nothing but {day} says when" if day else "")
                    return names, Guess("key", ", ".join(names), why)
    names = (always + tuple(named))[: len(fields) - 1] or (fields[0].name,)
    return names, Guess("key", ", ".join(names), "NO columns tell all rows apart: set it by hand")


def _day_reported(fields: Sequence[Field]) -> str:
    """The day that stands for the period of rows that nothing else gives one; empty without it.

    It is a day of report by its name, or the same day in all rows.
    """
    days = [f for f in fields if f.role == "time" and not (f.nullable or f.personal)]
    of_report = [f.name for f in days if f.name in _OF_REPORT]
    same = [
        f.name
        for f in days
        if f.values.n_unique() == 1 and f.values.len() >= _FEW_ROWS and f.name not in _NEVER
    ]
    return next(iter(of_report + same), "")


def _is_of_one(found: Field) -> bool:
    """Whether the sample is one unit's: the next report is another's."""
    is_one = found.values.drop_nulls().n_unique() == 1
    return found.role == "unit" and is_one and not found.nullable


def _told_apart(frame: pl.DataFrame, names: Sequence[str]) -> tuple[int, int]:
    """The distinct rows with a whole key, and how many of them share it with another."""
    whole = frame.drop_nulls(list(names)) if names else frame
    return whole.height, whole.height - whole.select(names).unique().height


def _why(rows: int, alike: int) -> str:
    told = f"tells {rows - alike} rows apart"
    return told + (f"; {alike} more are conflicts" if alike else "")


def _candidates(fields: Sequence[Field]) -> list[Field]:
    """The columns that may name a row, the likeliest first."""
    possible = [
        f
        for f in fields
        if not f.nullable
        and not f.personal
        and f.kind in ("str", "int", "date", "moment")
        and f.name not in _NEVER
        and (f.values.n_unique() > 1 or f.role == "unit" or f.values.len() == 1)
    ]
    return sorted(possible, key=lambda f: _ORDER.index(f.role))[:_MOST_CANDIDATES]
