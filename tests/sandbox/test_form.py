from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from ioc_pipelines.sandbox.form import Cells, Form, Hand, in_vietnamese, workbook

FORM = Form(
    agency="SỞ Y TẾ",
    title="BÁO CÁO",
    unit="triệu đồng",
    columns=(
        Cells("code", "Mã xã", "code"),
        Cells("name", "Tên xã", "text"),
        Cells("people", "Tổng số", "whole", group="Nhân khẩu", summed=True),
        Cells("amount", "Số tiền", "amount", group="Nhân khẩu", summed=True),
        Cells("share", "Tỷ lệ", "decimal"),
        Cells("day", "Ngày chốt", "day"),
    ),
)
ROWS = pl.DataFrame(
    {
        "code": ["11953", "99001"],
        "name": ["Phường Phố Hiến", "=1+1"],
        "people": ["1200", "hai"],
        "amount": ["1234500", None],
        "share": ["62.5", "0.5"],
        "day": ["31/10/2026", "cuối tháng"],
    }
)


def _cells(number: int) -> list[list[Any]]:
    content = workbook(
        FORM, "Tháng 10/2026", {"Biểu": ROWS}, filed=date(2026, 11, 5), number=number
    )
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return book.get_sheet_by_name("Biểu").to_python(skip_empty_area=False)


def test_a_form_as_a_person_sees_it() -> None:
    cells = _cells(number=1)
    assert [cells[row][0] for row in range(4)] == [
        "SỞ Y TẾ",
        "BÁO CÁO",
        "Tháng 10/2026",
        "Đơn vị tính: triệu đồng",
    ]
    assert cells[5] == ["STT", "Mã xã", "Tên xã", "Nhân khẩu", "", "Tỷ lệ", "Ngày chốt"]
    assert cells[6][3:5] == ["Tổng số", "Số tiền"]
    assert cells[7] == ["A", "B", "C", "1", "2", "3", "4"]
    assert cells[8] == ["", "", "Tổng cộng", 1200, 1234.5, "", ""]
    assert FORM.first_row == 10
    assert cells[9] == [1, "11953", "Phường Phố Hiến", 1200, 1234.5, 62.5, "31/10/2026"]
    assert cells[10] == [2, "99001", "=1+1", "hai", "", 0.5, "cuối tháng"]
    assert cells[12][5] == "Hưng Yên, ngày 05 tháng 11 năm 2026"
    assert cells[13][1] == "Người lập biểu"


@pytest.mark.parametrize(
    ("number", "code", "amount", "day"),
    [
        (1, "11953", 1234.5, "31/10/2026"),
        (2, 11953, 1234.5, "31/10/2026"),
        (3, "11953", "1.234,5", date(2026, 10, 31)),
        (4, 11953, 1234.5, date(2026, 10, 31)),
    ],
)
def test_each_period_has_a_hand_of_its_own(number: int, code: Any, amount: Any, day: Any) -> None:
    row = _cells(number)[9]
    assert (row[1], row[4], row[6]) == (code, amount, day)


def test_what_is_not_of_its_kind_stays_as_it_is() -> None:
    hand = Hand.of(3)
    for kind in ("code", "whole", "amount", "decimal", "day"):
        assert hand.cell(kind, "mười hai") == "mười hai"  # type: ignore[arg-type]
        assert hand.cell(kind, None) is None  # type: ignore[arg-type]
    assert hand.cell("day", "05/11/2026") == datetime(2026, 11, 5)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1234.500", "1.234,5"),
        ("-0.5", "-0,5"),
        ("-1234567.000", "-1.234.567"),
        ("0", "0"),
        ("12", "12"),
    ],
)
def test_vietnamese_numbers(number: str, written: str) -> None:
    assert in_vietnamese(number) == written


def test_the_same_arguments_give_the_same_bytes() -> None:
    made = [
        workbook(FORM, "Tháng 10/2026", {"Biểu": ROWS}, filed=date(2026, 11, 5), number=1)
        for _ in range(2)
    ]
    assert made[0] == made[1]
