"""Figures of indicators for a draft: each is looked up, numbered and traced, none is typed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ioc_pipelines.catalog.reports import Measure
from ioc_pipelines.serving.comparison import change
from ioc_pipelines.serving.reports.document import (
    NO_COMPARISON,
    NO_FIGURE,
    Cell,
    Draft,
    Figure,
    Run,
    Shown,
    Supply,
)
from ioc_pipelines.serving.reports.facts import Facts, Row, supply
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.serving.reports.wording import (
    Scale,
    amount,
    change_text,
    decimals_of,
    scale_of,
    signed,
)
from ioc_pipelines.serving.vietnamese import number

MEASURES: dict[Measure, str] = {
    "value": "thực hiện",
    "cumulative": "lũy kế",
    "target": "mục tiêu",
    "same_period": "cùng kỳ năm trước",
    "change": "so với cùng kỳ năm trước",
}


class MissingFigureError(ValueError):
    """A figure that a report names is not there. The message says which."""


@dataclass(frozen=True)
class Wanted:
    """A figure that a text or table asks for."""

    code: str
    period: Period
    unit_id: str
    unit_name: str
    measure: Measure = "value"


@dataclass(frozen=True)
class Found:
    """What there is of it: the number, and the marks that go with it."""

    value: float
    row: Row
    marks: tuple[str, ...] = ()


def same_period(facts: Facts, row: Row, period: Period) -> Found | None:
    """The value a year before: of the same unit, else of the units it was made of."""
    if row["same_period_value"] is not None:
        return Found(row["same_period_value"], row)
    if row["unit_id"] != facts.province["unit_id"] or not row["is_complete"]:
        return None
    before = _year_before(period)
    value = facts.rebased.get((row["indicator_code"], before.kind, before.start))
    return None if value is None else Found(value, row, ("mới",))


def find(facts: Facts, wanted: Wanted) -> Found | None:
    """Look a figure up. ``change`` is per cent, of rates and scores a difference in points."""
    row = facts.value(wanted.code, wanted.period, wanted.unit_id)
    if row is None or row["value"] is None:
        return _of_former_units(facts, wanted)
    marks = ("sb",) if is_preliminary(facts, row, wanted.period) else ()
    match wanted.measure:
        case "value":
            return Found(row["value"], row, marks)
        case "cumulative" | "target":
            name = {"cumulative": "cumulative_value", "target": "target"}[wanted.measure]
            value = row[name]
            marks = marks if wanted.measure == "cumulative" else ()
            return None if value is None else Found(value, row, marks)
        case _:
            before = same_period(facts, row, wanted.period)
            if before is None or wanted.measure == "same_period":
                return before
            unit = facts.indicators[wanted.code]["unit"]
            by = change(row["value"], before.value, unit)
            return None if by is None else Found(by, row, (*marks, *before.marks))


def _of_former_units(facts: Facts, wanted: Wanted) -> Found | None:
    """The value of the units that a province was made of, before there was that province."""
    if wanted.measure != "value" or wanted.unit_id != facts.province["unit_id"]:
        return None
    value = facts.rebased.get((wanted.code, wanted.period.kind, wanted.period.start))
    untold = {"recorded_at": None, "units_measured": None}
    return None if value is None else Found(value, untold, ("mới",))


def is_preliminary(facts: Facts, row: Row, period: Period) -> bool:
    """Whether a value may still grow: its period is not over, or lacks a part."""
    return not row["is_complete"] or period.end >= facts.as_of


def is_suppressed(facts: Facts, code: str, unit_id: str) -> bool:
    """Whether a value that is missing is one that is not published for so few observations."""
    return facts.indicators[code]["min_base"] is not None and unit_id != facts.province["unit_id"]


def cell(
    facts: Facts, draft: Draft, wanted: Wanted, scale: Scale, *, may_lack: bool = True
) -> Cell:
    """A figure as a cell, in the unit of its row. Raises MissingFigureError unless it may lack."""
    found = find(facts, wanted)
    if found is None:
        if not may_lack:
            raise MissingFigureError(missing(facts, wanted))
        suppressed = wanted.measure == "value" and is_suppressed(facts, wanted.code, wanted.unit_id)
        return Cell("–", marks=("bm",)) if suppressed else Cell("–")
    figure = _numbered(facts, draft, wanted, found)
    if wanted.measure == "change":
        text = signed(found.value, facts.indicators[wanted.code]["unit"])
        return Cell(text, found.value, 2, figure, found.marks)
    value = scale.of(found.value)
    decimals = decimals_of(scale.unit, value)
    return Cell(number(value, decimals), value, decimals, figure, found.marks)


def run(facts: Facts, draft: Draft, wanted: Wanted, *, say: bool) -> Run:
    """A figure within a sentence. Raises MissingFigureError unless it may be said to be missing."""
    found = find(facts, wanted)
    if found is None:
        if say:
            return NO_COMPARISON if wanted.measure == "change" else NO_FIGURE
        raise MissingFigureError(missing(facts, wanted))
    unit = facts.indicators[wanted.code]["unit"]
    if wanted.measure == "change":
        before = same_period(facts, found.row, wanted.period)
        assert before is not None  # noqa: S101  there is a change
        text = f"{change_text(found.row['value'], before.value, unit)} so với cùng kỳ năm trước"
    else:
        text = amount(found.value, unit)
    figure = _numbered(facts, draft, wanted, found)
    mark = " (sơ bộ)" if "sb" in found.marks else ""
    return Shown(f"{text}{mark}", figure)


def row_scale(facts: Facts, wanted: Wanted) -> Scale:
    """In which unit the figures of a row are shown: that of the largest of them."""
    unit = facts.indicators[wanted.code]["unit"]
    row = facts.value(wanted.code, wanted.period, wanted.unit_id)
    names = ("value", "cumulative_value", "target")
    known = [abs(row[name]) for name in names if row[name] is not None] if row else []
    return scale_of(unit, max(known, default=0.0))


def missing(facts: Facts, wanted: Wanted) -> str:
    """Which figure is not there, for whoever has to find it."""
    name = facts.indicators[wanted.code]["name_vi"]
    return (
        f"no figure for {wanted.code} ({name}), {wanted.period.code}, {wanted.unit_name}"
        f" ({wanted.unit_id}), {wanted.measure}: the data is not there yet, or the report is to "
        "say so: `missing: say` in reports.yaml"
    )


def _numbered(facts: Facts, draft: Draft, wanted: Wanted, found: Found) -> int:
    """Put a figure into the annex, once."""
    indicator = facts.indicators[wanted.code]
    key = (wanted.code, wanted.period.kind, wanted.period.start, wanted.unit_id)
    if wanted in draft.numbers:
        return draft.numbers[wanted]
    unit = indicator["unit"]
    is_change = wanted.measure == "change"
    is_target = wanted.measure == "target"
    figure = Figure(
        number=len(draft.figures) + 1,
        title=indicator["name_vi"],
        shown=signed(found.value, unit) if is_change else amount(found.value, unit),
        value=found.value,
        unit="%" if is_change and unit not in ("%", "điểm") else unit,
        unit_name=wanted.unit_name,
        period=wanted.period.vi,
        measure=wanted.measure,
        indicator_code=wanted.code,
        period_type=wanted.period.kind,
        period_start=wanted.period.start,
        unit_id=wanted.unit_id,
        recorded_at=found.row["recorded_at"],
        units_measured=found.row["units_measured"],
        source=(found.row["target_decision"] or "") if is_target else indicator["formula_vi"],
        supplies=() if is_target else _supplies(facts, key, wanted, found),
    )
    draft.figures.append(figure)
    draft.numbers[wanted] = figure.number
    return figure.number


def _supplies(
    facts: Facts, key: tuple[str, str, date, str], wanted: Wanted, found: Found
) -> tuple[Supply, ...]:
    """The batches behind a figure; of a comparison those of both years."""
    batches = set(facts.lineage.get(key, ()))
    compared = wanted.measure in ("same_period", "change")
    told_of = _year_before(wanted.period) if compared else wanted.period
    units = (key[3], *(facts.former_units if "mới" in found.marks else ()))
    earlier = {
        batch
        for unit in units
        for batch in facts.lineage.get((key[0], told_of.kind, told_of.start, unit), ())
    }
    chosen = sorted(earlier if wanted.measure == "same_period" else batches | earlier)
    return tuple(supply(facts, feed, batch) for feed, batch in chosen)


def _year_before(period: Period) -> Period:
    return Period(period.kind, date(period.start.year - 1, period.start.month, 1))
