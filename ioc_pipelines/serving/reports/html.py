"""A document as one HTML file: opens without a network, is read on a phone, prints."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from markupsafe import Markup

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports import annex
from ioc_pipelines.serving.reports.document import Document, Figure, Heading, Paragraph, Picture
from ioc_pipelines.serving.reports.figures import MEASURES
from ioc_pipelines.serving.templates import templates


def html(document: Document) -> bytes:
    """The page."""
    environment = templates()
    environment.filters |= {"svg": _svg, "moment": vietnamese.moment, "day": vietnamese.day}
    page = environment.get_template("reports/report.html.jinja").render(
        document=document,
        dated=vietnamese.long_day(document.dated),
        introduction=annex.introduction(document),
        closing=annex.closing(document),
        measures=MEASURES,
        kind_of=_kind_of,
        groups=[
            (title, list(figures))
            for title, figures in groupby(document.figures, key=_where_counted)
        ],
    )
    return page.encode()


def _svg(picture: Picture) -> Markup:
    # drawn by us: names in it are escaped by the renderer
    return Markup(picture.chart.svg())  # noqa: S704


def _kind_of(content: Any) -> str:
    match content:
        case Heading():
            return "heading"
        case Paragraph():
            return "paragraph"
        case Picture():
            return "picture"
        case _:
            return "table"


def _where_counted(figure: Figure) -> str:
    return "Chỉ tiêu" if figure.indicator_code else "Nhật ký vận hành, bảng dữ liệu ngành"
