"""What an agency's monthly form looks like: one workbook, as an officer fills it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import polars as pl
import xlsxwriter  # type: ignore[import-untyped,unused-ignore]

DATE = "%d/%m/%Y"
HEADER = 6  # as a person counts rows
_WHOLE, _DECIMAL = re.compile(r"-?\d+"), re.compile(r"-?\d+(\.\d+)?")
_VIETNAMESE = str.maketrans(",.", ".,")
_PLACE_AND_DAY, _BY, _HEAD = "Hưng Yên, ngày {:%d tháng %m năm %Y}", "Người lập biểu", "THỦ TRƯỞNG"
_FORMATS: dict[str, dict[str, Any]] = {
    "bold": {"bold": True, "align": "center"},
    "head": {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1},
    "right": {"italic": True, "align": "right"},
    "text": {"border": 1},
    "code": {"border": 1},
    "whole": {"border": 1, "num_format": "#,##0", "align": "right"},
    "decimal": {"border": 1, "num_format": "#,##0.0##", "align": "right"},
    "amount": {"border": 1, "num_format": "#,##0.0##", "align": "right"},
    "day": {"border": 1, "num_format": "dd/mm/yyyy", "align": "center"},
}

Kind = Literal["text", "code", "whole", "decimal", "amount", "day"]


@dataclass(frozen=True)
class Cells:
    """A column of a form: the frame's ``name``, its ``header``, below ``group`` if it is in one.

    An ``amount`` is whole thousand đồng in the frame and million đồng in the form.
    """

    name: str
    header: str
    kind: Kind
    group: str | None = None
    summed: bool = False


@dataclass(frozen=True)
class Form:
    """A form: who reports, what, in which unit, and its columns after the running number."""

    agency: str
    title: str
    columns: tuple[Cells, ...]
    unit: str | None = None

    @property
    def names(self) -> list[str]:
        """The frame's columns, in the form's order."""
        return [column.name for column in self.columns]

    @property
    def header_rows(self) -> int:
        """Two when any column stands below a group."""
        return 2 if any(column.group for column in self.columns) else 1

    @property
    def has_total(self) -> bool:
        """Whether a row of sums stands above the data."""
        return any(column.summed for column in self.columns)

    @property
    def first_row(self) -> int:
        """The first row of data, as a person counts."""
        return HEADER + self.header_rows + 1 + self.has_total


@dataclass(frozen=True)
class Hand:
    """How the officer of a period writes; decided by the period alone."""

    numeric_codes: bool
    date_cells: bool
    text_numbers: bool

    @classmethod
    def of(cls, number: int) -> Hand:
        """Every other period has numeric codes, half have date cells, one in six text numbers."""
        return cls(number % 2 == 0, number % 6 in (0, 3, 4), number % 6 == 3)

    def cell(self, kind: Kind, text: str | None) -> Any:
        """A text as its cell; what is not of its kind stays as it is."""
        match kind:
            case "code" if text and self.numeric_codes and _WHOLE.fullmatch(text):
                return int(text)
            case "whole" if text and _WHOLE.fullmatch(text):
                return in_vietnamese(text) if self.text_numbers else int(text)
            case "amount" if text and _WHOLE.fullmatch(text):
                return self._number(f"{int(text) / 1000:.3f}")
            case "decimal" if text and _DECIMAL.fullmatch(text):
                return self._number(text)
            case "day" if text and self.date_cells:
                return _day(text)
        return text

    def _number(self, text: str) -> str | float:
        return in_vietnamese(text) if self.text_numbers else float(text)


def in_vietnamese(number: str) -> str:
    """A number with points between thousands and a decimal comma: 1234.500 is ``1.234,5``."""
    whole, _, fraction = number.partition(".")
    written = f"{int(whole):,}".translate(_VIETNAMESE)
    written = f"-{written}" if int(whole) == 0 and whole.startswith("-") else written
    return f"{written},{fraction.rstrip('0')}" if fraction.rstrip("0") else written


def workbook(
    form: Form, period: str, sheets: Mapping[str, pl.DataFrame], *, filed: date, number: int
) -> bytes:
    """The workbook of a period: ``sheets`` by name, each of texts in the form's columns.

    ``number`` decides how it is written, ``filed`` stands below the table. The first data row is
    ``form.first_row``. The same arguments give the same bytes.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(filed.year, filed.month, filed.day)})  # noqa: DTZ001
        formats = {name: book.add_format(facts) for name, facts in _FORMATS.items()}
        for name, rows in sheets.items():
            _write(book.add_worksheet(name), formats, form, period, rows, filed, Hand.of(number))
    return buffer.getvalue()


def _write(
    sheet: Any,
    formats: Mapping[str, Any],
    form: Form,
    period: str,
    rows: pl.DataFrame,
    filed: date,
    hand: Hand,
) -> None:
    sheet.set_column(0, len(form.columns), 16)
    _write_head(sheet, formats, form, period)
    kinds = [column.kind for column in form.columns]
    if form.has_total:
        _write_row(sheet, formats, form.first_row - 2, kinds, ["", *_totals(form, rows, hand)])
    for index, row in enumerate(rows.select(form.names).iter_rows()):
        cells = [hand.cell(kind, text) for kind, text in zip(kinds, row, strict=True)]
        _write_row(sheet, formats, form.first_row - 1 + index, kinds, [index + 1, *cells])
    foot, right = form.first_row + rows.height, len(form.columns) - 1
    sheet.write(foot, right, _PLACE_AND_DAY.format(filed), formats["right"])
    sheet.write(foot + 1, 1, _BY, formats["bold"])
    sheet.write(foot + 1, right, _HEAD, formats["bold"])


def _totals(form: Form, rows: pl.DataFrame, hand: Hand) -> list[Any]:
    """The sums of what stands in the data rows; what cannot be read counts nothing."""
    sums: list[Any] = []
    for column in form.columns:
        numbers = rows[column.name].cast(pl.Float64, strict=False) if column.summed else None
        text = None if numbers is None else f"{numbers.sum():.0f}"
        sums.append(hand.cell(column.kind, text))
    label = next(index for index, column in enumerate(form.columns) if column.kind == "text")
    return [*sums[:label], "Tổng cộng", *sums[label + 1 :]]


def _write_head(sheet: Any, formats: Mapping[str, Any], form: Form, period: str) -> None:
    last, head = len(form.columns), formats["head"]
    for index, text in enumerate((form.agency, form.title, period)):
        sheet.merge_range(index, 0, index, last, text, formats["bold"])
    if form.unit:
        sheet.merge_range(3, 0, 3, last, f"Đơn vị tính: {form.unit}", formats["right"])
    top, rows = HEADER - 1, form.header_rows
    groups: dict[str, list[int]] = {}
    for index, column in enumerate((Cells("", "STT", "whole"), *form.columns)):
        if column.group:
            groups.setdefault(column.group, []).append(index)
            sheet.write(top + 1, index, column.header, head)
        elif rows == 1:
            sheet.write(top, index, column.header, head)
        else:
            sheet.merge_range(top, index, top + 1, index, column.header, head)
    for group, indices in groups.items():
        sheet.merge_range(top, indices[0], top, indices[-1], group, head)
    sheet.write_row(top + rows, 0, _labels(form), head)


def _labels(form: Form) -> list[str]:
    texts = 1 + sum(column.kind in {"text", "code"} for column in form.columns)
    letters = [chr(ord("A") + index) for index in range(texts)]
    return [*letters, *(str(n + 1) for n in range(len(form.columns) + 1 - texts))]


def _write_row(
    sheet: Any, formats: Mapping[str, Any], row: int, kinds: Sequence[str], cells: Sequence[Any]
) -> None:
    for index, (cell, kind) in enumerate(zip(cells, ("whole", *kinds), strict=True)):
        if isinstance(cell, str):
            sheet.write_string(row, index, cell, formats[kind])
        else:
            sheet.write(row, index, cell, formats[kind])


def _day(text: str) -> str | datetime:
    try:
        return datetime.strptime(text, DATE)  # noqa: DTZ007  a spreadsheet knows no zone
    except ValueError:
        return text
