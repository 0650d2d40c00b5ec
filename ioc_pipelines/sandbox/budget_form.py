"""What the monthly budget revenue form looks like: one workbook, as an officer fills it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter  # type: ignore[import-untyped,unused-ignore]

SHEET = "Thu NSNN"
DATE = "%d/%m/%Y"
# rows as a person counts them
HEADER, LABELS, TOTAL, FIRST = 6, 8, 9, 10

_AGENCY = "ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ TÀI CHÍNH"
_TITLE = "BÁO CÁO THU NGÂN SÁCH NHÀ NƯỚC TRÊN ĐỊA BÀN"
_UNIT = "Đơn vị tính: triệu đồng"
_WIDTHS = (6, 10, 28, 18, 18, 18, 18)
_LAST = len(_WIDTHS) - 1
# header cells by their columns; two rows each, except that "Thực hiện" stands above two of them
_TALL = {0: "STT", 1: "Mã xã", 2: "Tên xã, phường", 3: "Dự toán năm", 6: "Ngày chốt số liệu"}
_FORMATS: dict[str, dict[str, Any]] = {
    "bold": {"bold": True, "align": "center"},
    "head": {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1},
    "right": {"italic": True, "align": "right"},
    "plain": {"border": 1},
    "amount": {"border": 1, "num_format": "#,##0.0##", "align": "right"},
    "date": {"border": 1, "num_format": "dd/mm/yyyy", "align": "center"},
}
_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Hand:
    """How the officer of a month writes; decided by the month alone."""

    numeric_codes: bool
    date_cells: bool
    text_amounts: bool

    @classmethod
    def of(cls, month: date) -> Hand:
        """Every other month has numeric codes, half have date cells, one in six text amounts."""
        sixth = month.month % 6
        return cls(month.month % 2 == 0, sixth in (0, 3, 4), sixth == 3)

    def code(self, text: str | None) -> str | int | None:
        """A commune code as its cell."""
        return int(text) if text and self.numeric_codes else text

    def amount(self, text: str | None) -> str | float | None:
        """An amount in thousand đồng as its cell in million đồng; other text stays as it is."""
        if text is None or not _WHOLE.fullmatch(text):
            return text
        return in_vietnamese(int(text)) if self.text_amounts else int(text) / 1000

    def day(self, text: str | None) -> str | datetime | None:
        """A day ``dd/mm/yyyy`` as its cell; other text stays as it is."""
        if text is None or not self.date_cells:
            return text
        try:
            return datetime.strptime(text, DATE)  # noqa: DTZ007  a spreadsheet knows no zone
        except ValueError:
            return text


def in_vietnamese(thousands: int) -> str:
    """Thousand đồng written as million: 1234500 is ``1.234,5``."""
    written = f"{thousands / 1000:,.3f}".rstrip("0").rstrip(".")
    return written.translate(str.maketrans(",.", ".,"))


def write_form(path: Path, month: date, rows: pl.DataFrame, totals: Mapping[str, int]) -> None:
    """Write the workbook of ``month`` to ``path``.

    ``rows`` are texts ``commune_code, commune_name, plan, month, cumulative, closed_on``, amounts
    in whole thousand đồng and days as dd/mm/yyyy; ``totals`` the sums of the three amounts.
    The first data row is row ``FIRST``. The same arguments give the same bytes.
    """
    hand = Hand.of(month)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(month.year, month.month, 1)})  # noqa: DTZ001
        formats = {name: book.add_format(facts) for name, facts in _FORMATS.items()}
        sheet = book.add_worksheet(SHEET)
        for index, width in enumerate(_WIDTHS):
            sheet.set_column(index, index, width)
        _write_head(sheet, formats, month)
        summed = [hand.amount(str(totals[name])) for name in ("plan", "month", "cumulative")]
        _write_row(sheet, formats, TOTAL, [None, None, "Tổng cộng", *summed, None])
        for number, row in enumerate(rows.iter_rows(named=True)):
            _write_row(sheet, formats, FIRST + number, [number + 1, *_cells(hand, row)])
        foot = FIRST + rows.height + 1  # one blank row before the signatures
        sheet.write(foot - 1, 1, "Người lập biểu", formats["bold"])
        sheet.write(foot - 1, 5, "GIÁM ĐỐC", formats["bold"])


def _cells(hand: Hand, row: Mapping[str, str | None]) -> list[Any]:
    amounts = [hand.amount(row[name]) for name in ("plan", "month", "cumulative")]
    code, day = hand.code(row["commune_code"]), hand.day(row["closed_on"])
    return [code, row["commune_name"], *amounts, day]


def _write_head(sheet: Any, formats: Mapping[str, Any], month: date) -> None:
    for index, text in enumerate((_AGENCY, _TITLE, f"Tháng {month:%m/%Y}")):
        sheet.merge_range(index, 0, index, _LAST, text, formats["bold"])
    sheet.merge_range(3, 0, 3, _LAST, _UNIT, formats["right"])
    head, top = formats["head"], HEADER - 1
    for index, text in _TALL.items():
        sheet.merge_range(top, index, top + 1, index, text, head)
    sheet.merge_range(top, 4, top, 5, "Thực hiện", head)
    sheet.write_row(top + 1, 4, ["Trong tháng", "Lũy kế"], head)
    sheet.write_row(LABELS - 1, 0, ["A", "B", "C", "1", "2", "3", "4"], head)


def _write_row(sheet: Any, formats: Mapping[str, Any], number: int, cells: Sequence[Any]) -> None:
    kinds = ("plain", "plain", "plain", "amount", "amount", "amount", "date")
    for index, (cell, kind) in enumerate(zip(cells, kinds, strict=True)):
        sheet.write(number - 1, index, cell, formats[kind])
