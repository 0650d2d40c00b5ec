"""Tables of indicators of the province, and the sentences that follow from them."""

from __future__ import annotations

from dataclasses import replace

from ioc_pipelines.catalog.reports import Indicators, Measure
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.document import NO_FIGURE, Cell, Column, Draft, Run, Shown
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.figures import (
    MissingFigureError,
    Wanted,
    cell,
    find,
    missing,
    row_scale,
    run,
)
from ioc_pipelines.serving.reports.periods import Period

_STATUS = {"met": "Đạt", "missed": "Chưa đạt", "not_due": "Chưa đến hạn", "no_target": "–"}


def add_indicators(draft: Draft, facts: Facts, period: Period, block: Indicators) -> None:
    """The table and its conclusions. Raises MissingFigureError."""
    kind = block.period_type or period.kind
    at = period if kind == period.kind else period.newest_ended(kind)
    wanted = [
        Wanted(code, at, facts.province["unit_id"], facts.province["full_name"])
        for code in block.indicators
    ]
    lacking = [one for one in wanted if find(facts, one) is None]
    if lacking and block.missing == "fail":
        raise MissingFigureError(missing(facts, lacking[0]))
    shown = _measures_shown(facts, at, wanted)
    notes = _notes(facts, wanted)
    if "change" not in shown:
        notes.append("Chưa có số liệu cùng kỳ năm trước để so sánh.")
    draft.table(
        f"{block.title}, {at.vi}",
        _columns(facts, at, shown),
        [_row(facts, draft, one, shown) for one in wanted],
        notes=notes,
    )
    if block.conclude:
        _conclude(draft, facts, wanted)


def _measures_shown(facts: Facts, at: Period, wanted: list[Wanted]) -> list[Measure]:
    """The columns that have a figure in any row, beside the value itself."""
    offered: list[Measure] = ["cumulative", "same_period", "change", "target"]
    return [
        measure
        for measure in offered
        if not (measure == "cumulative" and at.kind == "year")
        and any(find(facts, _of(one, measure)) is not None for one in wanted)
    ]


def _columns(facts: Facts, at: Period, shown: list[Measure]) -> list[Column]:
    since = facts.province["valid_from"]
    # a province that began within the year has counted from its own first day
    begun = since if since > at.start.replace(month=1, day=1) else None
    cumulative = f"Lũy kế từ {vietnamese.day(begun)}" if begun else "Lũy kế từ đầu năm"
    titles = {
        "cumulative": Column(cumulative, 1.3, is_number=True),
        "same_period": Column("Cùng kỳ năm trước", 1.25, is_number=True),
        "change": Column("Tăng, giảm so với cùng kỳ", 1.5, is_number=True),
        "target": Column("Mục tiêu", 1.1, is_number=True),
    }
    return [
        Column("Chỉ tiêu", 3.0),
        Column("Đơn vị tính", 1.1),
        Column("Thực hiện", 1.25, is_number=True),
        *(titles[measure] for measure in shown),
        *([Column("Đánh giá", 1.0)] if "target" in shown else []),
    ]


def _row(facts: Facts, draft: Draft, one: Wanted, shown: list[Measure]) -> list[Cell]:
    indicator = facts.indicators[one.code]
    row = facts.value(one.code, one.period, one.unit_id)
    scale = row_scale(facts, one)
    head = [Cell(indicator["name_vi"]), Cell(scale.unit)]
    verdict = [Cell("–")] * ("target" in shown)
    if row is None or row["value"] is None:
        return [*head, Cell(NO_FIGURE.capitalize()), *(Cell("–") for _ in shown), *verdict]
    if verdict:
        verdict = [Cell(_STATUS[row["status"]])]
    measures: list[Measure] = ["value", *shown]
    return [*head, *(cell(facts, draft, _of(one, m), scale) for m in measures), *verdict]


def _notes(facts: Facts, wanted: list[Wanted]) -> list[str]:
    """Which document set a target; where no comparison is there."""
    rows = [facts.value(one.code, one.period, one.unit_id) for one in wanted]
    decisions = {
        row["target_decision"]: None for row in rows if row is not None and row["target_decision"]
    }
    return [f"Mục tiêu theo: {decision}." for decision in decisions]


def _conclude(draft: Draft, facts: Facts, wanted: list[Wanted]) -> None:
    """What the figures say of themselves: targets reached or not, better or worse than before."""
    for status, opening in (
        ("met", "Đạt mục tiêu: "),
        ("missed", "Chưa đạt mục tiêu: "),
        ("not_due", "Mục tiêu chưa đến hạn đánh giá: "),
    ):
        ones = [one for one in wanted if _status(facts, one) == status]
        if ones:
            _against_target(draft, facts, ones, opening)
    better, worse = _directions(facts, wanted)
    if better:
        _compared(draft, facts, better, "Chuyển biến tích cực so với cùng kỳ năm trước: ")
    if worse:
        _compared(draft, facts, worse, "Cần quan tâm, kém hơn cùng kỳ năm trước: ")


def _against_target(draft: Draft, facts: Facts, ones: list[Wanted], opening: str) -> None:
    runs: list[Run] = [opening]
    for place, one in enumerate(ones):
        runs.append("; " * bool(place) + f"{_name(facts, one)} ")
        runs.append(run(facts, draft, _of(one, "value"), say=True))
        runs.append(" (mục tiêu ")
        runs.append(run(facts, draft, _of(one, "target"), say=True))
        runs.append(")")
    draft.paragraph(*runs, ".")


def _status(facts: Facts, one: Wanted) -> str | None:
    row = facts.value(one.code, one.period, one.unit_id)
    return None if row is None or row["value"] is None else row["status"]


def _directions(facts: Facts, wanted: list[Wanted]) -> tuple[list[Wanted], list[Wanted]]:
    better: list[Wanted] = []
    worse: list[Wanted] = []
    for one in wanted:
        by = find(facts, _of(one, "change"))
        direction = facts.indicators[one.code]["direction"]
        if by is None or direction == "neutral" or abs(by.value) < 0.005:
            continue
        is_better = (by.value > 0) == (direction == "higher_is_better")
        (better if is_better else worse).append(one)
    return better, worse


def _compared(draft: Draft, facts: Facts, ones: list[Wanted], opening: str) -> None:
    runs: list[Run] = [opening]
    for place, one in enumerate(ones):
        shown = run(facts, draft, _of(one, "change"), say=True)
        text = shown.text if isinstance(shown, Shown) else shown
        short = text.replace(" so với cùng kỳ năm trước", "")
        runs.append("; " * bool(place) + f"{_name(facts, one)} ")
        runs.append(Shown(short, shown.figure) if isinstance(shown, Shown) else short)
    runs.append(".")
    draft.paragraph(*runs)


def _name(facts: Facts, one: Wanted) -> str:
    """An indicator within a sentence, unless it begins with an abbreviation."""
    name: str = facts.indicators[one.code]["name_vi"]
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def _of(one: Wanted, measure: Measure) -> Wanted:
    return replace(one, measure=measure)
