"""The suite of a mart: what dbt's yml says of it, and what its own file adds.

Each expectation has a Vietnamese and an English title; officers and leaders read the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ioc_pipelines.warehouse.acceptance.declared import (
    Between,
    DeclarationError,
    Declared,
    Plausible,
    Severity,
)
from ioc_pipelines.warehouse.acceptance.facts import Key, MartFacts, Reference

Kind = Literal[
    "row_count", "key", "not_null", "accepted_values", "between", "holds", "nothing_missing"
]


@dataclass(frozen=True)
class Expected:
    """One expectation. Which of the later fields it has, its kind says."""

    id: str
    kind: Kind
    title_vi: str
    title_en: str
    severity: Severity = "critical"
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    minimum: float | date | None = None
    maximum: float | date | None = None
    sql: str = ""


@dataclass(frozen=True)
class Suite:
    """What is expected of one mart."""

    schema: str
    table: str
    title_vi: str
    title_en: str
    expectations: tuple[Expected, ...]

    @property
    def mart(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.table}"


def suites_of(
    marts: Iterable[MartFacts],
    declared: Mapping[str, Declared],
    filled: Collection[str],
    today: date,
) -> list[Suite]:
    """One suite per mart. ``filled``: the staging models that have rows.

    Raises DeclarationError for a file of a mart that dbt does not publish.
    """
    known = list(marts)
    if unknown := sorted(set(declared) - {mart.name for mart in known}):
        msg = f"expectations of marts that dbt does not publish: {', '.join(unknown)}"
        raise DeclarationError(msg)
    return [_suite(mart, declared.get(mart.name, Declared()), filled, today) for mart in known]


def _suite(mart: MartFacts, own: Declared, filled: Collection[str], today: date) -> Suite:
    expected = [
        _row_count(mart, own, filled),
        *(_key(key, mart) for key in mart.keys),
        *(_not_null(column, mart) for column in _without_null(mart, own)),
        *(_accepted(column, values, mart) for column, values in mart.accepted_values.items()),
        *(_reference(reference, mart) for reference in mart.references),
        *_declared(own, today),
    ]
    ids = [one.id for one in expected]
    if repeated := sorted({one for one in ids if ids.count(one) > 1}):
        msg = f"{mart.name}: expectations declared twice: {', '.join(repeated)}"
        raise DeclarationError(msg)
    return Suite(mart.schema, mart.table, mart.title_vi, mart.title_en, tuple(expected))


def _row_count(mart: MartFacts, own: Declared, filled: Collection[str]) -> Expected:
    """A mart whose agencies have sent nothing yet may be empty: one of them never stops all."""
    if mart.datasets and not set(mart.datasets) & set(filled):
        return Expected(
            "row_count",
            "row_count",
            "Được phép chưa có dòng nào: chưa nguồn nào có dữ liệu",
            "May be empty: no source has data yet",
            minimum=0,
        )
    return Expected(
        "row_count",
        "row_count",
        f"Có ít nhất {own.min_rows} dòng",
        f"Has at least {own.min_rows} row(s)",
        minimum=own.min_rows,
    )


def _key(key: Key, mart: MartFacts) -> Expected:
    named = [mart.columns.get(column, (column, column)) for column in key.columns]
    title_vi = f"Không có hai dòng trùng khóa: {'; '.join(vi for vi, _ in named)}"
    title_en = f"No two rows share the key: {', '.join(key.columns)}"
    id_ = f"key({', '.join(key.columns)})"
    if key.where is None:
        return Expected(id_, "key", title_vi, title_en, columns=key.columns)
    among = f"coalesce({key.where}, false)"
    grouped = ", ".join([*(f't."{column}"' for column in key.columns), among])
    return Expected(
        f"{id_} where {key.where}",
        "holds",
        f"{title_vi} (trong các dòng thỏa mãn {key.where})",
        f"{title_en} (of rows where {key.where})",
        sql=f"not {among} or count(*) over (partition by {grouped}) = 1",
    )


def _without_null(mart: MartFacts, own: Declared) -> list[str]:
    keys = [column for key in mart.keys if key.where is None for column in key.columns]
    return list(dict.fromkeys([*keys, *mart.not_null, *own.not_null]))


def _not_null(column: str, mart: MartFacts) -> Expected:
    vi = mart.columns.get(column, (column, column))[0]
    return Expected(
        f"not_null({column})",
        "not_null",
        f"{vi}: không để trống",
        f"{column} is never empty",
        columns=(column,),
    )


def _accepted(column: str, values: tuple[str, ...], mart: MartFacts) -> Expected:
    vi = mart.columns.get(column, (column, column))[0]
    return Expected(
        f"accepted_values({column})",
        "accepted_values",
        f"{vi}: chỉ gồm các giá trị cho phép ({', '.join(values)})",
        f"{column} is one of {', '.join(values)}",
        columns=(column,),
        values=values,
    )


def _reference(reference: Reference, mart: MartFacts) -> Expected:
    column, table, field = reference.column, reference.table, reference.field
    vi = mart.columns.get(column, (column, column))[0]
    return Expected(
        f"reference({column})",
        "holds",
        f"{vi}: có trong bảng {table}",
        f"{column} is in {table}",
        sql=f't."{column}" is null or exists'
        f' (select 1 from {table} as r where r."{field}" = t."{column}")',
    )


def _declared(own: Declared, today: date) -> Iterator[Expected]:
    if own.plausible:
        yield Expected(
            "plausible_value",
            "holds",
            "Giá trị nằm trong khoảng hợp lý của chỉ tiêu",
            "The value is within the plausible range of its indicator",
            sql=_within(own.plausible),
        )
    for one in own.between:
        yield _between(one, today)
    for rule in own.holds:
        yield Expected(rule.id, "holds", rule.title_vi, rule.title_en, rule.severity, sql=rule.sql)
    for listed in own.nothing_missing:
        yield Expected(
            listed.id,
            "nothing_missing",
            listed.title_vi,
            listed.title_en,
            listed.severity,
            sql=listed.sql,
        )


def _between(one: Between, today: date) -> Expected:
    low = today if isinstance(one.min, str) else one.min
    high = today if isinstance(one.max, str) else one.max
    return Expected(
        f"between({one.column})",
        "between",
        one.title_vi,
        one.title_en,
        one.severity,
        columns=(one.column,),
        minimum=low,
        maximum=high,
    )


def _within(plausible: Plausible) -> str:
    """The condition that a value lies within the range of its indicator, else of its unit."""
    unit = "(select any_value(i.unit) from marts.indicator i"
    unit += " where i.indicator_code = t.indicator_code)"
    cases = [
        *(("t.indicator_code", name, *range_) for name, range_ in plausible.by_indicator.items()),
        *((unit, name, *range_) for name, range_ in plausible.by_unit.items()),
    ]
    arms = " ".join(
        f"when {of} = {_text(name)} then {_inside(lowest, highest)}"
        for of, name, lowest, highest in cases
    )
    return f"case {arms} else true end"


def _inside(lowest: float | None, highest: float | None) -> str:
    bounds = [
        *(() if lowest is None else (f"t.value >= {lowest!r}",)),
        *(() if highest is None else (f"t.value <= {highest!r}",)),
    ]
    return " and ".join(bounds) or "true"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
