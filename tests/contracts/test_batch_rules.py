"""Rules about a batch and the one before it. Expected figures are counted by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from contracts.base import BatchContext, BatchFinding, BatchRule, Contract, ContractInfo, column
from contracts.batch_rules import (
    accumulates,
    coverage_kept,
    magnitude_as_before,
    null_share,
    periods_without_gaps,
    row_count_as_before,
    units_reported,
)
from contracts.value_rules import exists_in, residue
from tests.quality.frames import ARRIVED

CODES = {"admin_unit.commune": pl.Series(["01", "02"])}


def before(frame: pl.DataFrame) -> BatchContext:
    return BatchContext(ARRIVED, CODES, previous=frame.lazy())


def amounts(*values: float | None, unit: str = "01") -> pl.DataFrame:
    return pl.DataFrame({"unit": [unit] * len(values), "amount": values})


# --- units ---------------------------------------------------------------------------------------


def reports(**extra: Any) -> BatchRule:
    given = {"unit": "unit", "period": "period", "every": "month"}
    return units_reported(**given, reference="admin_unit.commune", **extra)


def test_every_unit_is_asked_for_in_every_period() -> None:
    frame = pl.DataFrame(
        {"period": ["2026-01", "2026-01", "2026-02", "2026-13"], "unit": ["01", "02", "02", "01"]}
    )
    found = reports().judge(frame, BatchContext(ARRIVED, CODES))
    # two well-formed periods by two units; 2026-13 is no month
    assert found == BatchFinding(3, 4, "2026-02: 01")


def test_on_the_map_of_the_period_only_units_that_existed_are_asked_for() -> None:
    validity = pl.DataFrame(
        {
            "code": ["01", "02", "03"],
            "valid_from": [date(2003, 1, 1), date(2003, 1, 1), date(2025, 7, 1)],
            "valid_to": [None, date(2025, 6, 30), None],
        }
    )
    context = BatchContext(ARRIVED, validity={"admin_unit.commune": validity})
    frame = pl.DataFrame({"period": ["2025-06", "2025-07"], "unit": ["02", "03"]})
    found = reports(on_map_of="period").judge(frame, context)
    assert found == BatchFinding(2, 4, "2025-06: 01; 2025-07: 01")


def test_a_unit_is_asked_for_on_the_last_day_it_exists_and_once_whatever_its_rows() -> None:
    """01 ends on the first day of the month; 02 has two rows that are in force on it."""
    validity = pl.DataFrame(
        {
            "code": ["01", "02", "02"],
            "valid_from": [date(2003, 1, 1), date(2003, 1, 1), date(2025, 6, 1)],
            "valid_to": [date(2025, 6, 1), None, None],
        }
    )
    context = BatchContext(ARRIVED, validity={"admin_unit.commune": validity})
    frame = pl.DataFrame({"period": ["2025-06", "2025-07"], "unit": ["03", "03"]})
    found = reports(on_map_of="period").judge(frame, context)
    assert found == BatchFinding(0, 3, "2025-06: 01; 2025-06: 02; 2025-07: 02")


# --- periods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "periods", "expected"),
    [
        ("month", ["2025-11", "2026-02"], BatchFinding(2, 4, "2025-12, 2026-01")),
        ("week", ["2026-W52", "2027-W02"], BatchFinding(2, 4, "2026-W53, 2027-W01")),
        ("quarter", ["2025-Q3", "2026-Q2"], BatchFinding(2, 4, "2025-Q4, 2026-Q1")),
        ("half_year", ["2025-H1", "2026-H1", "2026-H3"], BatchFinding(2, 3, "2025-H2")),
        ("year", ["2020", "2022"], BatchFinding(2, 3, "2021")),
        ("month", ["2025-11", "2025-12"], BatchFinding(2, 2)),
        ("month", ["x"], BatchFinding(0, 1, "không có kỳ nào")),
    ],
)
def test_a_gap_between_periods_is_named(
    every: Any, periods: list[str], expected: BatchFinding
) -> None:
    rule = periods_without_gaps(period="period", every=every)
    assert rule.judge(pl.DataFrame({"period": periods}), BatchContext(ARRIVED)) == expected


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (["2026-07"], ["2026-10"], BatchFinding(1, 3, "2026-08, 2026-09")),
        (["2026-07"], ["2026-08"], BatchFinding(1, 1)),
        (["2026-08", "2026-09"], ["2026-07", "2026-08"], BatchFinding(2, 2)),
        (["x"], ["2026-10"], BatchFinding(1, 1)),
    ],
)
def test_a_gap_to_the_batch_before_is_named(
    was: list[str], now: list[str], expected: BatchFinding
) -> None:
    rule = periods_without_gaps(period="period", every="month")
    context = before(pl.DataFrame({"period": was}))
    assert rule.judge(pl.DataFrame({"period": now}), context) == expected


# --- cumulative amounts --------------------------------------------------------------------------


def test_an_amount_that_fell_is_named_and_not_told() -> None:
    rows = [("A", "2026-Q1", 3), ("A", "2026-Q2", 2), ("A", "2026-Q3", 2), ("B", "2026-Q1", 9)]
    frame = pl.DataFrame(rows, schema=["project", "quarter", "units"], orient="row")
    rule = accumulates(["units"], by=["project"], period="quarter", every="quarter")
    # the first of each project has nothing before it
    found = rule.judge(frame, BatchContext(ARRIVED))
    assert found == BatchFinding(1, 2, "2026-Q2/A/units")
    assert found.rows is None
    # an empty figure says nothing, and is passed over
    gone = frame.with_columns(pl.when(pl.col("units") > 2).then("units").alias("units"))
    assert rule.judge(gone, BatchContext(ARRIVED)) == BatchFinding(0, 0)


def test_an_amount_of_the_year_starts_anew_in_january() -> None:
    rows = [("A", "2025-11", 8), ("A", "2025-12", 9), ("A", "2026-01", 1), ("A", "2026-02", 0)]
    frame = pl.DataFrame(rows, schema=["unit", "month", "paid"], orient="row")
    given = {"by": ["unit"], "period": "month", "every": "month"}
    within = accumulates(["paid"], **given, within_year=True)
    assert within.judge(frame, BatchContext(ARRIVED)) == BatchFinding(1, 2, "2026-02/A/paid")
    assert accumulates(["paid"], **given).judge(frame, BatchContext(ARRIVED)).passed == 1


# --- nulls ---------------------------------------------------------------------------------------


def test_a_column_that_one_group_of_28_lacks_is_named_though_the_file_looks_fine() -> None:
    """28 groups of 50 rows; 4 % empty everywhere, and empty throughout in one of them."""
    rows = [
        (f"{group:02}", None if group == 17 or row < 2 else 1.0)
        for group in range(28)
        for row in range(50)
    ]
    frame = pl.DataFrame(rows, schema=["unit", "amount"], orient="row")
    rule = null_share("amount", by="unit", at_most=0.25)
    found = rule.judge(frame, BatchContext(ARRIVED))
    assert found == BatchFinding(27, 28, "17: trống 100 %; mức cho phép 25 %")
    assert rule.holds
    assert rule.rule.column == "amount"
    healthy = frame.filter(pl.col("unit") != "17")
    assert rule.judge(healthy, BatchContext(ARRIVED)) == BatchFinding(27, 27)


def test_a_small_group_says_nothing() -> None:
    rule = null_share("amount", by="unit", at_most=0.25, min_rows=3)
    assert rule.judge(amounts(None, None), BatchContext(ARRIVED)) == BatchFinding(0, 0)


def test_a_share_just_over_its_limit_is_told_apart_from_it() -> None:
    frame = pl.concat(
        [
            amounts(*[1.0] * 87, *[None] * 13),
            amounts(*[1.0] * 21, *[None] * 3).with_columns(unit=pl.lit(None, pl.String)),
        ]
    )
    rule = null_share("amount", by="unit", at_most=0.124)
    found = rule.judge(frame, BatchContext(ARRIVED))
    assert found.detail == "không ghi: trống 12,5 %; 01: trống 13 %; mức cho phép 12,4 %"


def test_messages_name_columns_by_their_titles() -> None:
    class Titled(Contract):
        __contract__ = ContractInfo(
            dataset="test.titled",
            version="1.0.0",
            title_vi="Thử",
            title_en="Test",
            grain="one row per unit",
            key=("unit",),
            load_mode="snapshot",
            publish="rows",
            basis="a test",
        )
        __batch_rules__ = (
            null_share("amount", by="unit", at_most=0.1),
            magnitude_as_before("amount"),
            residue("amount"),
            exists_in("amount", dataset="a.b"),
            row_count_as_before(),
        )
        unit: str = column(vi="Đơn vị", en="Unit")
        amount: str = column(vi="Số tiền", en="Amount")

    said = [judged.rule.message_vi for judged in Titled.batch_rules()]
    assert [text.startswith("Số tiền ") for text in said] == [True] * 4 + [False]
    assert "a.b" in said[3]
    assert not [text for text in said if "{" in text or "amount" in text]


def test_a_share_and_a_size_at_their_limits_are_within_them() -> None:
    rule = null_share("amount", by="unit", at_most=0.25, min_rows=4)
    quarter = amounts(1.0, 2.0, 3.0, None)
    assert rule.judge(quarter, BatchContext(ARRIVED)) == BatchFinding(1, 1)
    half = amounts(1.0, 2.0, None, None)
    assert rule.judge(half, BatchContext(ARRIVED)).passed == 0


# --- against the batch before --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (2, BatchFinding(1, 1)),
        (8, BatchFinding(1, 1)),
        (1, BatchFinding(0, 1, "1 dòng, trước: 4")),
        (9, BatchFinding(0, 1, "9 dòng, trước: 4")),
    ],
)
def test_the_number_of_rows_is_held_against_the_batch_before(
    now: int, expected: BatchFinding
) -> None:
    rule = row_count_as_before(at_least=0.5, at_most=2)
    assert rule.judge(amounts(*[1.0] * now), before(amounts(1, 2, 3, 4))) == expected
    assert rule.holds


def test_thousands_in_place_of_units_are_held() -> None:
    rule = magnitude_as_before("amount")
    was, now = amounts(1000, 2000, 3000), amounts(1, 2, 3, 0)
    assert rule.judge(now, before(was)) == BatchFinding(0, 1, "2.000 → 2")
    assert rule.judge(was, before(was)) == BatchFinding(1, 1)
    assert rule.holds


def test_a_magnitude_that_changed_by_just_the_factor_is_within_it() -> None:
    rule = magnitude_as_before("amount", factor=8)
    for was, now in ((1.0, 8.0), (8.0, 1.0)):
        assert rule.judge(amounts(now), before(amounts(was))) == BatchFinding(1, 1)
    for was, now in ((1.0, 8.1), (8.1, 1.0)):
        assert rule.judge(amounts(now), before(amounts(was))).passed == 0


def test_magnitudes_are_compared_group_by_group() -> None:
    rule = magnitude_as_before("amount", by="unit")
    was = pl.concat([amounts(10.0), amounts(20.0, unit="02"), amounts(5.0, unit="03")])
    now = pl.concat([amounts(12.0), amounts(20_000.0, unit="02"), amounts(1.0, unit="04")])
    assert rule.judge(now, before(was)) == BatchFinding(1, 2, "02: 20 → 20.000")


def test_what_is_no_longer_covered_is_named() -> None:
    rule = coverage_kept(["unit"])
    was = pl.concat([amounts(1.0), amounts(1.0, unit="02")])
    assert rule.judge(amounts(1.0), before(was)) == BatchFinding(1, 2, "02")
    assert rule.judge(was, before(amounts(1.0))) == BatchFinding(1, 1)


@pytest.mark.parametrize(
    "rule", [row_count_as_before(), magnitude_as_before("amount"), coverage_kept(["unit"])]
)
def test_the_first_batch_is_compared_with_nothing(rule: BatchRule) -> None:
    assert rule.judge(amounts(1.0), BatchContext(ARRIVED)) == BatchFinding(0, 0)


# --- each can be spoilt --------------------------------------------------------------------------

MONTHS = [f"2026-{month:02}" for month in range(1, 11)]
GOOD = pl.DataFrame(
    [(month, unit, float(i + 1)) for i, month in enumerate(MONTHS) for unit in ("01", "02")],
    schema=["period", "unit", "amount"],
    orient="row",
)


@pytest.mark.parametrize(
    "rule",
    [
        reports(),
        periods_without_gaps(period="period", every="month"),
        null_share("amount", by="unit", at_most=0.25, min_rows=5),
        row_count_as_before(),
        magnitude_as_before("amount"),
        magnitude_as_before("amount", by="unit"),
        coverage_kept(["unit"]),
    ],
    ids=lambda rule: rule.rule.id,
)
def test_a_spoilt_batch_breaks_the_rule_and_a_good_one_does_not(rule: BatchRule) -> None:
    good = rule.judge(GOOD, before(GOOD))
    assert good.passed == good.evaluated > 0
    spoilt = rule.judge(*rule.spoil(GOOD, before(GOOD)))
    assert spoilt.passed < spoilt.evaluated
    assert spoilt.detail
