"""Rows that break one rule of a row and no other, made from a good batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandera.polars as pa
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED, UNIQUE, Rule, rules_of
from ioc_pipelines.quality.evaluate import READABLE, row_verdicts
from ioc_pipelines.quality.proof.specimen import Specimen, drawn, not_refused
from ioc_pipelines.quality.proof.values import Pool, is_declared

_PER_RULE, _SEARCHED = (240, 12_000), 6_000
_COPIES = (KEY_UNIQUE, UNIQUE)
_TRIES = 4
_AT, _RULE = "_at", "_rule"


@dataclass(frozen=True)
class Break:
    """One way to break ``rule``: ``row`` in the place ``at`` of the good batch.

    ``refused``: the places that the rule must refuse. ``unreadable``: the cell of the row whose
    text its type cannot hold.
    """

    rule: Rule
    at: int
    row: pl.DataFrame
    refused: frozenset[int]
    unreadable: str | None = None


@dataclass
class Breaks:
    """Of each rule a few ways to break it alone, or why there is none."""

    ways: dict[Rule, list[Break]] = field(default_factory=lambda: defaultdict(list))
    why_not: dict[Rule, str] = field(default_factory=dict)


def breaks(specimen: Specimen) -> Breaks:
    """Ways to break each rule of a row. Raises RuleDidNotRunError as `evaluate`."""
    chance = np.random.default_rng(1)
    found = Breaks()
    stated = dict(rules_of(specimen.schema))
    for rule in stated:
        if rule.id in _COPIES:
            found.ways[rule] = _copies(specimen, rule, chance)
            if not found.ways[rule]:
                found.why_not[rule] = "no two good rows differ but for what must be unique"
    for per_rule in _PER_RULE:
        sought = {r: c for r, c in stated.items() if r.id not in _COPIES and not found.ways[r]}
        drafts = list(_drafted(specimen, sought, per_rule, chance, found))
        if drafts:
            _choose(specimen, pl.concat(drafts), list(sought.items()), found)
    for number, name in enumerate(specimen.schema.columns):
        found.ways[Rule(READABLE, name, "")] = _unreadable(specimen, name, number)
    return found


def _drafted(
    specimen: Specimen,
    sought: dict[Rule, pa.Check | None],
    height: int,
    chance: np.random.Generator,
    found: Breaks,
) -> Iterator[pl.DataFrame]:
    """For each rule rows that may break it alone, marked with its number."""
    for number, (rule, check) in enumerate(sought.items()):
        cells = _cells(specimen, rule, check)
        if cells is None:
            pools = specimen.pools if height == _PER_RULE[0] else _widened(specimen.pools)
            draft = _searched(specimen, pools, chance)
        elif cells:
            draft = _changed(specimen, str(rule.column), cells, height, chance)
        else:
            found.why_not[rule] = _no_value(specimen, rule)
            continue
        yield draft.with_columns(pl.lit(number, pl.Int64).alias(_RULE))


def with_break(frame: pl.DataFrame, *chosen: Break) -> pl.DataFrame:
    """The batch with these rows in their places."""
    places = pl.concat(
        [each.row.with_columns(pl.lit(each.at, pl.UInt32).alias(_AT)) for each in chosen]
    )
    numbered = frame.with_row_index(_AT)
    rest = numbered.join(places, on=_AT, how="anti")
    return pl.concat([rest, places.select(numbered.columns)]).sort(_AT).drop(_AT)


def _cells(specimen: Specimen, rule: Rule, check: pa.Check | None) -> list[Any] | None:
    """The cells that break a rule of one column; None: only its own code knows."""
    if rule.id == REQUIRED and check is None:
        return [None]
    if check is None or rule.column is None or not is_declared(check):
        return None
    return list(specimen.pools[rule.column].bad[rule.id])


def _no_value(specimen: Specimen, rule: Rule) -> str:
    shadows = specimen.pools[str(rule.column)].shadows.get(rule.id)
    if shadows:
        return f"every value that breaks it breaks {', '.join(shadows)} of the column, too"
    return "no value of the column breaks it"


def _changed(
    specimen: Specimen, name: str, cells: list[Any], height: int, chance: np.random.Generator
) -> pl.DataFrame:
    """Good rows with a wrong cell; half of them with other cells, too, as another rule may ask."""
    at = chance.integers(0, specimen.frame.height, height)
    rows = specimen.frame[at]
    others = drawn(specimen.pools, specimen.schema, height, chance)
    kept, redraw = specimen.contract.info().key, pl.Series(np.arange(height) % 2 == 0)
    redrawn = [others[c].zip_with(redraw, rows[c]) for c in rows.columns if c not in kept]
    wrong = pl.Series(name, cells, dtype=specimen.frame.schema[name], strict=False)
    return rows.with_columns(redrawn).with_columns(
        wrong.gather(pl.Series(np.arange(height) // 2 % len(cells))),
        pl.Series(_AT, at, dtype=pl.UInt32),
    )


def _widened(pools: dict[str, Pool]) -> dict[str, Pool]:
    """With the values that break another rule: they tell what shadows a rule."""
    return {
        name: replace(p, good=(*p.good, *(value for bad in p.bad.values() for value in bad)))
        for name, p in pools.items()
    }


def _searched(
    specimen: Specimen, pools: dict[str, Pool], chance: np.random.Generator
) -> pl.DataFrame:
    """Random rows of the pools, and good rows with one or two random cells."""
    frame, key = specimen.frame, specimen.contract.info().key
    at = chance.integers(0, frame.height, _SEARCHED)
    rows = frame[at]
    others = drawn(pools, specimen.schema, _SEARCHED, chance)
    free = [name for name in frame.columns if name not in key] or list(frame.columns)
    changed = [chance.integers(0, len(free), _SEARCHED) for _ in range(2)]
    all_new = pl.Series(np.arange(_SEARCHED) % 2 == 0)
    columns = []
    for number, name in enumerate(free):
        new = all_new | pl.Series((changed[0] == number) | (changed[1] == number))
        columns.append(others[name].zip_with(new, rows[name]))
    return rows.with_columns(*columns, pl.Series(_AT, at, dtype=pl.UInt32))


def _choose(
    specimen: Specimen,
    drafts: pl.DataFrame,
    stated: list[tuple[Rule, pa.Check | None]],
    found: Breaks,
) -> None:
    """The drafts that break no other rule; of code that is searched, those that break its rule."""
    frame = drafts.select(specimen.frame.columns)
    passes = {
        rule: passing
        for rule, passing in row_verdicts(specimen.schema, frame)
        if rule.id not in _COPIES
    }
    broken = pl.Series(np.zeros(frame.height, dtype=np.int64))
    for passing in passes.values():
        broken += (~passing).cast(pl.Int64)
    fits = not_refused(specimen.contract, frame, specimen.lenient, broken <= 1, set())
    for number in drafts[_RULE].unique().sort():
        rule, check = stated[number]
        of_rule = drafts[_RULE] == number
        alone = of_rule & (broken - (~passes[rule]).cast(pl.Int64) == 0)
        if _cells(specimen, rule, check) is None:
            alone &= ~passes[rule]
        alone = alone & fits if (alone & fits).any() else alone
        places = alone.arg_true()
        found.why_not.pop(rule, None)
        if places.is_empty():
            found.why_not[rule] = _why_none(rule, of_rule, passes)
            continue
        for place in places.gather_every(max(1, places.len() // _TRIES))[:_TRIES]:
            at = int(drafts[_AT][place])
            found.ways[rule].append(Break(rule, at, frame[place], frozenset([at])))


def _why_none(rule: Rule, of_rule: pl.Series, passes: dict[Rule, pl.Series]) -> str:
    """Why no draft of a rule breaks it alone."""
    fails = of_rule & ~passes[rule]
    tried, count = int(of_rule.sum()), int(fails.sum())
    if not count:
        return f"none of {tried} rows tried breaks it: does it always pass?"
    together = {
        other: int((fails & ~passing).sum()) for other, passing in passes.items() if other != rule
    }
    with_all = [_named(other) for other, n in together.items() if n == count]
    if with_all:
        return f"each of {count} rows that break it breaks {', '.join(with_all)}, too"
    often = sorted(together, key=lambda other: -together[other])[:3]
    named = ", ".join(_named(other) for other in often)
    return f"each of {count} rows that break it breaks another rule, too: {named}"


def _named(rule: Rule) -> str:
    return f"{rule.id} ({rule.column})" if rule.column else rule.id


def _copies(specimen: Specimen, rule: Rule, chance: np.random.Generator) -> list[Break]:
    """Good rows with the key, or the unique cell, of another row: both must be refused."""
    frame = specimen.frame
    if frame.height < 2:
        return []
    of, at = (chance.integers(0, frame.height, _PER_RULE[0]) for _ in range(2))
    same = list(specimen.contract.info().key) if rule.id == KEY_UNIQUE else [str(rule.column)]
    copies = frame[at].with_columns(frame[of][name] for name in same)
    good = (
        pl.Series(of != at)
        & copies.select(
            pl.any_horizontal(pl.col(name).ne_missing(frame[of][name]) for name in frame.columns)
        ).to_series()
    )
    for stated, passing in row_verdicts(specimen.schema, copies):
        if stated.id not in _COPIES:
            good &= passing
    places = good.arg_true()[:_TRIES].to_list()
    return [Break(rule, int(at[n]), copies[n], frozenset([int(at[n]), int(of[n])])) for n in places]


def _unreadable(specimen: Specimen, name: str, first: int) -> list[Break]:
    """A cell that says something its type cannot hold, first in row ``first``."""
    rule, height = Rule(READABLE, name, ""), specimen.frame.height
    places = dict.fromkeys((first + n * height // _TRIES) % height for n in range(_TRIES))
    return [
        Break(
            rule,
            at,
            specimen.frame[at].with_columns(pl.lit(None, specimen.frame.schema[name]).alias(name)),
            frozenset([at]),
            unreadable=name,
        )
        for at in places
    ]
