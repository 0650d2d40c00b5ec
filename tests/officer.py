"""An agency's officer at a spreadsheet: corrects a pack, or spoils it as people and programs do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from ioc_pipelines.intake.pack_form import FIXED_HEADERS, ROWS_SHEET

HEADER_ROW = 3
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")
_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})$|(\d{4})-(\d{2})-(\d{2})$")


def places(sheet: Worksheet) -> dict[str, int]:
    """The column of each heading behind the fixed ones."""
    headings = [cell.value for cell in sheet[HEADER_ROW]]
    last = headings.index(FIXED_HEADERS[-1]) + 1
    return {str(name): last + 1 + i for i, name in enumerate(headings[last:]) if name}


def corrected(source: Path, target: Path, by: str, cells: Mapping[Any, Mapping[str, Any]]) -> Path:
    """Change cells of the rows whose column ``by`` says this, by heading; save as ``target``."""
    book = openpyxl.load_workbook(source)
    sheet = book[ROWS_SHEET]
    at = places(sheet)
    rows = {sheet.cell(row, at[by]).value: row for row in range(HEADER_ROW + 1, sheet.max_row + 1)}
    for key, changes in cells.items():
        for heading, value in changes.items():
            sheet.cell(rows[key], at[heading]).value = value
    book.save(target)
    return target


def retyped(source: Path, target: Path) -> Path:
    """Saved by a program that makes dates of what looks like one, and numbers of the rest.

    Codes lose their leading zeros, whole numbers are floats, and no cell keeps its format.
    """
    old, new = openpyxl.load_workbook(source), openpyxl.Workbook()
    new.remove(new.worksheets[0])
    for sheet in old:
        page = new.create_sheet(sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                is_own = cell.row > HEADER_ROW and cell.column > len(FIXED_HEADERS)
                page.cell(cell.row, cell.column).value = (
                    _typed(cell.value) if is_own and sheet.title == ROWS_SHEET else cell.value
                )
    new.save(target)
    return target


def _typed(value: Any) -> Any:
    text = str(value)
    if found := _DAY.match(text):
        parts = [int(part) for part in found.groups() if part]
        year, month, day = parts if parts[0] > 31 else parts[::-1]
        return datetime(year, month, day)  # noqa: DTZ001  a cell has no zone
    return float(text) if _NUMBER.match(text) else value


def tickets(path: Path) -> list[str]:
    """The tickets of a pack."""
    sheet = openpyxl.load_workbook(path)[ROWS_SHEET]
    return [str(sheet.cell(row, 1).value) for row in range(HEADER_ROW + 1, sheet.max_row + 1)]
