"""The header is found by its words, and in it the column of every source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.layouts import CsvLayout, XlsxLayout
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.header import Head, Header, Range, find_header, from_header
from ioc_pipelines.intake.layout.table import Table, Wanted
from tests.intake.layout.reading import read_table

FILE = "bo_tai_chinh/du_toan.xlsx"


def find(
    rows: list[list[str]],
    *wanted: Wanted | str,
    merged: tuple[Range, ...] = (),
    start: int = 0,
    **layout: Any,
) -> Header:
    asked = [want if isinstance(want, Wanted) else Wanted(want) for want in wanted]
    declared = XlsxLayout(format="xlsx", sheet=".", **layout)
    return find_header(Head(rows, merged), asked, declared, FILE, "Biểu 1", start)


def columns(header: Header) -> dict[str, list[int]]:
    return {
        source: [place.position for place in places] for source, places in header.columns.items()
    }


def groups(header: Header, source: str) -> dict[int, dict[str, str | None]]:
    return {place.position: dict(place.groups) for place in header.columns[source]}


def reason(*args: Any, **options: Any) -> str:
    with pytest.raises(StructureMismatchError) as caught:
        find(*args, **options)
    assert (caught.value.file, caught.value.outcome) == (FILE, "structure_mismatch")
    return caught.value.reason


# --- height ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "top", "height"),
    [
        ([["Tỉnh", "Tổng thu NSNN"]], 0, 1),
        ([["Biểu 9"], ["Tỉnh", "Tổng thu"], ["", "NSNN"]], 1, 2),
        ([["Biểu 9"], [], ["Tỉnh", "Tổng"], ["", "thu"], ["", "NSNN"]], 2, 3),
    ],
)
def test_a_header_may_be_as_tall_as_the_layout_lets_it(
    rows: list[list[str]], top: int, height: int
) -> None:
    data = [["Hưng Yên", "256000"], ["Hà Nam", "170000"]]
    header = find([*rows, *data], "Tỉnh", "Tổng thu NSNN", header_rows=[1, 3])
    assert (header.top, header.height, header.bottom) == (top, height, top + height)
    assert columns(header) == {"Tỉnh": [0], "Tổng thu NSNN": [1]}


def test_a_taller_header_than_declared_is_not_found() -> None:
    rows = [["Tỉnh", "Tổng"], ["", "thu"], ["", "NSNN"]]
    assert "'Tổng thu NSNN'" in reason(rows, "Tỉnh", "Tổng thu NSNN", header_rows=[1, 2])


def test_the_lowest_of_the_heights_that_do_is_taken() -> None:
    """What stands below it is data, and not a part of the header."""
    rows = [["Tỉnh", "Thu"], ["Hưng Yên", "256"], ["Hà Nam", "170"]]
    assert find(rows, "Tỉnh", "Thu", header_rows=[1, 3]).height == 1


def test_blank_rows_above_are_not_the_header() -> None:
    """A header that may be three rows tall does not begin in the title above its first row."""
    rows = [["Biểu số 9"], ["", "", "triệu đồng"], ["Tỉnh", "Tổng"], ["", "thu"], ["Hưng Yên", "1"]]
    header = find(rows, "Tỉnh", "Tổng thu", header_rows=[1, 4])
    assert (header.top, header.height) == (2, 2)


def test_the_first_of_two_tables_is_meant() -> None:
    rows = [["Tỉnh", "Thu"], ["Hưng Yên", "1"], ["Tỉnh", "Thu"], ["Hà Nam", "2"]]
    assert find(rows, "Tỉnh", "Thu").top == 0


def test_the_header_is_looked_for_in_the_first_hundred_rows_only() -> None:
    table = [["Tỉnh", "Thu"], ["Hưng Yên", "1"]]
    assert find([[""]] * 99 + table, "Tỉnh", "Thu").top == 99
    assert "no header was recognised" in reason([[""]] * 100 + table, "Tỉnh", "Thu")


def test_the_search_begins_where_it_is_told_to() -> None:
    rows = [["Tỉnh", "Thu"], ["Hưng Yên", "1"], ["Tỉnh", "Thu"], ["Hà Nam", "2"]]
    assert find(rows, "Tỉnh", "Thu", start=1).top == 2
    assert "no header was recognised" in reason(rows, "Tỉnh", "Thu", start=3)


# --- merged and spread headings -------------------------------------------------------------------


def test_a_merged_heading_counts_for_all_it_spans() -> None:
    rows = [["Tỉnh", "Thực hiện", ""], ["", "Tháng", "Năm"]]
    merged = (((0, 0), (1, 0)), ((0, 1), (0, 2)))
    header = find(rows, "Tỉnh", "Thực hiện Năm", merged=merged, header_rows=2)
    assert columns(header) == {"Tỉnh": [0], "Thực hiện Năm": [2]}


def test_a_heading_merged_over_columns_all_the_way_down_counts_once() -> None:
    """Excel lets a header span two columns of which the second is empty."""
    rows = [["Tỉnh", "Thu", "", "Chi"], ["", "", "", ""]]
    merged = (((0, 0), (1, 0)), ((0, 1), (1, 2)), ((0, 3), (1, 3)))
    header = find(rows, "Tỉnh", "Thu", "Chi", merged=merged, header_rows=2)
    assert columns(header) == {"Tỉnh": [0], "Thu": [1], "Chi": [3]}
    one_row = find([["Tỉnh", "Thu", "", ""]], "Tỉnh", "Thu", merged=(((0, 1), (0, 3)),))
    assert columns(one_row) == {"Tỉnh": [0], "Thu": [1]}


def test_words_are_said_once_for_each_column() -> None:
    """A cell merged over two rows says its words once."""
    rows = [["Tỉnh", "Thu"], ["", ""]]
    merged = (((0, 0), (1, 0)), ((0, 1), (1, 1)))
    assert columns(find(rows, "Tỉnh", "Thu", merged=merged, header_rows=2))["Thu"] == [1]


SPREAD = [["Tỉnh", "Tháng 1", "", "Tháng 2", ""], ["", "M", "C", "M", "C"]]


def test_a_heading_that_is_spread_without_being_merged() -> None:
    header = find(SPREAD, "Tỉnh", "Tháng 1 C", "Tháng 2 C", header_rows=2, spread=True)
    assert columns(header) == {"Tỉnh": [0], "Tháng 1 C": [2], "Tháng 2 C": [4]}


def test_a_heading_is_not_spread_unless_the_layout_says_so() -> None:
    said = reason(SPREAD, "Tỉnh", "Tháng 1 C", header_rows=2)
    assert "'Tháng 1 C' (nearest: Tháng 1 M" in said


def test_the_last_row_of_a_header_is_not_spread() -> None:
    """An empty cell in it is a column without a heading of its own."""
    rows = [["Tỉnh", "Thu", ""], ["", "Kế hoạch", ""]]
    header = find(rows, "Tỉnh", "Thu", "Thu Kế hoạch", header_rows=2, spread=True)
    assert columns(header) == {"Tỉnh": [0], "Thu": [2], "Thu Kế hoạch": [1]}


# --- the language of sources ----------------------------------------------------------------------


def test_words_are_compared_without_case_form_and_spacing() -> None:
    rows = [["TỈNH,\nthành phố", "So\u0302\u0301  dư\u0323 án"]]
    header = find(rows, "Tỉnh, thành phố", "Số dự án")
    assert columns(header) == {"Tỉnh, thành phố": [0], "Số dự án": [1]}


def test_a_pattern_finds_the_column_whose_words_change() -> None:
    rows = [["Tỉnh", "Ước tính tháng 4 năm 2021", "Ước tính tháng 4 năm 2020"]]
    header = find(rows, "Tỉnh", r"/^ước tính tháng \d+ năm 2021$/")
    assert columns(header)[r"/^ước tính tháng \d+ năm 2021$/"] == [1]


def test_a_pattern_that_two_columns_match_is_a_mismatch() -> None:
    rows = [["Tỉnh", "Tổng chi NSĐP", "Tổng chi NSTW"]]
    assert "'/^tổng chi/'" in reason(rows, "Tỉnh", "/^tổng chi/")


def test_first_takes_the_first_of_several() -> None:
    rows = [["Tỉnh", "Tổng chi NSĐP", "Tổng chi NSTW", "Thu", "Thu"]]
    header = find(rows, "Tỉnh", "first /^tổng chi/", "first Thu")
    assert columns(header) == {"Tỉnh": [0], "first /^tổng chi/": [1], "first Thu": [3]}


def test_left_of_is_the_column_before_another() -> None:
    rows = [["", "", "Số dự án", "PCI 2016", "PCI 2016"]]
    header = find(rows, "left of /^Số dự án/", "left of Số dự án", "left of first /^PCI/")
    assert list(columns(header).values()) == [[1], [1], [2]]


def test_there_is_nothing_left_of_the_first_column() -> None:
    assert "'left of Tỉnh'" in reason([["Tỉnh", "Thu"]], "left of Tỉnh", "Thu")


def test_left_of_each_column_of_a_wide_table() -> None:
    rows = [["Tỉnh", "", "2015", "", "2016"]]
    header = find(rows, "Tỉnh", r"left of /^(?P<year>\d{4})$/")
    assert groups(header, r"left of /^(?P<year>\d{4})$/") == {
        1: {"year": "2015"},
        3: {"year": "2016"},
    }


@pytest.mark.parametrize(
    ("head", "position"),
    [
        (["Vốn cấp mới", "Tổng số vốn", "Vốn"], 0),
        (["", "Tổng số vốn", "Vốn"], 1),
        (["", "", "Vốn"], 2),
    ],
)
def test_other_forms_of_a_source_are_tried_in_turn(head: list[str], position: int) -> None:
    want = Wanted("Vốn cấp mới", others=("/^tổng số vốn/", "Vốn"))
    assert columns(find([["Tỉnh", *head]], "Tỉnh", want))["Vốn cấp mới"] == [position + 1]


def test_a_form_that_is_ambiguous_gives_way_to_the_next() -> None:
    want = Wanted("/vốn/", others=("Vốn cấp mới",))
    header = find([["Tỉnh", "Vốn cấp mới", "Vốn thêm"]], "Tỉnh", want)
    assert columns(header)["/vốn/"] == [1]


# --- letters --------------------------------------------------------------------------------------


def test_a_letter_names_a_column_beside_a_real_header() -> None:
    header = find([["", "", "Thu"]], "B", "Thu")
    assert columns(header) == {"B": [1], "Thu": [2]}


def test_letters_alone_prove_nothing() -> None:
    assert "no header was recognised" in reason([["Hưng Yên", "256"], ["x", "y"]], "A", "B")


def test_a_heading_that_is_a_letter_comes_before_the_column_of_that_letter() -> None:
    header = find([["Tỉnh", "M", "A"]], "Tỉnh", "A")
    assert columns(header) == {"Tỉnh": [0], "A": [2]}


def test_a_letter_beyond_the_table_is_missing() -> None:
    assert "'E'" in reason([["Tỉnh", "Thu"]], "Tỉnh", "E")


# --- optional columns -----------------------------------------------------------------------------

ADJUSTED = Wanted("Vốn điều chỉnh", optional=True)


def test_an_optional_column_may_be_missing() -> None:
    header = find([["Tỉnh", "Vốn"], ["Hưng Yên", "1"]], "Tỉnh", "Vốn", ADJUSTED)
    assert columns(header) == {"Tỉnh": [0], "Vốn": [1]}


def test_a_taller_header_that_has_the_optional_column_is_preferred() -> None:
    rows = [["Tỉnh", "Vốn", "Vốn"], ["", "", "điều chỉnh"], ["Hưng Yên", "1", "2"]]
    merged = (((0, 0), (1, 0)), ((0, 1), (1, 1)))
    header = find(rows, "Tỉnh", "first /^Vốn$/", ADJUSTED, header_rows=[1, 2], merged=merged)
    assert (header.top, header.height) == (0, 2)
    assert columns(header)["Vốn điều chỉnh"] == [2]


def test_another_table_that_has_the_optional_column_is_not_preferred() -> None:
    """The table that was meant stands first; the other is of countries, not of provinces."""
    rows = [
        ["Tỉnh", "Vốn"],
        ["Hưng Yên", "1"],
        ["Tỉnh", "Vốn", "Vốn điều chỉnh"],
        ["Hàn Quốc", "2", "3"],
    ]
    header = find(rows, "Tỉnh", "Vốn", ADJUSTED)
    assert (header.top, columns(header)) == (0, {"Tỉnh": [0], "Vốn": [1]})


def test_a_required_column_that_is_missing_is_named_without_the_optional_one() -> None:
    said = reason([["Tỉnh", "Vốn"]], "Tỉnh", "Dự án", ADJUSTED)
    assert "'Dự án'" in said
    assert "'Vốn điều chỉnh'" not in said


# --- wide tables ----------------------------------------------------------------------------------


def test_named_groups_tell_the_columns_of_a_wide_table_apart() -> None:
    source = r"/^Tháng (?P<month>\d+) (?P<kind>[MC])$/"
    rows = [["Tỉnh", "Tháng 1 M", "Tháng 1 C", "Tháng 2 M", "Tổng"]]
    assert groups(find(rows, "Tỉnh", source), source) == {
        1: {"month": "1", "kind": "M"},
        2: {"month": "1", "kind": "C"},
        3: {"month": "2", "kind": "M"},
    }


def test_two_columns_of_the_same_groups_are_a_mismatch() -> None:
    source = r"/^Tháng (?P<month>\d+)/"
    assert "not found" in reason([["Tỉnh", "Tháng 1 M", "Tháng 1 C"]], "Tỉnh", source)


def csv_table(tmp_path: Path, text: str, *wanted: Wanted | str, **layout: Any) -> Table:
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode())
    declared = CsvLayout(format="csv", delimiter=";", **layout)
    return read_table(declared, wanted, path, "x_2014.csv")


MONTHS = "Tỉnh;Tháng 1 M;Tháng 1 C;Tháng 2 M;Tháng 2 C\nHà Nội;1;2;3;4\nHuế;5;6;7;\n"
CASES, DEATHS = r"/^Tháng (?P<month>\d+) M$/", r"/^Tháng (?P<month>\d+) C$/"


def test_a_wide_table_becomes_long(tmp_path: Path) -> None:
    """Each month of each province is a row, and the month a column of its own."""
    table = csv_table(tmp_path, MONTHS, "Tỉnh", "month", CASES, DEATHS)
    assert table.frame.select("_row", "Tỉnh", "month", CASES, DEATHS).sort(
        "month", "_row"
    ).rows() == [
        (2, "Hà Nội", "1", "1", "2"),
        (3, "Huế", "1", "5", "6"),
        (2, "Hà Nội", "2", "3", "4"),
        (3, "Huế", "2", "7", None),
    ]
    assert table.keys == ("month",)
    assert table.found["rows"] == 4
    assert table.found["columns"] == {"Tỉnh": "A", CASES: "B…D", DEATHS: "C…E"}


def test_a_month_that_one_of_the_figures_lacks_is_empty_there(tmp_path: Path) -> None:
    text = "Tỉnh;Tháng 1 M;Tháng 1 C;Tháng 2 M\nHà Nội;1;2;3\n"
    table = csv_table(tmp_path, text, "Tỉnh", "month", CASES, DEATHS)
    assert table.frame.select("month", CASES, DEATHS).rows() == [("1", "1", "2"), ("2", "3", None)]


def test_patterns_of_wide_columns_have_the_same_groups(tmp_path: Path) -> None:
    other = r"/^Tháng (?P<thang>\d+) C$/"
    with pytest.raises(StructureMismatchError, match="must have the same groups") as caught:
        csv_table(tmp_path, MONTHS, "Tỉnh", "month", CASES, other)
    assert "'month'" in caught.value.reason
    assert "'thang'" in caught.value.reason


def test_a_group_that_takes_no_part_in_a_heading_is_no_value(tmp_path: Path) -> None:
    source = r"/^(?P<prel>Prel\. )?(?P<year>\d{4})$/"
    table = csv_table(tmp_path, "Tỉnh;2016;Prel. 2017\nHuế;1;2\n", "Tỉnh", "year", "prel", source)
    assert table.frame.select("year", "prel", source).rows() == [
        ("2016", None, "1"),
        ("2017", "Prel. ", "2"),
    ]


# --- values put together --------------------------------------------------------------------------


def test_a_template_is_put_together_from_groups_and_captured_values(tmp_path: Path) -> None:
    captures = {"year": {"where": "file", "pattern": r"_(\d{4})"}}
    table = csv_table(tmp_path, MONTHS, "Tỉnh", "{month}/{year}", CASES, captures=captures)
    assert table.frame["{month}/{year}"].unique().sort().to_list() == ["1/2014", "2/2014"]


def test_a_template_of_something_unknown_is_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError, match=r"neither captured nor in the header: year"):
        csv_table(tmp_path, MONTHS, "Tỉnh", "{month}/{year}", CASES)


def test_captured_values_groups_and_templates_are_not_looked_for_in_the_header() -> None:
    wanted = [
        Wanted("Tỉnh"),
        Wanted("year"),
        Wanted("month"),
        Wanted("{month}/{year}"),
        Wanted(CASES),
    ]
    assert [w.source for w in from_header(wanted, ["year"])] == ["Tỉnh", CASES]


# --- a table below other tables -------------------------------------------------------------------

TWO = "Biểu 1\nTỉnh;Thu\nHà Nội;1\nBiểu 2\nTỉnh;Thu\nHuế;2\n"


def test_the_header_is_below_the_row_that_is_named(tmp_path: Path) -> None:
    table = csv_table(tmp_path, TWO, "Tỉnh", "Thu", below="^Biểu 2$")
    assert table.frame.select("_row", "Tỉnh", "Thu").rows() == [(6, "Huế", "2")]
    assert table.found["header_row"] == 5


def test_a_row_that_is_not_there_has_nothing_below_it(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError, match=r"no row matches '\^Biểu 3\$'"):
        csv_table(tmp_path, TWO, "Tỉnh", "Thu", below="^Biểu 3$")


def test_the_title_is_that_of_the_table_and_not_of_the_one_above(tmp_path: Path) -> None:
    captures = {"form": {"where": "title", "pattern": r"Năm (\d+)"}}
    text = "Năm 2015\nBiểu 1\nTỉnh;Thu\nHà Nội;1\nBiểu 2\nNăm 2016\nTỉnh;Thu\nHuế;2\n"
    table = csv_table(tmp_path, text, "form", "Thu", below="^Biểu 2$", captures=captures)
    assert table.frame["form"].to_list() == ["2016"]


# --- what is said when it is not found ------------------------------------------------------------


def test_what_is_missing_is_named_with_its_nearest_candidates() -> None:
    said = reason([["Tỉnh", "Số ca mắc mới", "Ngày"]], "Tỉnh", "Số ca mắc")
    assert "sheet 'Biểu 1'" in said
    assert "'Số ca mắc' (nearest: Số ca mắc mới)" in said
    assert "the header has: Tỉnh, Số ca mắc mới, Ngày" in said


def test_the_header_that_has_most_of_the_sources_is_shown() -> None:
    rows = [["Thu", "x"], ["Nguyễn Văn A", "0912345678"], ["Tỉnh", "Thu", "Dự toán"]]
    said = reason(rows, "Tỉnh", "Thu", "Quyết toán")
    assert "the header has: Tỉnh, Thu, Dự toán" in said
    assert "0912345678" not in said


@pytest.mark.parametrize("wanted", [["Mã hồ sơ", "Ngày"], ["A", "B"], ["A", "/^Mã/"]])
def test_nothing_is_quoted_where_no_header_was_recognised(wanted: list[str]) -> None:
    rows = [["Nguyễn Văn A", "0912345678"], ["Trần Thị B", "0912345679"]]
    said = reason(rows, *wanted, header_rows=[1, 2])
    assert "no header was recognised" in said
    assert not any(cell in said for row in rows for cell in row)
