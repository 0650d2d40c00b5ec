"""The workbook that an officer corrects and sends back under the name it came with.

Everything from the source is written as text or as the number it was: nothing in it can become a
formula, here or when it is edited.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import xlsxwriter

from contracts.base import KEY_UNIQUE, VIETNAM, Contract
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.intake.agreement import shown
from ioc_pipelines.intake.pack_form import (
    BATCH_FACT,
    CONTRACT_FACT,
    FEED_FACT,
    FIXED_HEADERS,
    GUIDE_SHEET,
    MASK,
    MOST_CHARACTERS,
    MOST_ROWS,
    ROWS_SHEET,
)
from ioc_pipelines.intake.returned import (
    TICKET,
    derived_sources,
    labels_of,
    personal_sources,
)
from ioc_pipelines.quality.taken_keys import KEY_TAKEN
from ioc_pipelines.serving.feedback.expected import expected

_FIRST_ROW = 3
_WIDTHS = (19, 26, 14, 7, 44, 34, 24)
_COLUMN_WIDTH = 18
# what some program takes for a formula when the cell is edited, pasted or saved as CSV
_LIKE_A_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_MORE = "Tệp này có {shown} dòng đầu trong số {all} dòng cần sửa; các dòng còn lại sẽ được gửi sau."
_OF_BATCH = (
    "Cả lô chưa được tiếp nhận. Sửa các dòng này trong tệp gốc và gửi lại cả tệp gốc thì nhanh hơn."
)


@dataclass(frozen=True)
class About:
    """Whose pack it is. ``whole_batch``: no row of the batch was taken, not only these."""

    feed: str
    title_vi: str
    agency_vi: str
    batch_id: str
    contract_version: str
    received_at: datetime
    due_at: datetime | None = None
    whole_batch: bool = False


@dataclass(frozen=True)
class _Cell:
    """What stands in a cell, and how."""

    value: str | float | None
    style: str


def workbook(
    about: About,
    feed: Feed,
    contract: type[Contract],
    refusals: pl.DataFrame,
    cells: pl.DataFrame,
    *,
    masked: bool,
) -> bytes:
    """The pack of the refused rows that have a ticket, at most ``MOST_ROWS`` of them.

    ``refusals``: as published, one row per rule broken; ``cells``: the rows as received, by
    ``_ticket``. ``masked``: personal columns show ``•••``, which sent back means "as received".
    """
    rows = refused_rows(refusals, feed, contract)
    taken = rows.head(MOST_ROWS)
    kept = taken.select("ticket").join(
        cells.rename({TICKET: "ticket"}).unique("ticket", keep="last"),
        on="ticket",
        how="left",
        maintain_order="left",
    )
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": about.title_vi, "created": about.received_at})
        styles = _Styles(book)
        _write_rows(book, styles, about, feed, contract, taken, kept, rows.height, masked=masked)
        _write_guide(book, styles, about, rows.height)
    return buffer.getvalue()


def refused_rows(refusals: pl.DataFrame, feed: Feed, contract: type[Contract]) -> pl.DataFrame:
    """One row per ticket, in the order of the files: place, messages, what is expected, rules.

    ``wrong``: the contract's columns whose cells are to be looked at.
    """
    asked = expected(feed, contract)
    told = refusals.filter(pl.col("ticket").is_not_null()).join(
        asked, on=["rule", "column_name"], how="left", nulls_equal=True
    )
    key = pl.lit(list(contract.info().key), pl.List(pl.String))
    of_rule = pl.when(pl.col("rule").is_in([KEY_UNIQUE, KEY_TAKEN.id])).then(key)
    columns = of_rule.otherwise(pl.concat_list("column_name").list.drop_nulls())
    return (
        told.with_columns(columns.alias("wrong"))
        .group_by("ticket", maintain_order=True)
        .agg(
            pl.col("source_file", "sheet", "row_number").first(),
            _said("message_vi"),
            _said("expected_vi"),
            _said("rule"),
            pl.col("wrong").explode().drop_nulls().unique(maintain_order=True),
        )
        .sort("source_file", "sheet", "row_number", nulls_last=True, maintain_order=True)
    )


def _said(column: str) -> pl.Expr:
    return pl.col(column).drop_nulls().unique(maintain_order=True).str.join("\n")


class _Styles:
    """The formats of the workbook, by what a cell is."""

    def __init__(self, book: Any) -> None:
        base = {"valign": "top", "text_wrap": True, "border": 1, "border_color": "#bbbbbb"}
        text = {**base, "num_format": "@"}
        wrong = {"bg_color": "#ffe08a", "bold": True}
        given = {"bg_color": "#eeeeee", "font_color": "#555555"}
        looks: Mapping[str, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 14},
            "note": {"text_wrap": True, "valign": "top"},
            "head": {**base, "bold": True, "bg_color": "#1f4e79", "font_color": "#ffffff"},
            "given": {**text, **given},
            "given inert": {**text, **given, "quote_prefix": True},
            "text": text,
            "text inert": {**text, "quote_prefix": True},
            "text wrong": {**text, **wrong},
            "text wrong inert": {**text, **wrong, "quote_prefix": True},
            "value": base,
            "value inert": {**base, "quote_prefix": True},
            "value wrong": {**base, **wrong},
            "value wrong inert": {**base, **wrong, "quote_prefix": True},
        }
        self._made = {name: book.add_format(look) for name, look in looks.items()}

    def __getitem__(self, name: str) -> Any:
        return self._made[name]


def _write_rows(
    book: Any,
    styles: _Styles,
    about: About,
    feed: Feed,
    contract: type[Contract],
    rows: pl.DataFrame,
    kept: pl.DataFrame,
    total: int,
    *,
    masked: bool,
) -> None:
    sheet = book.add_worksheet(ROWS_SHEET)
    labels = labels_of(feed, contract)
    headings = [*FIXED_HEADERS, *labels.values()]
    sheet.write_string(0, 0, f"Các dòng cần sửa: {about.title_vi}", styles["title"])
    sheet.write_string(1, 0, _note(rows.height, total, about))
    for column, heading in enumerate(headings):
        sheet.write_string(_FIRST_ROW - 1, column, heading, styles["head"])
        width = _WIDTHS[column] if column < len(_WIDTHS) else _COLUMN_WIDTH
        sheet.set_column(column, column, width)
    for column, cells in enumerate(_fixed(rows)):
        _put(sheet, styles, column, cells)
    for column, source in enumerate(labels, start=len(FIXED_HEADERS)):
        _put(sheet, styles, column, _of_source(source, feed, contract, rows, kept, masked=masked))
    sheet.freeze_panes(_FIRST_ROW, 1)
    sheet.autofilter(_FIRST_ROW - 1, 0, _FIRST_ROW - 1 + rows.height, len(headings) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_FIRST_ROW - 1)
    sheet.set_footer("&L&F&RTrang &P/&N")


def _note(shown_rows: int, total: int, about: About) -> str:
    parts = ["Sửa các ô nền vàng, giữ nguyên cột Mã phiếu, lưu và gửi lại đúng tên tệp này."]
    if about.due_at:
        parts.append(f"Hạn: {about.due_at.astimezone(VIETNAM):%d/%m/%Y}.")
    if total > shown_rows:
        parts.append(_MORE.format(shown=shown_rows, all=total))
    if about.whole_batch:
        parts.append(_OF_BATCH)
    return " ".join(parts)


def _fixed(rows: pl.DataFrame) -> list[list[_Cell]]:
    columns = ("ticket", "source_file", "sheet", "row_number", "message_vi", "expected_vi", "rule")
    return [
        [_Cell(value, _style("given", False, value or "")) for value in rows[name].cast(pl.String)]
        for name in columns
    ]


def _of_source(
    source: str,
    feed: Feed,
    contract: type[Contract],
    rows: pl.DataFrame,
    kept: pl.DataFrame,
    *,
    masked: bool,
) -> list[_Cell]:
    """The cells of one source column: as received, numbers as numbers, wrong ones marked."""
    texts = shown(kept[source]).to_list()
    hidden = masked and source in personal_sources(feed, contract)
    if source in derived_sources(feed):
        told = [MASK if hidden and text else text for text in texts]
        return [_Cell(text, _style("given", False, text or "")) for text in told]
    names = [name for name, column in feed.columns.items() if column.source == source]
    wrong = rows.select(pl.col("wrong").list.set_intersection(names).list.len() > 0).to_series()
    is_text = all(contract.polars_schema()[name] == pl.String for name in names)
    kind = "text" if is_text else "value"
    if hidden:
        return [
            _Cell(MASK if text is not None else None, _style(kind, w, ""))
            for text, w in zip(texts, wrong, strict=True)
        ]
    numbers = _numbers(kept[source]) if not is_text else [None] * len(texts)
    return [
        _Cell(text if number is None else number, _style(kind, is_wrong, text or ""))
        for text, number, is_wrong in zip(texts, numbers, wrong, strict=True)
    ]


def _style(kind: str, is_wrong: bool, text: str) -> str:
    inert = " inert" if _LIKE_A_FORMULA.match(text) else ""
    return f"{kind}{' wrong' if is_wrong else ''}{inert}"


def _numbers(source: pl.Series) -> list[float | None]:
    """The cells that were numbers at the source, not texts that look like them."""
    numbers: list[float | None] = [None] * len(source)
    if isinstance(source.dtype, pl.Struct):
        numbers = source.struct.field("number").to_list()
    elif source.dtype.is_numeric():
        numbers = source.cast(pl.Float64).to_list()
    # a spreadsheet has no infinity, and no number that is none
    return [n if n is not None and math.isfinite(n) else None for n in numbers]


def _put(sheet: Any, styles: _Styles, column: int, cells: Sequence[_Cell]) -> None:
    for row, cell in enumerate(cells, start=_FIRST_ROW):
        if cell.value is None:
            sheet.write_blank(row, column, None, styles[cell.style])
        elif isinstance(cell.value, str):
            sheet.write_string(row, column, cell.value[:MOST_CHARACTERS], styles[cell.style])
        else:
            sheet.write_number(row, column, cell.value, styles[cell.style.removesuffix(" inert")])


def _write_guide(book: Any, styles: _Styles, about: About, total: int) -> None:
    sheet = book.add_worksheet(GUIDE_SHEET)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, "Hướng dẫn", styles["title"])
    steps = [
        f"Trang '{ROWS_SHEET}' có các dòng chưa đạt của nguồn {about.title_vi} "
        f"({about.agency_vi}), lô nhận lúc "
        f"{about.received_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}: {total} dòng.",
        "Sửa các ô nền vàng theo cột 'Nội dung cần sửa' và 'Yêu cầu'. Ô khác của dòng cũng có thể "
        "sửa. Ô nền xám lấy từ tên tệp hoặc tiêu đề: muốn sửa thì sửa trong tệp gốc.",
        "Không sửa cột 'Mã phiếu' và các ô nền xám, không thêm dòng, không đổi tiêu đề; nếu sắp "
        "xếp thì chọn cả bảng. Có thể xóa dòng chưa sửa.",
        f"Ô có dấu {MASK} là thông tin cá nhân được che: để nguyên thì giá trị đã gửi được giữ.",
        "Lưu dạng .xlsx, giữ tên tệp, đặt vào thư mục vẫn gửi số liệu: hệ thống tự nhận.",
        f"Mỗi tệp có tối đa {MOST_ROWS:,} dòng.".replace(",", "."),
        *([_OF_BATCH] if about.whole_batch else []),
    ]
    for number, step in enumerate(steps, start=1):
        sheet.write_string(number, 0, f"{number}.", styles["note"])
        sheet.write_string(number, 1, step, styles["note"])
    start = len(steps) + 2
    sheet.write_string(start, 0, "Phần dưới dành cho hệ thống, xin giữ nguyên", styles["note"])
    facts = {
        FEED_FACT: about.feed,
        BATCH_FACT: about.batch_id,
        CONTRACT_FACT: about.contract_version,
    }
    for offset, (name, value) in enumerate(facts.items(), start=1):
        sheet.write_string(start + offset, 0, name)
        sheet.write_string(start + offset, 1, value)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
