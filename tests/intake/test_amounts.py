"""Numbers as agencies write them come out in the contract's unit, or are refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.intake.layout.table import CELL
from ioc_pipelines.intake.names import spellings

SETTINGS = settings(max_examples=60)
UNREADABLE = object()  # in expectations: null, and listed
NAMES = {
    "province": spellings([("Hưng Yên", "Hưng Yên"), ("TP HCM", "Hồ Chí Minh")]),
    "not_a_unit": spellings([("Dầu khí", "Dầu khí ngoài khơi"), ("HCM", "Không rõ")]),
}


def conformed(
    sources: Mapping[str, Sequence[Any]],
    columns: Mapping[str, Column],
    schema: Mapping[str, pl.DataType],
    kind: Any = pl.String,
    **units: str,
) -> Conformed:
    count = len(next(iter(sources.values())))
    table = pl.DataFrame(
        {
            "_file": pl.Series(["f.xlsx"] * count, dtype=pl.String),
            "_sheet": pl.Series([None] * count, dtype=pl.String),
            "_row": pl.Series(range(2, count + 2), dtype=pl.Int64),
            **{
                name: pl.Series(cells, dtype=kind if name == "S" else pl.String)
                for name, cells in sources.items()
            },
        }
    )
    return conform(table, columns, schema, units, NAMES)


def values_of(found: Conformed, name: str) -> list[Any]:
    """The values of a column, with ``UNREADABLE`` where a cell is listed so."""
    values = found.rows[name].to_list()
    for row, column, text in found.unreadable.rows():
        if column == name:
            assert values[row] is None
            assert text
            values[row] = UNREADABLE
    return values


def read(
    cells: Sequence[Any],
    kind: Any = pl.Float64,
    source: Any = pl.String,
    contract_unit: str | None = None,
    units: Sequence[str | None] | None = None,
    **declared: Any,
) -> list[Any]:
    """One source column ``S`` as the contract's column ``x``, beside its ``unit``."""
    sources = {"S": cells} | ({"unit": units} if units else {})
    stated = {"x": contract_unit} if contract_unit else {}
    columns = {"x": Column(source="S", **declared)}
    return values_of(conformed(sources, columns, {"x": kind()}, source, **stated), "x")


def cell(text: str | None, number: float | None = None) -> dict[str, Any]:
    return {"text": text, "number": number}


# --- words behind a number ----------------------------------------------------------------------

WORDS = {"tỷ": 1_000_000_000, "triệu": 1_000_000, "triệu đồng": 1_000_000}


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,95 tỷ", 1_950_000_000),
        ("1,95tỷ", 1_950_000_000),
        ("1,95 Tỷ", 1_950_000_000),
        ("1,95 TỶ", 1_950_000_000),
        (unicodedata.normalize("NFD", "1,95 tỷ"), 1_950_000_000),
        ("1.234,5 tỷ", 1_234_500_000_000),
        ("-1,5 tỷ", -1_500_000_000),
        ("2 triệu", 2_000_000),
        ("2 triệu đồng", 2_000_000),
        ("1,95 tỷ (*)", 1_950_000_000),
        ("0 tỷ", 0),
        ("500", 500),
        ("1,95 nghìn", UNREADABLE),
        ("1,95 tỷ đồng", UNREADABLE),
        ("1,95 tỉ", UNREADABLE),
        ("tỷ 1,95", UNREADABLE),
        ("tỷ", UNREADABLE),
        ("1 tỷ 950 triệu", UNREADABLE),
        ("gần 2 tỷ", UNREADABLE),
    ],
)
def test_a_word_behind_a_number_multiplies_it(text: str, value: Any, kind: Any) -> None:
    assert read([text], kind, number="vi", words=WORDS) == [value]


def test_words_are_found_however_they_are_declared() -> None:
    for word in ("Tỷ", unicodedata.normalize("NFD", "tỷ")):
        assert read(["1,5 tỷ"], pl.Int64, number="vi", words={word: 10**9}) == [1_500_000_000]


def test_a_word_multiplies_its_own_cell_only_and_with_the_scale() -> None:
    cells = ["1,5 tỷ", "7", "2 triệu"]
    assert read(cells, pl.Int64, number="vi", words=WORDS, scale=2) == [3 * 10**9, 14, 4 * 10**6]


def test_a_word_without_a_declaration_is_no_part_of_a_number() -> None:
    assert read(["1,95 tỷ", "2"], pl.Int64, number="vi") == [UNREADABLE, 2]


def test_a_product_that_its_type_cannot_hold_is_refused() -> None:
    cells = ["9 tỷ", "9.000.000.000 tỷ", "10.000.000.000 tỷ"]
    expected = [9 * 10**9, 9 * 10**18, UNREADABLE]
    assert read(cells, pl.Int64, number="vi", words=WORDS) == expected


# --- no value, and why --------------------------------------------------------------------------


def with_status(cells: Sequence[Any], source: Any = pl.String, **declared: Any) -> list[Any]:
    columns = {
        "x": Column(source="S", **declared),
        "why": Column(source="S", status_of="x"),
    }
    schema = {"x": pl.Int64(), "why": pl.String()}
    found = conformed({"S": cells}, columns, schema, source)
    assert "why" not in found.unreadable["column"].to_list()
    return list(zip(values_of(found, "x"), found.rows["why"].to_list(), strict=True))


def test_texts_that_mean_no_value_give_their_reason() -> None:
    nulls = {"..": "not_available", "-": "nil", "không có": "nil"}
    spaced = unicodedata.normalize("NFD", " không  có")
    cells = ["..", " - ", "5", "", None, "…", "không có", spaced]
    assert with_status(cells, nulls=nulls) == [
        (None, "not_available"),
        (None, "nil"),
        (5, None),
        (None, None),
        (None, None),
        (UNREADABLE, None),
        (None, "nil"),
        (None, "nil"),
    ]


def test_a_list_of_texts_gives_no_value_as_the_reason() -> None:
    assert with_status(["..", "7"], nulls=[".."]) == [(None, "no_value"), (7, None)]


def test_a_numeric_cell_may_mean_no_value_with_a_reason() -> None:
    cells = [cell("-99", -99.0), cell("..", None), cell("5", 5.0)]
    nulls = {"-99": "not_measured", "..": "not_available"}
    assert with_status(cells, CELL, nulls=nulls) == [
        (None, "not_measured"),
        (None, "not_available"),
        (5, None),
    ]


MARKS = {"Sơ bộ": "preliminary", "Prel.": "preliminary", "Ước": "estimate"}


@pytest.mark.parametrize(
    ("text", "value", "status"),
    [
        ("Sơ bộ 1.234", 1234, "preliminary"),
        ("sơ bộ 1.234", 1234, "preliminary"),
        ("1.234 (Sơ bộ)", 1234, "preliminary"),
        ("1.234 (Prel.)", 1234, "preliminary"),
        ("1.234 Prel.", 1234, "preliminary"),
        ("Ước 5 (*)", 5, "estimate"),
        (unicodedata.normalize("NFD", "Sơ bộ 1.234"), 1234, "preliminary"),
        ("Sơ bộ", None, "preliminary"),
        ("(Prel.)", None, "preliminary"),
        ("1.234", 1234, None),
        ("Chính thức 1.234", UNREADABLE, None),
        ("Sơ bộ nhiều", UNREADABLE, "preliminary"),
        ("", None, None),
    ],
)
def test_a_mark_beside_a_number_gives_its_status(text: str, value: Any, status: str) -> None:
    """A mark that stands alone says that there is no value: it is not a number misread."""
    assert with_status([text], number="vi", marks=MARKS) == [(value, status)]


def test_marks_are_found_however_they_are_declared() -> None:
    marks = {unicodedata.normalize("NFD", "SƠ BỘ"): "preliminary"}
    assert with_status(["Sơ bộ 5", "5"], marks=marks) == [(5, "preliminary"), (5, None)]


def test_a_mark_without_a_declaration_is_no_part_of_a_number() -> None:
    assert read(["Sơ bộ 1.234", "1.234 (Prel.)"], pl.Int64, number="vi") == [UNREADABLE] * 2


def test_what_an_empty_cell_means() -> None:
    assert read(["", None, " ", "7"], pl.Int64, default="0") == [0, 0, 0, 7]
    assert read(["", None, "x"], pl.String, default="false") == ["false", "false", "x"]
    # a text that means no value is not an empty cell
    assert read(["..", ""], pl.Int64, default="0", nulls=[".."]) == [None, 0]


# --- footnotes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(1)     419.278.223", 419_278_223),
        ("( 1 ) 419.278.223", 419_278_223),
        ("(*) 5", 5),
        ("(**) 5", 5),
        ("5 (1)", 5),
        ("5 (*)", 5),
        ("5(*)", 5),
        ("5*", 5),
        ("5 **", 5),
        ("419.278.223 (12)", 419_278_223),
        ("(*)", None),
        ("*", None),
        # what may be a negative number, a count or a year is none
        ("(12)", UNREADABLE),
        ("5(1)", UNREADABLE),
        ("(2019) 5", UNREADABLE),
        ("5 (2019)", UNREADABLE),
        ("(1) (2) 5", UNREADABLE),
        ("(1)5", UNREADABLE),
        ("5 1)", UNREADABLE),
        ("5¹", UNREADABLE),
    ],
)
def test_footnotes_around_a_number(text: str, value: Any, kind: Any) -> None:
    assert read([text], kind, number="vi") == [value]


def test_a_footnote_does_not_make_a_numeric_cell_another_number() -> None:
    cells = [cell("(1) 419.278.223"), cell("12", 12.0), cell("1.5", 1.5)]
    assert read(cells, pl.Float64, CELL, number="vi") == [419_278_223.0, 12.0, 1.5]


# --- forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5),
        ("1,234", 1234.0),
        ("12,345,678.9", 12345678.9),
        ("1234.5", 1234.5),
        ("4.817", 4.817),
        ("-0.5", -0.5),
        ("1.234,5", UNREADABLE),
        ("1,23", UNREADABLE),
        ("1,2345", UNREADABLE),
        ("12,34,567", UNREADABLE),
        ("0,123", UNREADABLE),
        ("1.234.567", UNREADABLE),
        ("1e3", UNREADABLE),
    ],
)
def test_english_numbers(text: str, value: Any) -> None:
    assert read([text], number="en") == [value]


@SETTINGS
@given(st.lists(st.decimals(-(10**12), 10**12, places=3), min_size=1, max_size=12))
def test_any_decimal_in_english_form_comes_back(numbers: list[Decimal]) -> None:
    texts = [f"{n:,f}" for n in numbers]
    assert read(texts, number="en") == [float(n) for n in numbers]
    whole = [int(n) for n in numbers]
    assert read([f"{n:,}" for n in whole], pl.Int64, number="en") == whole


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
def test_without_a_form_what_could_be_thousands_is_refused(kind: Any) -> None:
    assert read(["4.817", "(1) 4.817", "4.817 (*)", "4817"], kind) == [
        UNREADABLE,
        UNREADABLE,
        UNREADABLE,
        4817,
    ]


# --- units --------------------------------------------------------------------------------------

USD = "triệu USD"


def test_a_unit_at_the_source_is_converted_to_the_contracts() -> None:
    cells = ["1.234,5", "7", "-46.597,724", None, "nhiều"]
    assert read(cells, contract_unit=USD, number="vi", unit="nghìn USD") == [
        1.2345,
        0.007,
        -46.597724,
        None,
        UNREADABLE,
    ]


@SETTINGS
@given(st.lists(st.decimals(-(10**9), 10**9, places=3), min_size=1, max_size=12))
def test_thousands_as_millions_are_the_nearest_float(numbers: list[Decimal]) -> None:
    """Dividing by a power of ten rounds once, as reading the quotient's digits does."""
    texts = [f"{n:f}" for n in numbers]
    expected = [float(Fraction(float(n)) / 1000) for n in numbers]
    assert read(texts, contract_unit=USD, number="plain", unit="nghìn USD") == expected
    cells = [cell(str(float(n)), float(n)) for n in numbers]
    assert read(cells, source=CELL, contract_unit=USD, unit="nghìn USD") == expected


def test_each_row_has_the_unit_that_stands_beside_it() -> None:
    cells = ["1500", "1.5", "2", "0.003"]
    units = ["nghìn USD", "Triệu USD", "million USD", "tỷ USD"]
    found = read(cells, contract_unit=USD, units=units, number="plain", unit="{unit}")
    assert found == [1.5, 1.5, 2.0, 3.0]


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64])
@pytest.mark.parametrize("unknown", ["tấn", "USD triệu", "", None, "nghìn đồng"])
def test_a_unit_that_is_not_known_is_refused_and_never_taken_for_the_contracts(
    unknown: str | None, kind: Any
) -> None:
    columns = {"number": "plain", "unit": "{unit}"}
    assert read(["5"], kind, contract_unit=USD, units=[unknown], **columns) == [UNREADABLE]
    units = [unknown, "triệu USD", unknown, "nghìn USD"]
    found = read(["5", "6", None, "7000"], kind, contract_unit=USD, units=units, **columns)
    assert found == [UNREADABLE, 6, None, 7]
    cells = [cell("5", 5.0), cell("6", 6.0)]
    units = [unknown, "triệu USD"]
    found = read(cells, kind, CELL, contract_unit=USD, units=units, **columns)
    assert found == [UNREADABLE, 6]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.000", 1),
        ("419.278.000", 419_278),
        ("0", 0),
        ("-2.000", -2),
        ("1.500", UNREADABLE),
        ("500", UNREADABLE),
        ("1", UNREADABLE),
        ("1.000,5", UNREADABLE),
        ("9.007.199.254.740.993.000", 9_007_199_254_740_993),
    ],
)
def test_whole_numbers_in_another_unit_are_exact_or_refused(text: str, value: Any) -> None:
    assert read([text], pl.Int64, contract_unit=USD, number="vi", unit="nghìn USD") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("419,278223", 419_278_223),
        ("1.406,343102", 1_406_343_102),
        ("0,0000005", UNREADABLE),
    ],
)
def test_whole_numbers_in_a_smaller_unit_are_exact_or_refused(text: str, value: Any) -> None:
    assert read([text], pl.Int64, contract_unit="USD", number="vi", unit=USD) == [value]


def test_whole_numbers_of_numeric_cells_in_another_unit() -> None:
    cells = [cell("1000", 1000.0), cell("1500", 1500.0), cell("419.278223", 419.278223)]
    found = read(cells, pl.Int64, CELL, contract_unit=USD, unit="nghìn USD")
    assert found == [1, UNREADABLE, UNREADABLE]
    found = read(cells[2:], pl.Int64, CELL, contract_unit="USD", unit=USD)
    assert found == [419_278_223]


@SETTINGS
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=12))
def test_any_whole_number_in_thousands_comes_back_or_is_refused(numbers: list[int]) -> None:
    exact = [n // 1000 if n % 1000 == 0 else UNREADABLE for n in numbers]
    texts = [str(n) for n in numbers]
    assert read(texts, pl.Int64, contract_unit=USD, number="plain", unit="nghìn USD") == exact
    times = read(texts, pl.Int64, contract_unit="nghìn USD", number="plain", unit=USD)
    assert times == [n * 1000 for n in numbers]


def test_a_unit_with_a_scale_and_a_word() -> None:
    found = read(
        ["1,5 tỷ"],
        pl.Int64,
        contract_unit="triệu đồng",
        number="vi",
        unit="nghìn đồng",
        scale=10,
        words=WORDS,
    )
    assert found == [15_000_000]


# --- codes, names, text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("4.0", "00004"),
        ("4", "00004"),
        ("4.00", "00004"),
        (" 4.0 ", "00004"),
        ("00004", "00004"),
        ("12001.0", "12001"),
        ("4.5", "4.5"),
        ("4,0", "4,0"),
        ("A4.0", "A4.0"),
        ("-4.0", "-4.0"),
    ],
)
def test_a_code_that_a_spreadsheet_made_a_number_is_a_code_again(text: str, code: str) -> None:
    assert read([text], pl.String, pad=5) == [code]


def test_names_are_official_or_refused_with_their_own_text() -> None:
    cells = ["HUNG YEN", "Tỉnh  Hưng Yên (*)", "TP.HCM", "Atlantis ", None, ""]
    columns = {"x": Column(source="S", names=("province",))}
    found = conformed({"S": cells}, columns, {"x": pl.String()})
    assert found.rows["x"].to_list() == ["Hưng Yên", "Hưng Yên", "Hồ Chí Minh", None, None, None]
    assert found.unreadable.select(ROW_ID, "column", "text").rows() == [(3, "x", "Atlantis")]


def test_of_several_lists_the_first_that_has_the_name() -> None:
    cells = ["Dầu khí", "TP HCM", "HCM"]
    found = read(cells, pl.String, names=["province", "not_a_unit"])
    assert found == ["Dầu khí ngoài khơi", "Hồ Chí Minh", "Hồ Chí Minh"]
    found = read(cells, pl.String, names=["not_a_unit", "province"])
    assert found == ["Dầu khí ngoài khơi", "Không rõ", "Không rõ"]
    assert read(cells, pl.String, names="not_a_unit")[0] == "Dầu khí ngoài khơi"


def test_names_after_values_and_what_means_no_value() -> None:
    found = read(
        ["HY", "-", "x"], pl.String, names="province", values={"HY": "Hưng Yên"}, nulls=["-"]
    )
    assert found == ["Hưng Yên", None, UNREADABLE]


def test_a_text_that_is_mojibake_is_refused_with_its_text() -> None:
    cells = ["HÃ  Ná»™i", "Hà Nội", "H\ufffdng Yên", "B¶n ®å", "m²"]
    found = conformed({"S": cells}, {"x": Column(source="S")}, {"x": pl.String()})
    assert found.rows["x"].to_list() == [None, "Hà Nội", None, None, "m²"]
    assert found.unreadable["text"].to_list() == ["HÃ Ná»™i", "H\ufffdng Yên", "B¶n ®å"]
