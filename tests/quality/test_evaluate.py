"""Stock pandera is the oracle: the one-plan evaluation must find the same rows and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from contracts.base import (
    KEY_UNIQUE,
    REQUIRED,
    BatchContext,
    BatchRule,
    Contract,
    Rule,
    column,
)
from contracts.base import BatchFinding as Finding
from contracts.public_services.procedure_dossier import ProcedureDossier
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.quality.evaluate import READABLE, Evaluation, RuleDidNotRunError, evaluate
from ioc_pipelines.quality.proof.specimen import specimen
from tests.quality.frames import (
    ARRIVED,
    Broken,
    broken,
    conformed,
    context_for,
    contract_of,
    frames,
)

STOCK_NAMES = {"not_nullable": REQUIRED, "multiple_fields_uniqueness": KEY_UNIQUE}


def test_there_are_contracts_to_compare() -> None:
    assert len(all_contracts()) >= 14


@pytest.mark.parametrize("dataset", all_contracts())
def test_every_real_contract_agrees_with_stock_pandera(dataset: str) -> None:
    contract = all_contracts()[dataset]
    good = specimen(contract)
    context = good.context
    seen: Counter[str] = Counter()

    @settings(max_examples=25)
    @given(frame=frames(contract, context), start=st.integers(0, 10_000))
    @example(frame=good.frame.head(1), start=0)  # chance may find no row that breaks nothing
    def compare(frame: pl.DataFrame, start: int) -> None:
        # ids that are neither the row's place nor in its order
        ids = [start + 7 * place for place in reversed(range(frame.height))]
        expected = stock(contract, frame, ids, context)
        found = evaluate(contract, conformed(frame, ids), context)
        # what neighbours decide is beyond pandera: test_value_rules.py
        of_batch = {(judged.rule.id, judged.rule.column) for judged in contract.batch_rules()}
        assert {b for b in broken(found) if b[1:] not in of_batch} == expected
        assert_complete(found, contract, context, frame.height)
        seen.update(rule for _, rule, _ in expected)
        seen["all pass"] += frame.height > 0 and not expected

    compare()
    rules = {rule.id for rule in contract.row_rules(context)}
    # that each single rule bites: test_proof.py
    assert len(rules & set(seen)) > len(rules) / 2, seen
    assert seen["all pass"] > 0


def test_random_contracts_agree_with_stock_pandera() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=100)
    @given(data=st.data(), contract=random_contracts())
    def compare(data: st.DataObject, contract: type[Contract]) -> None:
        context = context_for(contract)
        frame = data.draw(frames(contract, context))
        ids = [3 + 2 * place for place in range(frame.height)]
        expected = stock(contract, frame, ids, context)
        found = evaluate(contract, conformed(frame, ids), context)
        assert broken(found) == expected
        assert_complete(found, contract, context, frame.height)
        seen.update(rule for _, rule, _ in expected)
        seen["all pass"] += frame.height > 0 and not expected

    compare()
    assert len(seen) >= 10, seen
    assert seen["all pass"] > 0
    assert seen[KEY_UNIQUE] > 0
    assert seen[REQUIRED] > 0


def test_nan_is_missing_where_a_number_is_required() -> None:
    contract = contract_of(
        {"k": (str, column(vi="K", en="k")), "x": (float, column(vi="X", en="x", ge=0))},
        key=("k",),
    )
    frame = pl.DataFrame({"k": ["a", "b", "c"], "x": [float("nan"), None, 1.0]})
    found = evaluate(contract, conformed(frame), BatchContext(ARRIVED))
    assert broken(found) == {(0, REQUIRED, "x"), (1, REQUIRED, "x")}


def test_every_copy_of_a_composite_key_breaks_it() -> None:
    contract = contract_of(
        {
            "k": (str, column(vi="K", en="k")),
            "n": (int, column(vi="N", en="n")),
            "note": (str, column(vi="Ghi chú", en="note")),
        },
        key=("k", "n"),
    )
    frame = pl.DataFrame(
        {"k": ["a", "a", "a", "b"], "n": [1, 1, 2, 1], "note": ["first", "second", "x", "x"]}
    )
    found = evaluate(contract, conformed(frame), BatchContext(ARRIVED))
    assert broken(found) == {(0, KEY_UNIQUE, None), (1, KEY_UNIQUE, None)}


def test_an_unreadable_cell_breaks_readable_and_not_required() -> None:
    contract = contract_of(
        {"k": (str, column(vi="K", en="k")), "n": (int, column(vi="Số ca", en="n", ge=0))},
        key=("k",),
    )
    frame = pl.DataFrame(
        {"k": ["a", "b", "c"], "n": [None, None, 3]}, schema={"k": pl.String, "n": pl.Int64}
    )
    batch = conformed(frame, ids=[5, 6, 7], unreadable=[(5, "n")])
    found = evaluate(contract, batch, BatchContext(ARRIVED))
    assert broken(found) == {(5, READABLE, "n"), (6, REQUIRED, "n")}
    counts = {(r.rule.id, r.rule.column): (r.passed, r.evaluated) for r in found.results}
    assert counts[READABLE, "n"] == (2, 3)
    assert counts[REQUIRED, "n"] == (2, 3)
    assert counts[READABLE, "k"] == (3, 3)
    message = found.broken.filter(pl.col("rule") == READABLE)["message_vi"].to_list()
    assert message == ["Số ca: ô không đọc được, phải là số nguyên"]


def test_unreadable_cells_of_rows_outside_the_batch_do_not_count() -> None:
    contract = contract_of({"k": (str, column(vi="K", en="k"))}, key=("k",))
    batch = conformed(pl.DataFrame({"k": ["a"]}), ids=[1], unreadable=[(99, "k")])
    found = evaluate(contract, batch, BatchContext(ARRIVED))
    assert found.broken.is_empty()
    assert all(result.passed == result.evaluated == 1 for result in found.results)


def test_an_unreadable_cell_breaks_no_rule_across_columns() -> None:
    """A done dossier whose time of finishing says something is not one without such a time."""
    context = context_for(ProcedureDossier)
    moment = ARRIVED.replace(tzinfo=None)
    frame = pl.DataFrame(
        {
            "dossier_code": ["H33.01-261101-00001"],
            "procedure_code": ["1.000001"],
            "commune_code": ["12001"],
            "applicant_name": ["Nguyễn Văn A"],
            "channel": ["online"],
            "status": ["done"],
            "received_at": [moment],
            "due_at": [moment],
            "finished_at": [None],
            "updated_at": [moment],
        },
        schema=ProcedureDossier.polars_schema(),
    )
    missing = evaluate(ProcedureDossier, conformed(frame), context)
    assert broken(missing) == {(0, "complete.finished_when_done", None)}
    unread = evaluate(ProcedureDossier, conformed(frame, unreadable=[(0, "finished_at")]), context)
    assert broken(unread) == {(0, READABLE, "finished_at")}


def test_an_empty_key_is_not_equal_to_one_that_cannot_be_read() -> None:
    """The second row is valid; the fourth and fifth share a key, though one has a bad amount."""
    contract = contract_of(
        {
            "old": (str, column(vi="Mã cũ", en="old", nullable=True)),
            "n": (int, column(vi="N", en="n", nullable=True)),
        },
        key=("old",),
    )
    frame = pl.DataFrame(
        {"old": [None, None, "a", "b", "b"], "n": [1, 2, 3, None, 5]},
        schema=contract.polars_schema(),
    )
    batch = conformed(frame, unreadable=[(0, "old"), (3, "n")])
    found = evaluate(contract, batch, BatchContext(ARRIVED))
    assert broken(found) == {
        (0, READABLE, "old"),
        (3, READABLE, "n"),
        (3, KEY_UNIQUE, None),
        (4, KEY_UNIQUE, None),
    }


def test_unreadable_keys_are_not_equal_keys() -> None:
    contract = contract_of({"day": (pl.Date, column(vi="Ngày", en="day"))}, key=("day",))
    frame = pl.DataFrame({"day": [None, None, date(2026, 1, 1)]}, schema={"day": pl.Date})
    batch = conformed(frame, unreadable=[(0, "day"), (1, "day")])
    found = evaluate(contract, batch, BatchContext(ARRIVED))
    assert broken(found) == {(0, READABLE, "day"), (1, READABLE, "day")}


def crash(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
    msg = "a defect of the contract"
    raise ArithmeticError(msg)


def one_verdict(cls: Any, data: pa.PolarsData) -> bool:
    return True


def fewer_rows(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.filter(pl.col("n") > 1).select(pl.col("n") > 0)


def rows_pass(*verdicts: Callable[[str], pl.Expr]) -> Callable[..., pl.LazyFrame]:
    """A check as contracts write them; each verdict is made from the checked column's name."""

    def check(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            verdict(data.key).alias(f"v{i}") for i, verdict in enumerate(verdicts)
        )

    return check


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(crash, id="raises"),
        pytest.param(rows_pass(lambda _: pl.col("nope") > 0), id="no column"),
        pytest.param(rows_pass(lambda _: pl.col("k").cast(pl.Int64) > 0), id="collect fails"),
        pytest.param(rows_pass(lambda _: pl.col("n")), id="not a verdict"),
        pytest.param(one_verdict, id="one verdict for all"),
        pytest.param(rows_pass(lambda _: pl.col("n").sum() > 0), id="an aggregate"),
        pytest.param(fewer_rows, id="fewer verdicts than rows"),
    ],
)
def test_a_rule_without_a_verdict_for_every_row_is_an_error(check: Callable[..., Any]) -> None:
    contract = contract_of(
        {"k": (str, column(vi="K", en="k")), "n": (int, column(vi="N", en="n"))},
        key=("k",),
        made_up=pa.dataframe_check(error="correct.made_up", description="Sai")(check),
    )
    frame = pl.DataFrame({"k": ["a", "b", "c"], "n": [1, 2, 3]})
    with pytest.raises(RuleDidNotRunError, match=r"correct\.made_up"):
        evaluate(contract, conformed(frame), BatchContext(ARRIVED))


def test_a_column_that_must_be_unique_is_held_to_it() -> None:
    """What stock pandera checks without a Check object is not left out in silence."""
    contract = contract_of(
        {
            "k": (str, column(vi="K", en="k")),
            "serial": (str, column(vi="Số", en="serial", unique=True)),
        },
        key=("k",),
    )
    frame = pl.DataFrame({"k": ["a", "b"], "serial": ["1", "1"]})
    try:
        found = evaluate(contract, conformed(frame), BatchContext(ARRIVED))
    except ValueError:
        return  # to refuse such a contract is as good
    assert {row for row, _, _ in broken(found)} == {0, 1}


def test_two_checks_of_one_kind_on_one_column_do_not_share_their_name() -> None:
    """A result is stored by rule and column: either is refused, or they are one."""
    kept = column(vi="Mã", en="code", str_startswith="a", str_endswith="z")
    contract = contract_of({"code": (str, kept)}, key=("code",))
    try:
        found = evaluate(contract, conformed(pl.DataFrame({"code": ["b"]})), BatchContext(ARRIVED))
    except ValueError:
        return
    named = [(result.rule.id, result.rule.column) for result in found.results]
    assert len(named) == len(set(named))


def unspoilt(frame: pl.DataFrame, context: BatchContext) -> tuple[pl.DataFrame, BatchContext]:
    return frame, context


def batch_judged(judge: Any, *, holds: bool = False) -> Any:
    rule = BatchRule(Rule("correct.own", "k", "Sai"), judge, unspoilt, holds)
    contract = contract_of(
        {"k": (str, column(vi="K", en="k"))}, key=("k",), __batch_rules__=(rule,)
    )
    frame = pl.DataFrame({"k": ["a", "b", "c"]})
    return evaluate(contract, conformed(frame, ids=[4, 5, 9]), BatchContext(ARRIVED))


def test_a_batch_rule_refuses_the_rows_it_names() -> None:
    found = batch_judged(lambda frame, _: Finding(2, 3, "1 dòng", frame["k"] == "b"))
    assert broken(found) == {(5, "correct.own", "k")}
    assert (found.results[-1].passed, found.results[-1].evaluated) == (2, 3)
    assert found.holding == ()


def test_a_holding_rule_that_is_broken_speaks_against_the_batch() -> None:
    found = batch_judged(lambda *_: Finding(1, 2, "nhóm x"), holds=True)
    assert [(r.rule.id, r.detail) for r in found.holding] == [("correct.own", "nhóm x")]
    assert found.broken.is_empty()
    assert batch_judged(lambda *_: Finding(2, 2), holds=True).holding == ()


@pytest.mark.parametrize(
    "judge",
    [
        pytest.param(lambda *_: Finding(1, 3, "", pl.Series([True])), id="too few verdicts"),
        pytest.param(lambda frame, _: frame.select("not_there"), id="no such column"),
    ],
)
def test_a_batch_rule_that_did_not_run_is_an_error(judge: Any) -> None:
    with pytest.raises(RuleDidNotRunError, match=r"correct\.own"):
        batch_judged(judge)


def test_batch_rules_see_the_rows_and_the_context() -> None:
    def every_code(frame: pl.DataFrame, context: BatchContext) -> Finding:
        wanted = context.references["codes"]
        return Finding(int(wanted.is_in(frame["k"].to_list()).sum()), wanted.len(), "thiếu c")

    contract = contract_of(
        {"k": (str, column(vi="K", en="k"))},
        key=("k",),
        __batch_rules__=(
            BatchRule(Rule("complete.every_code", None, "Thiếu mã"), every_code, unspoilt),
        ),
    )
    context = BatchContext(ARRIVED, {"codes": pl.Series(["a", "b", "c"])})
    found = evaluate(contract, conformed(pl.DataFrame({"k": ["a", "b"]})), context)
    last = found.results[-1]
    assert (last.rule.id, last.passed, last.evaluated) == ("complete.every_code", 2, 3)
    assert last.detail == "thiếu c"
    assert found.broken.is_empty()


def test_an_empty_batch_is_judged_by_every_rule() -> None:
    for contract in all_contracts().values():
        context = context_for(contract)
        empty = conformed(pl.DataFrame(schema=contract.polars_schema()))
        found = evaluate(contract, empty, context)
        assert found.broken.is_empty()
        assert_complete(found, contract, context, 0)


def stock(
    contract: type[Contract], frame: pl.DataFrame, ids: list[int], context: BatchContext
) -> Broken:
    """What ``schema.validate(lazy=True)`` finds."""
    try:
        contract.schema(context).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return set()
    assert cases["index"].null_count() == 0, cases
    return {
        (
            ids[case["index"]],
            STOCK_NAMES.get(case["check"], case["check"]),
            None if case["schema_context"] == "DataFrameSchema" else case["column"],
        )
        for case in cases.rows(named=True)
    }


def assert_complete(
    evaluation: Evaluation, contract: type[Contract], context: BatchContext, height: int
) -> None:
    """One result per rule, and passed + failed = evaluated for each rule about rows."""
    row_rules = [(rule.id, rule.column) for rule in contract.row_rules(context)]
    readable = [(READABLE, name) for name in contract.polars_schema()]
    batch_rules = [(judged.rule.id, judged.rule.column) for judged in contract.batch_rules()]
    listed = [(result.rule.id, result.rule.column) for result in evaluation.results]
    assert listed == row_rules + readable + batch_rules
    failed = Counter(evaluation.broken.select("rule", "column_name").rows())
    about_rows = evaluation.results[: len(row_rules) + len(readable)]
    assert about_rows
    for result in about_rows:
        assert result.evaluated == height
        # two checks of one kind on one column share their id
        if listed.count((result.rule.id, result.rule.column)) == 1:
            assert result.passed + failed[result.rule.id, result.rule.column] == height


# --- random contracts ---------------------------------------------------------------------------

_DAY = ARRIVED.date()
_MOMENT = ARRIVED.replace(tzinfo=None)
_CHECKS: dict[Any, list[dict[str, Any]]] = {
    str: [
        {"str_matches": r"^\d{2}$"},
        {"str_length": {"min_value": 1, "max_value": 3}},
        {"str_startswith": "a"},
        {"str_contains": "n"},
        {"notin": ["b", ""]},
        {"isin": ["a", "b", "c"]},
        {"references": "made_up"},
    ],
    int: [{"ge": 1}, {"gt": 1}, {"le": 5}, {"lt": 5}, {"in_range": (0, 7)}, {"ne": 2}, {"eq": 1}],
    float: [{"ge": 0.5}, {"gt": 0.0}, {"le": 2.0}, {"lt": 2.0}, {"in_range": (0, 5)}, {"ne": 2.0}],
    bool: [{"eq": True}],
    pl.Date: [{"ge": date(2026, 1, 1)}, {"not_after_arrival": True}, {"max_age_days": 30}],
    pl.Datetime("us"): [{"le": _MOMENT}, {"not_after_arrival": True}, {"max_age_days": 30}],
}


@st.composite
def random_contracts(draw: st.DrawFn) -> type[Contract]:
    names = [f"c{i}" for i in range(draw(st.integers(1, 4)))]
    kinds = {name: draw(st.sampled_from(list(_CHECKS))) for name in names}
    columns = {}
    for name, kind in kinds.items():
        chosen = draw(st.lists(st.sampled_from(_CHECKS[kind]), max_size=2))
        checks = {key: value for check in chosen for key, value in check.items()}
        options: dict[str, Any] = {
            "nullable": draw(st.booleans()),
            "ignore_na": draw(st.booleans()),
        }
        columns[name] = (kind, column(vi=name.upper(), en=name, **options, **checks))
    key = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)))
    return contract_of(columns, key=key, **draw(_members(names)))


@st.composite
def _members(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Rules across columns and of a single column, written as contracts write them."""
    one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    across = [
        rows_pass(lambda _: pl.col(one).is_not_null() | pl.col(other).is_null()),
        rows_pass(lambda _: pl.col(one).cast(pl.String) >= pl.col(other).cast(pl.String)),
        rows_pass(lambda _: pl.col(one) == pl.col(one).first()),
        rows_pass(
            lambda _: pl.col(one) == pl.col(one).max(), lambda _: pl.col(other).is_not_null()
        ),
    ]
    single = [
        rows_pass(lambda key: pl.col(key) == pl.col(key).first()),
        rows_pass(lambda key: pl.col(key).is_first_distinct()),
    ]
    members: dict[str, Any] = {}
    for i, function in enumerate(draw(st.lists(st.sampled_from(across), max_size=2))):
        options = {"ignore_na": draw(st.booleans())}
        mark = pa.dataframe_check(error=f"correct.across_{i}", description="Sai", **options)
        members[f"across_{i}"] = mark(function)
    for i, function in enumerate(draw(st.lists(st.sampled_from(single), max_size=1))):
        mark = pa.check(one, error=f"clean.single_{i}", description="Sai")
        members[f"single_{i}"] = mark(function)
    return members
