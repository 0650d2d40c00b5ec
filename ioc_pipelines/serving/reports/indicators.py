"""Tables of indicators of the province, and the sentences that follow from them."""

from __future__ import annotations

from ioc_pipelines.catalog.reports import Indicators
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
    has_cumulative = at.kind != "year" and any(_measured(facts, o, "cumulative") for o in wanted)
    has_target = any(_measured(facts, one, "target") for one in wanted)
    draft.table(
        f"{block.title}, {at.vi}",
        _columns(facts, at, has_cumulative=has_cumulative, has_target=has_target),
        [
            _row(facts, draft, one, has_cumulative=has_cumulative, has_target=has_target)
            for one in wanted
        ],
        notes=_notes(facts, wanted),
    )
    if block.conclude:
        _conclude(draft, facts, wanted)


def _columns(facts: Facts, at: Period, *, has_cumulative: bool, has_target: bool) -> list[Column]:
    since = facts.province["valid_from"]
    # a province that began within the year has counted from its own first day
    begun = since if since > at.start.replace(month=1, day=1) else None
    cumulative = f"Lũy kế từ {vietnamese.day(begun)}" if begun else "Lũy kế từ đầu năm"
    columns = [
        Column("Chỉ tiêu", 3.0),
        Column("Đơn vị tính", 1.1),
        Column("Thực hiện", 1.25, is_number=True),
    ]
    if has_cumulative:
        columns.append(Column(cumulative, 1.3, is_number=True))
    columns += [
        Column("Cùng kỳ năm trước", 1.25, is_number=True),
        Column("Tăng, giảm so với cùng kỳ", 1.5, is_number=True),
    ]
    if has_target:
        columns += [Column("Mục tiêu", 1.1, is_number=True), Column("Đánh giá", 1.0)]
    return columns


def _row(
    facts: Facts, draft: Draft, one: Wanted, *, has_cumulative: bool, has_target: bool
) -> list[Cell]:
    indicator = facts.indicators[one.code]
    row = facts.value(one.code, one.period, one.unit_id)
    scale = row_scale(facts, one)
    if row is None or row["value"] is None:
        blank = 3 + has_cumulative + 2 * has_target
        return [
            Cell(indicator["name_vi"]),
            Cell(scale.unit),
            Cell(NO_FIGURE.capitalize()),
            *(Cell("–") for _ in range(blank - 1)),
        ]
    cells = [
        Cell(indicator["name_vi"]),
        Cell(scale.unit),
        cell(facts, draft, _of(one, "value"), scale),
    ]
    if has_cumulative:
        cells.append(cell(facts, draft, _of(one, "cumulative"), scale))
    cells += [
        cell(facts, draft, _of(one, "same_period"), scale),
        cell(facts, draft, _of(one, "change"), scale),
    ]
    if has_target:
        cells += [cell(facts, draft, _of(one, "target"), scale), Cell(_STATUS[row["status"]])]
    return cells


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


def _of(one: Wanted, measure: str) -> Wanted:
    return Wanted(one.code, one.period, one.unit_id, one.unit_name, measure)  # type: ignore[arg-type]


def _measured(facts: Facts, one: Wanted, measure: str) -> bool:
    return find(facts, _of(one, measure)) is not None
