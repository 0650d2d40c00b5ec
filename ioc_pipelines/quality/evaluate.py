"""Which row breaks which rule: every rule of a contract, evaluated in one plan.

The rules are pandera's own checks, each run by pandera's polars backend, but collected together
once (STACK, decision 3). Stock ``schema.validate(lazy=True)`` must find the same rows and rules;
``tests/quality/test_evaluate.py`` holds it to that with random frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandera.backends.polars.container  # noqa: F401  not first imported by two threads
import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.constants import CHECK_OUTPUT_KEY
from polars.exceptions import PolarsError

from contracts.base import (
    DIMENSIONS,
    KEY_UNIQUE,
    UNIQUE,
    BatchContext,
    BatchFinding,
    BatchRule,
    Contract,
    Rule,
    rules_of,
)
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.repeats import marked, repeated

# by the columns that are asked to be unique: true for each row that has its cells not alone
Repeats = Mapping[tuple[str, ...], pl.Series]

READABLE = "correct.readable"
BROKEN_SCHEMA = pl.Schema(
    {  # type: ignore[arg-type]
        ROW_ID: pl.UInt32,
        "rule": pl.String,
        "dimension": pl.Enum(DIMENSIONS),
        "column_name": pl.String,
        "message_vi": pl.String,
    }
)
_READABLE_AS = {
    "integer": "số nguyên",
    "float": "số",
    "date": "ngày có thật, viết đúng mẫu",
    "text": "chữ đọc được, không lỗi phông",
}


class RuleDidNotRunError(RuntimeError):
    """A rule of the contract gave no verdict for every row: a defect of the contract."""


@dataclass(frozen=True)
class RuleResult:
    """How one rule fared over a batch."""

    rule: Rule
    passed: int
    evaluated: int
    detail: str = ""


@dataclass(frozen=True)
class Evaluation:
    """``broken``: one row per refused row and rule. ``results``: one per rule, in order.

    ``holding``: those results that speak against the batch as a whole.
    """

    broken: pl.DataFrame
    results: tuple[RuleResult, ...]
    holding: tuple[RuleResult, ...] = ()


def evaluate(contract: type[Contract], batch: Conformed, context: BatchContext) -> Evaluation:
    """Hold a conformed batch to every rule of its contract.

    Raises RuleDidNotRunError when a rule gives no verdict for each row, and pandera's
    SchemaError is never raised: the frame has the contract's columns and types by construction.
    """
    ids = batch.rows[ROW_ID]
    parts = failing_rows(contract, contract.schema(context), batch)
    results = [RuleResult(rule, ids.len() - failing.len(), ids.len()) for rule, failing in parts]
    frame = batch.rows.select(contract.polars_schema().names())
    findings = list(batch_findings(contract, frame, context))
    parts += [
        (judged.rule, ids.filter(found.rows))
        for judged, found in findings
        if found.rows is not None
    ]
    said, holding = results_of(findings)
    return Evaluation(broken_rules(parts), (*results, *said), holding)


def failing_rows(
    contract: type[Contract],
    schema: pa.DataFrameSchema,
    batch: Conformed,
    again: Repeats | None = None,
) -> list[tuple[Rule, pl.Series]]:
    """Each rule about rows with the ids of those that break it.

    ``again``: of rows that are a piece of a batch, which have a key or value that the batch has
    more than once.
    """
    ids = batch.rows[ROW_ID]
    frame = batch.rows.select(contract.polars_schema().names())
    unreadable = batch.unreadable.filter(pl.col(ROW_ID).is_in(ids.implode()))
    parts = [
        (rule, _without_unreadable(ids.filter(~passes), rule, unreadable))
        for rule, passes in row_verdicts(schema, frame, unread_cells(unreadable, ids), again)
    ]
    return [*parts, *_readable(schema, unreadable)]


def results_of(
    findings: Iterable[tuple[BatchRule, BatchFinding]],
) -> tuple[list[RuleResult], tuple[RuleResult, ...]]:
    """What the rules about the batch found, and those that hold it."""
    results, holding = [], []
    for judged, finding in findings:
        result = RuleResult(judged.rule, finding.passed, finding.evaluated, finding.detail)
        results.append(result)
        if judged.holds and result.passed < result.evaluated:
            holding.append(result)
    return results, tuple(holding)


def batch_findings(
    contract: type[Contract], frame: pl.DataFrame, context: BatchContext
) -> Iterable[tuple[BatchRule, BatchFinding]]:
    """Each rule about the batch with what it found.

    Raises RuleDidNotRunError when a rule raises, or does not judge each row that it judges.
    """
    for judged in contract.batch_rules():
        yield judged, batch_finding(contract, judged, frame, context)


def batch_finding(
    contract: type[Contract], judged: BatchRule, frame: pl.DataFrame, context: BatchContext
) -> BatchFinding:
    """What one rule about the batch found. Raises RuleDidNotRunError as ``batch_findings``."""
    try:
        finding = judged.judge(frame, context)
    except Exception as error:  # the contract's own code: it may raise anything
        msg = f"{contract.info().dataset}: {judged.rule.id}: {type(error).__name__}"
        raise RuleDidNotRunError(msg) from error
    if finding.rows is not None and finding.rows.len() != frame.height:
        verdicts = f"{finding.rows.len()} verdicts for {frame.height} rows"
        msg = f"{contract.info().dataset}: {judged.rule.id}: {verdicts}"
        raise RuleDidNotRunError(msg)
    return finding


def row_verdicts(
    schema: pa.DataFrameSchema,
    frame: pl.DataFrame,
    unread: Mapping[str, pl.Series] | None = None,
    again: Repeats | None = None,
) -> Iterable[tuple[Rule, pl.Series]]:
    """Each rule of a named schema with whether each row passes; all come from one collect.

    ``unread``: of columns that have some, which cells cannot be read; they are equal to no other.
    ``again``: which rows are not alone with their key or value, where that is known already.
    Raises RuleDidNotRunError when a rule gives no verdict for each row.
    """
    rules = list(rules_of(schema))
    lazy = frame.lazy()
    plans = [
        _unique(rule, schema, frame, unread or {}, again)
        if check is None and rule.id in (KEY_UNIQUE, UNIQUE)
        else _passes(rule, check, schema, lazy)
        for rule, check in rules
    ]
    try:
        masks = pl.concat(
            [plan.rename({CHECK_OUTPUT_KEY: str(i)}) for i, plan in enumerate(plans)],
            how="horizontal",
        ).collect()
    except PolarsError:
        for (rule, _), plan in zip(rules, plans, strict=True):
            _require_verdicts(schema, rule, plan, frame.height)
        raise
    for i, (rule, _) in enumerate(rules):
        yield rule, masks[str(i)]


def _passes(
    rule: Rule, check: pa.Check | None, schema: pa.DataFrameSchema, lazy: pl.LazyFrame
) -> pl.LazyFrame:
    """One Boolean column: whether each row passes the rule."""
    if check is None:
        return lazy.select(_present(rule, schema).alias(CHECK_OUTPUT_KEY))
    try:
        backend: Any = check.get_backend(lazy)(check)
        output: pl.LazyFrame = backend.apply(PolarsData(lazy, rule.column or "*"))
        kind = output.collect_schema()[CHECK_OUTPUT_KEY]
    except Exception as error:  # a check is the contract's own code: it may raise anything
        raise _did_not_run(schema, rule, type(error).__name__) from error
    if kind != pl.Boolean:
        raise _did_not_run(schema, rule, f"gives {kind}, not a verdict")
    return output.select(pl.col(CHECK_OUTPUT_KEY).fill_null(check.ignore_na))


def _require_verdicts(
    schema: pa.DataFrameSchema, rule: Rule, plan: pl.LazyFrame, rows: int
) -> None:
    """Run one rule alone. Raises RuleDidNotRunError when it is the one that cannot run."""
    try:
        verdicts = plan.collect().height
    except PolarsError as error:
        raise _did_not_run(schema, rule, type(error).__name__) from error
    if verdicts != rows:
        raise _did_not_run(schema, rule, f"{verdicts} verdicts for {rows} rows")


def _did_not_run(schema: pa.DataFrameSchema, rule: Rule, why: str) -> RuleDidNotRunError:
    return RuleDidNotRunError(f"{schema.name}: {rule.id} ({rule.column or 'row'}): {why}")


def _unique(
    rule: Rule,
    schema: pa.DataFrameSchema,
    frame: pl.DataFrame,
    unread: Mapping[str, pl.Series],
    again: Repeats | None,
) -> pl.LazyFrame:
    """Whether each row is the only one of its key or value, in pandera's own sense."""
    names = unique_names(rule, schema)
    repeats = not_alone(frame, names, unread) if again is None else again[names]
    return pl.LazyFrame({CHECK_OUTPUT_KEY: ~repeats})


def unique_names(rule: Rule, schema: pa.DataFrameSchema) -> tuple[str, ...]:
    """The columns that a rule of uniqueness is about: one, or the key."""
    return (str(rule.column),) if rule.column else tuple(schema.unique or ())


def unique_rules(schema: pa.DataFrameSchema) -> list[Rule]:
    """The rules that no row can be judged by alone."""
    return [r for r, check in rules_of(schema) if check is None and r.id in (KEY_UNIQUE, UNIQUE)]


def not_alone(
    frame: pl.DataFrame, names: Sequence[str], unread: Mapping[str, pl.Series]
) -> pl.Series:
    """Which rows share these cells with another; what cannot be read is shared with none."""
    hidden = [unread[name] for name in names if name in unread]
    if not hidden:
        return repeated(frame, names)
    known = (~pl.select(pl.any_horizontal(hidden)).to_series()).arg_true()
    return marked(known.filter(repeated(frame[known], names)), frame.height)


def _present(rule: Rule, schema: pa.DataFrameSchema) -> pl.Expr:
    """Whether there is a value, in pandera's own sense."""
    present = pl.col(str(rule.column)).is_not_null()
    if schema.columns[rule.column].dtype.type.is_float():
        present &= pl.col(str(rule.column)).is_not_nan().fill_null(False)
    return present


def unread_cells(unreadable: pl.DataFrame, ids: pl.Series) -> dict[str, pl.Series]:
    """By column, which of the rows cannot be read there."""
    return {
        str(name): ids.is_in(cells[ROW_ID].implode())
        for (name,), cells in unreadable.group_by("column")
    }


def _without_unreadable(failing: pl.Series, rule: Rule, unreadable: pl.DataFrame) -> pl.Series:
    """A cell that says something unreadable breaks ``correct.readable`` only.

    It is not empty, and a rule of several columns cannot be judged without it; whether a key comes
    twice can, where the key itself is read.
    """
    if unreadable.is_empty() or rule.id == KEY_UNIQUE:
        return failing
    of_rule = unreadable if rule.column is None else unreadable.filter(column=rule.column)
    return failing.filter(~failing.is_in(of_rule[ROW_ID].implode()))


def _readable(
    schema: pa.DataFrameSchema, unreadable: pl.DataFrame
) -> Iterable[tuple[Rule, pl.Series]]:
    """The rule that a cell can be read as its column's type, for each column."""
    for name, col in schema.columns.items():
        message = f"{col.title}: ô không đọc được, phải là {_READABLE_AS[_kind(col.dtype.type)]}"
        yield (
            Rule(READABLE, name, message),
            unreadable.filter(pl.col("column") == name)[ROW_ID],
        )


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "float"
    return "date" if dtype.is_temporal() else "text"


def broken_rules(parts: Sequence[tuple[Rule, pl.Series]]) -> pl.DataFrame:
    """One row per refused row and rule, by row and then in the order of the rules."""
    rules = pl.DataFrame(
        [(rule.id, rule.dimension, rule.column, rule.message_vi) for rule, _ in parts],
        schema={name: kind for name, kind in BROKEN_SCHEMA.items() if name != ROW_ID},
        orient="row",
    )
    cells = [
        pl.select(failing.alias(ROW_ID).cast(pl.UInt32), pl.lit(number, pl.UInt32).alias("_rule"))
        for number, (_, failing) in enumerate(parts)
        if not failing.is_empty()
    ]
    if not cells:
        return pl.DataFrame(schema=BROKEN_SCHEMA)
    ordered = pl.concat(cells).sort(ROW_ID, "_rule")
    return pl.concat([ordered.select(ROW_ID), rules[ordered["_rule"]]], how="horizontal")
