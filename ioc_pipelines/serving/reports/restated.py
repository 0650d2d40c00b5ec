"""Published figures that were revised: both values, and since when (H14, H37)."""

from __future__ import annotations

from contracts.base import VIETNAM
from ioc_pipelines.catalog.reports import PeriodType
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.document import Cell, Column, Draft, Heading
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.wording import amount

_PERIODS: tuple[PeriodType, ...] = ("month", "quarter", "half", "year")


def add_restatements(draft: Draft, facts: Facts) -> int:
    """A note with every figure of this report that was published with another value before.

    How many there are.
    """
    used = {
        (figure.indicator_code, figure.period_type, figure.period_start, figure.unit_id)
        for figure in draft.figures
        if figure.measure != "target"
    }
    names = {unit["unit_id"]: unit["full_name"] for unit in (facts.province, *facts.communes)}
    rows = []
    for revision in facts.revisions:
        key = tuple(
            revision[name] for name in ("indicator_code", "period_type", "period_start", "unit_id")
        )
        if key not in used or revision["period_type"] not in _PERIODS:
            continue
        indicator = facts.indicators[revision["indicator_code"]]
        unit = indicator["unit"]
        since = revision["known_from"].astimezone(VIETNAM).date()
        before = revision["earlier_known_from"].astimezone(VIETNAM).date()
        value = revision["value"]
        rows.append(
            [
                Cell(indicator["name_vi"]),
                Cell(vietnamese.period(revision["period_type"], revision["period_start"])),
                Cell(names[revision["unit_id"]]),
                Cell(f"{amount(revision['earlier_value'], unit)} ({vietnamese.day(before)})"),
                Cell(
                    "đã rút"
                    if value is None
                    else f"{amount(value, unit)} ({vietnamese.day(since)})"
                ),
            ]
        )
    if not rows:
        return 0
    draft.contents.append(Heading("Ghi chú điều chỉnh số liệu"))
    draft.paragraph(
        "Các số liệu dưới đây khác với số đã công bố trước. Ngày trong ngoặc là ngày công bố."
    )
    draft.table(
        "Số liệu đã công bố được điều chỉnh",
        [
            Column("Chỉ tiêu", 2.6),
            Column("Kỳ", 1.3),
            Column("Đơn vị", 1.5),
            Column("Đã công bố", 1.7),
            Column("Nay là", 1.7),
        ],
        rows,
    )
    return len(rows)
