"""What stands in a landed file's cells, found by their place and not by the readers' results."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from pydantic import TypeAdapter

from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.intake.layout.stored import CellAt, Stored, stored_cells

# "Hải Dương" in the font TCVN3 (TCVN 5712:1993): the codes of Western letters
TCVN3 = b"H\xb6i D\xad\xacng"
WESTERN = TCVN3.decode("windows-1252")


def stored(
    folder: Path, content: bytes, layout: dict[str, Any], *cells: CellAt
) -> list[Stored | None]:
    path = folder / "blob"
    path.write_bytes(content)
    read: Any = TypeAdapter(Layout).validate_python(layout)
    found = stored_cells(read, path, "a", cells)
    return [found.get(cell) for cell in cells]


def at(row: int, letter: str | None = None, *sources: str, **place: Any) -> CellAt:
    return CellAt(place.get("file", "a"), place.get("sheet"), row, sources, letter)


def book(*rows: tuple[Any, ...], sheet: str = "Biểu") -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        page = made.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return buffer.getvalue()


def test_the_bytes_of_a_text_file_are_those_of_its_encoding(tmp_path: Path) -> None:
    content = b"T\xd8nh;S\xe8\n" + TCVN3 + b';"1;5"\n'
    layout = {"format": "csv", "delimiter": ";", "encoding": "windows-1252"}
    name, number = stored(tmp_path, content, layout, at(2, "A"), at(2, "B"))
    assert name == Stored(WESTERN, "windows-1252")
    assert name.bytes == TCVN3
    assert number is not None
    assert number.text == "1;5"


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_a_byte_order_mark_says_the_order_of_the_bytes(
    tmp_path: Path, mark: bytes, encoding: str
) -> None:
    content = mark + "Tỉnh\nHuế\n".encode(encoding)
    (cell,) = stored(tmp_path, content, {"format": "csv"}, at(2, "A"))
    assert cell is not None
    assert cell.bytes == "Huế".encode(encoding)


def test_a_record_of_several_lines_is_found_by_its_first(tmp_path: Path) -> None:
    content = 'Mã;Tên\n1;"Phố\nHiến"\n2;Lộng\n'.encode()
    layout = {"format": "csv", "delimiter": ";"}
    long, next_, none = stored(tmp_path, content, layout, at(2, "B"), at(4, "B"), at(9, "B"))
    assert (long and long.text, next_ and next_.text, none) == ("Phố\nHiến", "Lộng", None)


def test_a_cell_of_a_sheet_is_found_by_its_address(tmp_path: Path) -> None:
    content = book(("Tỉnh", "Số"), (WESTERN, 1.5), ("", 7))
    layout = {"format": "xlsx", "sheet": "."}
    cells = [at(2, "A"), at(2, "B"), at(3, "A"), at(3, "B"), at(4, "A"), at(2, "Z")]
    found = stored(
        tmp_path, content, layout, *(CellAt("a", "Biểu", c.row, (), c.letter) for c in cells)
    )
    assert [cell and cell.text for cell in found] == [WESTERN, "1.5", None, "7", None, None]


def test_values_beside_the_table_stand_in_no_cell(tmp_path: Path) -> None:
    """A value of a title or a sheet's name has no letter."""
    content = book(("Tỉnh", "Số"), ("x", 1))
    found = stored(tmp_path, content, {"format": "xlsx", "sheet": "."}, at(2, None, sheet="Biểu"))
    assert found == [None]


def test_a_member_of_an_archive_is_found_by_its_name(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("2025.csv", "Tỉnh\nHuế\n")
        archive.writestr("2026.csv", "Tỉnh\nVinh\n")
    layout = {"format": "csv", "members": r"\.csv$"}
    cells = [at(2, "A", file=f"a!{year}.csv") for year in (2025, 2026)]
    found = stored(tmp_path, buffer.getvalue(), layout, *cells)
    assert [cell and cell.text for cell in found] == ["Huế", "Vinh"]


def test_a_record_is_found_by_the_place_of_its_list(tmp_path: Path) -> None:
    tree = {"Data": [{"ten": "Huế"}, {"ten": WESTERN, "so": 12.50}]}
    layout = {"format": "json", "path": ["Data"]}
    cells = [
        at(2, None, "ten_cu", "ten", sheet="$.Data"),
        at(2, None, "so", sheet="$.Data"),
        at(1, None, "so", sheet="$.Data"),
        at(3, None, "ten", sheet="$.Data"),
    ]
    found = stored(tmp_path, json.dumps(tree).encode(), layout, *cells)
    assert [cell and cell.text for cell in found] == [WESTERN, "12.5", None, None]


def test_a_row_of_a_table_is_found_by_its_number(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"ten": ["Huế", WESTERN], "so": [1, 2]}).write_parquet(buffer)
    cells = [at(2, None, "ten"), at(2, None, "so"), at(2, None, "khac"), at(3, None, "so")]
    found = stored(tmp_path, buffer.getvalue(), {"format": "parquet"}, *cells)
    assert [cell and cell.text for cell in found] == [WESTERN, "2", None, None]


def test_a_row_of_a_dump_is_found_by_its_number(tmp_path: Path) -> None:
    content = f"INSERT INTO tinh (ten, so) VALUES ('Huế', 1), ('{WESTERN}', NULL);".encode()
    layout = {"format": "sql_dump", "table": "tinh"}
    cells = [at(2, None, "ten"), at(2, None, "so"), at(1, None, "khac", "so"), at(1, None, "x")]
    found = stored(tmp_path, content, layout, *cells)
    assert [cell and cell.text for cell in found] == [WESTERN, None, "1", None]
