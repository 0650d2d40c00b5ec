"""A batch: who supplied it under which contract, how it was received, what was refused of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params

_BATCH = """
select b.*, c.agency, c.agency_name_vi, c.title_vi, c.provider_vi, c.checker_vi, c.channel
from quality.batch as b left join quality.coverage as c using (feed)
where b.batch_id = $batch
"""
_DELIVERIES = """
select delivery_id, kind, started_at, ended_at, outcome from quality.delivery
where batch_id = $batch order by started_at desc
"""
_REFUSED = """
from (
select dimension, column_name, message_vi, count(*) as refused,
    count(*) filter (status = 'open') as open
from quality.refused_row where batch_id = $batch
group by all
) order by refused desc, message_vi collate vi
"""
_SCORES = """
select dimension, score, passed, evaluated from quality.score where batch_id = $batch
qualify row_number() over (partition by dimension order by scored_at desc) = 1
order by list_position(['correct', 'complete', 'clean', 'live'], dimension)
"""
_INDICATORS = """
from (
select i.indicator_code, i.name_vi, i.name_en, count(*) as figures
from marts.indicator_lineage as l inner join marts.indicator as i using (indicator_code)
where l.batch_id = $batch group by all
) order by name_vi collate vi
"""


class Batch(Params):
    """Which batch."""

    batch: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8,64}$")]


def batch(asked: Asked, given: Batch) -> dict[str, Any]:
    """What the page shows. Raises NotThereError."""
    found = asked.row(_BATCH, batch=given.batch)
    if found is None:
        raise NotThereError(f"Không có lô {given.batch}.", f"There is no batch {given.batch}.")
    form = asked.shelf.catalog.contracts.get(found["dataset"])
    return {
        "batch": found,
        "dataset": form.info() if form else None,
        "deliveries": asked.rows(_DELIVERIES, batch=given.batch),
        "refused": asked.rows(_REFUSED, batch=given.batch),
        "scores": asked.rows(_SCORES, batch=given.batch),
        "indicators": asked.rows(_INDICATORS, batch=given.batch),
        "columns": {
            name: str(column.title) for name, column in (form.columns() if form else {}).items()
        },
    }
