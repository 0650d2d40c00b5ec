"""What the column "Yêu cầu" of a pack asks: words and examples that an officer can act on."""

from __future__ import annotations

from typing import Any

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
