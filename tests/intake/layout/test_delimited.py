from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.catalog.layouts import CsvLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.table import Table
from tests.intake.layout.reading import read_table

NAME = "so_y_te/tram_01.csv"
SOURCES = ("Mã", "Số")


def read(
    tmp_path: Path, content: bytes | str, sources: tuple[str, ...] = SOURCES, **layout: Any
) -> Table:
    path = tmp_path / "tram_01.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    declared = CsvLayout(format="csv", **{"delimiter": ";"} | layout)
    return read_table(declared, sources, path, NAME)


def rows(table: Table) -> list[tuple[Any, ...]]:
    return table.frame.select("_row", *SOURCES).rows()


TWO = [(2, "01", "5"), (3, "02", None)]


@pytest.mark.parametrize(
    "content",
    [
        "Mã;Số\n01;5\n02;\n",
        "Mã;Số\n01;5\n02;",
        "Mã;Số\r\n01;5\r\n02;\r\n",
        "\ufeffMã;Số\r\n01;5\r\n02;\r\n",
        '\ufeff"Mã";"Số"\r\n"01";"5"\r\n"02";\r\n',
        "Thừa;Số;Mã\nx;5;01\ny;;02\n",
        " mÃ ;SỐ\n01;5\n02;\n",
        "Ma\u0303;So\u0302\u0301\n01;5\n02;\n",
    ],
    ids=["lf", "no last line end", "crlf", "bom", "quoted", "other order", "case", "decomposed"],
)
def test_lines_as_text(tmp_path: Path, content: str) -> None:
    table = read(tmp_path, content)
    assert rows(table) == TWO
    assert table.frame.columns == ["_file", "_sheet", "_row", *SOURCES]
    assert table.frame["_file"].unique().to_list() == [NAME]
    assert table.frame["_sheet"].null_count() == 2
    assert table.found["rows"] == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_declared_delimiter(tmp_path: Path, delimiter: str) -> None:
    content = "Mã;Số\n01;5\n02;\n".replace(";", delimiter)
    assert rows(read(tmp_path, content, delimiter=delimiter)) == TWO


def test_nothing_is_read_as_a_number(tmp_path: Path) -> None:
    table = read(tmp_path, "Mã;Số\n001;1.234,50\n1e3; 7 \n")
    assert rows(table) == [(2, "001", "1.234,50"), (3, "1e3", " 7 ")]


def test_the_row_is_the_number_of_its_line(tmp_path: Path) -> None:
    """The officer looks for it in the file: a cell of two lines counts for two."""
    table = read(tmp_path, 'Mã;Số\n"hai\ndòng";5\n02;""\n"a;""b""";7\n')
    assert [row[1] for row in rows(table)] == ["hai\ndòng", "02", 'a;"b"']
    assert [row[2] or "" for row in rows(table)] == ["5", "", "7"]
    assert [row[0] for row in rows(table)] == [2, 4, 5]


@pytest.mark.parametrize(
    ("start", "first"), [("\n\nMã;Số\n", 4), ('Mã;Số;"Ghi\nchú"\n', 3)], ids=["blank", "two lines"]
)
def test_lines_are_counted_from_the_top_of_the_file(tmp_path: Path, start: str, first: int) -> None:
    table = read(tmp_path, start + "01;5\n02;6\n")
    assert [row[0] for row in rows(table)] == [first, first + 1]


CELLS = st.one_of(st.sampled_from(["", "x", " "]), st.text("aệ \"';,\n|0", max_size=5))


@settings(max_examples=100)
@given(
    cells=st.lists(st.tuples(CELLS, CELLS), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_is_read(
    tmp_path: Path, cells: list[tuple[str, str]], quoting: Any, end: str
) -> None:
    """Against Python's own reader: the same cells, on the lines where they begin."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", quoting=quoting, lineterminator=end)
    writer.writerows([SOURCES, *cells])
    reader = csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=";")
    expected: list[tuple[Any, ...]] = []
    line = reader.line_num + 1
    for record in reader:
        expected.append((line, *record))
        line = reader.line_num + 1
    filled = [row for row in expected[1:] if row[1].strip() or row[2].strip()]
    found = [(n, a or "", b or "") for n, a, b in rows(read(tmp_path, written.getvalue()))]
    assert found == filled


@pytest.mark.parametrize("blank", ["\n", ";\n", ";;\n"], ids=["empty", "one", "all"])
def test_blank_lines_are_not_data(tmp_path: Path, blank: str) -> None:
    """As on a worksheet; spreadsheets leave them at the end of what they export."""
    content = "Mã;Số;Ghi chú\n01;5;x\n" + blank + "02;;\n" + blank * 2
    table = read(tmp_path, content)
    assert rows(table) == [(2, "01", "5"), (4, "02", None)]


def test_a_header_without_lines_is_an_empty_table(tmp_path: Path) -> None:
    table = read(tmp_path, "Mã;Số\n")
    assert rows(table) == []
    assert table.frame.columns == ["_file", "_sheet", "_row", *SOURCES]


def test_captures_from_the_file_name(tmp_path: Path) -> None:
    captures = {"station": {"where": "file", "pattern": r"tram_(\d+)"}}
    table = read(tmp_path, "Mã;Số\n01;5\n02;6\n", ("station", *SOURCES), captures=captures)
    assert table.frame["station"].to_list() == ["01", "01"]
    wrong = {"station": {"where": "file", "pattern": r"xa_(\d+)"}}
    with pytest.raises(StructureMismatchError, match="station"):
        read(tmp_path, "Mã;Số\n01;5\n", ("station", *SOURCES), captures=wrong)


# --- refusals -----------------------------------------------------------------------------------


def test_a_missing_column_is_named_with_its_nearest_candidates(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError) as caught:
        read(tmp_path, "Mã xã;Số ca;Ngày\n01;5;x\n", ("Mã xã", "Số ca mắc"))
    assert "'Số ca mắc' (nearest: Số ca)" in caught.value.reason
    assert "the header has: Mã xã, Số ca, Ngày" in caught.value.reason
    assert caught.value.file == NAME


def test_another_delimiter_is_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError, match="'Mã'"):
        read(tmp_path, "Mã,Số\n01,5\n")


@pytest.mark.parametrize("header", ["Mã;Số;Mã", "Mã;Số;mã", "Mã;Số;Ma\u0303"])
def test_a_column_that_is_there_twice_is_a_mismatch(tmp_path: Path, header: str) -> None:
    """As on a worksheet: none of the two is the one that was agreed on."""
    with pytest.raises(StructureMismatchError, match="'Mã'"):
        read(tmp_path, f"{header}\n01;5;99\n")


def test_a_repeated_column_that_is_not_mapped_does_no_harm(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "Mã;x;Số;x\n01;a;5;b\n02;a;;b\n")) == TWO


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        "Mã;Số\nHưng Yên;5\n".encode("cp1258", errors="replace").replace(b"?", b"\xe3"),
        "Mã;Số\n01;5\n".encode("utf-16-le"),
        b"M\xe3;S\xf4\n01;5\n",
        "Mã;Số\n01;5\n".encode() + b"\xff\xfe;1\n",
        "Mã;Số\n01;5;6\n".encode(),
        'Mã;Số\n01;5\n"02;6\n03;7\n'.encode(),
        b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xff\xff",
    ],
    ids=[
        "empty",
        "blank",
        "legacy encoding",
        "utf-16",
        "legacy header",
        "bad bytes",
        "a cell too many",
        "open quote",
        "a zip",
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(tmp_path, content)
    assert caught.value.outcome == "unreadable"
    assert caught.value.file == NAME


def test_a_line_with_a_cell_too_few_is_a_row_with_an_empty_cell(tmp_path: Path) -> None:
    table = read(tmp_path, "Mã;Số\n01\n02;6\n")
    assert rows(table) == [(2, "01", None), (3, "02", "6")]


def test_the_reason_holds_no_data(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(tmp_path, "Mã;Số\n0912345678;5;Nguyễn Văn A\n")
    assert "0912345678" not in str(caught.value)
    assert "Nguyễn" not in str(caught.value)


def test_a_file_without_its_header_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError, match="no header was recognised") as caught:
        read(tmp_path, "0912345678;Nguyễn Văn A\n0912345679;Nguyễn Văn B\n")
    assert "0912345678" not in str(caught.value)
    assert "Nguyễn" not in str(caught.value)


def test_a_column_named_like_ours_does_no_harm(tmp_path: Path) -> None:
    assert rows(read(tmp_path, "Mã;_row;Số\n01;x;5\n02;y;\n")) == TWO


# --- lines above and below the table --------------------------------------------------------------

TITLED = "Biểu 9. Dự toán năm 2026;;\nĐơn vị: triệu đồng\n\nMã;Số\n01;5\n02;\nNguồn: Bộ Tài chính\n"


def test_lines_above_the_header_are_its_title(tmp_path: Path) -> None:
    captures = {"year": {"where": "title", "pattern": r"năm (\d{4})"}}
    table = read(tmp_path, TITLED, ("year", *SOURCES), captures=captures, skip_rows="^Nguồn")
    assert rows(table) == [(5, "01", "5"), (6, "02", None)]
    assert table.frame["year"].to_list() == ["2026", "2026"]
    assert table.found["header_row"] == 4
    assert table.found["skipped_rows"] == [7]


def test_a_line_below_the_table_is_a_row_unless_the_layout_knows_it(tmp_path: Path) -> None:
    assert rows(read(tmp_path, TITLED))[-1] == (7, "Nguồn: Bộ Tài chính", None)
    stopped = read(tmp_path, TITLED, stop_before="^Nguồn")
    assert rows(stopped) == [(5, "01", "5"), (6, "02", None)]


def test_a_title_with_more_cells_than_the_table(tmp_path: Path) -> None:
    table = read(tmp_path, "a;b;c;d;e;f\nMã;Số\n01;5\n02;\n")
    assert rows(table) == [(3, "01", "5"), (4, "02", None)]


def test_a_header_of_two_lines(tmp_path: Path) -> None:
    content = "Mã;Số;\n;ca mắc;tử vong\n01;5;1\n"
    table = read(tmp_path, content, ("Mã", "Số ca mắc", "Số tử vong"), header_rows=2, spread=True)
    assert table.frame.drop("_file", "_sheet").rows() == [(3, "01", "5", "1")]


def test_lines_of_fewer_cells_are_filled_up(tmp_path: Path) -> None:
    """Some programs leave out what is empty at the end."""
    content = "Mã;Ghi chú;Số\n01\n02;x\n03;;7\n"
    assert rows(read(tmp_path, content)) == [(2, "01", None), (3, "02", None), (4, "03", "7")]


# --- ends of lines --------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"], ids=["unix", "dos", "mac", "twice"])
def test_however_lines_end_no_row_is_lost(tmp_path: Path, end: str) -> None:
    content = "Biểu 9\nMã;Số\n01;5\n\n02;6\n".replace("\n", end)
    assert rows(read(tmp_path, content)) == [(3, "01", "5"), (5, "02", "6")]


def test_an_end_of_line_inside_a_title_costs_no_row(tmp_path: Path) -> None:
    content = '"Biểu\r9";x\nMã;Số\n01;5\n02;6\n'
    assert rows(read(tmp_path, content)) == [(4, "01", "5"), (5, "02", "6")]


# --- encodings ------------------------------------------------------------------------------------


def test_a_font_of_the_nineties_in_windows_1252(tmp_path: Path) -> None:
    """TCVN3: the bytes of Western letters stand for Vietnamese ones (TCVN 5712:1993)."""
    content = (
        b"T\xd8nh;S\xe8 l\xad\xeeng\nH\xadng Y\xaan;5\nH\xb6i D\xad\xacng;6\nTh\xb8i B\xd7nh;7\n"
    )
    table = read(tmp_path, content, ("Tỉnh", "Số lượng"), encoding="windows-1252")
    assert table.frame.select("Tỉnh", "Số lượng").rows() == [
        ("Hưng Yên", "5"),
        ("Hải Dương", "6"),
        ("Thái Bình", "7"),
    ]


def test_the_vietnamese_code_page_of_windows(tmp_path: Path) -> None:
    """Windows-1258 writes tones as characters of their own behind the letter."""
    tones = {"ế": "ê\u0301", "ộ": "ô\u0323", "ỉ": "i\u0309", "ố": "ô\u0301", "ả": "a\u0309"}
    text = "Tỉnh;Số\nHuế;5\nHà Nội;6\nHải Phòng;7\n"
    content = "".join(tones.get(char, char) for char in text).replace("ò", "o\u0300")
    table = read(tmp_path, content.encode("cp1258"), ("Tỉnh", "Số"), encoding="windows-1258")
    assert table.frame["Tỉnh"].to_list() == ["Huế", "Hà Nội", "Hải Phòng"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["utf-8", "utf-16"])
def test_utf_16_is_known_by_its_mark(tmp_path: Path, encoding: str, declared: str) -> None:
    """Excel's "Unicode text" has it, and tabs."""
    text = "Mã\tSố\r\n01\t5\r\nĐẳng\t\r\n"
    marked = text if encoding == "utf-16" else "\ufeff" + text
    table = read(tmp_path, marked.encode(encoding), encoding=declared, delimiter="\t")
    assert rows(table) == [(2, "01", "5"), (3, "Đẳng", None)]


@pytest.mark.parametrize("encoding", ["windows-1252", "windows-1258", "utf-16"])
def test_a_mark_of_utf_8_is_believed(tmp_path: Path, encoding: str) -> None:
    assert (
        rows(read(tmp_path, b"\xef\xbb\xbf" + "Mã;Số\n01;5\n02;\n".encode(), encoding=encoding))
        == TWO
    )


def test_bytes_that_the_declared_encoding_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not text in WINDOWS-1252: byte 6"):
        read(tmp_path, b"Ma;So\n\x81;5\n", ("Ma", "So"), encoding="windows-1252")


def test_tabs_between_cells(tmp_path: Path) -> None:
    content = 'Mã\tSố\n01\t"5\t6"\n02\t\n'
    assert rows(read(tmp_path, content, delimiter="\t")) == [(2, "01", "5\t6"), (3, "02", None)]
