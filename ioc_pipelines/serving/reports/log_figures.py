"""Figures out of the logs: numbered like those of indicators, with the log they were counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ioc_pipelines.serving.reports.document import Cell, Column, Draft, Figure, Shown, Supply
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.serving.reports.wording import decimals_of
from ioc_pipelines.serving.vietnamese import number

DIMENSIONS = {
    "correct": "Đúng",
    "complete": "Đủ",
    "clean": "Sạch",
    "live": "Sống",
    "overall": "Chung",
}
RATINGS = {"green": "Xanh", "amber": "Vàng", "red": "Đỏ"}


def column(title: str, width: float = 1.0) -> Column:
    """A column of numbers."""
    return Column(title, width, is_number=True)


def count(
    draft: Draft,
    value: float,
    title: str,
    period: Period | str,
    source: str,
    of: str = "Toàn tỉnh",
    *,
    supplies: tuple[Supply, ...] = (),
) -> Cell:
    """A number of a log as a cell."""
    given = float(value)
    decimals = 0 if given.is_integer() else 2
    shown = number(given, decimals)
    figure = numbered(draft, given, shown, title, period, source, of, supplies=supplies)
    return Cell(shown, given, decimals, figure)


def said(
    draft: Draft,
    value: float,
    title: str,
    period: Period | str,
    source: str,
    *,
    unit: str | None = None,
) -> Shown:
    """A number of a log within a sentence; what it counts is its unit unless another is given."""
    given = float(value)
    told = title if unit is None else unit
    text = number(given, decimals_of(told, given))
    shown = f"{text}%" if told == "%" else f"{text} {told}"
    return Shown(shown, numbered(draft, given, text, title, period, source, unit=told))


def total_row(
    draft: Draft,
    names: Sequence[tuple[str, str]],
    total: Mapping[str, float],
    period: Period | str,
    source: str,
    *,
    first: str = "Cộng",
) -> list[Cell]:
    """The last row of a table of counts."""
    return [
        Cell(first),
        *(count(draft, total[name], title, period, source) for name, title in names),
    ]


def numbered(
    draft: Draft,
    value: float,
    shown: str,
    title: str,
    period: Period | str,
    source: str,
    of: str = "Toàn tỉnh",
    *,
    unit: str = "",
    supplies: tuple[Supply, ...] = (),
) -> int:
    """Put a figure into the annex, once."""
    told = period if isinstance(period, str) else period.vi
    key = (title, told, source, of, shown)
    if key not in draft.numbers:
        draft.numbers[key] = len(draft.figures) + 1
        draft.figures.append(
            Figure(
                number=draft.numbers[key],
                title=title[:1].upper() + title[1:],
                shown=shown,
                value=value,
                unit=unit,
                unit_name=of,
                period=told,
                source=source,
                supplies=supplies,
            )
        )
    return draft.numbers[key]
