"""What a cell says is what the contract's column holds, or it is listed as unreadable."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.intake.layout.table import CELL

MILLION = 1_000_000
SETTINGS = settings(max_examples=40)
UNREADABLE = object()  # in expectations: null, and listed


def conformed(
    cells: Sequence[Any], target: pl.DataType | type, kind: Any = pl.String, **declared: Any
) -> Conformed:
    """One source column ``S`` as the contract's column ``x``."""
    count = len(cells)
    table = pl.DataFrame(
        {"_file": ["f.csv"] * count, "_row": range(2, count + 2), "S": pl.Series(cells, dtype=kind)}
    ).with_columns(pl.lit(None, pl.String).alias("_sheet"))
    declaration = Column(source="S", **declared)
    return conform(table, {"x": declaration}, {"x": _instance(target)})


def read(
    cells: Sequence[Any], target: pl.DataType | type, kind: Any = pl.String, **declared: Any
) -> list[Any]:
    """The values, with ``UNREADABLE`` where a cell is listed so."""
    found = conformed(cells, target, kind, **declared)
    values = found.rows["x"].to_list()
    assert len(values) == len(cells)
    for row, column, _ in found.unreadable.rows():
        assert (values[row], column) == (None, "x")
        values[row] = UNREADABLE
    return values


def cell(text: str | None, number: float | None = None) -> dict[str, Any]:
    return {"text": text, "number": number}


def _instance(kind: pl.DataType | type) -> pl.DataType:
    return kind() if isinstance(kind, type) else kind


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,5", 1234.5),
        ("1234,5", 1234.5),
        ("1.234.567", 1234567.0),
        ("1.234.567,89", 1234567.89),
        ("4.817", 4817.0),
        ("0,5", 0.5),
        ("-46,597724", -46.597724),
        ("+7", 7.0),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("\u00a012\u00a0", 12.0),
        ("1.23", UNREADABLE),
        ("1.2345", UNREADABLE),
        ("12.34.567", UNREADABLE),
        ("1,234,5", UNREADABLE),
        ("1.234,", UNREADABLE),
        (",5", UNREADABLE),
        ("1 234", UNREADABLE),
        ("1234.5", UNREADABLE),
        ("0.123", UNREADABLE),  # no one writes one hundred and twenty-three so
        ("mười hai", UNREADABLE),
        ("12 ca", UNREADABLE),
        ("(12)", UNREADABLE),
        ("5%", UNREADABLE),
        ("1e3", UNREADABLE),
        ("NaN", UNREADABLE),
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_vietnamese_numbers(text: str | None, value: Any) -> None:
    assert read([text], pl.Float64, number="vi") == [value]


@pytest.mark.parametrize("number", ["plain", None])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", 1234.5),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("2.5E-3", 0.0025),
        (" 12 ", 12.0),
        ("1,5", UNREADABLE),
        ("1.234,5", UNREADABLE),
        ("1.234.567", UNREADABLE),
        ("1_000", UNREADABLE),
        ("0x10", UNREADABLE),
        ("inf", UNREADABLE),
        ("nan", UNREADABLE),
        ("1e999", UNREADABLE),
        ("mười hai", UNREADABLE),
    ],
)
def test_plain_numbers(number: Any, text: str, value: Any) -> None:
    assert read([text], pl.Float64, number=number) == [value]


@pytest.mark.parametrize("text", ["4.817", "-4.817", "1.234", "999.000"])
def test_what_could_be_thousands_or_thousandths_is_refused_unless_declared(text: str) -> None:
    assert read([text], pl.Float64) == [UNREADABLE]
    assert read([text], pl.Float64, number="plain") == [float(text)]
    assert read([text], pl.Float64, number="vi") == [float(text) * 1000]


@pytest.mark.parametrize("text", ["0.817", "1234.567", "4.81", "4.8170"])
def test_what_is_written_one_way_only_needs_no_declaration(text: str) -> None:
    assert read([text], pl.Float64) == [float(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4.817", 4817),
        ("12,0", 12),
        ("12,5", UNREADABLE),
        ("12,004", UNREADABLE),
        ("12,0004", UNREADABLE),
        ("-3", -3),
        ("9.007.199.254.740.991", 9_007_199_254_740_991),
        ("9.223.372.036.854.775.808", UNREADABLE),
        ("99999999999999999999999", UNREADABLE),
        ("12,0000000004", UNREADABLE),
        ("12,9999999999999", UNREADABLE),
        ("12,0000000000", 12),
    ],
)
def test_whole_numbers(text: str, value: Any) -> None:
    assert read([text], pl.Int64, number="vi") == [value]


def test_a_whole_number_that_its_type_cannot_hold_is_unreadable() -> None:
    assert read(["3000000000", "7"], pl.Int32) == [UNREADABLE, 7]
    assert read([3_000_000_000, 7], pl.Int32, kind=pl.Int64) == [UNREADABLE, 7]
    assert read(["-1", "7"], pl.UInt8) == [UNREADABLE, 7]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("419,278223", 419_278_223),
        ("1.406,343102", 1_406_343_102),
        ("84.250.000", 84_250_000_000_000),
        ("0,000001", 1),
        ("-0,5", -500_000),
        ("0,0000005", UNREADABLE),  # half a đồng
        ("1,2345678", UNREADABLE),
        ("419.278223", UNREADABLE),
        ("hai tỷ", UNREADABLE),
        (None, None),
    ],
)
def test_million_dong_as_whole_dong(text: str | None, value: Any) -> None:
    assert read([text], pl.Int64, number="vi", scale=MILLION) == [value]


@pytest.mark.parametrize("scale", [1, 1000, MILLION, 10**12])
@pytest.mark.parametrize("digits", [*range(18, 42), 100])
def test_a_cell_full_of_digits_costs_only_itself(digits: int, scale: int) -> None:
    found = read(["9" * digits, "5", "1,5"], pl.Int64, number="vi", scale=scale)
    assert found[1] == 5 * scale
    exact = int("9" * digits) * scale
    assert found[0] == (exact if exact < 2**63 else UNREADABLE)


def test_numeric_cells_are_exact_whatever_the_declared_form() -> None:
    """The text "1.234" is one thousand two hundred and thirty-four; the number 1.234 is not."""
    cells = [cell("1.234"), cell("1.234", 1.234), cell("4817", 4817.0), cell("1.234,5")]
    assert read(cells, pl.Float64, CELL, number="vi") == [1234.0, 1.234, 4817.0, 1234.5]
    assert read(cells, pl.Int64, CELL, number="vi") == [1234, UNREADABLE, 4817, UNREADABLE]


def test_numeric_cells_in_million_dong() -> None:
    cells = [
        cell("419.278223", 419.278223),
        cell("0.1", 0.1),
        cell("1406.343102", 1406.343102),
        cell("84250000.123457", 84250000.123457),
        cell("1.2345678", 1.2345678),
    ]
    expected = [419_278_223, 100_000, 1_406_343_102, 84_250_000_123_457, UNREADABLE]
    assert read(cells, pl.Int64, CELL, number="vi", scale=MILLION) == expected


def test_numbers_of_a_database_are_taken_as_they_are() -> None:
    big = 2**62 + 1
    assert read([big, -1, None], pl.Int64, pl.Int64, number="vi") == [big, -1, None]
    assert read([1, None], pl.Float64, pl.Int64) == [1.0, None]
    assert read([1.0, 2.5, None], pl.Int64, pl.Float64) == [1, UNREADABLE, None]
    assert read([1.5, float("nan"), float("inf")], pl.Float64, pl.Float64) == [
        1.5,
        UNREADABLE,
        UNREADABLE,
    ]
    assert read([Decimal("1.50"), None], pl.Float64, pl.Decimal(10, 2)) == [1.5, None]
    assert read([Decimal("1.50"), Decimal("2.00")], pl.Int64, pl.Decimal(10, 2)) == [UNREADABLE, 2]
    assert read([None, None], pl.Int64, pl.Null) == [None, None]
    assert read([3], pl.Int64, pl.Int64, scale=1000) == [3000]


@SETTINGS
@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, max_size=20))
def test_any_whole_number_in_vietnamese_form_comes_back(numbers: list[int]) -> None:
    grouped = [f"{n:,}".replace(",", ".") for n in numbers]
    bare = [str(n) for n in numbers]
    assert read(grouped, pl.Int64, number="vi") == numbers
    assert read(bare, pl.Int64, number="vi") == numbers
    assert read(bare, pl.Int64) == numbers


@SETTINGS
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_a_whole_number_is_read_exactly_or_not_at_all(numbers: list[int]) -> None:
    for found in (
        read([f"{n:,}".replace(",", ".") for n in numbers], pl.Int64, number="vi"),
        read([str(n) for n in numbers], pl.Int64),
        read([Decimal(n) for n in numbers], pl.Int64, pl.Decimal(38, 0)),
    ):
        assert [n if f is UNREADABLE else f for f, n in zip(found, numbers, strict=True)] == numbers


@SETTINGS
@given(st.lists(st.decimals(-(10**12), 10**12, places=6), min_size=1, max_size=20))
def test_any_decimal_in_vietnamese_form_comes_back(numbers: list[Decimal]) -> None:
    swapped = str.maketrans(",.", ".,")
    grouped = [f"{n:,f}".translate(swapped) for n in numbers]
    assert read(grouped, pl.Float64, number="vi") == [float(n) for n in numbers]
    assert read([f"{n:f}" for n in numbers], pl.Float64) == [float(n) for n in numbers]


AMOUNTS = st.one_of(st.integers(-(10**9), 10**9), st.integers(10**13, 10**15))


@SETTINGS
@given(st.lists(AMOUNTS, min_size=1, max_size=20))
@example([70_000_000_000_003])  # the revenue of a province: ÷ 10⁶ × 10⁶ is not whole in floats
def test_any_whole_dong_written_in_millions_comes_back(dong: list[int]) -> None:
    millions = [Decimal(n) / MILLION for n in dong]
    texts = [f"{m:,f}".translate(str.maketrans(",.", ".,")) for m in millions]
    assert read(texts, pl.Int64, number="vi", scale=MILLION) == dong
    cells = [cell(str(float(m)), float(m)) for m in millions]
    assert read(cells, pl.Int64, CELL, number="vi", scale=MILLION) == dong


# --- dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("05/12/2024", date(2024, 12, 5)),
        ("5/2/2024", date(2024, 2, 5)),
        ("29/02/2024", date(2024, 2, 29)),
        (" 05/12/2024 ", date(2024, 12, 5)),
        ("2024-12-05", date(2024, 12, 5)),  # as a spreadsheet's own date cell says it
        ("2024-12-05 00:00:00", date(2024, 12, 5)),
        ("29/02/2023", UNREADABLE),
        ("31/02/2024", UNREADABLE),
        ("12/25/2024", UNREADABLE),
        ("00/01/2024", UNREADABLE),
        ("05-12-2024", UNREADABLE),
        ("05/12/24", UNREADABLE),  # the declared year has four digits: not the year 24
        ("05/12/20245", UNREADABLE),
        ("05/12/2024 x", UNREADABLE),
        ("2024-13-05", UNREADABLE),
        ("2024-02-30", UNREADABLE),
        ("45631", UNREADABLE),
        ("hôm qua", UNREADABLE),
        ("", None),
    ],
)
def test_dates(text: str, value: Any) -> None:
    assert read([text], pl.Date, date="%d/%m/%Y") == [value]


def test_a_date_without_a_declared_form_is_read_in_iso_form_only() -> None:
    assert read(["2024-12-05", "05/12/2024"], pl.Date) == [date(2024, 12, 5), UNREADABLE]


def test_date_cells_of_a_spreadsheet() -> None:
    cells = [cell("2024-12-05"), cell("2024-12-05 07:30:00"), cell("05/12/2024"), cell(None)]
    day = date(2024, 12, 5)
    assert read(cells, pl.Date, CELL, date="%d/%m/%Y") == [day, day, day, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12/2024", "2024-12"),
        ("1/2024", "2024-01"),
        ("2024-12-31", "2024-12"),
        ("13/2024", UNREADABLE),
        ("0/2024", UNREADABLE),
        ("12/24", UNREADABLE),
        ("Tháng 12", UNREADABLE),
        (None, None),
    ],
)
def test_months(text: str | None, value: Any) -> None:
    assert read([text], pl.String, date="%m/%Y", period="month") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("29/12/2024", "2024-W52"),
        ("30/12/2024", "2025-W01"),
        ("31/12/2024", "2025-W01"),
        ("01/01/2027", "2026-W53"),
        ("03/01/2021", "2020-W53"),
        ("04/01/2021", "2021-W01"),
        ("2024-12-30", "2025-W01"),
        ("30/02/2024", UNREADABLE),
    ],
)
def test_iso_weeks_across_the_end_of_the_year(text: str, value: Any) -> None:
    assert read([text], pl.String, date="%d/%m/%Y", period="iso_week") == [value]


@pytest.mark.parametrize(
    ("text", "quarter", "half"),
    [
        ("1/2026", "2026-Q1", "2026-H1"),
        ("3/2026", "2026-Q1", "2026-H1"),
        ("6/2026", "2026-Q2", "2026-H1"),
        ("7/2026", "2026-Q3", "2026-H2"),
        ("12/2026", "2026-Q4", "2026-H2"),
        ("Quý 3", UNREADABLE, UNREADABLE),
        (None, None, None),
    ],
)
def test_quarters_and_half_years(text: str | None, quarter: Any, half: Any) -> None:
    assert read([text], pl.String, date="%m/%Y", period="quarter") == [quarter]
    assert read([text], pl.String, date="%m/%Y", period="half_year") == [half]


@SETTINGS
@given(st.lists(st.dates(date(1900, 1, 1), date(2199, 12, 31)), min_size=1, max_size=20))
def test_any_date_comes_back(days: list[date]) -> None:
    form = "%d/%m/%Y"
    texts = [day.strftime(form) for day in days]
    assert read(texts, pl.Date, date=form) == days
    assert read([day.isoformat() for day in days], pl.Date, date=form) == days
    assert read(days, pl.Date, pl.Date, date=form) == days
    calendar = [day.isocalendar() for day in days]
    weeks = [f"{year:04d}-W{week:02d}" for year, week, _ in calendar]
    assert read(texts, pl.String, date=form, period="iso_week") == weeks
    months = [f"{day.year:04d}-{day.month:02d}" for day in days]
    assert read(texts, pl.String, date=form, period="month") == months


MOMENT = datetime(2024, 12, 5, 10, 30, 15)  # noqa: DTZ001  local, as agencies store it


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("05/12/2024 10:30", MOMENT.replace(second=0)),
        ("2024-12-05 10:30:15", MOMENT),
        ("2024-12-05T10:30:15", MOMENT),
        ("2024-12-05", MOMENT.replace(hour=0, minute=0, second=0)),  # a cell at midnight
        ("05/12/2024 24:30", UNREADABLE),
        ("31/02/2024 10:30", UNREADABLE),
        ("05/12/2024 sáng", UNREADABLE),
        ("", None),
    ],
)
def test_moments(text: str, value: Any) -> None:
    assert read([text], pl.Datetime("us"), date="%d/%m/%Y %H:%M") == [value]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_moments_of_a_database_are_taken_as_they_are(unit: Any) -> None:
    kind = pl.Datetime(unit)
    moments = [MOMENT, MOMENT + timedelta(milliseconds=500), None]
    assert read(moments, pl.Datetime("us"), kind) == moments
    assert read([MOMENT, None], pl.Date, kind) == [MOMENT.date(), None]
    assert read([MOMENT], pl.String, kind, date="%d/%m/%Y", period="month") == ["2024-12"]


def test_a_date_of_a_database_is_the_start_of_its_day() -> None:
    midnight = datetime(2024, 12, 5)  # noqa: DTZ001
    assert read([midnight.date(), None], pl.Datetime("us"), pl.Date) == [midnight, None]


def test_a_period_of_a_database_is_the_month_of_its_date() -> None:
    days = [date(2026, 10, 1), date(2025, 1, 31), None]
    read_as = read(days, pl.String, pl.Date, date="%Y-%m-%d", period="month")
    assert read_as == ["2026-10", "2025-01", None]


# --- text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "code"),
    [("1001", "01001"), ("1", "00001"), ("12001", "12001"), ("A12", "A12"), ("123456", "123456")],
)
def test_codes_get_their_leading_zeros_back(raw: str, code: str) -> None:
    assert read([raw, f" {raw} "], pl.String, pad=5) == [code, code]


def test_codes_in_numeric_cells() -> None:
    assert read([cell("1001", 1001.0), cell("01001")], pl.String, CELL, pad=5) == ["01001"] * 2
    assert read([1001, None], pl.String, pl.Int64, pad=5) == ["01001", None]
    # as a database or Parquet file has them when some are empty
    assert read([1001.0, None], pl.String, pl.Float64, pad=5) == ["01001", None]


def test_codes_keep_the_zeros_they_have() -> None:
    assert read(["00123", "00123", "0"], pl.String) == ["00123", "00123", "0"]


def test_text_is_nfc_with_single_plain_spaces() -> None:
    decomposed = unicodedata.normalize("NFD", "Phường Phố Hiến")
    assert decomposed != "Phường Phố Hiến"
    cells = [decomposed, "Phường\u00a0Phố  Hiến", "\tPhường Phố\nHiến ", "Phường Phố Hiến"]
    assert read(cells, pl.String) == ["Phường Phố Hiến"] * 4


def test_source_values_become_contract_values() -> None:
    values = {"Sởi": "measles", "Cúm": "influenza"}
    cells = ["Sởi", unicodedata.normalize("NFD", "Sởi"), " Cúm ", "Ho gà", "sởi", None]
    expected = ["measles", "measles", "influenza", "Ho gà", "sởi", None]
    assert read(cells, pl.String, values=values) == expected


def test_values_are_compared_in_nfc_however_the_declaration_is_typed() -> None:
    typed = {unicodedata.normalize("NFD", "Sởi"): "measles"}
    assert read(["Sởi"], pl.String, values=typed) == ["measles"]


def test_values_and_nulls_before_numbers_and_dates() -> None:
    cells = ["không", "3", "-", "…", "nhiều"]
    counts = read(cells, pl.Int64, values={"không": "0"}, nulls=("-", "…"))
    assert counts == [0, 3, None, None, UNREADABLE]
    days = read(["chưa", "05/12/2024"], pl.Date, date="%d/%m/%Y", nulls=("chưa",))
    assert days == [None, date(2024, 12, 5)]


def test_a_numeric_cell_can_mean_no_value_too() -> None:
    cells = [cell("-99", -99.0), cell("-99"), cell("5", 5.0)]
    assert read(cells, pl.Float64, CELL, nulls=("-99",)) == [None, None, 5.0]
    assert read([-99, 5], pl.Int64, pl.Int64, nulls=("-99",)) == [None, 5]


def test_numbers_and_moments_of_a_database_as_text() -> None:
    assert read([7, None], pl.String, pl.Int64) == ["7", None]
    assert read([True, False], pl.String, pl.Boolean) == ["true", "false"]
    assert read([date(2024, 12, 5)], pl.String, pl.Date) == ["2024-12-05"]


def test_truth_values() -> None:
    assert read([True, None], pl.Boolean, pl.Boolean) == [True, None]
    found = read(["true", "false", None, "có lẽ"], pl.Boolean)
    assert found[2:] == [None, UNREADABLE]


# --- the whole batch ----------------------------------------------------------------------------


def test_the_shape_of_a_conformed_batch() -> None:
    table = pl.DataFrame(
        {
            "_file": ["a.csv", "b.csv"],
            "_sheet": [None, "Biểu 1"],
            "_row": [2, 9],
            "Kỳ": ["12/2024", "x"],
            "Số": [" 1.234 ", None],
            "Thừa": ["not mapped", "not mapped"],
        },
        schema_overrides={"_sheet": pl.String},
    )
    columns = {
        "amount": Column(source="Số", number="vi"),
        "period": Column(source="Kỳ", date="%m/%Y", period="month"),
        "period_text": Column(source="Kỳ"),
    }
    schema = {"period": pl.String(), "amount": pl.Int64(), "period_text": pl.String()}
    found = conform(table, columns, schema)
    assert found.rows.rows(named=True) == [
        {
            ROW_ID: 0,
            "_file": "a.csv",
            "_sheet": None,
            "_row": 2,
            "period": "2024-12",
            "amount": 1234,
            "period_text": "12/2024",
        },
        {
            ROW_ID: 1,
            "_file": "b.csv",
            "_sheet": "Biểu 1",
            "_row": 9,
            "period": None,
            "amount": None,
            "period_text": "x",
        },
    ]
    assert found.rows.columns[4:] == list(schema)
    assert dict(found.rows.select(list(schema)).schema) == schema
    # as received: nothing cleaned, each mapped source column once, in text
    assert set(found.received.columns) == {ROW_ID, "Kỳ", "Số"}
    assert found.received["Số"].to_list() == [" 1.234 ", None]
    assert found.unreadable.rows() == [(1, "period", "x")]


def test_received_cells_of_spreadsheets_and_databases_are_text() -> None:
    found = conformed([cell("1.5", 1.5), cell("abc"), cell(None)], pl.Float64, CELL)
    assert found.received["S"].to_list() == ["1.5", "abc", None]
    found = conformed([7, None], pl.Int64, pl.Int64)
    assert found.received["S"].to_list() == ["7", None]


TEXTS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", " ", "-", "x", "12", "1.234", "1,5", "05/12/2024", "2024-12-05", "12/2024"]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6),
    st.text("0123456789.,", max_size=45),
)
TARGETS = {
    "whole": (pl.Int64(), {"number": "vi"}),
    "scaled": (pl.Int64(), {"number": "vi", "scale": MILLION}),
    "real": (pl.Float64(), {}),
    "day": (pl.Date(), {"date": "%d/%m/%Y"}),
    "moment": (pl.Datetime("us"), {"date": "%d/%m/%Y"}),
    "month": (pl.String(), {"date": "%m/%Y", "period": "month"}),
    "text": (pl.String(), {}),
}


def test_unreadable_is_exactly_what_said_something_and_became_null() -> None:
    counted = {"unreadable": 0, "read": 0, "empty": 0}

    @SETTINGS
    @given(st.lists(TEXTS, min_size=1, max_size=12))
    def check(texts: list[str | None]) -> None:
        table = pl.DataFrame(
            {
                "_file": ["f"] * len(texts),
                "_sheet": pl.Series([None] * len(texts), dtype=pl.String),
                "_row": range(len(texts)),
                "S": pl.Series(texts, dtype=pl.String),
            }
        )
        columns = {
            name: Column(source="S", nulls=("-",), **declared)
            for name, (_, declared) in TARGETS.items()
        }
        found = conform(table, columns, {name: kind for name, (kind, _) in TARGETS.items()})
        empty = [text is None or text.strip() in ("", "-") for text in texts]
        listed = set(found.unreadable.select(ROW_ID, "column").rows())
        assert len(listed) == found.unreadable.height
        for name in TARGETS:
            nulls = found.rows[name].is_null().to_list()
            expected = {i for i, null in enumerate(nulls) if null and not empty[i]}
            assert {i for i, column in listed if column == name} == expected
            assert all(null for null, nothing in zip(nulls, empty, strict=True) if nothing)
            counted["unreadable"] += len(expected)
            counted["read"] += nulls.count(False)
        counted["empty"] += sum(empty)

    check()
    assert all(counted.values()), counted


def test_a_number_without_a_value_hides_no_text_beside_it() -> None:
    """As many cells are numbers as say something, but not the same ones."""
    cells = [cell("9999", 9999.0), cell("1.234,5"), cell("7", 7.0)]
    assert read(cells, pl.Float64, CELL, number="vi", nulls=["9999"]) == [None, 1234.5, 7.0]
    assert read(cells, pl.Int64, CELL, number="vi", nulls=["9999"]) == [None, UNREADABLE, 7]
