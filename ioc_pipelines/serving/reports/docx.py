"""A document as DOCX: what the office edits before it is signed; tables are real tables."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import docx as python_docx
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports import annex
from ioc_pipelines.serving.reports.document import (
    Content,
    Document,
    Heading,
    Paragraph,
    Picture,
    Table,
)
from ioc_pipelines.serving.reports.frozen_zip import frozen

_FONT = "Times New Roman"
_WIDTH_MM = 165.0
_MANY_COLUMNS = 7
_CENTRE, _RIGHT, _LEFT, _JUSTIFY = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)


def docx(document: Document) -> bytes:
    """The file, by the layout of Decree 30/2020/NĐ-CP, annex I."""
    file = python_docx.Document()
    _set_up(file, document)
    _head(file, document)
    for content in document.contents:
        _add(file, content)
    _body(file, annex.closing(document))
    _foot(file, document)
    file.add_section(WD_SECTION.NEW_PAGE)
    for line in ("Phụ lục", "NGUỒN GỐC SỐ LIỆU"):
        _line(file, line, size=14, bold=True, align=_CENTRE)
    _body(file, annex.told(document))
    for table in annex.printed(document):
        _table(file, table)
    made = io.BytesIO()
    file.save(made)
    return frozen(made.getvalue())


def _set_up(file: Any, document: Document) -> None:
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    # no number on the first page
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = _CENTRE
    _page_number(number.add_run())
    style = file.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(13)
    fonts = style.element.rPr.rFonts
    for script in ("w:eastAsia", "w:cs", "w:hAnsi"):
        fonts.set(qn(script), _FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    style.element.rPr.append(language)
    style.paragraph_format.space_after = Pt(6)
    heading = file.styles["Heading 1"]
    heading.font.name, heading.font.size, heading.font.bold = _FONT, Pt(13), True
    heading.font.color.rgb = RGBColor(0, 0, 0)
    heading.element.rPr.rFonts.set(qn("w:hAnsi"), _FONT)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        heading.element.rPr.rFonts.attrib.pop(qn(theme), None)
    properties = file.core_properties
    properties.title, properties.author = document.subject, document.body
    properties.comments, properties.language = f"snapshot {document.snapshot_id}", "vi-VN"
    when = document.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties.created = properties.modified = when
    properties.last_modified_by = document.body


def _head(file: Any, document: Document) -> None:
    left, right = _borderless(file, (62.0, 103.0))
    lines = [(document.superior, 12, False)] if document.superior else []
    for text, size, bold in [*lines, (document.body, 12, True)]:
        _line(left, text, size=size, bold=bold, align=_CENTRE, after=0)
    _rule(left, 20)
    _line(left, f"Số:       /{document.symbol}", size=13, align=_CENTRE, after=0)
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=12, bold=True, align=_CENTRE, after=0)
    _line(right, "Độc lập - Tự do - Hạnh phúc", size=13, bold=True, align=_CENTRE, after=0)
    _rule(right, 24)
    dated = f"{document.place}, {vietnamese.long_day(document.dated)}"
    _line(right, dated, size=13, italic=True, align=_CENTRE, after=0)
    _line(file, "", size=6, after=0)
    _line(file, "BÁO CÁO", size=14, bold=True, align=_CENTRE, after=0)
    _line(file, document.subject, size=14, bold=True, align=_CENTRE, after=0)
    _rule(file, 62)
    if document.addressee:
        to = f"Kính gửi: {'; '.join(document.addressee)}."
        _line(file, to, size=14, align=_CENTRE)
    for basis in document.basis:
        _body(file, f"Căn cứ {basis};", italic=True)
    _body(file, annex.introduction(document), italic=True)


def _foot(file: Any, document: Document) -> None:
    left, right = _borderless(file, (85.0, 80.0))
    _line(left, "Nơi nhận:", size=12, bold=True, italic=True, after=0)
    for place, one in enumerate(document.recipients, start=1):
        ending = "." if place == len(document.recipients) else ";"
        _line(left, f"- {one}{ending}", size=11, after=0)
    if document.authority:
        _line(right, document.authority, size=14, bold=True, align=_CENTRE, after=0)
    _line(right, document.signer_title, size=14, bold=True, align=_CENTRE, after=70)


def _add(file: Any, content: Content) -> None:
    match content:
        case Heading():
            paragraph = file.add_heading(content.text, level=1)
            paragraph.paragraph_format.space_before = Pt(10)
            paragraph.paragraph_format.space_after = Pt(6)
        case Paragraph():
            text = "".join(run if isinstance(run, str) else run.text for run in content.runs)
            _body(file, text, italic=content.is_note)
        case Picture():
            caption = _line(file, content.caption, size=12, bold=True, align=_CENTRE)
            caption.paragraph_format.keep_with_next = True
            holder = file.add_paragraph()
            holder.alignment = _CENTRE
            holder.add_run().add_picture(
                io.BytesIO(content.chart.png()), width=Mm(_WIDTH_MM * content.width)
            )
            drawn = holder._p.xpath(".//wp:docPr")[0]
            drawn.set("title", content.chart.title)
            drawn.set("descr", content.chart.description)
        case _:
            _table(file, content)


def _table(file: Any, table: Table) -> None:
    caption = _line(file, table.caption, size=12, bold=True, align=_CENTRE)
    caption.paragraph_format.keep_with_next = True
    made = file.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    whole = sum(column.width for column in table.columns)
    widths = [Mm(_WIDTH_MM * column.width / whole) for column in table.columns]
    for column, width in zip(made.columns, widths, strict=True):
        column.width = width
    size = 9.5 if len(table.columns) > _MANY_COLUMNS else 11
    for cell, column in zip(made.rows[0].cells, table.columns, strict=True):
        _fill(cell, column.title, size=size, bold=True, align=_CENTRE)
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", "EEF2F6")):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)
    repeated = OxmlElement("w:tblHeader")
    made.rows[0]._tr.get_or_add_trPr().append(repeated)
    for row in table.rows:
        cells = made.add_row().cells
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            align = _RIGHT if column.is_number else _LEFT
            _fill(cells[place], cell.text, size=size, align=align, marks=cell.marks)
    for row in made.rows:
        whole_row = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(whole_row)
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    for note in table.notes:
        _line(file, note, size=10.5, italic=True, after=2)
    _line(file, "", size=6, after=0)


def _fill(
    cell: Any,
    text: str,
    *,
    size: float,
    align: Any,
    bold: bool = False,
    marks: Sequence[str] = (),
) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(0)
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold
    if marks:
        mark = paragraph.add_run(f" ({', '.join(marks)})")
        mark.font.size, mark.font.superscript = Pt(size), True


def _borderless(file: Any, widths_mm: tuple[float, float]) -> tuple[Any, Any]:
    """Two columns side by side; their first, empty paragraphs are taken by what is put in."""
    table = file.add_table(rows=1, cols=2)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell, width in zip(table.rows[0].cells, widths_mm, strict=True):
        cell.width = Mm(width)
    left, right = table.rows[0].cells
    return left, right


def _line(
    where: Any,
    text: str,
    *,
    size: float = 13,
    bold: bool = False,
    italic: bool = False,
    align: Any = _LEFT,
    after: float = 6,
) -> Any:
    empty = [p for p in where.paragraphs[:1] if hasattr(where, "_tc") and not p.text]
    is_first = bool(empty) and len(where.paragraphs) == 1 and not empty[0].runs
    paragraph = empty[0] if is_first else where.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(after)
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    return paragraph


def _body(file: Any, text: str, *, italic: bool = False) -> None:
    paragraph = _line(file, text, italic=italic, align=_JUSTIFY)
    paragraph.paragraph_format.first_line_indent = Mm(10)


def _rule(where: Any, indent_mm: float) -> None:
    """A short line below the last one: the lower border of an empty paragraph."""
    paragraph = _line(where, "", size=4, after=2, align=_CENTRE)
    paragraph.paragraph_format.line_spacing = Pt(5)
    paragraph.paragraph_format.left_indent = Mm(indent_mm)
    paragraph.paragraph_format.right_indent = Mm(indent_mm)
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _page_number(run: Any) -> None:
    run.font.size = Pt(13)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)
