"""The first page: indicators against targets by scenario, open alerts, age of the data."""

from __future__ import annotations

from typing import Any, Literal

from ioc_pipelines.serving.alert_text import sentence
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params, Rows
from ioc_pipelines.serving.portal.drawing import sparkline
from ioc_pipelines.serving.portal.periods import ended_before
from ioc_pipelines.serving.portal.shelf import Scenario

_SHOWN_ALERTS = 8
_SPARK = 13

# of each indicator the newest ended period of its shortest kind; where a target is set for the
# year's end, the year's row, for a month has no target then
_NEWEST = f"""
with ranked as (
    select *,
        list_position(['day', 'week', 'month', 'quarter', 'half', 'year'], period_type) as kind,
        {ended_before("$today")} as has_ended
    from marts.indicator_value
    where unit_id = $unit
),
latest as (
    select * from ranked
    qualify row_number() over (
        partition by indicator_code order by has_ended desc, kind, period_start desc
    ) = 1
),
of_year as (
    select * from ranked where target_kind = 'year_end'
    qualify row_number() over (partition by indicator_code order by period_start desc) = 1
)
select
    i.*,
    l.period_type, l.period_start, l.value, l.is_complete, l.has_ended,
    l.same_period_value, l.units_measured,
    coalesce(y.target, l.target) as target,
    coalesce(y.status, l.status) as status,
    coalesce(y.target_kind, l.target_kind) as target_kind,
    coalesce(y.target_percent, l.target_percent) as target_percent,
    y.value as year_value,
    y.period_start as year_start
from marts.indicator as i
inner join latest as l using (indicator_code)
left join of_year as y using (indicator_code)
order by i.name_vi collate vi
"""
_SERIES = f"""
select indicator_code, list(value order by period_start) as recent
from (
    select v.* from marts.indicator_value as v
    where v.unit_id = $unit
    qualify row_number() over (
        partition by indicator_code, period_type order by period_start desc
    ) <= {_SPARK}
)
inner join (select unnest($codes) as indicator_code, unnest($kinds) as period_type)
    using (indicator_code, period_type)
group by indicator_code
"""
_ALERTS = """
select * from marts.indicator_alert where status = 'open'
order by severity <> 'critical', unit_level <> 'province', name_vi collate vi, unit_name collate vi
"""


class Overview(Params):
    """``scenario``: all indicators of one; none: of every scenario those that have a target.

    ``wall``: for a screen that nobody sits at: large, and shown anew by itself.
    """

    scenario: str | None = None
    wall: Literal["1"] | None = None


def overview(asked: Asked, given: Overview) -> dict[str, Any]:
    """What the page shows."""
    scenarios = {scenario.code: scenario for scenario in asked.shelf.scenarios}
    if given.scenario is not None and given.scenario not in scenarios:
        raise NotThereError("Không có kịch bản này.", "There is no such scenario.")
    unit = asked.province()
    indicators = asked.rows(_NEWEST, unit=unit["unit_id"], today=asked.now.date())
    chosen = scenarios.get(given.scenario or "")
    shown = [chosen] if chosen else list(scenarios.values())
    sections = [(s, _of_scenario(indicators, s, whole=chosen is not None)) for s in shown]
    alerts = asked.rows(_ALERTS)
    return {
        "unit": unit,
        "chosen": chosen,
        "scenarios": list(scenarios.values()),
        "sections": [(s, rows) for s, rows in sections if rows],
        "sparks": _sparks(asked, unit["unit_id"], [row for _, rows in sections for row in rows]),
        "counts": _counts(indicators),
        "alerts": alerts[:_SHOWN_ALERTS],
        "alerts_open": len(alerts),
        "alerts_critical": sum(alert["severity"] == "critical" for alert in alerts),
        "sentence": sentence,
        "connected": asked.row(
            "select count(*) filter (is_required) as required,"
            " count(*) filter (is_live) as live,"
            " count(*) filter (is_connected and not is_live) as late from quality.coverage"
        ),
        "score": asked.row(
            "select score, rating from quality.scorecard where level = 'province'"
            " and dimension = 'overall' order by scored_on desc limit 1"
        ),
        "wall": given.wall is not None,
    }


def _of_scenario(indicators: Rows, scenario: Scenario, *, whole: bool) -> Rows:
    """Its indicators, what is missed first; unless ``whole`` only those with a target."""
    order = {"missed": 0, "not_due": 1, "met": 2}
    of_it = [row for row in indicators if scenario.shows(row)]
    if not whole:
        of_it = [row for row in of_it if row["target"] is not None] or of_it
    return sorted(of_it, key=lambda row: order.get(row["status"], 3))


def _counts(indicators: Rows) -> dict[str, int]:
    known = ("met", "missed", "not_due")
    return {status: sum(row["status"] == status for row in indicators) for status in known}


def _sparks(asked: Asked, unit: str, rows: Rows) -> dict[str, Any]:
    """A small drawing of the last periods, by indicator."""
    if not rows:
        return {}
    chosen = sorted({(row["indicator_code"], row["period_type"]) for row in rows})
    codes, kinds = map(list, zip(*chosen, strict=True))
    found = asked.rows(_SERIES, unit=unit, codes=codes, kinds=kinds)
    text = asked.say("Diễn biến các kỳ gần đây", "Recent periods")
    return {row["indicator_code"]: sparkline(row["recent"], text) for row in found}
