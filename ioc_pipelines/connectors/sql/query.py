"""The two statements that are ever run on an agency's table. Names quoted, values bound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from ioc_pipelines.connectors.sql.source import Span, TableName


def column(name: str) -> sa.ColumnClause[Any]:
    """A column, its name always quoted."""
    return sa.column(sa.quoted_name(name, quote=True))


def from_table(table: TableName) -> sa.TableClause:
    """A table, its name always quoted."""
    schema = None if table.schema is None else sa.quoted_name(table.schema, quote=True)
    return sa.table(sa.quoted_name(table.name, quote=True), schema=schema)


def rows_of(
    table: TableName,
    expressions: Iterable[sa.ColumnElement[Any]],
    span: Span | None,
    since: sa.ColumnElement[Any] | None,
    until: sa.ColumnElement[Any] | None,
) -> sa.Select[Any]:
    """The rows of ``span``, its bounds as the engine binds them.

    Not ordered: sorting a large table is work for the agency's server that nothing here needs.
    """
    query = sa.select(*expressions).select_from(from_table(table))
    if span is None:
        return query
    watermark = column(span.watermark)
    within: list[sa.ColumnElement[bool]] = [] if span.nulls else [watermark.is_not(None)]
    within += [watermark >= since] if since is not None else []
    within += [watermark < until] if until is not None else []
    if not within:
        return query
    chosen = sa.and_(*within)
    return query.where(sa.or_(chosen, watermark.is_(None)) if span.nulls else chosen)


def statement(query: sa.Select[Any], dialect: Dialect) -> tuple[str, tuple[Any, ...]]:
    """The SQL text and the values to bind, in the driver's form."""
    compiled = query.compile(dialect=dialect)
    names = getattr(compiled, "positiontup", None) or ()
    return str(compiled), tuple(compiled.params[name] for name in names)
