"""A document as a workbook: each table a sheet with real numbers, and a line for each figure."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Any

import xlsxwriter

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports import annex
from ioc_pipelines.serving.reports.document import Document, Figure, Heading, Paragraph, Table
from ioc_pipelines.serving.reports.figures import MEASURES
from ioc_pipelines.serving.reports.frozen_zip import frozen

_WIDTH = 16
_LONGEST = 80
_FIGURES = (
    ("Số", 6),
    ("Chỉ tiêu, số liệu", 50),
    ("Nội dung", 22),
    ("Kỳ", 20),
    ("Đơn vị", 28),
    ("Giá trị", 20),
    ("Đơn vị tính", 14),
    ("Mã chỉ tiêu", 32),
    ("Mã đơn vị", 18),
    ("Số đơn vị có số liệu", 12),
    ("Cách tính, nguồn", 50),
    ("Cơ quan", 34),
    ("Nguồn cung cấp", 50),
    ("Mã nguồn", 40),
    ("Lô dữ liệu", 36),
    ("Ghi nhận lúc", 20),
)


def xlsx(document: Document) -> bytes:
    """The file. No text is ever taken as a formula or an address."""
    made = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(made, options)
    when = document.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.set_properties({"title": document.subject, "author": document.body, "created": when})
    formats = _Formats(book)
    _front(book, formats, document)
    tables = [content for content in document.contents if isinstance(content, Table)]
    for table in tables:
        _sheet(book, formats, table)
    _figures(book, formats, document)
    book.close()
    return frozen(made.getvalue())


class _Formats:
    """The few looks of cells."""

    def __init__(self, book: Any) -> None:
        font = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        self._book, self._font = book, font
        self.text = book.add_format({**font, "text_wrap": True})
        self.bold = book.add_format({**font, "bold": True, "text_wrap": True})
        self.head = book.add_format(
            {
                **font,
                "bold": True,
                "text_wrap": True,
                "align": "center",
                "border": 1,
                "bg_color": "#EEF2F6",
            }
        )
        self.cell = book.add_format({**font, "text_wrap": True, "border": 1})
        self._numbers: dict[int, Any] = {}

    def number(self, decimals: int) -> Any:
        """A number with so many decimals; Excel shows it by the reader's own separators."""
        if decimals not in self._numbers:
            shown = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._numbers[decimals] = self._book.add_format(
                {**self._font, "border": 1, "num_format": shown}
            )
        return self._numbers[decimals]


def _front(book: Any, formats: _Formats, document: Document) -> None:
    sheet = book.add_worksheet("Báo cáo")
    sheet.set_column(0, 0, 110)
    lines: list[tuple[str, Any]] = [
        (document.body, formats.bold),
        (f"BÁO CÁO {document.subject}", formats.bold),
        (f"{document.place}, {vietnamese.long_day(document.dated)}", formats.text),
        (annex.introduction(document), formats.text),
    ]
    for content in document.contents:
        match content:
            case Heading():
                lines.append((content.text, formats.bold))
            case Paragraph():
                text = "".join(run if isinstance(run, str) else run.text for run in content.runs)
                lines.append((text, formats.text))
            case Table():
                lines.append((f"{content.caption} (ở trang tính riêng)", formats.text))
            case _:
                lines.append((content.caption + " (trong tệp DOCX, PDF, HTML)", formats.text))
    for place, (text, look) in enumerate(lines):
        sheet.write_string(place, 0, text, look)


def _sheet(book: Any, formats: _Formats, table: Table) -> None:
    sheet = book.add_worksheet(table.caption.split(".")[0])
    sheet.write_string(0, 0, table.caption, formats.bold)
    for place, column in enumerate(table.columns):
        sheet.write_string(1, place, column.title, formats.head)
        sheet.set_column(place, place, min(_LONGEST, _WIDTH * max(column.width, 0.7)))
    marked = any(cell.marks for row in table.rows for cell in row)
    if marked:
        sheet.write_string(1, len(table.columns), "Ghi chú", formats.head)
        sheet.set_column(len(table.columns), len(table.columns), _WIDTH)
    for line, row in enumerate(table.rows, start=2):
        for place, cell in enumerate(row):
            if cell.value is None:
                sheet.write_string(line, place, cell.text, formats.cell)
            else:
                sheet.write_number(line, place, cell.value, formats.number(cell.decimals))
        if marked:
            marks = dict.fromkeys(mark for cell in row for mark in cell.marks)
            sheet.write_string(line, len(table.columns), ", ".join(marks), formats.cell)
    for place, note in enumerate(table.notes, start=len(table.rows) + 2):
        sheet.write_string(place, 0, note, formats.text)
    sheet.freeze_panes(2, 1)


def _figures(book: Any, formats: _Formats, document: Document) -> None:
    sheet = book.add_worksheet("Nguồn gốc số liệu")
    for place, (title, width) in enumerate(_FIGURES):
        sheet.write_string(0, place, title, formats.head)
        sheet.set_column(place, place, width)
    for line, figure in enumerate(document.figures, start=1):
        for place, value in enumerate(_line(figure)):
            if isinstance(value, int | float):
                decimals = 0 if float(value).is_integer() else 2
                sheet.write_number(line, place, value, formats.number(decimals))
            else:
                sheet.write_string(line, place, value, formats.cell)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, len(document.figures), len(_FIGURES) - 1)


def _line(figure: Figure) -> tuple[str | float, ...]:
    def each(name: str) -> str:
        return "; ".join(dict.fromkeys(getattr(supply, name) for supply in figure.supplies))

    measure = MEASURES[figure.measure] if figure.indicator_code else ""
    recorded = figure.recorded_at
    return (
        figure.number,
        figure.title,
        measure,
        figure.period,
        figure.unit_name,
        figure.value,
        figure.unit,
        figure.indicator_code or "",
        figure.unit_id or "",
        "" if figure.units_measured is None else figure.units_measured,
        figure.source,
        each("agency"),
        each("title"),
        each("feed"),
        each("batch"),
        "" if recorded is None else vietnamese.moment(recorded),
    )
