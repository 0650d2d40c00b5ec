"""A unit is a count of a base; between counts of one base figures are converted exactly."""

from __future__ import annotations

import unicodedata
from fractions import Fraction

import pytest

from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.units import ratio


@pytest.mark.parametrize(
    ("source", "target", "times"),
    [
        ("nghìn USD", "triệu USD", Fraction(1, 1000)),
        ("triệu USD", "triệu USD", Fraction(1)),
        ("triệu USD", "nghìn USD", Fraction(1000)),
        ("tỷ USD", "triệu USD", Fraction(1000)),
        ("USD", "triệu USD", Fraction(1, 1_000_000)),
        ("Nghìn USD", "triệu USD", Fraction(1, 1000)),
        ("1000 USD", "triệu USD", None),  # no word for the count
        ("thousand USD", "triệu USD", Fraction(1, 1000)),
        ("Million USD", "triệu USD", Fraction(1)),
        ("millions of USD", "triệu USD", Fraction(1)),
        ("triệu đô la Mỹ", "triệu USD", Fraction(1)),
        ("triệu đô la", "triệu USD", Fraction(1)),
        ("đồng", "triệu đồng", Fraction(1, 1_000_000)),
        ("nghìn đồng", "triệu đồng", Fraction(1, 1000)),
        ("ngàn đồng", "triệu đồng", Fraction(1, 1000)),
        ("Tỷ đồng", "triệu đồng", Fraction(1000)),
        ("tỉ đồng", "tỷ đồng", Fraction(1)),
        ("billion VND", "tỷ đồng", Fraction(1)),
        ("Triệu VNĐ", "triệu đồng", Fraction(1)),
        ("nghìn đ", "triệu đồng", Fraction(1, 1000)),
        ("Thousand persons", "nghìn người", Fraction(1)),
        ("người", "nghìn người", Fraction(1, 1000)),
        ("người", "người", Fraction(1)),
        ("%", "%", Fraction(1)),
        ("dự án", "dự án", Fraction(1)),
    ],
)
def test_what_a_figure_is_multiplied_by(source: str, target: str, times: Fraction | None) -> None:
    assert ratio(source, target) == times


@pytest.mark.parametrize(
    "written",
    [
        "(triệu đồng)",
        "Triệu đồng.",
        " triệu  đồng ",
        "TRIỆU ĐỒNG",
        "triệu\u00a0đồng:",
        unicodedata.normalize("NFD", "triệu đồng"),
    ],
)
def test_a_unit_is_known_however_it_is_written(written: str) -> None:
    assert ratio(written, "triệu đồng") == 1
    assert ratio("triệu đồng", written) == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("triệu USD", "triệu đồng"),
        ("triệu đồng", "triệu USD"),
        ("%", "triệu đồng"),
        ("tấn", "nghìn người"),
        ("triệu", "triệu đồng"),
        ("", "triệu đồng"),
        ("tỷ trọng", "triệu đồng"),
        ("điểm", "%"),
    ],
)
def test_what_is_no_count_of_the_same_base_is_not_comparable(source: str, target: str) -> None:
    assert ratio(source, target) is None


UNITS = ["USD", "nghìn USD", "triệu USD", "tỷ USD"]


@pytest.mark.parametrize("one", UNITS)
@pytest.mark.parametrize("other", UNITS)
def test_there_and_back_is_the_same_figure(one: str, other: str) -> None:
    there, back = ratio(one, other), ratio(other, one)
    assert there is not None
    assert back is not None
    assert there * back == 1
    assert (there > 1) == (UNITS.index(one) > UNITS.index(other))


def test_every_unit_of_a_contract_is_one_of_itself() -> None:
    stated = {
        (column.metadata or {}).get("unit")
        for contract in all_contracts().values()
        for column in contract.columns().values()
    } - {None}
    assert len(stated) >= 8
    assert all(ratio(str(unit), str(unit)) == 1 for unit in stated)
