"""Rows written by hand: each is refused by the rule that it is there for, and by nothing else.

They stand in ``tests/contracts/<sector>/<dataset>.py``. A contract needs no such file: that each
of its rules bites is proved without one (``tests/quality/test_proof.py``). A file is a second
source, by somebody who knows the data; what it says is held here.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from contracts.base import KEY_UNIQUE, REQUIRED, BatchContext, BatchFinding
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.quality.evaluate import evaluate
from tests.contracts.cases import Row, all_cases, frame_of
from tests.quality.frames import ARRIVED, broken, conformed

# "120" and "grdp" are listed so that their bad form is all that is wrong with them
REFERENCES = {
    "admin_unit.commune": pl.Series(["12001", "12002", "120"]),
    "admin_unit.province": pl.Series(["33"]),
    "indicator.code": pl.Series(["GRDP_GROWTH", "grdp"]),
}
CONTEXT = BatchContext(ARRIVED, REFERENCES)


CASES = all_cases()


def judged(dataset: str, *rows: Row) -> set[tuple[int, str, str | None]]:
    contract = all_contracts()[dataset]
    return broken(evaluate(contract, conformed(frame_of(dataset, *rows)), CONTEXT))


def every_case() -> Iterator[tuple[str, str, str | None]]:
    """Each rule of a row that a file breaks; and emptiness, which needs no row."""
    for dataset, case in CASES.items():
        for rule in all_contracts()[dataset].row_rules(CONTEXT):
            if rule.id == REQUIRED or (rule.id, rule.column) in case.breaks:
                yield dataset, rule.id, rule.column


RULES = list(every_case())


def test_every_case_is_of_a_rule_that_there_is() -> None:
    assert len(CASES) >= 25
    assert len(RULES) >= 376
    assert set(CASES) <= set(all_contracts()), "tests/contracts mirrors contracts, file by file"
    cases = {
        (dataset, rule, column) for dataset, case in CASES.items() for rule, column in case.breaks
    }
    assert cases <= set(RULES)


@pytest.mark.parametrize("dataset", CASES)
def test_the_valid_row_passes_everything(dataset: str) -> None:
    contract = all_contracts()[dataset]
    assert list(CASES[dataset].valid) == contract.polars_schema().names()
    found = evaluate(contract, conformed(frame_of(dataset, {})), CONTEXT)
    assert found.broken.is_empty()
    about_rows = [r for r in found.results if r.evaluated == 1]
    assert len(about_rows) >= len(contract.row_rules(CONTEXT))
    assert all(result.passed == 1 for result in about_rows)


@pytest.mark.parametrize(
    ("dataset", "change"),
    [(dataset, change) for dataset, case in CASES.items() for change in case.at_the_limit],
)
def test_a_row_at_the_limit_passes(dataset: str, change: Row) -> None:
    assert judged(dataset, change) == set()


@pytest.mark.parametrize(
    ("dataset", "rule", "column"), RULES, ids=[f"{d}-{r}-{c}" for d, r, c in RULES]
)
def test_each_rule_refuses_the_row_that_breaks_it(
    dataset: str, rule: str, column: str | None
) -> None:
    breaks = CASES[dataset].breaks
    change = {str(column): None} if rule == REQUIRED else breaks[rule, column]
    if rule == KEY_UNIQUE:
        assert judged(dataset, {}, change) == {(0, rule, column), (1, rule, column)}
        return
    # beside a good row, which stays good
    assert judged(dataset, CASES[dataset].beside, change) == {(1, rule, column)}


@pytest.mark.parametrize("dataset", CASES)
def test_every_rule_tells_the_officer_what_is_wrong(dataset: str) -> None:
    contract = all_contracts()[dataset]
    titles = {name: col.title for name, col in contract.columns().items()}
    rules = contract.row_rules(CONTEXT)
    assert rules
    for rule in rules:
        assert rule.message_vi
        if rule.column:
            assert titles[rule.column] in rule.message_vi
    for judged_whole in contract.batch_rules():
        assert judged_whole.rule.message_vi


# --- rules about the whole batch ----------------------------------------------------------------


def finding(dataset: str, rule: str, *rows: Row) -> BatchFinding:
    judges = {r.rule.id: r.judge for r in all_contracts()[dataset].batch_rules()}
    context = BatchContext(ARRIVED, {"admin_unit.commune": pl.Series(["12001", "12002"])})
    return judges[rule](frame_of(dataset, *rows), context)


@pytest.mark.parametrize(
    ("dataset", "rule", "rows", "expected"),
    [(dataset, *batch) for dataset, case in CASES.items() for batch in case.batches],
)
def test_batch_rules(dataset: str, rule: str, rows: list[Row], expected: BatchFinding) -> None:
    assert finding(dataset, rule, *rows) == expected


def test_every_case_of_a_batch_is_of_a_rule_that_there_is() -> None:
    known = {
        (dataset, judged_whole.rule.id)
        for dataset, contract in all_contracts().items()
        for judged_whole in contract.batch_rules()
    }
    cases = {(dataset, rule) for dataset, case in CASES.items() for rule, _, _ in case.batches}
    assert len(cases) >= 10
    assert cases <= known
