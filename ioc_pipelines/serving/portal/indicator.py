"""An indicator: its series, the communes in one period, what was revised, where it comes from."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params, Row, Rows
from ioc_pipelines.serving.portal.drawing import (
    Dot,
    Thing,
    bounds_of_classes,
    class_of,
    drawn_map,
    frame_of,
    series,
    ticks,
)
from ioc_pipelines.serving.portal.periods import ended_before

PeriodType = Literal["day", "week", "month", "quarter", "half", "year"]
IndicatorCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,79}$")]
UnitId = Annotated[str, StringConstraints(pattern=r"^\d{2,5}@\d{4}-\d{2}-\d{2}$")]
_KINDS = ("month", "quarter", "half", "year", "week", "day")
_MOST_PERIODS, _MOST_REVISIONS = 25, 40

_DEFINITION = """
select i.*, v.over_time, v.finest_level, v.min_base, v.valid_from
from marts.indicator as i
inner join marts.indicator_version as v using (indicator_code, version)
where i.indicator_code = $code
"""
_SERIES = f"""
select *, {ended_before("$today")} as has_ended
from marts.indicator_value
where indicator_code = $code and unit_id = $unit and period_type = $kind
order by period_start desc limit {_MOST_PERIODS}
"""
_COMMUNES = """
select u.unit_id, u.full_name, v.value, v.target, v.status, v.is_complete,
    v.same_period_value, b.geometry
from core.dim_admin_unit as u
left join marts.indicator_value as v
    on v.unit_id = u.unit_id and v.indicator_code = $code
    and v.period_type = $kind and v.period_start = $start
left join marts.commune_boundary as b on b.unit_id = u.unit_id
where u.level = 'commune' and u.is_current and u.province_unit_id = $province
order by u.full_name collate vi
"""
_REVISIONS = f"""
select r.*, u.full_name
from marts.indicator_revision as r
inner join core.dim_admin_unit as u using (unit_id)
where r.indicator_code = $code and r.period_type = $kind
order by r.known_from desc, u.full_name collate vi limit {_MOST_REVISIONS}
"""
_LINEAGE = """
select l.feed, l.batch_id, l.recorded_at, b.dataset, b.contract_version,
    b.rows_received, b.rows_accepted, b.rows_quarantined, c.agency, c.agency_name_vi, c.title_vi
from marts.indicator_lineage as l
left join quality.batch as b using (batch_id)
left join quality.coverage as c on c.feed = l.feed
where l.indicator_code = $code and l.period_type = $kind
    and l.period_start = $start and l.unit_id = $unit
order by c.title_vi collate vi, l.batch_id
"""


class Indicator(Params):
    """``unit`` and ``kind`` choose the series, ``start`` the period of the communes."""

    code: IndicatorCode
    unit: UnitId | None = None
    kind: PeriodType | None = None
    start: date | None = None
    sort: Literal["name", "value"] = "name"


def indicator(asked: Asked, given: Indicator) -> dict[str, Any]:
    """What the page shows."""
    definition = defined(asked, given.code)
    province = asked.province()
    unit = _unit(asked, given.unit) if given.unit else province
    kinds = _kinds(asked, given.code, unit["unit_id"])
    kind: str = given.kind or next((k for k in _KINDS if k in kinds), "month")
    found = asked.rows(
        _SERIES, code=given.code, unit=unit["unit_id"], kind=kind, today=asked.now.date()
    )
    start = given.start or next(
        (row["period_start"] for row in found if row["has_ended"]),
        found[-1]["period_start"] if found else None,
    )
    communes = _communes(asked, given, kind, start, province["unit_id"])
    scale = asked.say.scale([row["value"] for row in found], definition["unit"])
    of_communes = asked.say.scale([row["value"] for row in communes], definition["unit"])
    where = {"code": given.code, "kind": kind, "start": start}
    return {
        "definition": definition,
        "unit": unit,
        "province": province,
        "kinds": [k for k in _KINDS if k in kinds],
        "kind": kind,
        "start": start,
        "sort": given.sort,
        "series": found,
        "scale": scale,
        "chart": _chart(asked, definition, found, kind, scale),
        "communes": communes,
        "commune_scale": of_communes,
        "starts": _starts(asked, given.code, kind),
        **_map(asked, definition, communes, of_communes),
        "revisions": asked.rows(_REVISIONS, code=given.code, kind=kind),
        "lineage": asked.rows(_LINEAGE, unit=unit["unit_id"], **where) if start else [],
        "alerts": asked.rows(
            "select * from marts.indicator_alert where indicator_code = $code and status = 'open'"
            " order by unit_level <> 'province', unit_name collate vi",
            code=given.code,
        ),
    }


def defined(asked: Asked, code: str) -> Row:
    """The definition of an indicator in force. Raises NotThereError."""
    found = asked.row(_DEFINITION, code=code)
    if found is None:
        raise NotThereError(f"Không có chỉ tiêu {code}.", f"There is no indicator {code}.")
    return found


def _unit(asked: Asked, unit_id: str) -> Row:
    found = asked.row(
        "select unit_id, full_name, code from core.dim_admin_unit where unit_id = $unit",
        unit=unit_id,
    )
    if found is None:
        raise NotThereError(
            f"Không có đơn vị hành chính {unit_id}.", f"There is no administrative unit {unit_id}."
        )
    return found


def _kinds(asked: Asked, code: str, unit: str) -> set[str]:
    found = asked.rows(
        "select distinct period_type from marts.indicator_value"
        " where indicator_code = $code and unit_id = $unit",
        code=code,
        unit=unit,
    )
    return {row["period_type"] for row in found}


def _starts(asked: Asked, code: str, kind: str) -> list[date]:
    found = asked.rows(
        "select distinct period_start from marts.indicator_value"
        " where indicator_code = $code and period_type = $kind"
        f" order by period_start desc limit {_MOST_PERIODS}",
        code=code,
        kind=kind,
    )
    return [row["period_start"] for row in found]


def _communes(asked: Asked, given: Indicator, kind: str, start: date | None, province: str) -> Rows:
    """The communes of today with their values in a period; none where no commune has any."""
    if start is None:
        return []
    found = asked.rows(_COMMUNES, code=given.code, kind=kind, start=start, province=province)
    if all(row["value"] is None for row in found):
        return []
    if given.sort == "value":
        found.sort(key=lambda row: (row["value"] is None, -(row["value"] or 0)))
    return found


def _chart(asked: Asked, definition: Row, found: Rows, kind: str, scale: Any) -> Any:
    if not found:
        return None
    say = asked.say
    dots = [
        Dot(
            _short(row["period_start"], kind),
            row["value"],
            f"{say.period(kind, row['period_start'])}: {say.amount(row['value'], None, scale)}",
            is_preliminary=not (row["has_ended"] and row["is_complete"]),
            before=row["same_period_value"],
        )
        for row in reversed(found)
    ]
    target = next((row["target"] for row in found if row["target"] is not None), None)
    values = [v for dot in dots for v in (dot.value, dot.before)]
    axis = {v: say.number(v / scale.divisor, 4) for v in ticks([*values, target])}
    name = say.data(definition["name_vi"], definition["name_en"])
    text = f"{name}: {dots[0].said} … {dots[-1].said}"
    return series(dots, target, axis, text)


def _short(start: date, kind: str) -> str:
    """A period as it fits below an axis."""
    match kind:
        case "day":
            return f"{start:%d/%m}"
        case "week":
            return f"T{start.isocalendar().week}/{start:%y}"
        case "month":
            return f"{start.month}/{start:%y}"
        case "quarter":
            return f"Q{(start.month + 2) // 3}/{start:%y}"
        case "half":
            return f"N{1 + (start.month > 6)}/{start:%y}"
        case _:
            return str(start.year)


def _map(asked: Asked, definition: Row, communes: Rows, scale: Any) -> dict[str, Any]:
    """The communes as a map with its legend; none where boundaries or values are not there."""
    shaped = [row for row in communes if row["geometry"]]
    if not shaped:
        return {"map": None, "legend": []}
    boxes = asked.rows(
        "select west, south, east, north from marts.map_feature where layer = 'commune_boundary'"
    )
    bounds = bounds_of_classes(row["value"] for row in communes)
    say = asked.say
    things = [
        Thing(
            row["geometry"],
            f"area {class_of(row['value'], bounds)}",
            f"{row['full_name']}: {say.amount(row['value'], None, scale)}",
        )
        for row in shaped
    ]
    text = say(
        f"Bản đồ {definition['name_vi']} theo xã, phường; số liệu có trong bảng bên cạnh",
        "Map by commune; its figures are in the table beside it",
    )
    frame = frame_of(tuple(box.values()) for box in boxes)
    return {"map": drawn_map(frame, things, text), "legend": legend(asked, communes, bounds, scale)}


def legend(asked: Asked, rows: Rows, bounds: list[float], scale: Any) -> list[tuple[str, str]]:
    """Classes of colour and what they stand for."""
    known = [row["value"] for row in rows if row["value"] is not None]
    if not known:
        return []
    say = asked.say
    edges = [min(known), *bounds, max(known)]
    told = []
    for low, high in pairwise(edges):
        ends = dict.fromkeys((say.scaled(low, scale), say.scaled(high, scale)))
        told.append((class_of(low, bounds), " – ".join(ends)))
    if len(known) < len(rows):
        told.append(("none", say("không có số liệu", "no figure")))
    return told
