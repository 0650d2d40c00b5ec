"""The map: communes coloured by an indicator, layers above them, questions by place and boundary.

Questions are answered by the macros of the published file, as ``ioc map`` answers them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from markupsafe import Markup
from pydantic import Field, StringConstraints, model_validator

from ioc_pipelines.serving import map_questions
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params, Row, Rows
from ioc_pipelines.serving.portal.drawing import (
    Frame,
    Thing,
    bounds_of_classes,
    class_of,
    drawn_map,
    frame_of,
    place,
)
from ioc_pipelines.serving.portal.indicator import IndicatorCode, defined, legend
from ioc_pipelines.serving.portal.periods import ended_before

LAYERS = ("point_of_interest", "infrastructure_asset")
_MOST_LISTED = 500
_COLOURABLE = """
select indicator_code, name_vi, name_en from marts.indicator
inner join marts.indicator_version as v using (indicator_code, version, name_vi, name_en)
where v.finest_level = 'commune' and exists (
    select 1 from marts.indicator_value as x
    inner join core.dim_admin_unit as u using (unit_id)
    where x.indicator_code = indicator.indicator_code and u.level = 'commune' and u.is_current
)
order by name_vi collate vi
"""
_VALUES = f"""
with latest as (
    select v.* from marts.indicator_value as v
    inner join core.dim_admin_unit as u using (unit_id)
    where v.indicator_code = $code and u.level = 'commune' and u.is_current
        and {ended_before("$today")}
    qualify dense_rank() over (
        order by list_position(['month', 'quarter', 'half', 'year', 'week', 'day'], period_type),
            period_start desc
    ) = 1
)
select b.unit_id, u.full_name, b.geometry, l.value, l.period_type, l.period_start
from marts.commune_boundary as b
inner join core.dim_admin_unit as u using (unit_id)
left join latest as l using (unit_id)
order by u.full_name collate vi
"""
_BARE = """
select b.unit_id, u.full_name, b.geometry, null as value, null as period_type,
    null as period_start
from marts.commune_boundary as b inner join core.dim_admin_unit as u using (unit_id)
order by u.full_name collate vi
"""
_LAYER = """
select * from marts.map_feature
where layer = $layer and ($kind = '' or kind = $kind) order by kind, name collate vi
"""


class Map(Params):
    """What is coloured, what lies above it, and what is asked: a place, a radius, an area, a unit.

    Degrees of WGS 84; ``radius`` in metres; ``area`` is GeoJSON.
    """

    indicator: IndicatorCode | None = None
    layer: Literal["point_of_interest", "infrastructure_asset"] | None = None
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,40}$")] = ""
    ask: Literal["at", "radius", "area", "unit"] | None = None
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False)
    # what is no latitude may be a longitude: the map's own rule tells exchanged axes
    lat: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False)
    radius: float | None = Field(default=None, gt=0, le=100_000, allow_inf_nan=False)
    area: Annotated[str, StringConstraints(max_length=30_000)] | None = None
    unit: Annotated[str, StringConstraints(max_length=100)] | None = None

    @model_validator(mode="after")
    def _asks_wholly(self) -> Self:
        needed = {
            "at": ("lon", "lat"),
            "radius": ("lon", "lat", "radius"),
            "area": ("area",),
            "unit": ("unit",),
        }
        missing = [n for n in needed.get(self.ask or "", ()) if getattr(self, n) in (None, "")]
        if missing:
            msg = f"the question '{self.ask}' needs {', '.join(missing)}"
            raise ValueError(msg)
        return self


def map_page(asked: Asked, given: Map) -> dict[str, Any]:
    """What the page shows."""
    communes = _communes(asked, given)
    if not communes:
        raise NotThereError("Chưa có bản đồ nào được công bố.", "No map is published yet.")
    answer, problem = _answer(asked, given)
    layer = asked.rows(_LAYER, layer=given.layer, kind=given.kind) if given.layer else []
    definition = defined(asked, given.indicator) if given.indicator else None
    scale = asked.say.scale(
        [row["value"] for row in communes], definition["unit"] if definition else None
    )
    bounds = bounds_of_classes(row["value"] for row in communes)
    dated = next((row for row in communes if row["value"] is not None), None)
    return {
        "given": given,
        "definition": definition,
        "dated": dated,
        "indicators": asked.rows(_COLOURABLE),
        "layers": LAYERS,
        "kinds": _kinds(asked),
        "communes": communes,
        "scale": scale,
        "drawn": _drawn(asked, given, communes, layer, answer or [], bounds, scale),
        "legend": legend(asked, communes, bounds, scale) if definition else [],
        "layer": layer,
        "answer": answer[:_MOST_LISTED] if answer is not None else None,
        "found": len(answer or ()),
        "problem": problem,
    }


def _communes(asked: Asked, given: Map) -> Rows:
    if given.indicator is None:
        return asked.rows(_BARE)
    return asked.rows(_VALUES, code=given.indicator, today=asked.now.date())


def _kinds(asked: Asked) -> list[Row]:
    return asked.rows(
        "select layer, kind, count(*) as features from marts.map_feature"
        " where layer <> 'commune_boundary' group by all order by layer, kind"
    )


def _answer(asked: Asked, given: Map) -> tuple[Rows | None, str | None]:
    """What was asked of the map, by name; or why it cannot be."""
    try:
        rows = _asked(asked, given)
    except map_questions.MapQuestionError as error:
        return None, asked.say(error.vi, str(error))
    if rows is None:
        return None, None
    units = {
        row["unit_id"]: row["full_name"]
        for row in asked.rows("select unit_id, full_name from core.dim_admin_unit where is_current")
    }
    return [row | {"unit_name": units.get(row["unit_id"], "")} for row in rows], None


def _asked(asked: Asked, given: Map) -> Rows | None:
    match given.ask:
        case "at":
            return map_questions.at(asked.cursor, *_place(given))
        case "radius":
            return map_questions.within_radius(asked.cursor, *_place(given), given.radius or 0)
        case "area":
            return map_questions.within_area(asked.cursor, (given.area or "").encode())
        case "unit":
            return map_questions.within_unit(asked.cursor, given.unit or "")
        case _:
            return None


def _place(given: Map) -> tuple[float, float]:
    return given.lon or 0.0, given.lat or 0.0


def _drawn(
    asked: Asked,
    given: Map,
    communes: Rows,
    layer: Rows,
    answer: Rows,
    bounds: list[float],
    scale: Any,
) -> Markup:
    say = asked.say
    things = []
    for row in communes:
        css = class_of(row["value"], bounds) if given.indicator else "plain"
        value = f": {say.amount(row['value'], None, scale)}" if given.indicator else ""
        things.append(Thing(row["geometry"], f"area {css}", f"{row['full_name']}{value}"))
    for row, css in [*((r, "thing") for r in layer), *((r, "found") for r in answer)]:
        if row["layer"] != "commune_boundary" or css == "found":
            drawn_as = "outline" if row["layer"] == "commune_boundary" else css
            things.append(Thing(row["geometry"], drawn_as, _said(asked, row)))
    frame = _frame(asked)
    over = None
    if given.ask in ("at", "radius") and given.lon is not None and given.lat is not None:
        over = place(frame, given.lon, given.lat, given.radius if given.ask == "radius" else None)
    text = say(
        "Bản đồ các xã, phường; nội dung của bản đồ có trong các bảng của trang này",
        "Map of the communes; what it shows is in the tables of this page",
    )
    return drawn_map(frame, things, text, over)


def _said(asked: Asked, row: Row) -> str:
    words = asked.say.word
    state = f", {words('state', row['state'])}" if row["state"] else ""
    return f"{row['name']} ({words('kind', row['kind'])}{state})"


def _frame(asked: Asked) -> Frame:
    boxes = asked.rows(
        "select west, south, east, north from marts.map_feature where layer = 'commune_boundary'"
    )
    return frame_of(tuple(box.values()) for box in boxes)
