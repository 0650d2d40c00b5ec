"""Series, tables by commune and maps of one or a few indicators."""

from __future__ import annotations

from typing import Any

import polars as pl

from ioc_pipelines.catalog.reports import Communes, Line, Map
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.charts import bars_by_unit, choropleth, line_series
from ioc_pipelines.serving.reports.document import Cell, Column, Draft
from ioc_pipelines.serving.reports.facts import Facts, Row
from ioc_pipelines.serving.reports.figures import (
    MissingFigureError,
    Wanted,
    cell,
    find,
    missing,
)
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.serving.reports.wording import Scale, scale_of

_MAP_WIDTH = 0.75


def add_line(draft: Draft, facts: Facts, period: Period, block: Line) -> None:
    """The series up to the period. Raises MissingFigureError when no period of it has a figure."""
    code, indicator = block.indicator, facts.indicators[block.indicator]
    ids = facts.province["unit_id"], facts.province["full_name"]
    periods = [period.shifted(back) for back in range(1 - block.periods, 1)]
    rows = [(at, facts.value(code, at)) for at in periods]
    told = [find(facts, Wanted(code, at, *ids)) for at in periods]
    values = [None if one is None else one.value for one in told]
    known = [value for value in values if value is not None]
    if not known:
        if block.missing == "fail":
            raise MissingFigureError(missing(facts, Wanted(code, period, *ids)))
        draft.paragraph(f"{indicator['name_vi']}: chưa có số liệu để vẽ biểu đồ.", is_note=True)
        return
    # from the first figure on: an axis of empty months says nothing
    first = next(n for n, value in enumerate(values) if value is not None)
    scale = scale_of(indicator["unit"], max(abs(value) for value in known))
    frame = pl.DataFrame(
        {
            "period": [at.short for at, _ in rows],
            "value": [None if v is None else scale.of(v) for v in values],
            "target": [_scaled(row, "target", scale) for _, row in rows],
        },
        schema={"period": pl.String, "value": pl.Float64, "target": pl.Float64},
    )[first:]
    title = f"{indicator['name_vi']}, {rows[first][0].vi} – {period.vi}"
    draft.picture(title, line_series(frame, title=title, unit=scale.unit))
    for at in periods:
        wanted = Wanted(code, at, *ids)
        if find(facts, wanted) is not None:
            # the annex tells of every point of the line
            cell(facts, draft, wanted, scale)


def add_communes(draft: Draft, facts: Facts, period: Period, block: Communes) -> None:
    """A row for each commune, in the order of the dictionary, or the worst ones first."""
    units = [u for u in facts.communes if not block.units or u["code"] in block.units]
    first = block.indicators[0]
    known = [unit for unit in units if _found(facts, first, period, unit) is not None]
    if not known and block.missing == "fail":
        raise MissingFigureError(
            missing(facts, Wanted(first, period, facts.province["unit_id"], "các xã, phường"))
        )
    if block.worst is None:
        chosen = sorted(units, key=lambda unit: vietnamese.order(_bare(unit)))
    else:
        chosen = _worst(facts, first, period, known)[: block.worst]
    scales = {code: _scale(facts, code, period, units) for code in block.indicators}
    columns = [
        Column("STT", 0.4, is_number=True),
        Column("Xã, phường", 2.2),
        *(
            Column(f"{facts.indicators[code]['name_vi']} ({scales[code].unit})", 1.5, True)
            for code in block.indicators
        ),
    ]
    rows = [
        [
            Cell(str(place), float(place), 0),
            Cell(unit["full_name"]),
            *(
                cell(facts, draft, _wanted(code, period, unit), scales[code])
                for code in block.indicators
            ),
        ]
        for place, unit in enumerate(chosen, start=1)
    ]
    notes = [] if len(known) == len(units) else [_how_many(known, units)]
    draft.table(f"{block.title}, {period.vi}", columns, rows, notes)
    if block.worst is not None and chosen:
        _add_bars(draft, facts, period, first, chosen, block.title)


def add_map(draft: Draft, facts: Facts, period: Period, block: Map) -> None:
    """The communes, the darker the higher. Raises MissingFigureError when none has a figure."""
    code, indicator = block.indicator, facts.indicators[block.indicator]
    values = {unit["unit_id"]: _found(facts, code, period, unit) for unit in facts.communes}
    shapes = dict(facts.boundaries.select("unit_id", "geometry").iter_rows())
    drawn = [unit for unit in facts.communes if unit["unit_id"] in shapes]
    known = [value for value in values.values() if value is not None]
    if not known or not drawn:
        if block.missing == "fail":
            unit = Wanted(code, period, facts.province["unit_id"], "các xã, phường")
            raise MissingFigureError(missing(facts, unit))
        draft.paragraph(f"{indicator['name_vi']}: chưa đủ số liệu để vẽ bản đồ.", is_note=True)
        return
    scale = scale_of(indicator["unit"], max(abs(value) for value in known))
    frame = pl.DataFrame(
        [
            {
                "name": unit["full_name"],
                "value": None if (v := values[unit["unit_id"]]) is None else scale.of(v),
                "geometry": shapes[unit["unit_id"]],
            }
            for unit in drawn
        ],
        schema={"name": pl.String, "value": pl.Float64, "geometry": pl.String},
    )
    title = f"{indicator['name_vi']} theo xã, phường, {period.vi}"
    draft.picture(title, choropleth(frame, title=title, unit=scale.unit), _MAP_WIDTH)
    for one in drawn:
        cell(facts, draft, _wanted(code, period, one), scale)
    undrawn = len(facts.communes) - len(drawn)
    if undrawn:
        draft.paragraph(f"{undrawn} xã, phường chưa có ranh giới trên bản đồ.", is_note=True)


def _add_bars(
    draft: Draft, facts: Facts, period: Period, code: str, chosen: list[Row], title: str
) -> None:
    scale = _scale(facts, code, period, chosen)
    rows = [facts.value(code, period, unit["unit_id"]) for unit in chosen]
    frame = pl.DataFrame(
        {
            "name": [unit["full_name"] for unit in chosen],
            "value": [_scaled(row, "value", scale) for row in rows],
            "target": [_scaled(row, "target", scale) for row in rows],
        },
        schema={"name": pl.String, "value": pl.Float64, "target": pl.Float64},
    )
    has_target = frame["target"].is_not_null().any()
    line = " (vạch đỏ: mục tiêu)" if has_target else ""
    caption = f"{facts.indicators[code]['name_vi']}: {title[:1].lower()}{title[1:]}, {period.vi}"
    draft.picture(f"{caption}{line}", bars_by_unit(frame, title=caption, unit=scale.unit))


def _worst(facts: Facts, code: str, period: Period, units: list[Row]) -> list[Row]:
    sign = -1.0 if facts.indicators[code]["direction"] == "lower_is_better" else 1.0

    def place(unit: Row) -> tuple[Any, ...]:
        value = _found(facts, code, period, unit)
        return (sign * (value or 0.0), vietnamese.order(_bare(unit)))

    return sorted(units, key=place)


def _how_many(known: list[Row], units: list[Row]) -> str:
    return f"Có số liệu của {len(known)}/{len(units)} xã, phường."


def _scale(facts: Facts, code: str, period: Period, units: list[Row]) -> Scale:
    known = [abs(v) for unit in units if (v := _found(facts, code, period, unit)) is not None]
    return scale_of(facts.indicators[code]["unit"], max(known, default=0.0))


def _found(facts: Facts, code: str, period: Period, unit: Row) -> float | None:
    row = facts.value(code, period, unit["unit_id"])
    return None if row is None else row["value"]


def _wanted(code: str, period: Period, unit: Row) -> Wanted:
    return Wanted(code, period, unit["unit_id"], unit["full_name"])


def _scaled(row: Row | None, name: str, scale: Scale) -> float | None:
    return None if row is None or row[name] is None else scale.of(row[name])


def _bare(unit: Row) -> str:
    """A commune's name without its kind: lists are looked up by the name."""
    name: str = unit["full_name"]
    for kind in ("Xã ", "Phường ", "Đặc khu ", "Thị trấn "):
        name = name.removeprefix(kind)
    return name
