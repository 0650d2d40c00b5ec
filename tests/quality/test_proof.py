"""Every rule of every contract bites; and a rule that does not is found, with the reason.

Nobody writes a test for a new contract: it is in the list by being there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from typer.testing import CliRunner

from contracts.base import DIMENSIONS, BatchContext, BatchFinding, BatchRule, Rule, column
from contracts.batch_rules import coverage_kept, row_count_as_before, units_reported
from contracts.value_rules import exists_in, residue, year_of_code
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.cli import app
from ioc_pipelines.quality import split
from ioc_pipelines.quality.evaluate import READABLE, Evaluation
from ioc_pipelines.quality.proof.prove import Proof, prove, prove_delivery_rules
from ioc_pipelines.quality.proof.specimen import conformed, specimen
from ioc_pipelines.quality.split import judge
from ioc_pipelines.serving import proofs
from tests.quality.frames import contract_of

Spoilt = tuple[pl.DataFrame, BatchContext]
CODE = column(vi="Mã", en="code", str_matches=r"^[A-Z]\d{3}$")
COUNT = column(vi="Số", en="count", ge=0)


def why_not(contract: Any) -> dict[tuple[str, str | None], str]:
    """What is not proved, and why."""
    return {(p.rule, p.column): p.why_not for p in prove(contract) if not p.proved}


# --- every contract ------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", all_contracts())
def test_every_rule_of_every_contract_bites(dataset: str) -> None:
    contract = all_contracts()[dataset]
    found = prove(contract)
    assert [p for p in found if not p.proved] == []
    stated = [(rule.id, rule.column) for rule in contract.row_rules(specimen(contract).context)]
    readable = [(READABLE, name) for name in contract.columns()]
    of_batch = [(judged.rule.id, judged.rule.column) for judged in contract.batch_rules()]
    own = [
        ("clean.exact_duplicate", None),
        ("complete.acceptance_floor", None),
        ("correct.known_error", None),
    ]
    assert [(p.rule, p.column) for p in found] == [*stated, *readable, *of_batch, *own]
    # no fewer than pandera itself lists
    schema = contract.to_schema()
    checks = [check for col in schema.columns.values() for check in col.checks] + schema.checks
    needed = [name for name, col in schema.columns.items() if not col.nullable]
    assert sum(p.proved for p in found) >= len(checks) + len(needed) + len(of_batch)
    assert {p.dimension for p in found} <= set(DIMENSIONS)


@pytest.mark.parametrize("dataset", all_contracts())
def test_the_batch_made_up_for_a_contract_is_good(dataset: str) -> None:
    good = specimen(all_contracts()[dataset])
    verdict = judge(good.contract, conformed(good.frame), good.context, 1.0)
    assert verdict.status == "accepted"
    assert verdict.rows_duplicate == 0
    assert verdict.accepted.height == good.frame.height >= 100
    assert [r for r in verdict.results if r.passed < r.evaluated or not r.evaluated] == []


def test_the_rules_about_deliveries_are_proved_too() -> None:
    found = prove_delivery_rules()
    assert [(p.rule, p.kind, p.proved) for p in found] == [
        ("complete.source_files", "delivery", True),
        ("correct.structure", "delivery", True),
        ("correct.control_total", "delivery", True),
        ("correct.correction_applies", "delivery", True),
        ("live.on_time", "delivery", True),
        ("live.event_age", "delivery", True),
        ("live.published", "delivery", True),
    ]


def test_a_proof_is_the_same_each_time() -> None:
    contract = all_contracts()["public_services.citizen_feedback"]
    assert specimen(contract).frame.equals(specimen(contract).frame)
    assert prove(contract) == prove(contract)


# --- what is not proved --------------------------------------------------------------------------


def verdicts(expr: pl.Expr | Callable[[], Any]) -> Any:
    """A rule across columns."""

    def check(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(expr() if callable(expr) else expr)

    return pa.dataframe_check(error="correct.own", description="Sai")(check)


def with_rule(rule: Any, **columns: Any) -> Any:
    return contract_of(
        {"code": (str, CODE), "count": (int, COUNT), **columns}, key=("code",), own=rule
    )


def test_a_good_rule_is_proved() -> None:
    assert why_not(with_rule(verdicts(pl.col("count") != 3))) == {}


def test_a_rule_that_always_passes() -> None:
    found = why_not(with_rule(verdicts(pl.col("count").is_not_null() | True)))
    assert list(found) == [("correct.own", None)]
    assert "does it always pass?" in found["correct.own", None]


def test_a_rule_that_always_fails_keeps_all_others_from_being_tried() -> None:
    contract = with_rule(verdicts(pl.col("count") < -100))
    found = why_not(contract)
    assert len(found) == len(prove(contract)) > 5
    assert found["correct.own", None] == "it refuses each of 6000 rows tried: can any row pass?"
    assert found["correct.min", "count"] == "no good row could be made, because of correct.own"


def test_a_rule_that_raises() -> None:
    def crash() -> Any:
        raise ArithmeticError

    found = why_not(with_rule(verdicts(crash)))
    assert "correct.own" in found["correct.own", None]
    assert "ArithmeticError" in found["correct.own", None]


def test_a_rule_that_another_one_shadows() -> None:
    """Whoever breaks the own rule has a negative count, which is refused already."""
    found = why_not(with_rule(verdicts(pl.col("count") > -3)))
    assert list(found) == [("correct.own", None)]
    assert "correct.min (count)" in found["correct.own", None]


def test_a_declared_check_that_another_one_shadows() -> None:
    level = column(vi="Cấp", en="level", isin=["a", "b"], str_length={"max_value": 3})
    found = why_not(with_rule(verdicts(pl.col("count") != 3), level=(str, level)))
    assert found == {
        ("clean.length", "level"): "every value that breaks it breaks correct.enum of the column,"
        " too"
    }


def test_a_rule_that_the_evaluation_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof goes by what is declared: it does not believe the evaluation it judges."""
    evaluate = split.evaluate

    def forgetful(*given: Any) -> Evaluation:
        found = evaluate(*given)
        kept = (pl.col("rule") != "correct.min").fill_null(value=True)
        return Evaluation(found.broken.filter(kept), found.results, found.holding)

    contract = with_rule(verdicts(pl.col("count") != 3))
    monkeypatch.setattr(split, "evaluate", forgetful)
    found = why_not(contract)
    assert list(found) == [("correct.min", "count")]
    assert "is accepted" in found["correct.min", "count"]


def test_a_rule_that_refuses_the_neighbours_too() -> None:
    """It looks at the whole column: one bad row and every row is refused."""
    found = why_not(
        with_rule(verdicts(pl.col("count").is_not_null() & (pl.col("count").min() > -1)))
    )
    assert found[("correct.min", "count")]


# --- rules of the batch --------------------------------------------------------------------------


def batch_rule(
    judge: Callable[[pl.DataFrame, BatchContext], BatchFinding],
    spoil: Callable[[pl.DataFrame, BatchContext], Spoilt],
) -> BatchRule:
    return BatchRule(Rule("complete.own", None, "Sai"), judge, spoil)


def many_rows(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
    return BatchFinding(int(frame.height > 10), 1, f"{frame.height} dòng")


def few_rows(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
    return frame.head(3), context


def nothing(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
    return frame, context


def crash(*_: Any) -> Any:
    msg = "a defect"
    raise ArithmeticError(msg)


def negative(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
    return frame.head(3).with_columns(pl.lit(-1).cast(pl.Int64).alias("count")), context


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([batch_rule(many_rows, few_rows)], None),
        ([batch_rule(many_rows, nothing)], "its spoil does nothing"),
        ([batch_rule(many_rows, crash)], "its spoil does not run: ArithmeticError"),
        ([batch_rule(crash, few_rows)], "ArithmeticError"),
        ([batch_rule(lambda *_: BatchFinding(0, 0), few_rows)], "it says nothing of a good batch"),
        ([batch_rule(lambda *_: BatchFinding(1, 2, "x"), few_rows)], "a good batch breaks it"),
        ([batch_rule(many_rows, negative)], "breaks rules of rows, too: correct.min (count)"),
        ([batch_rule(many_rows, few_rows), row_count_as_before()], "too: complete.row_count"),
        ([coverage_kept(["code"]), row_count_as_before()], None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_batch_rule_is_proved_by_its_spoil(rules: list[BatchRule], reason: str | None) -> None:
    contract = contract_of(
        {"code": (str, CODE), "count": (int, COUNT)}, key=("code",), __batch_rules__=tuple(rules)
    )
    found = why_not(contract)
    if reason is None:
        assert found == {}
    else:
        assert reason in found["complete.own", None]


def test_rules_of_the_library_are_proved_in_contracts_made_up_for_them() -> None:
    text = column(vi="Ghi chú", en="note", nullable=True)
    contract = contract_of(
        {
            "code": (str, column(vi="Mã", en="code", str_matches=r"^HS\d{4}-\d{5}$")),
            "commune": (str, column(vi="Xã", en="c", references="admin_unit.commune")),
            "procedure": (str, column(vi="Thủ tục", en="p", str_matches=r"^\d\.\d{6}$")),
            "day": (pl.Date, column(vi="Ngày", en="day", not_after_arrival=True)),
            "note": (str, text),
        },
        key=("code",),
        __batch_rules__=(
            year_of_code("code", date="day", pattern=r"^HS(\d{4})"),
            exists_in("procedure", dataset="public_services.procedure"),
            residue("note"),
            row_count_as_before(),
        ),
    )
    assert why_not(contract) == {}
    weekly = contract_of(
        {
            "week": (str, column(vi="Tuần", en="w", str_matches=r"^\d{4}-W\d{2}$")),
            "commune": (str, column(vi="Xã", en="c", references="admin_unit.commune")),
        },
        key=("week", "commune"),
        __batch_rules__=(
            units_reported(
                unit="commune",
                period="week",
                every="week",
                reference="admin_unit.commune",
                on_map_of="period",
            ),
        ),
    )
    # where all columns are the key, no two rows of one key differ
    assert list(why_not(weekly)) == [("clean.key_unique", None)]


# --- the command ---------------------------------------------------------------------------------


def told(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["contracts", "check", "--prove", *arguments])
    return done.exit_code, done.stdout


def test_the_command_tells_each_rule() -> None:
    code, out = told("--json", "governance.pci")
    assert code == 0
    answer = json.loads(out)
    assert answer["unproved"] == 0
    assert answer["rules"][0] == {
        "dataset": "governance.pci",
        "rule": "complete.required",
        "dimension": "complete",
        "column": "year",
        "kind": "row",
        "proved": True,
        "why_not": "",
    }
    assert len(answer["rules"]) == sum(n["proved"] for n in answer["dimensions"].values())


def test_the_command_fails_on_what_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    lame = Proof("governance.pci", "correct.min", "correct", "year", "row", "it does not bite")
    monkeypatch.setattr(proofs, "prove", lambda _: [lame])
    code, out = told("governance.pci")
    assert code == 1
    assert "! governance.pci: correct.min (year): it does not bite" in out
    assert json.loads(told("--json", "governance.pci")[1])["unproved"] == 1


def test_an_unknown_dataset_is_wrong_usage() -> None:
    assert told("no.such")[0] == 2
