"""The business key: the fewest columns, the period and the unit first, that tell rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from ioc_pipelines.scaffold.model import Field, Guess, Role, ScaffoldError

_ORDER: Sequence[Role] = ("unit", "code", "text", "time", "figure")
_MOST_COLUMNS, _MOST_CANDIDATES = 5, 10
_NEVER = ("updated_on", "updated_at", "reported_on", "closed_on", "note")


def choose_key(fields: Sequence[Field]) -> tuple[tuple[str, ...], Guess]:
    """The key and why. Raises ScaffoldError for a sample of one column.

    One column at least stays outside the key: a row says something about what its key names.
    """
    if len(fields) < 2:
        msg = "a dataset needs two columns or more: one that names the row, one that says something"
        raise ScaffoldError(msg)
    frame = pl.DataFrame([f.values.alias(f.name) for f in fields])
    rows = frame.unique().height
    always = tuple(f.name for f in fields if f.role == "period" and not f.nullable)
    others = [f for f in _candidates(fields) if f.name not in always]
    if rows < 2:
        chosen = always + tuple(f.name for f in others[: 1 if len(fields) > len(always) + 1 else 0])
        return chosen or (fields[0].name,), Guess("key", ", ".join(chosen), "only one row: look")
    for size in range(min(_MOST_COLUMNS, len(fields) - len(always) - 1) + 1):
        for more in combinations([f.name for f in others], size):
            names = always + more
            if names and frame.select(names).unique().height == rows:
                why = f"fewest columns that tell {rows} rows apart"
                return names, Guess("key", ", ".join(names), why)
    names = (always + tuple(f.name for f in others if f.role != "figure"))[: len(fields) - 1]
    names = names or (fields[0].name,)
    return names, Guess("key", ", ".join(names), "NO columns tell all rows apart: set it by hand")


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
