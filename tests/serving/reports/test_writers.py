"""The files of a document, read back by other libraries than those that wrote them."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docx as python_docx
import openpyxl
import pytest
from lxml import html as lxml_html

from ioc_pipelines.serving.reports.compose import compose
from ioc_pipelines.serving.reports.document import Cell, Column, Document, Paragraph, Table
from ioc_pipelines.serving.reports.docx import docx
from ioc_pipelines.serving.reports.files import (
    DifferentReportError,
    issued_reports,
    keep,
    read_manifest,
    rendered,
)
from ioc_pipelines.serving.reports.html import html
from ioc_pipelines.serving.reports.pdf import pdf
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.serving.reports.xlsx import xlsx
from tests.serving.reports.report_facts import ISSUER, facts, kind

KIND = kind(
    {"block": "text", "text": "Thu đạt {MONEY}."},
    {"block": "indicators", "title": "Chỉ tiêu", "indicators": ["MONEY", "RATE"]},
    {"block": "map", "indicator": "RATE"},
)
EVIL = ('=cmd|"/c calc"!A0', "+1+1", "-2+3", "@SUM(1)", "http://x.test/", "<b>&", "\u00a0=1+1")


@pytest.fixture(scope="module")
def document() -> Document:
    made = compose(KIND, ISSUER, facts(), Period.parse("2026-10"))
    rows = tuple((Cell(text), Cell("1.234,5", 1234.5, 1)) for text in EVIL)
    table = Table("Bảng 9. Ô lạ", (Column("Chữ"), Column("Số", is_number=True)), rows)
    return replace(made, contents=(*made.contents, table, Paragraph((EVIL[5],))))


@pytest.mark.parametrize("write", [docx, pdf, xlsx, html])
def test_the_same_document_is_the_same_bytes(
    document: Document, write: Callable[[Document], bytes]
) -> None:
    assert write(document) == write(document)


@pytest.mark.parametrize("write", [docx, xlsx])
def test_no_clock_is_in_an_office_file(
    document: Document, write: Callable[[Document], bytes]
) -> None:
    with zipfile.ZipFile(io.BytesIO(write(document))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"20\d\d-\d\d-\d\dT[\d:]+Z", core)) == {"2026-11-09T19:00:00Z"}


def test_cells_like_formulas_are_text_and_numbers_are_numbers(document: Document) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(document)))
    sheet = book["Bảng 9"]
    cells = [(row[0].value, row[0].data_type, row[0].hyperlink) for row in sheet.iter_rows(3, 9)]
    assert cells == [(text, "s", None) for text in EVIL]
    assert [row[1].value for row in sheet.iter_rows(3, 9)] == [1234.5] * len(EVIL)
    formulas = [c for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert formulas == []


def test_the_workbook_has_a_line_for_each_figure_with_its_batch(document: Document) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx(document)))["Nguồn gốc số liệu"]
    head, *lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    told = [dict(zip(head, line, strict=True)) for line in lines]
    assert len(told) == len(document.figures)
    money = told[0]
    assert (money["Giá trị"], money["Mã chỉ tiêu"]) == (7_129_484_042_000, "MONEY")
    assert (money["Cơ quan"], money["Lô dữ liệu"]) == ("Sở A", "batch-MONEY")


def test_the_docx_has_the_layout_of_the_decree_and_real_tables(document: Document) -> None:
    file = python_docx.Document(io.BytesIO(docx(document)))
    section = file.sections[0]
    margins = [section.left_margin, section.right_margin, section.top_margin, section.bottom_margin]
    assert [round(margin.mm) for margin in margins] == [30, 15, 20, 20]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert file.styles["Normal"].font.name == "Times New Roman"
    assert file.styles["Normal"].font.size.pt == 13
    left, right = file.tables[0].rows[0].cells
    assert left.text.splitlines()[0] == "VĂN PHÒNG"
    assert right.text.splitlines()[:2] == [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
    ]
    assert "Hưng Yên, ngày 10 tháng 11 năm 2026" in right.text
    table = file.tables[1]
    assert [cell.text for cell in table.rows[1].cells][:3] == [
        "Thu ngân sách",
        "tỷ đồng",
        "7.129,5",
    ]
    foot = next(t for t in file.tables if "Nơi nhận:" in t.rows[0].cells[0].text)
    assert "CHÁNH VĂN PHÒNG" in foot.rows[0].cells[1].text
    text = "\n".join(paragraph.text for paragraph in file.paragraphs)
    assert "Thu đạt 7.129,5 tỷ đồng." in text
    assert "Trên đây là báo cáo tình hình tỉnh Hưng Yên tháng 10/2026./." in text


def test_a_picture_in_a_docx_says_what_it_shows(document: Document) -> None:
    with zipfile.ZipFile(io.BytesIO(docx(document))) as archive:
        body = archive.read("word/document.xml").decode()
        names = archive.namelist()
    assert any(name.endswith(".png") for name in names)
    assert re.search(r'descr="[^"]*thấp nhất Phường Phố Hiến 70,25', body)


def test_the_page_leads_from_each_figure_to_its_origin_and_asks_nothing_of_a_network(
    document: Document,
) -> None:
    text = html(document).decode()
    page = lxml_html.fromstring(text)
    targets = {link.get("href") for link in page.iter("a")}
    assert targets == {f"#f{figure.number}" for figure in document.figures} & targets
    assert "#f1" in targets
    assert "batch-MONEY" in page.get_element_by_id("f1").text_content()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', text)
    assert "<script" not in text
    assert "<b>&amp;" not in text
    assert "&lt;b&gt;&amp;" in text


def test_the_pdf_is_tagged_vietnamese_with_fonts_inside(document: Document) -> None:
    made = pdf(document)
    assert made.startswith(b"%PDF-1.7")
    assert b"/Lang(vi)" in made
    assert b"/MarkInfo" in made
    fonts = set(re.findall(rb"/FontName/[A-Z]{6}\+([A-Za-z-]+)", made))
    assert {b"Tinos", b"Tinos-Bold", b"Arimo"} <= fonts
    assert len(fonts) == made.count(b"/FontFile2")


def test_a_report_is_written_once_and_the_same_again_is_nothing_new(
    document: Document, tmp_path: Path
) -> None:
    folder = tmp_path / "monthly" / "2026-10" / "id"
    manifest, files = rendered(KIND, document)
    assert keep(folder, manifest, files) is True
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {*files, "manifest.json"}
    assert keep(folder, *rendered(KIND, document)) is False
    assert [one.report_id for _, one in issued_reports(tmp_path)] == [manifest.report_id]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    told = read_manifest(folder)
    assert told.figures[0].batch_ids == ["batch-MONEY"]
    assert json.loads(before["manifest.json"])["contracts"] == {"so_a/x.y": "1.2.0"}


def test_what_was_issued_stays_when_it_comes_out_otherwise(
    document: Document, tmp_path: Path
) -> None:
    folder = tmp_path / "id"
    keep(folder, *rendered(KIND, document))
    before = (folder / "trial-2026-10.html").read_bytes()
    changed = replace(document, place="Thái Bình")
    with pytest.raises(DifferentReportError, match="come out otherwise now"):
        keep(folder, *rendered(KIND, changed))
    assert (folder / "trial-2026-10.html").read_bytes() == before
    (folder / "trial-2026-10.html").write_bytes(b"forged")
    with pytest.raises(DifferentReportError, match="not the files that were issued"):
        keep(folder, *rendered(KIND, document))
