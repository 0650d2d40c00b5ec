"""From the source's columns to the contract's, as the feed's ``columns`` declare.

Nothing is coerced in silence: a cell that says something but cannot be read as the contract's
type becomes null *and* is listed as unreadable, so that it is refused under its own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import normalize

import polars as pl

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.intake.layout.table import PLACE

ROW_ID = "_row_id"
_VI_NUMBER = r"^[+-]?([1-9]\d{0,2}(\.\d{3})+|\d+)(,\d+)?$"
_PLAIN_NUMBER = r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"
_ISO_DATE = "%Y-%m-%d"
_ISO_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$"
_FIRST_YEAR = 1000
_EXACT = pl.Decimal(38, 9)
_FLOAT_SLACK = 2.0**-50  # a few units in the last place of a double


@dataclass(frozen=True)
class Conformed:
    """A batch in the contract's columns.

    ``rows``: ``_row_id``, ``_file, _sheet, _row`` and the contract's columns.
    ``received``: the mapped source columns as text, as received, with the same ``_row_id``.
    ``unreadable``: ``_row_id, column, text`` of every cell that says what its type cannot hold.
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
        table.select(ROW_ID, pl.lit(name).alias("column"), texts[name].alias("text")).filter(
            said[name] & rows[name].is_null()
        )
        for name in schema
    ]
    sources = dict.fromkeys(column.source for column in columns.values())
    received = table.select(
        ROW_ID, *(_as_received(pl.col(s), table.schema[s]).alias(s) for s in sources)
    )
    return Conformed(rows, received, pl.concat(unreadable))


def _as_received(expr: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """The cell's text; a whole number without the decimal point that its type gave it."""
    if isinstance(kind, pl.Struct):
        return expr.struct.field("text")
    if kind.is_float():
        whole = expr.cast(pl.Int64, strict=False)
        return pl.when(whole == expr).then(whole.cast(pl.String)).otherwise(expr.cast(pl.String))
    return expr if kind == pl.String else expr.cast(pl.String)


def _text(expr: pl.Expr, kind: pl.DataType, column: Column) -> pl.Expr:
    """The cell's text: NFC, single spaces, source values translated, no-value marks null."""
    text = _as_received(expr, kind).str.normalize("NFC").str.replace_all(r"\s+", " ")
    text = text.str.strip_chars()
    text = pl.when(text.is_in(["", *column.nulls])).then(None).otherwise(text)
    if column.values:
        text = text.replace({normalize("NFC", k): v for k, v in column.values.items()})
    if column.pad:
        digits = text.str.contains(r"^\d+$")
        text = pl.when(digits).then(text.str.zfill(column.pad)).otherwise(text)
    return text


def _typed(column: Column, kind: pl.DataType, text: pl.Expr, target: pl.DataType) -> pl.Expr:
    """The cell as the contract's type, null where it cannot be read."""
    if target == pl.String:
        return _period(column, kind, text) if column.period else text
    if target == pl.Date:
        return _date(column, kind, text)
    if isinstance(target, pl.Datetime):
        return _moment(column, kind, text).cast(target)
    if target.is_integer():
        return _whole(column, kind, text).cast(target, strict=False)
    if target.is_float():
        return _number(column, kind, text) * column.scale
    if target == pl.Boolean:
        return text.replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=target
        )
    msg = f"no way to read {target} is declared"
    raise TypeError(msg)


def _number(column: Column, kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    """The cell as a float, before scaling: its own number where the source has numbers."""
    number = _digits(column, text).cast(pl.Float64, strict=False)
    if isinstance(kind, pl.Struct):
        number = pl.coalesce(pl.col(column.source).struct.field("number"), number)
    elif kind.is_numeric():
        number = pl.col(column.source).cast(pl.Float64)
    return pl.when(text.is_not_null() & number.is_finite()).then(number)


def _whole(column: Column, kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    """The cell as a whole number, scaled.

    Digits are exact or unreadable. A float, as spreadsheets have them, may be off by a few units
    in its last place: 419.278223 million is 419,278,223 whole although the product is not.
    """
    digits = _digits(column, text)
    if kind.is_integer() or kind.is_decimal():
        digits = pl.when(text.is_not_null()).then(pl.col(column.source).cast(pl.String))
    digits = digits.str.replace(r"\.0+$", "")
    # what Decimal holds after scaling; a longer run of digits is no amount of anything
    longest = _EXACT.precision - _EXACT.scale - len(str(column.scale))
    fits = digits.str.contains(rf"^[+-]?\d{{1,{longest}}}(\.\d{{1,{_EXACT.scale}}})?$")
    exact = pl.when(fits).then(digits).cast(_EXACT, strict=False) * column.scale
    whole = pl.when(exact == exact.round(0)).then(exact).cast(pl.Int64, strict=False)
    number = _number(column, kind, text) * column.scale
    nearest = number.round(0)
    is_near = (number - nearest).abs() <= nearest.abs() * _FLOAT_SLACK
    rounded = pl.when(is_near).then(nearest).cast(pl.Int64, strict=False)
    return pl.when(_is_float(column, kind, text)).then(rounded).otherwise(whole)


def _is_float(column: Column, kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    """Whether the cell is a floating-point number: by its type, or written with an exponent."""
    if isinstance(kind, pl.Struct):  # what a numeric cell says is not how its column is written
        return pl.col(column.source).struct.field("number").is_not_null()
    return pl.lit(kind.is_float()) | text.str.contains("[eE]").fill_null(value=False)


def _digits(column: Column, text: pl.Expr) -> pl.Expr:
    """The text as plain digits with a decimal point, null where it is not a number."""
    if column.number == "vi":
        plain = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        return pl.when(text.str.contains(_VI_NUMBER)).then(plain)
    return pl.when(text.str.contains(_PLAIN_NUMBER)).then(text)


def _date(column: Column, kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    """The declared form, or the ISO form that a spreadsheet's own date cell has."""
    if kind.is_temporal():
        return pl.when(text.is_not_null()).then(pl.col(column.source).cast(pl.Date))
    iso = text.str.slice(0, 10).str.to_date(_ISO_DATE, strict=False)
    read: pl.Expr = pl.when(text.str.contains(_ISO)).then(iso)
    if column.date:
        has_day = "%d" in column.date
        form = column.date if has_day else f"%d {column.date}"
        padded = text if has_day else pl.concat_str(pl.lit("01 "), text)
        read = pl.coalesce(padded.str.to_date(form, strict=False), read)
    # a year of two digits is not the year 24
    return pl.when(read.dt.year() >= _FIRST_YEAR).then(read)


def _moment(column: Column, kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    """The declared form, an ISO timestamp, or an ISO date as the start of its day."""
    if kind.is_temporal():
        return pl.when(text.is_not_null()).then(pl.col(column.source).cast(pl.Datetime("us")))
    forms = (column.date, *_ISO_MOMENTS) if column.date else _ISO_MOMENTS
    moments = [text.str.to_datetime(form, strict=False, time_unit="us") for form in forms]
    days = text.str.to_date(_ISO_DATE, strict=False).cast(pl.Datetime("us"))
    read = pl.coalesce(*moments, days)
    return pl.when(read.dt.year() >= _FIRST_YEAR).then(read)


def _period(column: Column, kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    form = "%Y-%m" if column.period == "month" else "%G-W%V"
    return _date(column, kind, text).dt.strftime(form)
