"""The quality of the data: scores by agency and over time, refused rows, lateness, coverage."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from contracts.base import DIMENSIONS
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params, Rows
from ioc_pipelines.serving.portal.drawing import Dot, series, ticks

_MOST_DAYS, _MOST_REASONS = 60, 25
_PROVINCE = """
select dimension, score, rating, scored_on from quality.scorecard where level = 'province'
qualify row_number() over (partition by dimension order by scored_on desc) = 1
order by list_position(['overall', 'correct', 'complete', 'clean', 'live'], dimension)
"""
_AGENCIES = """
select *, feeds_connected - feeds_live as feeds_late from quality.agency_scorecard
order by agency_name_vi collate vi
"""
_DAYS = f"""
select scored_on, score from quality.scorecard
where level = $level and code = $code and dimension = $dimension
order by scored_on desc limit {_MOST_DAYS}
"""
_REASONS = f"""
from (
select r.feed, c.title_vi, c.agency_name_vi, r.dimension, r.message_vi, count(*) as refused,
    count(*) filter (r.status = 'open') as open, count(*) filter (r.is_overdue) as overdue
from quality.refused_row as r left join quality.coverage as c using (feed)
where $agency = '' or c.agency = $agency
group by all
) order by open desc, refused desc, message_vi collate vi limit {_MOST_REASONS}
"""
_AGEING = """
from (
select agency_name_vi, age_class, sum(open_rows) as open_rows, sum(overdue_rows) as overdue_rows,
    min(first_due_at) as first_due_at
from quality.ageing where $agency = '' or agency = $agency
group by all
) order by overdue_rows desc, agency_name_vi collate vi, age_class
"""
_LATE = """
select c.*, b.promise, b.found_at
from quality.coverage as c left join quality.breach as b using (feed)
where (c.is_connected and not c.is_live or b.feed is not null)
    and ($agency = '' or c.agency = $agency)
order by c.agency_name_vi collate vi, c.title_vi collate vi
"""
_FEEDS = """
select * from quality.coverage where $agency = '' or agency = $agency
order by agency_name_vi collate vi, title_vi collate vi
"""


class Quality(Params):
    """``agency``: only that one."""

    agency: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,60}$")] | None = None


def quality(asked: Asked, given: Quality) -> dict[str, Any]:
    """What the page shows."""
    agencies = asked.rows(_AGENCIES)
    chosen = next((a for a in agencies if a["agency"] == given.agency), None)
    if given.agency and chosen is None:
        raise NotThereError("Không có cơ quan này.", "There is no such agency.")
    agency = given.agency or ""
    feeds = asked.rows(_FEEDS, agency=agency)
    return {
        "province": asked.rows(_PROVINCE),
        "agencies": agencies,
        "chosen": chosen,
        "over_time": _over_time(asked, agency),
        "reasons": asked.rows(_REASONS, agency=agency),
        "ageing": asked.rows(_AGEING, agency=agency),
        "late": asked.rows(_LATE, agency=agency),
        "feeds": feeds,
        "coverage": _covered(feeds),
        "scoring": asked.shelf.catalog.profile.scoring,
        "dimensions": DIMENSIONS,
    }


def _over_time(asked: Asked, agency: str) -> list[tuple[str, Any, Rows]]:
    """Of each dimension its series of days, drawn, the newest last."""
    level = "agency" if agency else "province"
    code = agency or _province_of(asked)
    told = []
    for dimension in (*DIMENSIONS, "overall"):
        days = asked.rows(_DAYS, level=level, code=code, dimension=dimension)[::-1]
        if not days:
            continue
        word = asked.say.word("dimension", dimension)
        dots = [
            Dot(
                f"{d['scored_on']:%d/%m}",
                d["score"],
                f"{d['scored_on']:%d/%m/%Y}: {asked.say.number(d['score'])}",
            )
            for d in days
        ]
        values = [d["score"] for d in days]
        axis = {v: asked.say.number(v, 3) for v in ticks(values) if v <= 100}
        drawn = series(dots, None, axis, f"{word}: {dots[-1].said}") if len(days) > 1 else None
        told.append((dimension, drawn, days))
    return told


def _province_of(asked: Asked) -> str:
    found = asked.row("select code from quality.scorecard where level = 'province' limit 1")
    return found["code"] if found else ""


def _covered(feeds: Rows) -> dict[str, int]:
    """How many feeds there must be, are connected, live, come without a person (B30)."""
    required = [feed for feed in feeds if feed["is_required"]]
    return {
        "required": len(required),
        **{
            name: sum(bool(feed[f"is_{name}"]) for feed in required)
            for name in ("connected", "live", "automatic")
        },
    }
