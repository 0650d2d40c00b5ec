"""The annex: each figure with indicator, period, unit, batch, feed and agency (H14).

Files that are printed tell figures of one indicator and supply together, and many communes or
periods as one; the HTML, the workbook and the manifest have a line for each figure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.document import Cell, Column, Document, Figure, Table
from ioc_pipelines.serving.reports.figures import MEASURES

_FEW = 3


def told(document: Document) -> str:
    """Of which snapshot the figures are."""
    return (
        f"Bản kho {document.snapshot_id}, công bố lúc {vietnamese.moment(document.as_of)}. Mỗi lô "
        "dữ liệu là một lần cung cấp đã được kiểm tra; mã lô tra được trong kho dữ liệu."
    )


def introduction(document: Document) -> str:
    """The sentence above the first part."""
    return (
        "Số liệu trong báo cáo được kết xuất từ Trung tâm giám sát, điều hành thông minh, bản công "
        f"bố lúc {vietnamese.moment(document.as_of)}; nguồn gốc từng số liệu ở phụ lục."
    )


def closing(document: Document) -> str:
    """The sentence after the last part, with the sign that ends a document."""
    subject = document.subject
    return f"Trên đây là báo cáo {subject[:1].lower()}{subject[1:]}./."


def printed(document: Document) -> list[Table]:
    """The annex of files that are printed."""
    indicators = [figure for figure in document.figures if figure.indicator_code]
    logs = [figure for figure in document.figures if not figure.indicator_code]
    tables = []
    if indicators:
        tables.append(
            Table(
                "A. Chỉ tiêu",
                (
                    Column("Chỉ tiêu", 1.9),
                    Column("Số liệu", 3.2),
                    Column("Cơ quan, nguồn cung cấp", 2.1),
                    Column("Lô dữ liệu", 1.85),
                ),
                tuple(_row(group, document.province) for group in _by_supply(indicators)),
            )
        )
    if logs:
        tables.append(
            Table(
                "B. Nhật ký vận hành, bảng dữ liệu ngành",
                (
                    Column("Nguồn", 2.4),
                    Column("Thời gian", 1.6),
                    Column("Số lượng số liệu", 1.0, is_number=True),
                    Column("Lô dữ liệu", 2.4),
                ),
                tuple(_log_rows(logs)),
            )
        )
    used = {supply.feed for figure in document.figures for supply in figure.supplies}
    contracts = [row for row in document.contracts if row.feed in used]
    if contracts:
        tables.append(
            Table(
                "C. Phiên bản hợp đồng dữ liệu",
                (Column("Nguồn dữ liệu", 5.0), Column("Phiên bản", 1.0)),
                tuple((Cell(row.title), Cell(row.version)) for row in contracts),
            )
        )
    return tables


def _row(group: list[Figure], province: str) -> tuple[Cell, ...]:
    first = group[0]
    agencies = dict.fromkeys(f"{one.agency}: {one.title}" for one in first.supplies)
    batches = dict.fromkeys(one.batch for one in first.supplies)
    return (
        Cell(first.title),
        Cell("; ".join(_said(group, province)) + "."),
        Cell("; ".join(agencies) or first.source),
        Cell(", ".join(batches) or "–"),
    )


def _said(group: list[Figure], province: str) -> Iterable[str]:
    """What is told of an indicator by period and unit; many communes or periods as one."""
    by_unit: dict[tuple[str, str | None], list[Figure]] = {}
    for figure in group:
        by_unit.setdefault((figure.period, figure.unit_id), []).append(figure)
    points = [p for (p, unit), of in by_unit.items() if unit == province and len(of) == 1]
    communes: dict[str, int] = {}
    for period, unit in by_unit:
        communes[period] = communes.get(period, 0) + (unit != province)
    for (period, unit), figures in by_unit.items():
        is_point = unit == province and period in points and len(points) > _FEW
        if is_point or (unit != province and communes[period] > _FEW):
            continue
        values = ", ".join(f"{MEASURES[one.measure]} {one.shown}" for one in figures)
        yield f"{_capital(period)}, {figures[0].unit_name}: {values}"
    for period, count in communes.items():
        if count > _FEW:
            yield f"{_capital(period)}: {count} xã, phường"
    if len(points) > _FEW:
        yield f"{len(points)} kỳ trong biểu đồ, từ {points[0]} đến {points[-1]}"


def _by_supply(figures: Iterable[Figure]) -> Iterable[list[Figure]]:
    groups: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures:
        key = (figure.title, figure.supplies, figure.source if not figure.supplies else "")
        groups.setdefault(key, []).append(figure)
    return groups.values()


def _log_rows(figures: Iterable[Figure]) -> Iterable[tuple[Cell, ...]]:
    groups: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((figure.source, figure.period, figure.supplies), []).append(figure)
    for group in groups.values():
        first = group[0]
        batches = ", ".join(dict.fromkeys(one.batch for one in first.supplies))
        yield (
            Cell(first.source),
            Cell(_capital(first.period)),
            Cell(str(len(group)), float(len(group)), 0),
            Cell(batches or "–"),
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
