"""What a report may say: read from the published file of one snapshot, and from nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from contracts.base import VIETNAM
from ioc_pipelines.catalog.reports import PeriodType
from ioc_pipelines.serving.reports.document import Supply
from ioc_pipelines.serving.reports.logs import LOGS, SECTORS, YOUNGER
from ioc_pipelines.serving.reports.periods import Period

Row = Mapping[str, Any]
Key = tuple[str, str, date, str]  # indicator, kind of period, first day, unit
_KEY = ("indicator_code", "period_type", "period_start", "unit_id")


class FactsError(ValueError):
    """A snapshot cannot be reported of. The message says what is missing."""


@dataclass(frozen=True)
class Facts:
    """Everything that the documents of one kind and period are made of."""

    snapshot_id: str
    built_at: datetime
    province: Row
    communes: tuple[Row, ...]
    former_units: tuple[str, ...]  # provinces that went into it
    indicators: Mapping[str, Row]
    values: Mapping[Key, Row]
    lineage: Mapping[Key, tuple[tuple[str, str], ...]]
    rebased: Mapping[tuple[str, str, date], float]
    revisions: tuple[Row, ...]
    boundaries: pl.DataFrame
    feeds: Mapping[str, Row]
    logs: Mapping[str, pl.DataFrame]

    @property
    def as_of(self) -> date:
        """The day in Viet Nam on which it was known."""
        return self.built_at.astimezone(VIETNAM).date()

    def value(self, code: str, period: Period, unit_id: str | None = None) -> Row | None:
        """The value of an indicator, None when there is none."""
        unit = self.province["unit_id"] if unit_id is None else unit_id
        return self.values.get((code, period.kind, period.start, unit))

    def has_period(self, code: str, kind: PeriodType) -> bool:
        """Whether the indicator is counted by such periods at all."""
        return kind in self.indicators[code]["period_types"]

    def log(self, name: str) -> list[dict[str, Any]]:
        """Rows of what the logs say."""
        return self.logs[name].to_dicts()


def supplies_of(facts: Facts, dataset: str) -> tuple[Supply, ...]:
    """The batches that a mart of a dataset is made of."""
    return tuple(
        supply(facts, row["feed"], row["batch_id"])
        for row in facts.log("batches")
        if row["dataset"] == dataset
    )


def supply(facts: Facts, feed: str, batch: str) -> Supply:
    """A batch and who supplied it."""
    told = facts.feeds[feed]
    return Supply(told["agency_name_vi"], told["title_vi"], feed, batch)


def read_facts(
    path: Path, *, province_code: str, period: Period, indicators: Collection[str]
) -> Facts:
    """Read what a report of these indicators needs.

    Raises FactsError when the snapshot does not know an indicator, or no such province then.
    """
    with duckdb.connect(str(path), read_only=True) as connection:
        # moments come in the same zone on every machine
        connection.execute("set TimeZone = 'UTC'").fetchall()
        return _read(connection, province_code, period, sorted(indicators))


def _read(
    connection: duckdb.DuckDBPyConnection, code: str, period: Period, indicators: list[str]
) -> Facts:
    def ask(query: str, *values: Any) -> list[dict[str, Any]]:
        found: pl.DataFrame = connection.sql(query, params=list(values)).pl()
        return found.to_dicts()

    snapshot = ask("select * from quality.snapshot order by built_at desc, snapshot_id limit 1")
    units = ask(_UNITS, code, period.end, period.end)
    provinces = [unit for unit in units if unit["level"] == "province"]
    if not snapshot or not provinces:
        msg = f"the snapshot has no province {code} on {period.end:%d/%m/%Y}"
        raise FactsError(msg)
    known = {row["indicator_code"]: row for row in ask(_INDICATORS, indicators)}
    if unknown := sorted(set(indicators) - set(known)):
        msg = f"the snapshot has no indicator {', '.join(unknown)}: run `ioc refresh`"
        raise FactsError(msg)
    province = provinces[0]["unit_id"]
    ids = [unit["unit_id"] for unit in units]
    former = [row["unit_id"] for row in ask(_FORMER, province)]
    lineage: dict[Key, list[tuple[str, str]]] = {}
    for row in ask(_LINEAGE, indicators, ids + former):
        lineage.setdefault(_key(row), []).append((row["feed"], row["batch_id"]))
    span = {"first": period.start, "last": period.end}
    return Facts(
        snapshot_id=snapshot[0]["snapshot_id"],
        built_at=snapshot[0]["built_at"],
        province=provinces[0],
        communes=tuple(unit for unit in units if unit["level"] == "commune"),
        former_units=tuple(former),
        indicators=known,
        values={_key(row): row for row in ask(_VALUES, indicators, ids)},
        lineage={key: tuple(batches) for key, batches in lineage.items()},
        rebased={
            (row["indicator_code"], row["period_type"], row["period_start"]): row["value"]
            for row in ask(_REBASED, indicators, province)
        },
        revisions=tuple(ask(_REVISIONS, indicators, ids)),
        boundaries=connection.sql(_BOUNDARIES).pl(),
        feeds={row["feed"]: row for row in ask(_FEEDS)},
        logs={name: connection.sql(query, params=span).pl() for name, query in LOGS.items()}
        | _younger(connection, span)
        | {
            name: connection.sql(query, params={"last": period.end, "province": province}).pl()
            for name, query in SECTORS.items()
        },
    )


def _younger(
    connection: duckdb.DuckDBPyConnection, span: dict[str, date]
) -> dict[str, pl.DataFrame]:
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
    ).fetchall()
    return {
        name: connection.sql(query, params=span).pl()
        if (table,) in tables
        else connection.sql(otherwise).pl()
        for name, (table, query, otherwise) in YOUNGER.items()
    }


def _key(row: Row) -> Key:
    return tuple(row[name] for name in _KEY)


_UNITS = """
select unit_id, code, full_name, level, valid_from
from core.dim_admin_unit
where province_code = ? and level in ('province', 'commune')
  and valid_from <= ? and (valid_to is null or valid_to >= ?)
order by unit_id
"""
_FORMER = """
select distinct r.unit_id
from core.admin_unit_rebase as r
join core.dim_admin_unit as u using (unit_id)
where r.target_unit_id = ? and r.unit_id <> r.target_unit_id and u.level = 'province'
order by r.unit_id
"""
_INDICATORS = """
select i.indicator_code, i.name_vi, i.unit, i.direction, i.is_additive, i.formula_vi,
       i.owner_agency, v.min_base, v.finest_level,
       list_sort(list_distinct(array_agg(p.period_type))) as period_types
from marts.indicator as i
left join marts.indicator_version as v
  on v.indicator_code = i.indicator_code and v.version = i.version
left join (select distinct indicator_code, period_type from marts.indicator_value) as p
  on p.indicator_code = i.indicator_code
where list_contains(?::varchar[], i.indicator_code)
group by all
"""
_VALUES = """
select indicator_code, period_type, period_start, unit_id, value, target, target_kind, status,
       target_decision, recorded_at, units_measured, is_complete, cumulative_value,
       same_period_value
from marts.indicator_value
where list_contains(?::varchar[], indicator_code) and list_contains(?::varchar[], unit_id)
"""
_LINEAGE = """
select indicator_code, period_type, period_start, unit_id, feed, batch_id
from marts.indicator_lineage
where list_contains(?::varchar[], indicator_code) and list_contains(?::varchar[], unit_id)
order by feed, batch_id
"""
_REBASED = """
select indicator_code, period_type, period_start, value
from marts.indicator_value_rebased as r
where list_contains(?::varchar[], indicator_code) and unit_id = ?
  and rebasing = 'exact' and not is_partial and value is not null
qualify row_number() over (
    partition by indicator_code, period_type, period_start order by version desc
) = 1
"""
_REVISIONS = """
select r.*
from marts.indicator_revision as r
where list_contains(?::varchar[], r.indicator_code) and list_contains(?::varchar[], r.unit_id)
order by all
"""
_BOUNDARIES = "select unit_id, geometry from marts.commune_boundary order by unit_id"
_FEEDS = """
select c.feed, c.agency_name_vi, c.title_vi, c.dataset from quality.coverage as c order by c.feed
"""
