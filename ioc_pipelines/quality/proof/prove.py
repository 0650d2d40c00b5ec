"""Is each rule of a contract proved to bite: refused by it alone, where it alone is broken.

A proof judges a good batch in which one thing is wrong, by `judge` as the pipeline does, and
compares what is refused with what must be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

import polars as pl

from contracts.base import (
    KEY_UNIQUE,
    UNIQUE,
    BatchContext,
    BatchRule,
    Contract,
    Rule,
    rules_of,
)
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.quality.clocks import (
    EVENT_AGE,
    PUBLISHED,
    event_age_result,
    published_result,
)
from ioc_pipelines.quality.delivery_rules import (
    CONTROL_TOTAL,
    CORRECTION_APPLIES,
    ON_TIME,
    SOURCE_FILES,
    STRUCTURE,
    control_result,
    correction_result,
    file_results,
    on_time_result,
)
from ioc_pipelines.quality.evaluate import READABLE, RuleDidNotRunError, RuleResult
from ioc_pipelines.quality.known_errors import KNOWN_ERROR, with_dropped
from ioc_pipelines.quality.proof.breaks import Break, Breaks, breaks, with_break
from ioc_pipelines.quality.proof.specimen import NoGoodRowError, Specimen, conformed, specimen
from ioc_pipelines.quality.proof.values import MOMENT
from ioc_pipelines.quality.split import DISTINCT, FLOOR, Verdict, judge

Kind = Literal["row", "batch", "delivery"]
ANY_DATASET = "*"
_At = tuple[str, str | None]
_SHOWN = 3


@dataclass(frozen=True)
class Proof:
    """Whether a rule of a dataset bites; ``why_not`` says what came in its way."""

    dataset: str
    rule: str
    dimension: str
    column: str | None
    kind: Kind
    why_not: str = ""

    @property
    def proved(self) -> bool:
        """Whether the rule refuses what it must, and nothing else does."""
        return not self.why_not

    def as_json(self) -> dict[str, Any]:
        """As the command tells it."""
        return {**asdict(self), "proved": self.proved}


def prove(contract: type[Contract]) -> list[Proof]:
    """A proof, or its failure, for every rule of a contract."""
    try:
        good = specimen(contract)
    except NoGoodRowError as error:
        return list(_no_good_row(contract, error))
    except RuleDidNotRunError as error:
        return [_proof(contract, rule, kind, str(error)) for rule, kind in _all(contract)]
    return [*_row_proofs(good), *_batch_proofs(good), *_own_proofs(good)]


def prove_delivery_rules() -> list[Proof]:
    """The rules about a delivery belong to every dataset and see counts, not rows."""
    good = [*file_results(2, 0, 0), *control_result(2, 2), *_corrected(("a", "b")), *_clocks()]
    spoilt: list[tuple[Rule, list[RuleResult], set[str]]] = [
        (SOURCE_FILES, file_results(2, 0, 1), {SOURCE_FILES.id}),
        # a file of another structure cannot be used: it is one that lacks, too
        (STRUCTURE, file_results(2, 1, 0), {SOURCE_FILES.id, STRUCTURE.id}),
        (CONTROL_TOTAL, control_result(1, 2), {CONTROL_TOTAL.id}),
        (CORRECTION_APPLIES, _corrected(("a",), ("b",)), {CORRECTION_APPLIES.id}),
        (ON_TIME, _clocks(arrived_days=3), {ON_TIME.id}),
        (EVENT_AGE, _clocks(event_days=6), {EVENT_AGE.id}),
        (PUBLISHED, _clocks(waiting_days=2), {PUBLISHED.id}),
    ]
    proofs = []
    for rule, results, expected in spoilt:
        before, after = _failing(good), _failing(results)
        why_not = "" if not before and after == expected else f"breaks {sorted(after)}"
        proofs.append(Proof(ANY_DATASET, rule.id, rule.dimension, rule.column, "delivery", why_not))
    return proofs


# --- rules of a row ------------------------------------------------------------------------------


def _row_proofs(good: Specimen) -> Iterator[Proof]:
    """All rules at once, each in a row of its own; what fails so is tried alone."""
    try:
        found = breaks(good)
    except RuleDidNotRunError as error:
        yield from (_proof(good.contract, r, "row", str(error)) for r in _of_rows(good))
        return
    proved = {at for group in _groups(found) for at in _proved_together(good, group)}
    for rule in _of_rows(good):
        why_not = found.why_not.get(rule, "")
        if not why_not and (rule.id, rule.column) not in proved:
            why_not = _why_not_one_by_one(good, found.ways[rule])
        yield _proof(good.contract, rule, "row", why_not)


def _of_rows(good: Specimen) -> list[Rule]:
    named = [rule for rule, _ in rules_of(good.schema)]
    return [*named, *(Rule(READABLE, name, "") for name in good.schema.columns)]


def _groups(found: Breaks) -> list[list[Break]]:
    """Ways that can be judged together: no two in one place; copies and text that cannot be read
    apart from empty cells, which would make equal keys."""
    groups: dict[str, list[Break]] = {}
    for rule, ways in found.ways.items():
        name = rule.id if rule.id in (KEY_UNIQUE, UNIQUE, READABLE) else "cells"
        group = groups.setdefault(name, [])
        taken = {place for each in group for place in each.refused}
        group += [way for way in ways if not way.refused & taken][:1]
    return [group for group in groups.values() if group]


def _proved_together(good: Specimen, group: list[Break]) -> set[_At]:
    """Those rules of the group that alone refuse their rows."""
    try:
        verdict = _judged(good, *group)
    except RuleDidNotRunError:
        return set()
    by_row = _rules_by_row(verdict)
    if set(by_row) != {place for each in group for place in each.refused}:
        return set()
    named = {(each.rule.id, each.rule.column): each for each in group}
    return {
        at for at, each in named.items() if all(by_row[place] == {at} for place in each.refused)
    }


def _why_not_one_by_one(good: Specimen, ways: list[Break]) -> str:
    """Why the first way does not prove its rule; nothing as soon as one way does."""
    first = ""
    for way in ways:
        why_not = _why_not_alone(good, way)
        if not why_not:
            return ""
        first = first or why_not
    return first or "there is no way to break it"


def _why_not_alone(good: Specimen, way: Break) -> str:
    """Why a broken rule is not all that is refused; nothing when it is."""
    try:
        by_row = _rules_by_row(_judged(good, way))
    except RuleDidNotRunError as error:
        return str(error)
    expected = {(way.rule.id, way.rule.column)}
    if unharmed := way.refused - set(by_row):
        return f"a row that breaks it is accepted (row {min(unharmed)})"
    for place in sorted(way.refused):
        if not expected & by_row[place]:
            return f"a row that breaks it is refused by others only: {_listed(by_row[place])}"
        if more := by_row[place] - expected:
            return f"a row that breaks it is refused by others, too: {_listed(more)}"
    if beside := set(by_row) - way.refused:
        named = set().union(*(by_row[place] for place in beside))
        return f"{len(beside)} good rows are refused beside it: {_listed(named)}"
    return ""


def _judged(good: Specimen, *ways: Break) -> Verdict:
    frame = with_break(good.frame, *ways)
    cells = [(way.at, way.unreadable) for way in ways if way.unreadable]
    return judge(good.contract, conformed(frame, cells), good.lenient, 0)


def _rules_by_row(verdict: Verdict) -> dict[int, set[_At]]:
    """Rule and column of all that is broken, by row; held rows have the rule they wait for."""
    found: dict[int, set[_At]] = {}
    for row, rule, column in verdict.broken.select(ROW_ID, "rule", "column_name").iter_rows():
        found.setdefault(row, set()).add((rule, column))
    return found


# --- rules of the batch --------------------------------------------------------------------------


def _batch_proofs(good: Specimen) -> Iterator[Proof]:
    before: list[RuleResult] = []
    for number, judged in enumerate(good.contract.batch_rules()):
        try:
            before = before or _findings(good, _judged_whole(good, good.frame, good.context))
            why_not = _why_not_spoilt(good, before[number], number, judged)
        except RuleDidNotRunError as error:
            why_not = str(error)
        yield _proof(good.contract, judged.rule, "batch", why_not)


def _why_not_spoilt(good: Specimen, own: RuleResult, number: int, rule: BatchRule) -> str:
    """Why spoiling the batch does not break this rule alone; nothing when it does.

    ``own``: what the rule found of the good batch.
    """
    if not own.evaluated:
        return "it says nothing of a good batch: nothing is evaluated"
    if own.passed < own.evaluated:
        return f"a good batch breaks it: {own.passed} of {own.evaluated} pass; {own.detail}"
    try:
        frame, context = rule.spoil(good.frame, good.context)
    except Exception as error:  # noqa: BLE001  the contract's own code: it may raise anything
        return f"its spoil does not run: {type(error).__name__}: {error}"
    after = _judged_whole(good, frame, context)
    findings = _findings(good, after)
    if findings[number].passed == findings[number].evaluated:
        return "its spoil does nothing: the spoilt batch passes"
    others = [
        (r.rule.id, r.rule.column)
        for n, r in enumerate(findings)
        if n != number and r.passed < r.evaluated
    ]
    if others:
        return f"its spoil breaks other rules of the batch, too: {_listed(others)}"
    refused = set(after.broken.select("rule", "column_name").iter_rows())
    if more := refused - {(rule.rule.id, rule.rule.column)}:
        return f"its spoil breaks rules of rows, too: {_listed(more)}"
    if rule.holds and after.status != "held":
        return f"it holds batches, but the spoilt one is {after.status}"
    return ""


def _judged_whole(good: Specimen, frame: pl.DataFrame, context: BatchContext) -> Verdict:
    return judge(good.contract, conformed(frame), context, 0)


def _findings(good: Specimen, verdict: Verdict) -> list[RuleResult]:
    """The results of the batch rules, in the contract's order: they stand before the last one."""
    count = len(good.contract.batch_rules())
    return list(verdict.results[-1 - count : -1])


# --- rules that every contract has ---------------------------------------------------------------


def _own_proofs(good: Specimen) -> Iterator[Proof]:
    """What each contract is judged by beside what it states.

    An exact duplicate is counted and not refused; a batch under its floor is refused whole; a row
    that the register of known errors drops is refused.
    """
    proofs: list[tuple[Rule, Callable[[Specimen], str]]] = [
        (DISTINCT, _why_not_distinct),
        (FLOOR, _why_not_floor),
        (KNOWN_ERROR, _why_not_known_error),
    ]
    for rule, why_not in proofs:
        try:
            yield _proof(good.contract, rule, "batch", why_not(good))
        except RuleDidNotRunError as error:
            yield _proof(good.contract, rule, "batch", str(error))


def _why_not_distinct(good: Specimen) -> str:
    verdict = _judged_whole(good, pl.concat([good.frame, good.frame[:1]]), good.context)
    last = verdict.results[-1]
    if (verdict.rows_duplicate, last.evaluated - last.passed) != (1, 1):
        return f"{verdict.rows_duplicate} duplicates are counted where there is one"
    if not verdict.quarantined.is_empty():
        return f"{verdict.quarantined.height} rows are refused: {_refusing(verdict)}"
    return ""


def _why_not_floor(good: Specimen) -> str:
    name = good.frame.columns[0]
    empty = good.frame[:1].with_columns(pl.lit(None, good.frame.schema[name]).alias(name))
    frame = pl.concat([empty, good.frame[1:]])
    verdict = judge(good.contract, conformed(frame, [(0, name)]), good.context, 1.0)
    by_row = _rules_by_row(verdict)
    expected = {place: {(FLOOR.id, FLOOR.column)} for place in range(1, frame.height)}
    if by_row == {0: {(READABLE, name)}, **expected}:
        return ""
    return f"the batch is {verdict.status}: {_refusing(verdict)}"


def _why_not_known_error(good: Specimen) -> str:
    rest, dropped = conformed(good.frame), conformed(good.frame[:1]).rows
    rows = rest.rows.filter(pl.col(ROW_ID) > 0)
    judged = judge(good.contract, Conformed(rows, rest.received, rest.unreadable), good.lenient, 0)
    verdict = with_dropped(judged, dropped)
    if _rules_by_row(verdict).get(0) == {(KNOWN_ERROR.id, KNOWN_ERROR.column)}:
        return ""
    return f"the row that is dropped is not refused for it: {_refusing(verdict)}"


# --- words ---------------------------------------------------------------------------------------


def _no_good_row(contract: type[Contract], error: NoGoodRowError) -> Iterator[Proof]:
    """Who keeps every row from being good; the others cannot be tried."""
    blocking = {(rule.id, rule.column): n for rule, n in error.blocking.items()}
    for rule, kind in _all(contract):
        refused = blocking.get((rule.id, rule.column))
        if refused == error.drafts:
            why_not = f"it refuses each of {refused} rows tried: can any row pass?"
        else:
            why_not = f"no good row could be made, because of {_listed(blocking)}"
        yield _proof(contract, rule, kind, why_not)


def _all(contract: type[Contract]) -> Iterator[tuple[Rule, Kind]]:
    """Every rule with its kind, without a good batch to look at."""
    context = BatchContext(MOMENT, _Empty())
    yield from ((rule, "row") for rule in contract.row_rules(context))
    yield from ((Rule(READABLE, name, ""), "row") for name in contract.columns())
    yield from ((judged.rule, "batch") for judged in contract.batch_rules())
    yield from ((rule, "batch") for rule in (DISTINCT, FLOOR, KNOWN_ERROR))


class _Empty(dict[str, pl.Series]):
    """Any reference list, empty."""

    def __missing__(self, name: str) -> pl.Series:
        return pl.Series([], dtype=pl.String)


def _proof(contract: type[Contract], rule: Rule, kind: Kind, why_not: str) -> Proof:
    return Proof(contract.info().dataset, rule.id, rule.dimension, rule.column, kind, why_not)


def _refusing(verdict: Verdict) -> str:
    return _listed(verdict.broken.select("rule", "column_name").unique().iter_rows())


def _listed(rules: Iterable[_At | tuple[Any, ...]]) -> str:
    """The first few rules by name."""
    named = sorted(f"{rule} ({column})" if column else str(rule) for rule, column in rules)
    more = len(named) - _SHOWN
    return ", ".join(named[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _failing(results: Iterable[RuleResult]) -> set[str]:
    return {result.rule.id for result in results if result.passed < result.evaluated}


def _corrected(applied: Sequence[str], differ: Sequence[str] = ()) -> list[RuleResult]:
    return correction_result(applied, differ, absent=["not sent"])


def _clocks(
    *, arrived_days: int = 1, event_days: int = 1, waiting_days: int = 1
) -> list[RuleResult]:
    """The three clocks of a daily feed whose data may be two days old."""
    limit, day = timedelta(days=2), timedelta(days=1)
    return [
        on_time_result(arrived_days * day, limit),
        *event_age_result("daily", limit, MOMENT - event_days * day, MOMENT),
        published_result(MOMENT - waiting_days * day, MOMENT),
    ]
