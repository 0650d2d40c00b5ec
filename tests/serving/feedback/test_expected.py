"""What the column "Yêu cầu" of a pack asks: words and examples that an officer can act on."""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
import pytest

from contracts.base import Contract, column
from ioc_pipelines.serving.feedback.expected import expected
from tests.orchestration.deployments import dropped, entry, info


class Asked(Contract):
    __contract__ = info("upsert")

    code: str = column(vi="Mã", en="Code", str_matches=r"^K\d{3}$")
    odd: str = column(vi="Mã lạ", en="Odd", str_matches=r"^(?:x)y$")
    name: str = column(vi="Tên", en="Name", str_length={"min_value": 2, "max_value": 9})
    count: int = column(vi="Số lượng", en="Count", ge=0)
    rate: float = column(vi="Tỷ lệ", en="Rate")


def asked(**number: Any) -> dict[tuple[str, str], str]:
    columns = {name: {"source": name} for name in Asked.columns()}
    columns = {
        name: {**facts, **(number if name in ("count", "rate") else {})}
        for name, facts in columns.items()
    }
    layout = {"format": "csv", "delimiter": ";"}
    feed = entry(Asked, "so_a", connector=dropped("a/*.csv"), layout=layout, columns=columns).feed
    found = expected(feed, Asked)
    return {(rule, name): said for rule, name, said in found.rows() if name is not None}


def test_a_form_is_said_in_words_and_never_as_a_pattern() -> None:
    found = asked()
    assert found["clean.format", "code"] == "Dạng K000 (0 là một chữ số)"
    assert found["clean.format", "odd"] == "Theo biểu mẫu đã thống nhất"
    assert found["clean.length", "name"] == "Từ 2 đến 9 ký tự"
    assert not [said for said in found.values() if "^" in said or "\\" in said]


@pytest.mark.parametrize(
    ("number", "whole", "any_number"),
    [
        ({"number": "vi"}, "Số nguyên, ví dụ 1.234", "Số, ví dụ 1.234,5"),
        ({"number": "en"}, "Số nguyên, ví dụ 1,234", "Số, ví dụ 1,234.5"),
        ({"number": "plain"}, "Số nguyên, ví dụ 1234", "Số, ví dụ 1234.5"),
    ],
)
def test_an_example_of_a_number_is_one_that_is_taken(
    number: dict[str, str], whole: str, any_number: str
) -> None:
    found = asked(**number)
    assert found["correct.readable", "count"] == whole
    assert found["correct.readable", "rate"] == any_number


class Money(Contract):
    __contract__ = info("append")

    code: str = column(vi="Mã", en="Code")
    paid: int = column(
        vi="Đã chi", en="Paid", unit="đồng", in_range={"min_value": 0, "max_value": 2_500_000_000}
    )

    @pa.dataframe_check(error="correct.paid_has_code", description="Đã chi thì phải có mã hợp lệ")
    def paid_has_code(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("paid") >= 0)


def of_money(**facts: Any) -> dict[tuple[str, str | None], str]:
    columns = {"code": {"source": "Mã"}, "paid": {"source": "Đã chi", **facts}}
    layout = {"format": "csv", "delimiter": ";"}
    feed = entry(Money, "so_a", connector=dropped("a/*.csv"), layout=layout, columns=columns).feed
    return {(rule, name): said for rule, name, said in expected(feed, Money).rows()}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"number": "vi", "unit": "triệu đồng"}, "Từ 0 đến 2.500 (triệu đồng)"),
        ({"number": "vi", "unit": "tỷ đồng"}, "Từ 0 đến 2,5 (tỷ đồng)"),
        ({"number": "en", "unit": "triệu đồng"}, "Từ 0 đến 2,500 (triệu đồng)"),
        ({"number": "plain", "scale": 1000}, "Từ 0 đến 2500000 (đồng)"),
        # the form says its unit in its title, another in each file
        ({"number": "vi", "unit": "{unit}"}, "Từ 0 đến 2.500.000.000 (quy ra đồng)"),
        ({"number": "vi"}, "Từ 0 đến 2.500.000.000 (đồng)"),
    ],
)
def test_limits_are_in_the_unit_of_the_form(facts: dict[str, Any], said: str) -> None:
    assert of_money(**facts)["correct.range", "paid"] == said


def test_a_rule_about_several_cells_says_what_to_look_at() -> None:
    found = of_money()
    assert found["correct.paid_has_code", None] == (
        "Xem lại các ô liên quan của dòng cho khớp nhau: Đã chi thì phải có mã hợp lệ"
    )
    assert found["clean.key_taken", None] == "Bộ (Mã) chưa có ở dòng nào đã được tiếp nhận"
