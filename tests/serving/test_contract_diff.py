"""Each kind of change, classified from a table written down apart from the code."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest

from contracts.base import BatchRule, Contract, ContractInfo, Rule, column
from contracts.batch_rules import null_share, periods_without_gaps, row_count_as_before
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.serving.contract_diff import changes, level_of, next_version, suffices
from ioc_pipelines.serving.contract_form import ContractForm, form_of
from ioc_pipelines.serving.contract_versions import text_of

INFO = ContractInfo(
    dataset="test.diff",
    version="1.0.0",
    title_vi="Thử",
    title_en="Test",
    grain="one row per code",
    key=("code",),
    load_mode="upsert",
    publish="rows",
    basis="a test",
)
COLUMNS: dict[str, Any] = {
    "code": (str, {"str_matches": "^A$"}),
    "kind": (str, {"isin": ["a", "b"]}),
    "amount": (int, {"in_range": {"min_value": 0, "max_value": 100}, "unit": "đồng"}),
    "note": (str, {"nullable": True}),
    "period": (str, {"references": "list.one"}),
    "day": (pl.Date, {"not_after_arrival": True, "max_age_days": 100}),
}


def over(limit: int) -> Any:
    def own(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("amount") < limit)

    return pa.dataframe_check(error="correct.own", description="Của riêng")(own)


def contract(
    *,
    drop: tuple[str, ...] = (),
    batch: tuple[BatchRule, ...] = (),
    members: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    **columns: Any,
) -> ContractForm:
    """The contract above with other columns, facts, rules; options are added to a column's."""
    made = {name: spec for name, spec in COLUMNS.items() if name not in drop}
    for name, given in columns.items():
        kind, options = made.get(name, (str, {}))
        kind, more = given if isinstance(given, tuple) else (kind, given)
        made[name] = (kind, {k: v for k, v in {**options, **more}.items() if v is not None})
    declared = {
        name: column(**{"vi": f"Cột {name}", "en": f"Column {name}", **options})
        for name, (_, options) in made.items()
    }
    body = {
        "__annotations__": {name: kind for name, (kind, _) in made.items()},
        "__contract__": replace(INFO, **(facts or {})),
        "__batch_rules__": batch,
        "__module__": __name__,
        **declared,
        **(members or {}),
    }
    return form_of(type("Made", (Contract,), body))


GAPS = periods_without_gaps(period="period", every="month")
WEEKS = periods_without_gaps(period="period", every="week")
SIZE = row_count_as_before(at_least=0.5)
HELD = BatchRule(Rule("complete.no_missing_period", "period", GAPS.rule.message_vi),
                 GAPS.judge, GAPS.spoil, holds=True)  # fmt: skip
LENGTH = {"note": {"str_length": {"min_value": 1, "max_value": 6}}}
RENAMED = {"drop": ("note",), "remark": {"nullable": True, "vi": "Cột note", "en": "Column note"}}

# before, after, what it is called, its effect, whom it touches
TABLE: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({}, {"drop": ("note",)}, "column removed", "breaking", "both"),
    ({}, RENAMED, "column renamed", "breaking", "both"),
    ({}, {"note": (int, {})}, "type changed", "breaking", "both"),
    ({}, {"more": {}}, "required column added", "breaking", "senders"),
    ({}, {"more": {"nullable": True}}, "optional column added", "compatible", "readers"),
    ({}, {"note": {"nullable": False}}, "column became required", "breaking", "senders"),
    ({}, {"kind": {"nullable": True}}, "column may be empty", "breaking", "readers"),
    ({}, {"amount": {"unit": "triệu đồng"}}, "unit changed", "breaking", "both"),
    ({}, {"note": {"unit": "hộ"}}, "unit changed", "wording", "nobody"),
    ({}, {"note": {"personal": True}}, "personal changed", "breaking", "readers"),
    ({"note": {"personal": True}}, {}, "personal changed", "breaking", "readers"),
    ({}, {"kind": {"isin": ["a"]}}, "enum narrowed", "breaking", "senders"),
    ({}, {"kind": {"isin": ["a", "b", "c"]}}, "enum widened", "compatible", "readers"),
    ({}, {"kind": {"isin": ["b", "a"]}}, "enum reordered", "wording", "nobody"),
    ({}, {"kind": {"isin": None}}, "rule removed", "compatible", "readers"),
    ({"note": {"notin": ["x"]}}, {"note": {"notin": ["x", "y"]}}, "enum narrowed", "breaking",
     "senders"),
    ({"note": {"notin": ["x", "y"]}}, {"note": {"notin": ["x"]}}, "enum widened", "compatible",
     "readers"),
    ({}, {"note": {"isin": ["x"]}}, "rule added", "breaking", "senders"),
    ({}, {"amount": {"in_range": (1, 100)}}, "range narrowed", "breaking", "senders"),
    ({}, {"amount": {"in_range": (0, 99)}}, "range narrowed", "breaking", "senders"),
    ({}, {"amount": {"in_range": (-5, 90)}}, "range narrowed", "breaking", "senders"),
    ({}, {"amount": {"in_range": (0, 1000)}}, "range widened", "compatible", "readers"),
    ({}, {"amount": {"in_range": None}}, "range widened", "compatible", "readers"),
    ({}, {"amount": {"in_range": None, "ge": 0}}, "range widened", "compatible", "readers"),
    ({}, {"amount": {"in_range": None, "gt": 0}}, "range narrowed", "breaking", "senders"),
    ({"note": (int, {})}, {"note": (int, {"ge": 0})}, "range narrowed", "breaking", "senders"),
    ({}, {"code": {"str_matches": "^B$"}}, "format changed", "breaking", "senders"),
    ({}, {"code": {"str_matches": None}}, "rule removed", "compatible", "readers"),
    ({}, {"note": {"str_matches": "^x"}}, "rule added", "breaking", "senders"),
    ({}, {"note": {"unique": True}}, "rule added", "breaking", "senders"),
    ({}, {"note": {"str_length": {"max_value": 5}}}, "rule added", "breaking", "senders"),
    (LENGTH, {"note": {"str_length": {"min_value": 2, "max_value": 5}}}, "length narrowed",
     "breaking", "senders"),
    (LENGTH, {"note": {"str_length": {"min_value": 3, "max_value": 6}}}, "length narrowed",
     "breaking", "senders"),
    (LENGTH, {"note": {"str_length": {"min_value": 2, "max_value": 6}}}, "length narrowed",
     "breaking", "senders"),
    (LENGTH, {"note": {"str_length": {"exact_value": 4}}}, "length narrowed", "breaking",
     "senders"),
    ({"note": {"str_length": {"exact_value": 4}}}, LENGTH, "length widened", "compatible",
     "readers"),
    (LENGTH, {"note": {"str_length": {"max_value": 6}}}, "length widened", "compatible",
     "readers"),
    ({}, {"kind": {"ignore_na": False}}, "empty cells refused", "breaking", "senders"),
    ({"kind": {"ignore_na": False}}, {}, "empty cells allowed", "compatible", "readers"),
    ({}, {"amount": {"in_range": {"min_value": 0, "max_value": 100, "include_max": False}}},
     "range narrowed", "breaking", "senders"),
    ({}, {"period": {"references": "list.two"}}, "rule changed", "breaking", "senders"),
    ({}, {"period": {"references": None}}, "rule removed", "compatible", "readers"),
    ({}, {"day": {"max_age_days": 50}}, "age narrowed", "breaking", "senders"),
    ({}, {"day": {"max_age_days": 200}}, "age widened", "compatible", "readers"),
    ({}, {"day": {"not_after_arrival": None}}, "rule removed", "compatible", "readers"),
    ({}, {"members": {"own": over(5)}}, "rule added", "breaking", "senders"),
    ({"members": {"own": over(5)}}, {"members": {"own": over(6)}}, "rule changed", "breaking",
     "senders"),
    ({}, {"batch": (GAPS,)}, "rule added", "breaking", "senders"),
    ({"batch": (GAPS,)}, {}, "rule removed", "compatible", "readers"),
    ({"batch": (GAPS,)}, {"batch": (WEEKS,)}, "rule changed", "breaking", "senders"),
    ({"batch": (GAPS,)}, {"batch": (HELD,)}, "rule holds the batch", "breaking", "senders"),
    ({"batch": (HELD,)}, {"batch": (GAPS,)}, "rule holds the batch no more", "compatible",
     "readers"),
    ({"batch": (SIZE,)}, {"batch": (row_count_as_before(at_least=0.9),)}, "rule changed",
     "breaking", "senders"),
    ({}, {"facts": {"key": ("code", "kind")}}, "key changed", "breaking", "both"),
    ({}, {"facts": {"grain": "one row per day"}}, "grain changed", "breaking", "both"),
    ({}, {"facts": {"load_mode": "snapshot"}}, "load_mode changed", "breaking", "both"),
    ({}, {"facts": {"publish": "none"}}, "publish changed", "breaking", "both"),
    ({"facts": {"publish": "none"}}, {}, "publish changed", "breaking", "both"),
    ({}, {"facts": {"period_column": "period"}}, "period_column changed", "breaking", "both"),
    ({}, {"facts": {"title_vi": "Khác"}}, "title_vi changed", "wording", "nobody"),
    ({}, {"facts": {"basis": "another"}}, "basis changed", "wording", "nobody"),
    ({}, {"note": {"en": "Other"}}, "title_en changed", "wording", "nobody"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "kind", "effect", "for_whom"),
    TABLE,
    ids=[f"{row[2]}-{number}" for number, row in enumerate(TABLE)],
)
def test_a_change_is_named_and_classified(
    before: dict[str, Any], after: dict[str, Any], kind: str, effect: str, for_whom: str
) -> None:
    (found,) = changes(contract(**before), contract(**after))
    assert (found.kind, found.effect, found.for_whom) == (kind, effect, for_whom)


def test_another_rule_of_a_column_is_told_beside_its_range() -> None:
    was = contract(amount={"unique": True})
    found = changes(was, contract(amount={"in_range": (0, 99)}))
    assert [(c.kind, c.effect) for c in found] == [
        ("range narrowed", "breaking"),
        ("rule removed", "compatible"),
    ]


def test_the_same_range_in_other_words_breaks_nobody() -> None:
    found = changes(contract(), contract(amount={"in_range": None, "ge": 0, "le": 100}))
    assert {c.kind for c in found} == {"rule added", "rule removed"}
    assert {(c.effect, c.for_whom) for c in found} == {("wording", "nobody")}


def test_another_order_of_the_columns_breaks_nobody() -> None:
    (found,) = changes(contract(), contract(drop=("note",), note={"nullable": True}))
    assert (found.kind, found.effect, found.for_whom) == (
        "columns reordered",
        "wording",
        "nobody",
    )
    assert level_of([found]) == "patch"


@pytest.mark.parametrize(("before", "after"), [row[:2] for row in TABLE])
def test_a_change_is_found_between_stored_texts_too(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    old, new = contract(**before), contract(**after)
    stored = [ContractForm.model_validate_json(text_of(form)) for form in (old, new)]
    assert changes(*stored) == changes(old, new) != []
    assert changes(stored[0], old) == changes(stored[1], new) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"batch": (null_share("more", by="kind", at_most=0.5),), "more": {"nullable": True}},
        {"more": {"nullable": True, "unique": True}},
    ],
    ids=["held where it is empty", "empty cells are alike"],
)
def test_who_does_not_send_a_new_column_may_break_what_is_asked_of_the_whole(
    asked: dict[str, Any],
) -> None:
    found = changes(contract(), contract(**asked))
    assert [(c.kind, c.effect) for c in found] == [
        ("rule added", "breaking"),
        ("optional column added", "compatible"),
    ]
    # what each of its cells is asked breaks nobody
    (alone,) = changes(contract(), contract(more={"nullable": True, "isin": ["a"]}))
    assert alone.effect == "compatible"


MODULE = """
import pandera.polars as pa
import polars as pl
from contracts.base import Contract, ContractInfo, column

OTHER = {other}
HIGH = pl.col("n") > {high}


def is_fine(limit):
    return HIGH | (pl.col("n") < limit) | (pl.col("n") == bound())


def bound():
    return {bound}


class Made(Contract):
    __contract__ = ContractInfo("test.made", "1.0.0", "Thử", "Test", "one", ("n",), "upsert",
                                "rows", "a test")
    n: int = column(vi="Số", en="Number")

    @pa.dataframe_check(error="correct.own", description="Của riêng")
    def own(cls, data):
        return data.lazyframe.select(is_fine(5))
"""


@pytest.mark.parametrize(
    ("changed", "is_seen"), [({"bound": 8}, True), ({"high": 90}, True), ({"other": 2}, False)]
)
def test_code_that_a_rule_calls_in_its_module_is_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, int], is_seen: bool
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    given = {"other": 1, "high": 80, "bound": 7}
    forms = []
    for number, values in enumerate((given, given, {**given, **changed})):
        name = f"made_{next(iter(changed))}_{number}"
        (tmp_path / f"{name}.py").write_text(MODULE.format(**values), encoding="utf-8")
        forms.append(form_of(importlib.import_module(name).Made))
    first, same, other = forms
    assert changes(first, same) == []
    assert [c.kind for c in changes(first, other)] == (["rule changed"] if is_seen else [])


def test_the_same_contract_has_no_changes() -> None:
    for one in all_contracts().values():
        assert changes(form_of(one), form_of(one)) == []
    assert changes(contract(), contract(facts={"version": "3.0.0"})) == []


def test_breaking_changes_come_first_and_decide() -> None:
    found = changes(
        contract(), contract(drop=("note",), kind={"isin": ["a", "b", "c"]}, facts={"basis": "x"})
    )
    assert [c.effect for c in found] == ["breaking", "compatible", "wording"]
    assert level_of(found) == "major"
    assert level_of(found[1:]) == "minor"
    assert level_of(found[2:]) == "patch"
    assert level_of([]) is None


def test_the_wording_of_a_rule_is_no_change_of_its_code() -> None:
    def reworded() -> Any:
        def own(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
            # a comment, and another layout
            return data.lazyframe.select(pl.col("amount") < 5)

        return pa.dataframe_check(error="correct.own", description="Nói khác")(own)

    def plain() -> Any:
        def own(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
            return data.lazyframe.select(pl.col("amount") < 5)

        return pa.dataframe_check(error="correct.own", description="Của riêng")(own)

    (found,) = changes(contract(members={"own": plain()}), contract(members={"own": reworded()}))
    assert (found.kind, found.effect) == ("message_vi changed", "wording")


@pytest.mark.parametrize(
    ("old", "level", "new"),
    [("1.2.3", "major", "2.0.0"), ("1.2.3", "minor", "1.3.0"), ("1.2.3", "patch", "1.2.4")],
)
def test_the_least_next_version(old: str, level: Any, new: str) -> None:
    assert next_version(old, level) == new
    assert suffices(old, new, level)
    assert suffices(old, "10.0.0", level)
    assert not suffices(old, old, level)
    assert not suffices(old, "1.2.2", None)
