"""A document as PDF: typeset with fonts of ours inside, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.charts import FONTS
from ioc_pipelines.serving.reports import annex
from ioc_pipelines.serving.reports.document import Content, Document, Heading, Paragraph, Picture
from ioc_pipelines.serving.reports.document import Table as TableContent

_LAYOUT = Path(__file__).with_name("report.typ")


def pdf(document: Document) -> bytes:
    """The file: tagged for screen readers, archivable (PDF/A-2a)."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]
    )
    made: bytes = typst.compile(
        _LAYOUT.read_bytes(),
        font_paths=fonts,
        sys_inputs={"report": json.dumps(_data(document), ensure_ascii=False)},
        pdf_standards="a-2a",
        timestamp=document.as_of.replace(microsecond=0),
    )
    return made


def _data(document: Document) -> dict[str, Any]:
    return {
        "superior": document.superior,
        "body": document.body,
        "symbol": document.symbol,
        "place": document.place,
        "dated": vietnamese.long_day(document.dated),
        "subject": document.subject,
        "addressee": "; ".join(document.addressee),
        "basis": document.basis,
        "told": annex.introduction(document),
        "contents": [_content(content) for content in document.contents],
        "recipients": document.recipients,
        "authority": document.authority,
        "signer_title": document.signer_title,
        "closing": annex.closing(document),
        "annex_told": annex.told(document),
        "annex": [_content(table) for table in annex.printed(document)],
    }


def _content(content: Content) -> dict[str, Any]:
    match content:
        case Heading():
            return {"kind": "heading", "text": content.text}
        case Paragraph():
            text = "".join(run if isinstance(run, str) else run.text for run in content.runs)
            return {"kind": "paragraph", "text": text, "is_note": content.is_note}
        case Picture():
            return {
                "kind": "picture",
                "caption": content.caption,
                "svg": content.chart.svg(),
                "alt": content.chart.description,
                "width": content.width,
            }
        case TableContent():
            return _table(content)


def _table(table: TableContent) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": table.caption,
        "columns": [
            {"title": column.title, "width": column.width, "is_number": column.is_number}
            for column in table.columns
        ],
        "rows": [
            [
                {
                    "text": cell.text,
                    "is_number": column.is_number,
                    "marks": ", ".join(cell.marks),
                }
                for cell, column in zip(row, table.columns, strict=True)
            ]
            for row in table.rows
        ],
        "notes": table.notes,
    }
