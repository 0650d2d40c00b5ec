"""From the source's columns to the contract's, as the feed's ``columns`` declare.

Nothing is coerced in silence: a cell that says something but cannot be read as the contract's
type becomes null *and* is listed as unreadable, so that it is refused under its own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.intake.layout.table import PLACE

ROW_ID = "_row_id"
_VI_NUMBER = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
_PLAIN_NUMBER = r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"
_ISO_DATE = "%Y-%m-%d"
_ISO_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_ROUNDING = 1e-3  # a scaled amount this near a whole number is that number


@dataclass(frozen=True)
class Conformed:
    """A batch in the contract's columns.

    ``rows``: ``_row_id``, ``_file, _sheet, _row`` and the contract's columns.
    ``received``: the mapped source columns as text, as received, with the same ``_row_id``.
    ``unreadable``: ``_row_id, column`` of every cell that says what its type cannot hold.
    """

    rows: pl.DataFrame
    received: pl.DataFrame
    unreadable: pl.DataFrame


def conform(
    table: pl.DataFrame, columns: Mapping[str, Column], schema: Mapping[str, pl.DataType]
) -> Conformed:
    """Map, clean and type the columns of ``schema``, in its order."""
    table = table.with_row_index(ROW_ID)
    texts = {
        name: _text(pl.col(c.source), table.schema[c.source], c) for name, c in columns.items()
    }
    typed = {
        name: _typed(columns[name], table.schema[columns[name].source], texts[name], kind)
        for name, kind in schema.items()
    }
    rows = table.select(ROW_ID, *PLACE, *(expr.alias(name) for name, expr in typed.items()))
    said = table.select(expr.is_not_null().alias(name) for name, expr in texts.items())
    unreadable = [
        rows.filter(said[name] & rows[name].is_null()).select(ROW_ID, pl.lit(name).alias("column"))
        for name in schema
    ]
    sources = dict.fromkeys(column.source for column in columns.values())
    received = table.select(
        ROW_ID, *(_as_received(pl.col(s), table.schema[s]).alias(s) for s in sources)
    )
    return Conformed(rows, received, pl.concat(unreadable))


def _as_received(expr: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Struct):
        return expr.struct.field("text")
    return expr if kind == pl.String else expr.cast(pl.String)


def _text(expr: pl.Expr, kind: pl.DataType, column: Column) -> pl.Expr:
    """The cell's text: NFC, single spaces, source values translated, no-value marks null."""
    text = _as_received(expr, kind).str.normalize("NFC").str.replace_all(r"\s+", " ")
    text = text.str.strip_chars()
    text = pl.when(text.is_in(["", *column.nulls])).then(None).otherwise(text)
    if column.values:
        text = text.replace(column.values)
    if column.pad:
        digits = text.str.contains(r"^\d+$")
        text = pl.when(digits).then(text.str.zfill(column.pad)).otherwise(text)
    return text


def _typed(column: Column, kind: pl.DataType, text: pl.Expr, target: pl.DataType) -> pl.Expr:
    """The cell as the contract's type, null where it cannot be read."""
    if target == pl.String:
        return _period(text, column) if column.period else text
    if target == pl.Date:
        return _date(text, column)
    if isinstance(target, pl.Datetime):
        return _moment(text, column).cast(target)
    if target.is_numeric():
        return _number(column, kind, text, target)
    return pl.col(column.source).cast(target, strict=False)


def _number(column: Column, kind: pl.DataType, text: pl.Expr, target: pl.DataType) -> pl.Expr:
    if target.is_integer() and column.scale == 1 and kind.is_integer():
        return pl.col(column.source).cast(target, strict=False)
    number = _parse_number(text, column)
    if isinstance(kind, pl.Struct):
        number = pl.coalesce(pl.col(column.source).struct.field("number"), number)
    elif kind.is_numeric():
        number = pl.col(column.source).cast(pl.Float64)
    number = pl.when(number.is_finite()).then(number * column.scale)
    if not target.is_integer():
        return number.cast(target)
    whole = number.round(0)
    return pl.when((number - whole).abs() < _ROUNDING).then(whole).cast(target, strict=False)


def _parse_number(text: pl.Expr, column: Column) -> pl.Expr:
    if column.number == "vi":
        plain = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        return pl.when(text.str.contains(_VI_NUMBER)).then(plain).cast(pl.Float64, strict=False)
    return pl.when(text.str.contains(_PLAIN_NUMBER)).then(text).cast(pl.Float64, strict=False)


def _date(text: pl.Expr, column: Column) -> pl.Expr:
    """The declared form, or the ISO form that a spreadsheet's own date cell has."""
    iso = text.str.slice(0, 10).str.to_date(_ISO_DATE, strict=False)
    is_iso = text.str.contains(r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$")
    declared = pl.lit(None, pl.Date)
    if column.date:
        has_day = "%d" in column.date
        form = column.date if has_day else f"%d {column.date}"
        padded = text if has_day else pl.concat_str(pl.lit("01 "), text)
        declared = padded.str.to_date(form, strict=False)
    return pl.coalesce(declared, pl.when(is_iso).then(iso))


def _moment(text: pl.Expr, column: Column) -> pl.Expr:
    forms = (column.date, *_ISO_MOMENTS) if column.date else _ISO_MOMENTS
    return pl.coalesce(text.str.to_datetime(form, strict=False, time_unit="us") for form in forms)


def _period(text: pl.Expr, column: Column) -> pl.Expr:
    form = "%Y-%m" if column.period == "month" else "%G-W%V"
    return _date(text, column).dt.strftime(form)
