"""Numbers, days and periods are written as in Viet Nam."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest

from ioc_pipelines.serving import vietnamese


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234.5, 2, "1.234,5"),
        (1234567, 0, "1.234.567"),
        (1200, 0, "1.200"),
        (0.125, 2, "0,12"),
        (-0.001, 2, "0"),
        (-9876.543, 1, "-9.876,5"),
        (90.0, 2, "90"),
    ],
)
def test_a_number(value: float, decimals: int, text: str) -> None:
    assert vietnamese.number(value, decimals) == text


def test_a_moment_is_that_of_viet_nam() -> None:
    assert vietnamese.moment(datetime(2026, 11, 30, 17, 5, tzinfo=UTC)) == "00:05 01/12/2026"


@pytest.mark.parametrize(
    ("kind", "start", "text"),
    [
        ("day", date(2026, 11, 5), "ngày 05/11/2026"),
        ("week", date(2026, 12, 28), "tuần 53/2026 (từ 28/12/2026)"),
        ("month", date(2026, 2, 1), "tháng 2/2026"),
        ("quarter", date(2026, 10, 1), "quý IV/2026"),
        ("half", date(2026, 7, 1), "6 tháng cuối năm 2026"),
        ("year", date(2026, 1, 1), "năm 2026"),
    ],
)
def test_a_period(kind: str, start: date, text: str) -> None:
    assert vietnamese.period(kind, start) == text


def test_a_zero_stands_before_small_days_and_the_first_two_months_only() -> None:
    assert vietnamese.long_day(date(2026, 2, 5)) == "ngày 05 tháng 02 năm 2026"
    assert vietnamese.long_day(date(2026, 3, 31)) == "ngày 31 tháng 3 năm 2026"


def test_words_stand_as_in_a_vietnamese_dictionary() -> None:
    sorted_by_hand = [
        "Xã 9 tháng 3",
        "Xã Ái Quốc",
        "Xã An Thi",
        "Xã Ân Thi",
        "Xã Châu Ninh",
        "Xã Dạ Trạch",
        "Xã Đa Lộc",
        "Xã Đại Đồng",
        "Xã Đoàn Đào",
        "Xã Hồng Bàng",
        "Xã Ninh Giang",
        "Xã Ôn Đình",
        "Xã Ơn",
        "Xã Tả",
        "Xã Tã",
        "Xã Tá",
        "Xã Tạ",
        "Xã Ưng",
        "Xã Yên Mỹ",
    ]
    shuffled = random.Random(1).sample(sorted_by_hand, len(sorted_by_hand))  # noqa: S311
    assert sorted(shuffled, key=vietnamese.order) == sorted_by_hand


def test_composed_and_decomposed_letters_have_one_place() -> None:
    assert vietnamese.order("Ân Thi")[:2] == vietnamese.order("Â" + "n Thi")[:2]
