"""Workbooks as agencies make them: titles, merged headers, units, totals, several tables."""

from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from ioc_pipelines.catalog.layouts import XlsxLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.read import read_tables
from ioc_pipelines.intake.layout.table import Table
from tests.intake.layout.reading import read_table

SHEET = "Thu NSNN"
Fill = Callable[[Any, Any], None]


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write a workbook: sheet name to what fills it."""

    def make(sheets: dict[str, Fill] | Fill, name: str = "bao_cao.xlsx") -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as workbook:
            named = sheets if isinstance(sheets, dict) else {SHEET: sheets}
            for title, fill in named.items():
                fill(workbook.add_worksheet(title), workbook)
        return path

    return make


Book = Callable[..., Path]


def rows(*cells: list[Any], at: int = 0, left: int = 0) -> Fill:
    """Write rows of cells as they are, from row ``at`` and column ``left`` on."""

    def fill(sheet: Any, _workbook: Any) -> None:
        for i, row in enumerate(cells):
            sheet.write_row(at + i, left, row)

    return fill


def read(path: Path, sources: list[str], *, sheet: str = f"^{SHEET}$", **layout: Any) -> Table:
    declared = XlsxLayout(format="xlsx", sheet=sheet, **layout)
    return read_table(declared, sources, path, f"so_tai_chinh/{path.name}")


def texts(table: Table, *columns: str) -> list[tuple[Any, ...]]:
    """The row numbers and what the cells say."""
    said = (pl.col(column).struct.field("text").alias(column) for column in columns)
    return table.frame.select("_row", *said).rows()


def numbers(table: Table, column: str) -> list[float | None]:
    return table.frame[column].struct.field("number").to_list()


def test_a_plain_table(book: Book) -> None:
    table = read(book(rows(["Mã", "Số"], ["01", 5], ["02", 2.5])), ["Mã", "Số"])
    assert texts(table, "Mã", "Số") == [(2, "01", "5"), (3, "02", "2.5")]
    assert numbers(table, "Mã") == [None, None]
    assert numbers(table, "Số") == [5.0, 2.5]
    assert table.frame["_file"].to_list() == ["so_tai_chinh/bao_cao.xlsx"] * 2
    assert table.frame["_sheet"].to_list() == [SHEET] * 2
    columns = {"Mã": "A", "Số": "B"}
    assert table.found == {"sheet": SHEET, "header_row": 1, "columns": columns, "rows": 2}
    assert table.frame.columns == ["_file", "_sheet", "_row", "Mã", "Số"]


def test_columns_come_by_name_wherever_they_stand(book: Book) -> None:
    path = book(rows(["Thừa", "Số", "Mã"], ["x", 5, "01"], at=3, left=2))
    table = read(path, ["Mã", "Số"])
    assert texts(table, "Mã", "Số") == [(5, "01", "5")]
    assert table.found["header_row"] == 4


def monthly_form(sheet: Any, workbook: Any) -> None:
    """A report form: title, two-row merged header, units, column numbers, total, signature."""
    day = workbook.add_format({"num_format": "dd/mm/yyyy"})
    sheet.merge_range(0, 0, 0, 5, "SỞ TÀI CHÍNH")
    sheet.merge_range(1, 0, 1, 5, "BÁO CÁO THU NGÂN SÁCH")
    sheet.merge_range(2, 0, 2, 5, "Tháng 10/2026")
    sheet.write(3, 5, "Đơn vị: triệu đồng")
    sheet.merge_range(5, 0, 6, 0, "STT")
    sheet.merge_range(5, 1, 6, 1, "Mã xã")
    sheet.merge_range(5, 2, 6, 2, "Dự toán năm")
    sheet.merge_range(5, 3, 5, 4, "Thực hiện")
    sheet.write_row(6, 3, ["Trong tháng", "Lũy kế"])
    sheet.merge_range(5, 5, 6, 5, "Ngày chốt số liệu")
    sheet.write_row(7, 0, ["A", "B", "1", "2", "3", "4"])
    sheet.write_row(8, 0, [1, "12001", "1.234,5", 419.278223, 4817])
    sheet.write_datetime(8, 5, datetime(2026, 11, 5), day)  # noqa: DTZ001
    # a blank row
    sheet.write_row(10, 0, [2, 1002, 900, "83,2", 4, "05/11/2026"])
    sheet.write_row(11, 0, ["", "Tổng cộng", 2134.5, 502.5, 4821])
    sheet.write_row(13, 4, ["Người lập biểu"])


FORM: dict[str, Any] = {
    "header_rows": 2,
    "skip_rows": r"^(A \||Tổng cộng|Người lập biểu)",
    "captures": {"month": {"where": "title", "pattern": r"Tháng (\d{1,2}/\d{4})"}},
}
FORM_COLUMNS = [
    "month",
    "Mã xã",
    "Dự toán năm",
    "Thực hiện Trong tháng",
    "Thực hiện Lũy kế",
    "Ngày chốt số liệu",
]


def test_a_report_form(book: Book) -> None:
    table = read(book(monthly_form), FORM_COLUMNS, **FORM)
    assert texts(table, *FORM_COLUMNS[1:]) == [
        (9, "12001", "1.234,5", "419.278223", "4817", "2026-11-05"),
        (11, "1002", "900", "83,2", "4", "05/11/2026"),
    ]
    assert numbers(table, "Dự toán năm") == [None, 900.0]
    assert numbers(table, "Thực hiện Trong tháng") == [419.278223, None]
    assert table.frame["month"].to_list() == ["10/2026"] * 2
    found = {key: table.found[key] for key in ("sheet", "header_row", "rows", "month")}
    assert found == {"sheet": SHEET, "header_row": 6, "rows": 2, "month": "10/2026"}
    assert list(table.found["columns"].values()) == ["B", "C", "D", "E", "F"]


def test_a_three_row_header(book: Book) -> None:
    def fill(sheet: Any, _workbook: Any) -> None:
        sheet.merge_range(0, 0, 2, 0, "Mã")
        sheet.merge_range(0, 1, 0, 4, "Thực hiện")
        sheet.merge_range(1, 1, 1, 2, "Tháng")
        sheet.merge_range(1, 3, 1, 4, "Năm")
        sheet.write_row(2, 1, ["Số", "%", "Số", "%"])
        sheet.write_row(3, 0, ["01", 1, 2, 3, 4])

    names = ["Mã", "Thực hiện Tháng Số", "Thực hiện Năm Số", "Thực hiện Năm %"]
    assert texts(read(book(fill), names, header_rows=3), *names) == [(4, "01", "1", "3", "4")]


def test_headers_are_compared_in_nfc_without_case_or_spacing(book: Book) -> None:
    written = ["mã  XÃ\n(phường)", "So\u0302\u0301\u00a0mắc"]
    table = read(book(rows(written, ["01", 7])), ["Mã xã (phường)", "Số mắc"])
    assert texts(table, "Mã xã (phường)", "Số mắc") == [(2, "01", "7")]


def test_rows_blank_in_every_mapped_column_are_not_data(book: Book) -> None:
    path = book(
        rows(["Mã", "Số", "Ghi chú"], ["01", 1], [], ["", "", "x"], [" ", None], ["", 2], ["03"])
    )
    table = read(path, ["Mã", "Số"])
    assert texts(table, "Mã", "Số") == [(2, "01", "1"), (6, None, "2"), (7, "03", None)]


def test_a_header_without_rows_is_an_empty_table(book: Book) -> None:
    table = read(book(rows(["Mã", "Số"])), ["Mã", "Số"])
    assert (table.frame.height, table.found["rows"]) == (0, 0)
    assert table.frame.columns == ["_file", "_sheet", "_row", "Mã", "Số"]


TWO_TABLES = rows(
    ["", "", "Dự án", "Vốn"],
    ["TỔNG SỐ", "", 10, 100],
    ["Phân theo một số địa phương"],
    ["", "Hưng Yên", 71, 1406.343102],
    ["", "Bắc Ninh", 5, 2.5],
    ["Phân theo một số nước và vùng lãnh thổ"],
    ["", "Hàn Quốc", 9, 90],
    ["Phân theo một số địa phương"],
    ["", "Hà Nội", 1, 1],
)


def test_one_of_two_tables(book: Book) -> None:
    limits = {
        "start_after": "^Phân theo một số địa phương",
        "stop_before": "^Phân theo một số nước",
    }
    table = read(book(TWO_TABLES), ["B", "Dự án", "Vốn"], **limits)
    found = texts(table, "B", "Dự án", "Vốn")
    assert found == [(4, "Hưng Yên", "71", "1406.343102"), (5, "Bắc Ninh", "5", "2.5")]
    below = read(book(TWO_TABLES), ["B", "Vốn"], start_after="^Phân theo một số nước")
    assert texts(below, "B") == [(7, "Hàn Quốc"), (9, "Hà Nội")]


@pytest.mark.parametrize("limit", ["start_after", "stop_before"])
def test_a_limit_that_is_not_there_is_a_mismatch(book: Book, limit: str) -> None:
    with pytest.raises(StructureMismatchError, match="'\\^Phân theo vùng'"):
        read(book(TWO_TABLES), ["B", "Vốn"], **{limit: "^Phân theo vùng"})


def test_letters_alone_do_not_make_a_header(book: Book) -> None:
    with pytest.raises(StructureMismatchError, match="'A', 'B'"):
        read(book(TWO_TABLES), ["A", "B"])


# --- sheets -------------------------------------------------------------------------------------

TABLE = rows(["Mã"], ["01"])


@pytest.mark.parametrize(
    ("pattern", "said"), [("^Quý$", "no sheets match"), ("^Tháng", "2 sheets match")]
)
def test_no_sheet_or_two_is_a_mismatch_naming_the_sheets(
    book: Book, pattern: str, said: str
) -> None:
    path = book({"Tháng 9": TABLE, "Tháng 10": TABLE, "Ghi chú": TABLE})
    with pytest.raises(StructureMismatchError) as caught:
        read(path, ["Mã"], sheet=pattern)
    assert said in caught.value.reason
    assert "Tháng 9, Tháng 10, Ghi chú" in caught.value.reason
    assert caught.value.file == "so_tai_chinh/bao_cao.xlsx"
    assert caught.value.outcome == "structure_mismatch"


def test_the_sheet_that_matches_is_read(book: Book) -> None:
    path = book({"Bìa": rows(["Mã"], ["wrong"]), " 12. FDI": TABLE})
    table = read(path, ["Mã"], sheet=r"(?i)\d+\.\s*fdi$")
    assert texts(table, "Mã") == [(2, "01")]
    assert table.found["sheet"] == " 12. FDI"


# --- what changed at the source -----------------------------------------------------------------


def test_a_renamed_column_is_named_with_its_nearest_candidates(book: Book) -> None:
    path = book(rows(["Mã xã", "Số ca mắc mới", "Số ca tử vong"], ["01", 1, 2]))
    with pytest.raises(StructureMismatchError) as caught:
        read(path, ["Mã xã", "Số ca mắc", "Ngày"])
    assert "'Số ca mắc' (nearest: Số ca mắc mới" in caught.value.reason
    assert "'Ngày'" in caught.value.reason
    assert "the header has: Mã xã, Số ca mắc mới, Số ca tử vong" in caught.value.reason
    assert f"sheet '{SHEET}'" in caught.value.reason


def test_a_column_that_is_there_twice_is_a_mismatch(book: Book) -> None:
    with pytest.raises(StructureMismatchError, match="'Số'"):
        read(book(rows(["Mã", "Số", "Số"], ["01", 1, 2])), ["Mã", "Số"])


def test_an_empty_sheet_is_a_mismatch(book: Book) -> None:
    with pytest.raises(StructureMismatchError, match="no header was recognised"):
        read(book(rows()), ["Mã"])


@pytest.mark.parametrize("header", [["Họ tên", "Điện thoại"], []], ids=["header", "none"])
@pytest.mark.parametrize("wanted", [["Mã hồ sơ", "Điện thoại"], ["Mã hồ sơ", "Ngày"]])
def test_the_reason_holds_no_data(book: Book, header: list[str], wanted: list[str]) -> None:
    path = book(rows(header, ["Nguyễn Văn A", "0912345678"]))
    with pytest.raises(StructureMismatchError) as caught:
        read(path, wanted)
    assert "0912345678" not in str(caught.value)
    assert "Nguyễn" not in str(caught.value)


# --- captures -----------------------------------------------------------------------------------


def test_captures_from_title_sheet_and_file(book: Book) -> None:
    captures = {
        "month": {"where": "title", "pattern": r"Tháng (\d+)"},
        "unit": {"where": "title", "pattern": r"triệu đồng"},
        "year": {"where": "sheet", "pattern": r"\d{4}"},
        "day": {"where": "file", "pattern": r"_(\d{8})\.xlsx$"},
    }
    form = rows(["Báo cáo"], ["Tháng 7"], ["", "triệu đồng"], ["Mã", "Số"], ["01", 1], ["02", 2])
    path = book({"Năm 2026": form}, name="thu_20260805.xlsx")
    table = read(path, ["month", "unit", "year", "day", "Mã"], sheet="^Năm", captures=captures)
    found = table.frame.select("month", "unit", "year", "day").rows()
    assert found == [("7", "triệu đồng", "2026", "20260805")] * 2
    assert {name: table.found[name] for name in captures} == {
        "month": "7",
        "unit": "triệu đồng",
        "year": "2026",
        "day": "20260805",
    }


@pytest.mark.parametrize("where", ["title", "sheet", "file"])
def test_a_capture_that_finds_nothing_is_a_mismatch(book: Book, where: str) -> None:
    captures = {"month": {"where": where, "pattern": r"Quý (\d)"}}
    path = book(rows(["Báo cáo"], ["Mã"], ["Quý 4"]))
    with pytest.raises(StructureMismatchError, match=f"month: nothing in the {where} matches"):
        read(path, ["month", "Mã"], captures=captures)


# --- cells --------------------------------------------------------------------------------------


def test_what_cells_say(book: Book) -> None:
    def fill(sheet: Any, workbook: Any) -> None:
        moment = workbook.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write(0, 0, "S")
        sheet.write_number(1, 0, 1001)
        sheet.write_string(2, 0, "01001")
        sheet.write_string(3, 0, "1.234")
        sheet.write_number(4, 0, 1.234)
        sheet.write_datetime(5, 0, date(2026, 11, 5), moment)
        sheet.write_datetime(6, 0, datetime(2026, 11, 5, 10, 30, 15), moment)  # noqa: DTZ001
        sheet.write_formula(7, 0, "=1+1", None, 2)
        sheet.write_boolean(8, 0, True)
        sheet.write_string(9, 0, "  A  ")

    table = read(book(fill), ["S"])
    assert table.frame["S"].to_list() == [
        {"text": "1001", "number": 1001.0},
        {"text": "01001", "number": None},
        {"text": "1.234", "number": None},
        {"text": "1.234", "number": 1.234},
        {"text": "2026-11-05", "number": None},
        {"text": "2026-11-05 10:30:15", "number": None},
        {"text": "2", "number": 2.0},
        {"text": "True", "number": None},
        {"text": "A", "number": None},
    ]


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#VALUE!"])
@pytest.mark.parametrize("name", ["Biểu 1", "Thu & chi"])
def test_a_formula_error_is_not_an_empty_cell(book: Book, error: str, name: str) -> None:
    """It would be taken for "no value" where the contract allows that."""

    def fill(sheet: Any, _workbook: Any) -> None:
        sheet.write_row(0, 0, ["Mã", "Số"])
        sheet.write_row(1, 0, ["01", 5])
        sheet.write(2, 0, "02")
        sheet.write_formula(2, 1, "=1/0", None, error)

    table = read(book({"Khác": rows(["x"]), name: fill}), ["Mã", "Số"], sheet=f"^{name}$")
    assert table.frame["Số"].struct.field("text").to_list() == ["5", error]
    assert table.frame["Số"].struct.field("number").to_list() == [5.0, None]


# --- bytes that are no workbook -----------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a workbook",
        b"<html><table><tr><td>M\xc3\xa3</td></tr></table></html>",
        "Mã;Số\n01;1\n".encode(),
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ],
    ids=["empty", "text", "html", "csv", "zip start", "ole start"],
)
def test_other_bytes_are_not_a_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bao_cao.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="not a workbook") as caught:
        read(path, ["Mã"])
    assert caught.value.outcome == "unreadable"
    assert caught.value.file == "so_tai_chinh/bao_cao.xlsx"


def test_a_zip_of_something_else_is_not_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "bao_cao.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(UnreadableFileError):
        read(path, ["Mã"])


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_workbook(book: Book, keep: float) -> None:
    path = book(monthly_form)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnreadableFileError):
        read(path, FORM_COLUMNS, **FORM)


@pytest.mark.parametrize("part", ["sheet1.xml", "sharedStrings.xml", "workbook.xml"])
def test_a_workbook_with_a_damaged_part(book: Book, part: str) -> None:
    path = book(monthly_form)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    damaged = [name for name in parts if name.endswith(f"/{part}")]
    assert len(damaged) == 1
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content[: len(content) // 2] if name in damaged else content)
    with pytest.raises(UnreadableFileError):
        read(path, FORM_COLUMNS, **FORM)


def test_random_damage_is_noticed_or_harmless(book: Book) -> None:
    """Whatever happens to the bytes, it is one of the two refusals or a table."""
    path = book(monthly_form)
    whole = path.read_bytes()
    chance = random.Random(20261120)  # noqa: S311
    outcomes = {"table": 0, "unreadable": 0, "structure_mismatch": 0}
    for _ in range(120):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 20)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read(path, FORM_COLUMNS, **FORM)
        except (UnreadableFileError, StructureMismatchError) as error:
            outcomes[error.outcome] += 1
        else:
            outcomes["table"] += 1
    assert outcomes["unreadable"] > 0
    assert sum(outcomes.values()) == 120


# --- hints of the size that are no hints ----------------------------------------------------------


def with_hint(path: Path, hint: str) -> Path:
    """The workbook with another statement of the size of its sheets."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if name.startswith("xl/worksheets/sheet"):
                content, count = re.subn(
                    rb'<dimension ref="[^"]*"/>', f'<dimension ref="{hint}"/>'.encode(), content
                )
                assert count == 1
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("hint", ["1:69", "A:B", "", "A1", "B2:A1", "Z9:Z9", "A1:XFD1048576", "x"])
def test_the_cells_are_read_whatever_size_a_sheet_says_it_has(book: Book, hint: str) -> None:
    """ECMA-376 lets a sheet leave the hint out; some programs write one that is none."""
    path = with_hint(book(rows(["Mã", "Số"], ["01", 5], ["02", 6])), hint)
    assert texts(read(path, ["Mã", "Số"]), "Mã", "Số") == [(2, "01", "5"), (3, "02", "6")]


def test_a_formula_error_in_a_sheet_with_a_bad_hint_is_not_an_empty_cell(book: Book) -> None:
    def fill(sheet: Any, _workbook: Any) -> None:
        sheet.write_row(2, 1, ["Mã", "Số"])
        sheet.write(3, 1, "01")
        sheet.write_formula(3, 2, "=1/0", None, "#DIV/0!")

    table = read(with_hint(book(fill), "1:69"), ["Mã", "Số"])
    assert texts(table, "Mã", "Số") == [(4, "01", "#DIV/0!")]
    assert numbers(table, "Số") == [None]


def test_a_real_workbook_with_a_hint_of_rows_only(open_data: Path) -> None:
    """The index of 2014: 63 provinces and their scores, from row 2 to row 64."""
    path = open_data / "mof_budget/PCI/PCI_2014.xlsx"
    with pytest.raises(CalamineError):
        CalamineWorkbook.from_path(path).get_sheet_by_name("Summary_VN")
    table = read(path, ["left of /^PCI 2014$/", "/^PCI 2014$/"], sheet="^Summary_VN$")
    scores = dict(zip(table.frame["_row"], numbers(table, "/^PCI 2014$/"), strict=True))
    ranked = [scores[row] for row in range(2, 65)]
    # the best first, none missing
    assert ranked == sorted((score for score in ranked if score), reverse=True)
    assert 65 not in scores


# --- workbooks of the nineties --------------------------------------------------------------------


def test_a_real_xls_workbook_is_read_cell_by_cell(open_data: Path) -> None:
    """BIFF8, in the font TCVN3; numbers and places are those that the cells have."""
    path = open_data / "gdpm_disease_yearbooks/Nien_giam_2011r.xls"
    cells = (
        CalamineWorkbook.from_path(path).get_sheet_by_name("Soi").to_python(skip_empty_area=False)
    )
    table = read(path, ["/^Tỉnh/", "Tháng 1 M"], sheet="^Soi$", header_rows=2, spread=True)
    expected = [(i, row[1]) for i, row in enumerate(cells, start=1) if i > 2 and row[0] != ""]
    assert list(zip(table.frame["_row"], numbers(table, "Tháng 1 M"), strict=True)) == expected
    assert cells[2][0] == "Hµ Néi"
    assert texts(table, "/^Tỉnh/")[0] == (3, "Hà Nội")
    assert table.found["columns"] == {"/^Tỉnh/": "A", "Tháng 1 M": "B"}


@pytest.mark.parametrize("keep", [0.1, 0.5])
def test_a_truncated_xls_workbook_is_refused(open_data: Path, tmp_path: Path, keep: float) -> None:
    content = (open_data / "mof_budget/Budget/Plan_2004.xls").read_bytes()
    path = tmp_path / "x.xls"
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises((UnreadableFileError, StructureMismatchError)):
        read(path, ["/tổng thu/"], sheet=".", header_rows=[1, 7])


# --- several sheets -------------------------------------------------------------------------------


def test_each_sheet_holds_a_part_of_the_table(book: Book) -> None:
    path = book(
        {"Tả": rows(["Mã"], ["01"]), "Bìa": rows(["x"]), "Sởi": rows([], ["Mã"], ["02"], ["03"])}
    )
    captures = {"disease": {"where": "sheet", "pattern": "(.+)"}}
    layout = XlsxLayout.model_validate(
        {"format": "xlsx", "sheet": "^(Tả|Sởi)$", "sheets": "each", "captures": captures}
    )
    tables = read_tables(layout, ["Mã", "disease"], path, "x.xlsx")
    assert [table.found["sheet"] for table in tables] == ["Tả", "Sởi"]
    said = [
        row for table in tables for row in table.frame.select("_sheet", "_row", "disease").rows()
    ]
    assert said == [("Tả", 2, "Tả"), ("Sởi", 3, "Sởi"), ("Sởi", 4, "Sởi")]


def test_one_sheet_of_each_that_has_no_table_refuses_the_workbook(book: Book) -> None:
    """A disease that is missing is not a disease without cases."""
    path = book({"Tả": TABLE, "Sởi": rows(["Số"], ["02"])})
    layout = XlsxLayout(format="xlsx", sheet=".", sheets="each")
    with pytest.raises(StructureMismatchError, match="sheet 'Sởi'"):
        read_tables(layout, ["Mã"], path, "x.xlsx")


def test_of_several_sheets_that_match_the_one_with_the_table_is_read(book: Book) -> None:
    path = book({"Vốn quý": rows(["Quý"], ["x"]), "Vốn tháng": TABLE, "Vốn": rows(["Ghi chú"])})
    assert read(path, ["Mã"], sheet="^Vốn").found["sheet"] == "Vốn tháng"


def test_two_sheets_with_the_table_are_a_mismatch_naming_them(book: Book) -> None:
    path = book({"Vốn quý": TABLE, "Vốn tháng": TABLE, "Vốn": rows(["Ghi chú"])})
    with pytest.raises(StructureMismatchError) as caught:
        read(path, ["Mã"], sheet="^Vốn")
    assert "2 sheets match and hold the table: Vốn quý, Vốn tháng" in caught.value.reason


def test_no_sheet_of_several_with_the_table_is_a_mismatch_with_each_reason(book: Book) -> None:
    path = book({"Vốn quý": rows(["Mã xã"], ["x"]), "Vốn": rows(["0912345678"])})
    with pytest.raises(StructureMismatchError) as caught:
        read(path, ["Mã xã", "Số"], sheet="^Vốn")
    assert "sheet 'Vốn quý': column 'Số' not found; the header has: Mã xã" in caught.value.reason
    assert "sheet 'Vốn': " in caught.value.reason
    assert "0912345678" not in caught.value.reason


# --- title ----------------------------------------------------------------------------------------

BY_TITLE = {
    "Sheet1": rows(["Biểu 1. Vốn đầu tư"], ["toàn  xã hội"], ["Mã"], ["01"]),
    "Sheet2": rows(["Biểu 2. VỐN ĐẦU TƯ", "ngân sách"], [], ["Mã"], ["02"]),
}


@pytest.mark.parametrize(
    ("title", "sheet"),
    [("(?i)vốn đầu tư toàn xã hội", "Sheet1"), ("(?i)vốn đầu tư ngân sách", "Sheet2")],
)
def test_the_words_above_the_table_say_which_sheet_is_meant(
    book: Book, title: str, sheet: str
) -> None:
    """They may stand in cells and rows of their own."""
    assert read(book(BY_TITLE), ["Mã"], sheet=".", title=title).found["sheet"] == sheet


def test_a_title_that_no_sheet_has_is_a_mismatch(book: Book) -> None:
    with pytest.raises(StructureMismatchError) as caught:
        read(book(BY_TITLE), ["Mã"], sheet=".", title="Dân số")
    assert "with the title 'Dân số'" in caught.value.reason
    assert "Sheet1, Sheet2" in caught.value.reason


def test_a_title_is_looked_for_in_the_first_ten_rows(book: Book) -> None:
    path = book(
        {"A": rows(["Vốn"], ["Mã"], ["01"], at=9), "B": rows(["Vốn"], ["Mã"], ["02"], at=10)}
    )
    assert read(path, ["Mã"], sheet=".", title="Vốn").found["sheet"] == "A"


# --- workbooks that need not have the table -------------------------------------------------------


@pytest.mark.parametrize("layout", [{"sheet": "^DP$"}, {"sheet": ".", "title": "Lao động"}])
def test_a_workbook_without_the_sheet_has_no_table_where_that_is_no_fault(
    book: Book, layout: dict[str, str]
) -> None:
    declared = XlsxLayout.model_validate({"format": "xlsx", "absent": "skip"} | layout)
    assert read_tables(declared, ["Mã"], book(TABLE), "x.xlsx") == []


def test_a_sheet_that_is_there_without_its_table_is_a_mismatch_all_the_same(book: Book) -> None:
    """The agency changed the form, and that must be seen."""
    with pytest.raises(StructureMismatchError, match="'Mã'"):
        read(book({"DP": rows(["Số"], ["1"])}), ["Mã"], sheet="^DP$", absent="skip")


def test_other_bytes_are_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"x")
    with pytest.raises(UnreadableFileError):
        read(path, ["Mã"], sheet="^DP$", absent="skip")


# --- a table below another ------------------------------------------------------------------------


def test_the_table_below_the_row_that_is_named(book: Book) -> None:
    path = book(
        rows(
            ["1. Thu"], ["Mã", "Số"], ["01", 5], ["2. Chi"], [], ["Mã", "Số"], ["01", 5], ["02", 6]
        )
    )
    captures = {"form": {"where": "title", "pattern": r"(\d)\. "}}
    first = read(path, ["form", "Mã"], captures=captures, stop_before=r"^2\.")
    assert texts(first, "Mã") == [(3, "01")]
    assert first.frame["form"].to_list() == ["1"]
    second = read(path, ["Mã", "Số"], below=r"^2\. Chi$")
    assert texts(second, "Mã", "Số") == [(7, "01", "5"), (8, "02", "6")]
    with pytest.raises(StructureMismatchError, match=r"no row matches '\^3'"):
        read(path, ["Mã"], below="^3")
