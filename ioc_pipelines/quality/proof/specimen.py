"""A good batch of any contract, made of what the contract declares.

Every combination of the key columns' values is a row, so that each unit reports in each period;
the other cells are drawn until the row breaks no rule. Same contract, same batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandera.polars as pa
import polars as pl

from contracts.base import BatchContext, Contract, Rule
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.quality.evaluate import batch_findings, evaluate, row_verdicts
from ioc_pipelines.quality.proof.values import MOMENT, Pool, allows, is_declared, pool

_KEY_VALUES = {1: (480,), 2: (24, 24), 3: (24, 6, 4), 4: (24, 4, 3, 2)}
_MANY_KEYS = (12, 3, 2, 2, 2, 2, 2, 2)
_OTHER_VALUES = 12
_DRAFTS, _ROUNDS, _PATIENCE, _REPAIRS = 6_000, 12, 3, 6
_EMPTY_SHARE, _FEW, _CHANGED, _QUIET = 0.1, 30, 0.15, 0.7
_AT = "_at"


class NoGoodRowError(Exception):
    """No drafted row breaks nothing. ``blocking``: the rules that no draft, or the fewest, pass."""

    def __init__(self, blocking: dict[Rule, int], drafts: int) -> None:
        """Name the rules with how many of the ``drafts`` each refused."""
        self.blocking, self.drafts = blocking, drafts
        super().__init__(", ".join(f"{rule.id} ({n} of {drafts})" for rule, n in blocking.items()))


@dataclass(frozen=True)
class Specimen:
    """A good batch: ``frame`` in the contract's columns, ``context`` in which it is judged.

    ``lenient`` also lists malformed codes in the reference lists, so that a bad form can be all
    that is wrong with a code. ``pools``: the values of each column; ``schema`` the named rules.
    """

    contract: type[Contract]
    frame: pl.DataFrame
    context: BatchContext
    lenient: BatchContext
    pools: dict[str, Pool]
    schema: pa.DataFrameSchema


class _Lists(dict[str, pl.Series]):
    """Reference lists; what another dataset has is what this one says in the columns that ask."""

    def __init__(
        self,
        contract: type[Contract],
        lists: dict[str, pl.Series],
        frame: pl.DataFrame,
        more: dict[str, list[str]],
    ) -> None:
        super().__init__(lists)
        self._frame, self._more = frame, more
        self._asking: dict[str, list[str]] = {}
        for judged in contract.batch_rules():
            for name in judged.looks_in:
                self._asking.setdefault(name, []).append(str(judged.rule.column))

    def __missing__(self, name: str) -> pl.Series:
        if name not in self._asking:
            raise KeyError(name)
        parts = []
        for column in self._asking[name]:
            said = self._frame[column].drop_nulls()
            more = pl.Series(self._more.get(column, []), dtype=said.dtype, strict=False)
            parts += [said, more]
        return pl.concat(part.rename("") for part in parts).unique().sort()

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


def specimen(contract: type[Contract]) -> Specimen:
    """A good batch of the contract. Raises NoGoodRowError, and RuleDidNotRunError as `evaluate`."""
    sizes = _sizes(contract)
    good, extra = _reference_lists(contract, sizes)
    lenient = _context({name: [*good[name], *extra[name]] for name in good})
    schema = contract.schema(lenient)
    pools = _pools(schema, sizes)
    for name, col in schema.columns.items():
        if listed := (col.metadata or {}).get("references"):
            kept = tuple(v for v in good[listed] if v in pools[name].good)
            pools[name] = replace(pools[name], good=kept)
    frame = _good_batch(contract, schema, pools, _context(good))
    wrong = {name: [v for bad in p.bad.values() for v in bad] for name, p in pools.items()}
    contexts = (
        _seen(contract, _context(good), frame),
        _seen(contract, lenient, frame, wrong),
    )
    return Specimen(contract, frame, *contexts, pools, schema)


def conformed(frame: pl.DataFrame, unreadable: Iterable[tuple[int, str]] = ()) -> Conformed:
    """A frame as a conformed batch; ``unreadable`` names cells by row number and column."""
    rows = frame.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW_ID),
        pl.lit("chung-minh.csv").alias("_file"),
        pl.lit(None, pl.String).alias("_sheet"),
        pl.int_range(2, pl.len() + 2).alias("_row"),
        pl.all(),
    )
    cells = pl.DataFrame(
        [(row, name, "?") for row, name in unreadable],
        schema={ROW_ID: pl.UInt32, "column": pl.String, "text": pl.String},
        orient="row",
    )
    return Conformed(rows, rows.select(ROW_ID), cells)


def drawn(
    pools: dict[str, Pool], schema: pa.DataFrameSchema, height: int, chance: np.random.Generator
) -> pl.DataFrame:
    """Random cells for every column, a tenth of them empty where the column may be."""
    series = []
    for name, col in schema.columns.items():
        values = pl.Series(name, pools[name].good, dtype=col.dtype.type, strict=False)
        cells = values.gather(chance.integers(0, values.len(), height))
        if col.nullable:
            empty = pl.Series(chance.random(height) < _EMPTY_SHARE)
            cells = cells.to_frame().select(pl.when(~empty).then(pl.col(name))).to_series()
        series.append(cells)
    return pl.DataFrame(series)


def _sizes(contract: type[Contract]) -> dict[str, int]:
    """How many values each key column gets; the period gets the most."""
    key = sorted(contract.info().key, key=lambda name: name != contract.info().period_column)
    return dict(zip(key, _KEY_VALUES.get(len(key), _MANY_KEYS), strict=False))


def _context(lists: dict[str, list[str]]) -> BatchContext:
    validity = {
        name: pl.DataFrame(
            {"code": codes, "valid_from": date(2003, 1, 1), "valid_to": None},
            schema_overrides={"code": pl.String, "valid_to": pl.Date},
        )
        for name, codes in lists.items()
    }
    listed = {name: pl.Series(codes, dtype=pl.String) for name, codes in lists.items()}
    return BatchContext(MOMENT, listed, validity)


def _seen(
    contract: type[Contract],
    context: BatchContext,
    frame: pl.DataFrame,
    more: dict[str, list[str]] | None = None,
) -> BatchContext:
    """The context of a batch that says what the batch before said.

    Other datasets know what it says, and ``more`` of each column.
    """
    lists = _Lists(contract, dict(context.references), frame, more or {})
    return replace(context, references=lists, previous=frame.lazy())


def _reference_lists(
    contract: type[Contract], sizes: dict[str, int]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """For each list named: codes that suit every column that names it, and malformed ones."""
    named: dict[str, list[pa.Column]] = {}
    for col in contract.columns().values():
        if listed := (col.metadata or {}).get("references"):
            named.setdefault(listed, []).append(col)
    good: dict[str, list[str]] = {}
    extra: dict[str, list[str]] = {}
    for listed, columns in named.items():
        size = max(sizes.get(col.name, _KEY_VALUES[4][1]) for col in columns)
        pools = [pool(col, at_most=size * 4, distinct=size * 4) for col in columns]
        checks = [c for col in columns for c in col.checks if is_declared(c)]
        suits = [v for v in pools[0].good if all(allows(c, v) for c in checks)]
        good[listed] = suits[:size]
        extra[listed] = [v for p in pools for values in p.bad.values() for v in values[:2]]
    return good, extra


def _pools(schema: pa.DataFrameSchema, sizes: dict[str, int]) -> dict[str, Pool]:
    distinct = {name: size for name, size in sizes.items() if size}
    distinct |= {n: _KEY_VALUES[1][0] for n, col in schema.columns.items() if col.unique}
    return {
        name: pool(col, at_most=distinct.get(name, _OTHER_VALUES), distinct=distinct.get(name, 0))
        for name, col in schema.columns.items()
    }


def _good_batch(
    contract: type[Contract],
    schema: pa.DataFrameSchema,
    pools: dict[str, Pool],
    context: BatchContext,
) -> pl.DataFrame:
    """One good row for each key; rows that their neighbours make wrong are drawn again."""
    drawing = _Drawing(contract, schema, pools, context)
    names = list(contract.info().key)
    frame = _rows_for(drawing, _keys(contract, schema, pools))
    for _ in range(_REPAIRS):
        found = evaluate(contract, conformed(frame), _seen(contract, context, frame))
        wrong = found.broken[ROW_ID].unique().sort()
        if wrong.is_empty() or wrong.len() == frame.height:
            break
        kept = frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(wrong.to_list()))
        again = _rows_for(drawing, frame[wrong].select(names))
        frame = pl.concat([kept, again]).sort(names)
    for judged in contract.batch_rules():
        frame = judged.mend(frame) if judged.mend else frame
    return frame


def _keys(
    contract: type[Contract], schema: pa.DataFrameSchema, pools: dict[str, Pool]
) -> pl.DataFrame:
    """Every combination of the key columns' values."""
    keys = pl.DataFrame({_AT: [0]})
    for name in contract.info().key:
        kind = schema.columns[name].dtype.type
        keys = keys.join(pl.DataFrame({name: pl.Series(pools[name].good, dtype=kind)}), how="cross")
    return keys.drop(_AT)


@dataclass
class _Drawing:
    """What rows are drawn from, and what was learned: which batch rules single rows can pass."""

    contract: type[Contract]
    schema: pa.DataFrameSchema
    pools: dict[str, Pool]
    context: BatchContext
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    passable: set[Rule] = field(default_factory=set)
    blocking: dict[Rule, int] = field(default_factory=dict)


def _rows_for(drawing: _Drawing, keys: pl.DataFrame) -> pl.DataFrame:
    """A row that breaks no rule for each key; the keys that found none in time are left out."""
    names, found = keys.columns, list[pl.DataFrame]()
    missing = keys
    for turn in range(_ROUNDS):
        drafts = _drafts(drawing, missing, found, turn)
        good = drafts.filter(_breaks_nothing(drawing, drafts))
        if not good.is_empty():
            found.append(_one_each(good, names))
            missing = missing.join(found[-1].select(names), on=names, how="anti")
        if missing.is_empty() or (found and good.is_empty() and turn > _PATIENCE):
            break
    if not found:
        raise NoGoodRowError(drawing.blocking, _DRAFTS)
    return pl.concat(found).sort(names)


def _drafts(
    drawing: _Drawing, keys: pl.DataFrame, found: list[pl.DataFrame], turn: int
) -> pl.DataFrame:
    """Random rows with these keys; half of them with most cells of a row that was good.

    Where rules relate several columns chance finds few good rows: from these it goes on. While
    there is none, numbers are mostly zeroes, among which sums come out right.
    """
    height = max(_DRAFTS, keys.height)
    rows = drawn(drawing.pools, drawing.schema, height, drawing.chance)
    if found:
        good = pl.concat(found)
        other, kept = good[drawing.chance.integers(0, good.height, height)], 1 - _CHANGED
        half = np.arange(height) < height // 2
    else:
        zeroes = [
            pl.lit(0).cast(kind).alias(n)
            for n, kind in rows.schema.items()
            if _has_zero(drawing, n)
        ]
        other, kept = rows.with_columns(zeroes), _QUIET if turn else 0.0
        half = np.zeros(height, dtype=bool)
    rows = rows.with_columns(
        rows[name].zip_with(pl.Series(half | (drawing.chance.random(height) >= kept)), other[name])
        for name in rows.columns
    )
    at = pl.Series(np.arange(rows.height) % keys.height)
    chosen = keys[at]
    return rows.with_columns(chosen[name] for name in keys.columns)


def _has_zero(drawing: _Drawing, name: str) -> bool:
    return any(value == 0 and not isinstance(value, bool) for value in drawing.pools[name].good)


def _breaks_nothing(drawing: _Drawing, drafts: pl.DataFrame) -> pl.Series:
    """Which drafts no rule refuses, but those that a row's neighbours decide.

    ``blocking`` learns how many of the drafts each rule refuses when no draft is good.
    """
    passed = pl.repeat(True, drafts.height, dtype=pl.Boolean, eager=True)
    refused: dict[Rule, int] = {}
    for rule, passes in row_verdicts(drawing.schema, drafts):
        if rule.id not in ("clean.key_unique", "clean.unique"):
            passed &= passes
            refused[rule] = int((~passes).sum())
    if not passed.any():
        worst = max(refused.values(), default=0)
        drawing.blocking.update({rule: n for rule, n in refused.items() if n and n >= worst})
        return passed
    seen = _seen(drawing.contract, drawing.context, drafts)
    return passed & not_refused(drawing.contract, drafts, seen, passed, drawing.passable)


def not_refused(
    contract: type[Contract],
    drafts: pl.DataFrame,
    context: BatchContext,
    among: pl.Series,
    passable: set[Rule],
) -> pl.Series:
    """Which drafts no batch rule refuses.

    A rule that never passed one of those ``among`` them looks at neighbours, and drafts are none:
    it is left out. ``passable`` learns the others.
    """
    kept = pl.repeat(True, drafts.height, dtype=pl.Boolean, eager=True)
    for judged, finding in batch_findings(contract, drafts, context):
        if finding.rows is not None:
            rows = finding.rows.fill_null(value=False)
            if (among & ~rows).any():
                passable.add(judged.rule)
            if judged.rule in passable:
                kept &= ~rows
    return kept


def _one_each(good: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """A row for each key: the fullest, for every thirtieth key the emptiest."""
    empty = pl.sum_horizontal(pl.all().is_null())
    turn = pl.struct(names).rank("dense") % _FEW == 0
    order = pl.when(turn).then(-empty.cast(pl.Int64)).otherwise(empty.cast(pl.Int64))
    ordered = good.with_columns(order.alias(_AT)).sort(_AT, maintain_order=True).drop(_AT)
    return ordered.unique(names, keep="first", maintain_order=True)
