from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest

from contracts.base import (
    DIMENSIONS,
    BatchContext,
    BatchFinding,
    BatchRule,
    Rule,
    column,
)
from contracts.public_services.procedure_dossier import ProcedureDossier
from tests.quality.frames import ARRIVED, contract_of

CONTEXT = BatchContext(ARRIVED, {"codes": pl.Series(["a", "b"])})


def one_column(kind: Any, **checks: Any) -> Any:
    return contract_of({"x": (kind, column(vi="Cột", en="x", **checks))}, key=("x",))


def rules(contract: Any) -> dict[str, str]:
    """Rule id and message of column ``x``, those of emptiness and the key left out."""
    found = contract.row_rules(CONTEXT)
    return {r.id: r.message_vi for r in found if r.column == "x" and r.id != "complete.required"}


@pytest.mark.parametrize(
    ("kind", "checks", "expected"),
    [
        (int, {"ge": 3}, {"correct.min": "Cột phải từ 3 trở lên"}),
        (int, {"gt": 3}, {"correct.min": "Cột phải lớn hơn 3"}),
        (int, {"le": 3}, {"correct.max": "Cột không được vượt quá 3"}),
        (int, {"lt": 3}, {"correct.max": "Cột phải nhỏ hơn 3"}),
        (int, {"eq": 3}, {"correct.enum": "Cột phải bằng 3"}),
        (int, {"ne": 3}, {"correct.enum": "Cột không được bằng 3"}),
        (int, {"in_range": (1, 5)}, {"correct.range": "Cột phải nằm trong khoảng 1 đến 5"}),
        (str, {"isin": ["a"]}, {"correct.enum": "Cột không thuộc danh mục cho phép"}),
        (str, {"notin": ["a"]}, {"correct.enum": "Cột thuộc danh mục không cho phép"}),
        (str, {"str_matches": "^a$"}, {"clean.format": "Cột sai định dạng quy định"}),
        (str, {"str_contains": "a"}, {"clean.format": "Cột sai định dạng quy định"}),
        (str, {"str_startswith": "a"}, {"clean.format": "Cột sai định dạng quy định"}),
        (str, {"str_endswith": "a"}, {"clean.format": "Cột sai định dạng quy định"}),
        (str, {"str_length": {"max_value": 3}}, {"clean.length": "Cột sai độ dài quy định"}),
        (
            str,
            {"references": "codes"},
            {"correct.reference": "Cột không có trong danh mục hiện hành"},
        ),
        (
            pl.Date,
            {"not_after_arrival": True, "max_age_days": 9},
            {
                "correct.not_future": "Cột không được sau thời điểm nhận dữ liệu",
                "live.max_age": "Cột đã quá 9 ngày khi nhận dữ liệu",
            },
        ),
    ],
)
def test_built_in_checks_have_a_rule_id_and_a_message(
    kind: Any, checks: dict[str, Any], expected: dict[str, str]
) -> None:
    assert rules(one_column(kind, **checks)) == expected


def test_required_and_the_key_are_rules_too() -> None:
    contract = contract_of(
        {
            "a": (str, column(vi="Mã", en="a")),
            "b": (str, column(vi="Kỳ", en="b")),
            "c": (str, column(vi="Ghi chú", en="c", nullable=True)),
        },
        key=("a", "b"),
    )
    assert contract.row_rules(CONTEXT) == [
        Rule("complete.required", "a", "Mã không được để trống"),
        Rule("complete.required", "b", "Kỳ không được để trống"),
        Rule("clean.key_unique", None, "Trùng khóa (Mã, Kỳ) với dòng khác nội dung"),
    ]


def test_a_rule_id_of_its_own_wins() -> None:
    own = {"error": "live.own", "description": "Của riêng"}
    contract = one_column(int, ge={"min_value": 0, **own}, le=9)
    assert rules(contract) == {
        "live.own": "Của riêng",
        "correct.max": "Cột không được vượt quá 9",
    }
    assert [r.dimension for r in contract.row_rules(CONTEXT) if r.id == "live.own"] == ["live"]


def passes(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.lit(value=True))


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param(pa.dataframe_check(passes), id="neither"),
        pytest.param(pa.dataframe_check(error="correct.x")(passes), id="no message"),
        pytest.param(pa.dataframe_check(description="Sai")(passes), id="no rule id"),
        pytest.param(pa.dataframe_check(error="wrong.x", description="Sai")(passes), id="unknown"),
        pytest.param(pa.dataframe_check(error="correct", description="Sai")(passes), id="no name"),
        pytest.param(pa.dataframe_check(error="clean.", description="Sai")(passes), id="empty"),
        pytest.param(pa.check("x", error="correct.x")(passes), id="column, no message"),
        pytest.param(pa.check("x", description="Sai")(passes), id="column, no rule id"),
    ],
)
def test_a_check_without_rule_id_or_message_is_refused(marked: Any) -> None:
    contract = contract_of({"x": (int, column(vi="Cột", en="x"))}, key=("x",), own=marked)
    with pytest.raises(ValueError, match="error"):
        contract.row_rules(CONTEXT)


@pytest.mark.parametrize("rule_id", ["wrong.x", "complete", ""])
def test_a_batch_rule_of_no_dimension_is_refused(rule_id: str) -> None:
    """Its result would enter no score, in silence."""

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        return BatchFinding(1, 1)

    with pytest.raises(ValueError, match="<dimension>"):
        BatchRule(Rule(rule_id, None, "Sai"), judge, lambda frame, context: (frame, context))


def test_a_reference_list_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError, match="codes"):
        one_column(str, references="codes").schema(BatchContext(ARRIVED))


def test_a_key_column_that_does_not_exist_is_an_error() -> None:
    contract = contract_of({"x": (int, column(vi="Cột", en="x"))}, key=("y",))
    with pytest.raises(Exception, match="y"):
        contract.row_rules(CONTEXT)


def test_naming_leaves_the_contract_as_it_was() -> None:
    """Two contexts give two lists; nothing of the first stays behind."""
    contract = one_column(str, references="codes")
    first = contract.schema(CONTEXT)
    second = contract.schema(BatchContext(ARRIVED, {"codes": pl.Series(["c"])}))
    allowed = [list(s.columns["x"].checks[0].statistics["allowed_values"]) for s in (first, second)]
    assert allowed == [["a", "b"], ["c"]]
    assert contract.to_schema().columns["x"].checks == []


@pytest.mark.parametrize(
    ("arrived_at", "latest"),
    [
        (datetime(2026, 11, 19, 16, 59, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 11, 19, 17, 0, tzinfo=UTC), date(2026, 11, 20)),
    ],
)
def test_the_day_of_arrival_is_the_day_in_viet_nam(arrived_at: datetime, latest: date) -> None:
    contract = one_column(pl.Date, not_after_arrival=True)
    check = contract.schema(BatchContext(arrived_at)).columns["x"].checks[0]
    assert check.statistics["max_value"] == latest


def test_the_moment_of_arrival_is_local_time() -> None:
    contract = one_column(pl.Datetime("us"), not_after_arrival=True, max_age_days=1)
    arrived = BatchContext(datetime(2026, 11, 19, 17, 30, tzinfo=UTC))
    stated = [check.statistics for check in contract.schema(arrived).columns["x"].checks]
    assert stated == [
        {"max_value": datetime(2026, 11, 20, 0, 30)},  # noqa: DTZ001
        {"min_value": datetime(2026, 11, 19, 0, 30)},  # noqa: DTZ001
    ]


def test_personal_columns() -> None:
    contract = contract_of(
        {
            "code": (str, column(vi="Mã", en="code")),
            "name": (str, column(vi="Tên", en="name", personal=True)),
            "phone": (str, column(vi="Số máy", en="phone", personal=True)),
        },
        key=("code",),
    )
    assert contract.personal_columns() == ("name", "phone")
    assert ProcedureDossier.personal_columns() == ("applicant_name",)


def test_polars_schema() -> None:
    kinds = {
        "a": (str, pl.String()),
        "b": (int, pl.Int64()),
        "c": (float, pl.Float64()),
        "d": (pl.Date, pl.Date()),
        "e": (pl.Datetime("us"), pl.Datetime("us")),
        "f": (pl.Int32, pl.Int32()),
    }
    declared = {name: (kind, column(vi=name, en=name)) for name, (kind, _) in kinds.items()}
    contract = contract_of(declared, key=("a",))
    expected = [(name, kind) for name, (_, kind) in kinds.items()]
    assert list(contract.polars_schema().items()) == expected
    assert list(contract.columns()) == list(kinds)


def test_what_a_column_says_about_itself() -> None:
    contract = one_column(int, unit="đồng", ge=0)
    col = contract.columns()["x"]
    assert (col.title, col.description, col.metadata["unit"]) == ("Cột", "x", "đồng")


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": [1], "more": [2]}),
        pl.DataFrame({"y": [1]}),
        pl.DataFrame({"x": ["1"]}),
    ],
    ids=["a column too many", "a column missing", "another type"],
)
def test_stock_validation_refuses_another_structure(frame: pl.DataFrame) -> None:
    """Strict, and nothing is coerced."""
    contract = one_column(int)
    with pytest.raises(pa.errors.SchemaErrors):
        contract.schema(CONTEXT).validate(frame, lazy=True)
    contract.schema(CONTEXT).validate(pl.DataFrame({"x": [1]}), lazy=True)


def test_a_contract_without_batch_rules_has_none() -> None:
    assert one_column(int).batch_rules() == ()


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_dimension_of_a_rule_is_in_its_id(dimension: str) -> None:
    assert Rule(f"{dimension}.some.thing", None, "").dimension == dimension
