"""The rows below a header: which are data, which sum others up, which are neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from ioc_pipelines.catalog.layouts import CsvLayout, XlsxLayout
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.table import Table, Wanted
from tests.intake.layout.reading import read_table

WANTED = (Wanted("Tên", name="name"), Wanted("Thu", name="revenue"), Wanted("Chi", name="cost"))


def read(tmp_path: Path, *lines: str, wanted: tuple[Wanted, ...] = WANTED, **layout: Any) -> Table:
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_table(CsvLayout(format="csv", delimiter=";", **layout), wanted, path, "x.csv")


def names(table: Table) -> list[tuple[int, str | None]]:
    return table.frame.select("_row", "Tên").rows()


def notes(table: Table) -> dict[str, list[Any]]:
    return {key: rows for key, rows in table.found.items() if key.endswith("_rows")}


def parts(table: Table) -> dict[int, list[int]]:
    """The rows that add up to each total, by the total's row."""
    assert table.totals is not None
    return dict(table.totals.select("_row", "_parts").rows())


# --- labels ---------------------------------------------------------------------------------------

LABELLED = (
    "Tên;Thu;Chi",
    "I. MIỀN NÚI;;",
    "Hà Giang;1;2",
    ";3;4",
    "Cao Bằng;5;",
    "",
    "(1) Số tạm tính;;",
)


def test_headings_and_rows_without_a_name_are_not_data(tmp_path: Path) -> None:
    table = read(tmp_path, *LABELLED, label="name")
    assert names(table) == [(3, "Hà Giang"), (5, "Cao Bằng")]
    assert table.found["rows"] == 2


def test_what_is_passed_over_is_listed_by_row(tmp_path: Path) -> None:
    """Nothing is passed over in silence: a figure without a name may be a mistake of the sender."""
    table = read(tmp_path, *LABELLED, label="name")
    assert notes(table) == {"heading_rows": [2, 7], "unlabelled_rows": [4]}


def test_without_a_label_every_row_that_says_something_is_data(tmp_path: Path) -> None:
    table = read(tmp_path, *LABELLED)
    assert [row for row, _ in names(table)] == [2, 3, 4, 5, 7]
    assert notes(table) == {}


def test_of_many_rows_passed_over_the_first_are_listed(tmp_path: Path) -> None:
    headings = [f"Nhóm {i};;" for i in range(30)]
    table = read(tmp_path, "Tên;Thu;Chi", *headings, "Hà Giang;1;2", label="name")
    assert notes(table) == {"heading_rows": [*range(2, 22), "…"]}
    assert names(table) == [(32, "Hà Giang")]


def test_a_row_that_says_only_something_beside_the_table_is_a_heading(tmp_path: Path) -> None:
    """Only the columns of the feed count: a note in another column is no figure."""
    lines = ("Tên;Thu;Chi;Ghi chú", "Tổng hợp;;;tạm tính", "Hà Giang;1;2;")
    assert names(read(tmp_path, *lines, label="name")) == [(3, "Hà Giang")]


# --- heads that come again ------------------------------------------------------------------------


def test_the_head_that_comes_again_on_the_next_page_is_not_data(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "Hà Giang;1;2", "Tên;Thu;Chi", "Cao Bằng;3;4")
    table = read(tmp_path, *lines)
    assert names(table) == [(2, "Hà Giang"), (4, "Cao Bằng")]
    assert notes(table) == {"repeated_rows": [3]}


def test_a_title_and_a_head_of_two_rows_that_come_again_are_not_data(tmp_path: Path) -> None:
    lines = (
        "Biểu 9. Dự toán",
        "Tên;Tổng;Tổng",
        ";thu;chi",
        "Hà Giang;1;2",
        "Biểu 9. Dự toán",
        "Tên;Tổng;Tổng",
        ";thu;chi",
        "Cao Bằng;3;4",
    )
    wanted = (Wanted("Tên", name="name"), Wanted("Tổng thu"), Wanted("Tổng chi"))
    table = read(tmp_path, *lines, wanted=wanted, header_rows=2)
    assert names(table) == [(4, "Hà Giang"), (8, "Cao Bằng")]
    assert notes(table) == {"repeated_rows": [5, 6, 7]}


def test_a_row_that_shares_one_word_with_the_head_is_data(tmp_path: Path) -> None:
    table = read(tmp_path, "Tên;Thu;Chi", "Tên;1;2")
    assert names(table) == [(2, "Tên")]


@pytest.mark.parametrize("layout", [{"below": "^Biểu 2"}, {"header_rows": 2}])
def test_a_row_that_a_table_above_has_as_well_is_data(
    tmp_path: Path, layout: dict[str, Any]
) -> None:
    """Two tables of the same provinces have rows alike, of zeros if of nothing else."""
    lines = ("Biểu 1", "Tên;Thu", "Hà Giang;0", "Biểu 2", "Tên;Thu;Chi", ";;", "Hà Giang;0;")
    wanted = (Wanted("Tên", name="name"), Wanted("Thu"), Wanted("Chi"))
    assert names(read(tmp_path, *lines, wanted=wanted, **layout)) == [(7, "Hà Giang")]


# --- rows that the layout skips -------------------------------------------------------------------


def test_rows_that_the_layout_skips_are_listed(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "A;1;2", "Hà Giang;10;20", "Người lập biểu;;")
    table = read(tmp_path, *lines, skip_rows=r"^(A \| 1|Người lập)")
    assert names(table) == [(3, "Hà Giang")]
    assert notes(table) == {"skipped_rows": [2, 4]}


def test_rows_before_the_start_and_behind_the_stop_are_not_listed(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "Nhóm;;", "Địa phương;;", "Hà Giang;1;2", "Nước;;", "Hàn Quốc;3;4")
    table = read(tmp_path, *lines, label="name", start_after="^Địa phương", stop_before="^Nước")
    assert names(table) == [(4, "Hà Giang")]
    assert notes(table) == {}


@pytest.mark.parametrize("layout", [{"start_after": "^Vùng"}, {"stop_before": "^Vùng"}])
def test_a_mark_that_is_not_there_is_a_mismatch(tmp_path: Path, layout: dict[str, Any]) -> None:
    with pytest.raises(StructureMismatchError, match=r"no row below the header matches '\^Vùng'"):
        read(tmp_path, "Tên;Thu;Chi", "Hà Giang;1;2", **layout)


def test_the_stop_is_looked_for_below_the_start(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "Nước;;", "Địa phương;;", "Hà Giang;1;2", "Nước;;")
    table = read(tmp_path, *lines, start_after="^Địa phương", stop_before="^Nước")
    assert names(table) == [(4, "Hà Giang")]


# --- totals ---------------------------------------------------------------------------------------

REGIONS = (
    "Tên;Thu;Chi",
    "CẢ NƯỚC;10;20",
    "I. MIỀN NÚI;3;5",
    "Hà Giang;1;2",
    "Cao Bằng;2;3",
    "II. ĐỒNG BẰNG;7;15",
    "Hà Nội;3;7",
    "Hưng Yên;4;8",
)


def test_totals_are_kept_apart_with_the_rows_that_add_up_to_them(tmp_path: Path) -> None:
    totals = [{"rows": "^CẢ NƯỚC", "parts": "all"}, {"rows": r"^[IVX]+\."}]
    table = read(tmp_path, *REGIONS, totals=totals)
    assert names(table) == [(4, "Hà Giang"), (5, "Cao Bằng"), (7, "Hà Nội"), (8, "Hưng Yên")]
    assert parts(table) == {2: [4, 5, 7, 8], 3: [4, 5], 6: [7, 8]}
    assert table.totals is not None
    assert table.totals.select("_label", "Thu", "Chi").rows() == [
        ("CẢ NƯỚC | 10 | 20", "10", "20"),
        ("I. MIỀN NÚI | 3 | 5", "3", "5"),
        ("II. ĐỒNG BẰNG | 7 | 15", "7", "15"),
    ]


def test_a_total_without_parts_is_not_data_either(tmp_path: Path) -> None:
    table = read(tmp_path, *REGIONS, totals=[{"rows": "^CẢ NƯỚC", "parts": "none"}])
    assert parts(table) == {2: []}
    assert (2, "CẢ NƯỚC") not in names(table)


def test_a_total_of_totals(tmp_path: Path) -> None:
    totals = [
        {"rows": "^CẢ NƯỚC", "parts_matching": r"^[IVX]+\."},
        {"rows": r"^[IVX]+\."},
    ]
    assert parts(read(tmp_path, *REGIONS, totals=totals)) == {2: [3, 6], 3: [4, 5], 6: [7, 8]}


def test_a_total_is_no_part_of_itself(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "Vốn nhà nước;9;9", "Vốn tỉnh;4;4", "Vốn huyện;5;5")
    totals = [{"rows": "^Vốn nhà nước", "parts_matching": "^Vốn"}]
    assert parts(read(tmp_path, *lines, totals=totals)) == {2: [3, 4]}


def test_a_total_at_the_end_of_the_table_may_sum_all_of_it(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "Hà Giang;1;2", "Cao Bằng;2;3", "Tổng cộng;3;5")
    assert parts(read(tmp_path, *lines, totals=[{"rows": "^Tổng", "parts": "all"}])) == {4: [2, 3]}


def test_a_total_above_the_start_sums_the_rows_below_it(tmp_path: Path) -> None:
    """As in the workbooks of foreign investment: the total first, then by sector, then by place."""
    lines = (
        "Tên;Thu;Chi",
        "TỔNG SỐ;3;5",
        "Công nghiệp;3;5",
        "Địa phương;;",
        "Hà Giang;1;2",
        "Cao Bằng;2;3",
    )
    totals = [{"rows": "^TỔNG SỐ", "parts": "all"}]
    table = read(tmp_path, *lines, start_after="^Địa phương", totals=totals)
    assert parts(table) == {2: [5, 6]}
    assert names(table) == [(5, "Hà Giang"), (6, "Cao Bằng")]


def test_a_heading_with_the_words_of_a_total_and_no_figure_is_none(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", "Tổng số;;", "Hà Giang;1;2")
    table = read(tmp_path, *lines, label="name", totals=[{"rows": "^Tổng số", "parts": "all"}])
    assert table.totals is None
    assert notes(table) == {"heading_rows": [2]}


def test_a_total_without_a_name_of_its_own_is_one(tmp_path: Path) -> None:
    """The words may stand in a column that the feed does not map."""
    lines = ("STT;Tên;Thu;Chi", "TỔNG SỐ;;3;5", "1;Hà Giang;1;2", "2;Cao Bằng;2;3")
    table = read(tmp_path, *lines, label="name", totals=[{"rows": "^TỔNG SỐ", "parts": "all"}])
    assert parts(table) == {2: [3, 4]}
    assert "unlabelled_rows" not in notes(table)


def test_the_first_declaration_that_matches_a_row_counts(tmp_path: Path) -> None:
    totals = [
        {"rows": "^I", "parts": "none", "tolerance": 1},
        {"rows": r"^[IVX]+\.", "some": True, "tolerance": 2, "columns": ["cost"]},
    ]
    table = read(tmp_path, *REGIONS, totals=totals)
    assert table.totals is not None
    assert table.totals.select("_row", "_some", "_tolerance", "_columns").rows() == [
        (3, False, 1.0, []),
        (6, False, 1.0, []),
    ]
    other = read(tmp_path, *REGIONS, totals=totals[1:])
    assert other.totals is not None
    assert other.totals.select("_row", "_some", "_tolerance", "_columns").row(0) == (
        3,
        True,
        2.0,
        ["cost"],
    )


def test_the_label_of_a_total_is_cut_short(tmp_path: Path) -> None:
    lines = ("Tên;Thu;Chi", f"Tổng {'x' * 200};1;2", "Hà Giang;1;2")
    table = read(tmp_path, *lines, totals=[{"rows": "^Tổng", "parts": "all"}])
    assert table.totals is not None
    assert table.totals["_label"].to_list() == [("Tổng " + "x" * 200)[:80]]


def test_a_wide_table_has_its_totals_for_every_key(tmp_path: Path) -> None:
    lines = ("Tên;Năm 2015;Năm 2016", "Tổng;3;7", "Hà Giang;1;3", "Cao Bằng;2;4")
    source = r"/^Năm (?P<year>\d+)$/"
    wanted = (Wanted("Tên", name="name"), Wanted("year", name="year"), Wanted(source, name="x"))
    table = read(tmp_path, *lines, wanted=wanted, totals=[{"rows": "^Tổng", "parts": "all"}])
    assert table.totals is not None
    assert table.totals.select("_row", "year", source, "_parts").rows() == [
        (2, "2015", "3", [3, 4]),
        (2, "2016", "7", [3, 4]),
    ]
    assert table.keys == ("year",)


# --- worksheets -----------------------------------------------------------------------------------


def test_rows_of_a_worksheet_are_sorted_alike(tmp_path: Path) -> None:
    """The text of a row of a worksheet has its numbers written out, whole ones without a point."""
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("M09")
        rows: list[list[Any]] = [
            ["Tên", "Thu", "Chi"],
            ["A", 1, 2],
            ["TỔNG SỐ", 3.5, 5],
            ["Hà Giang", 1.5, 2],
            ["", 4, None],
            ["Cao Bằng", 2, 3],
        ]
        for i, row in enumerate(rows):
            sheet.write_row(2 + i, 1, row)
    layout = XlsxLayout(
        format="xlsx",
        sheet="^M09$",
        label="name",
        skip_rows=r"^A \| 1 \| 2$",
        totals=({"rows": r"^TỔNG SỐ \| 3\.5 \| 5$", "parts": "all"},),
    )
    table = read_table(layout, WANTED, path, "x.xlsx")
    assert table.frame["_row"].to_list() == [6, 8]
    assert parts(table) == {5: [6, 8]}
    assert notes(table) == {"unlabelled_rows": [7], "skipped_rows": [4]}
