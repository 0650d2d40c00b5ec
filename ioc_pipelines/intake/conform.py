"""From the source's columns to the contract's, as the feed's ``columns`` declare.

Nothing is coerced in silence: a cell that says something but cannot be read as the contract's
type becomes null *and* is listed as unreadable, so that it is refused under its own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

import polars as pl

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.patterns import names_in
from ioc_pipelines.intake.amounts import Amounts, Scaling, amounts
from ioc_pipelines.intake.layout.table import PLACE
from ioc_pipelines.intake.legacy_text import MOJIBAKE, UNSEEN
from ioc_pipelines.intake.names import Spellings, canonical
from ioc_pipelines.intake.text import by_value, is_plain, nfc, single_spaced
from ioc_pipelines.intake.typed import as_typed

ROW_ID = "_row_id"
_ISO_DATE = "%Y-%m-%d"
_ISO_MOMENTS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
_ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_FIRST_YEAR = 1000


@dataclass(frozen=True)
class Conformed:
    """A batch in the contract's columns.

    ``rows``: ``_row_id``, ``_file, _sheet, _row`` and the contract's columns.
    ``received``: the mapped source columns as text, as received, with the same ``_row_id``.
    ``unreadable``: ``_row_id, column, text`` of every cell that says what its type cannot hold.
    ``cells``: all that a row was read from, with the types of the source: what can be read again.
    """

    rows: pl.DataFrame
    received: pl.DataFrame
    unreadable: pl.DataFrame
    cells: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True)
class _Cells:
    """One source column: its cells as text, cleaned, and as they came."""

    text: pl.Series
    source: pl.Series

    @property
    def kind(self) -> pl.DataType:
        return self.source.dtype

    def select(self, expr: pl.Expr) -> pl.Series:
        """An expression over the columns ``text`` and ``source``."""
        frame = pl.DataFrame([self.text.alias("text"), self.source.alias("source")])
        return frame.select(expr.alias("value"))["value"]


def conform(
    table: pl.DataFrame,
    columns: Mapping[str, Column],
    schema: Mapping[str, pl.DataType],
    units: Mapping[str, str] | None = None,
    spellings: Spellings | None = None,
) -> Conformed:
    """Map, clean and type the columns of ``schema``, in its order.

    ``units`` are the contract's units by column, ``spellings`` the reviewed lists of names.
    """
    table = table.with_row_index(ROW_ID)
    rows, unreadable = typed_rows(table, columns, schema, units, spellings)
    received, cells = as_sent(table, columns)
    return Conformed(rows, received, unreadable, cells)


def typed_rows(
    table: pl.DataFrame,
    columns: Mapping[str, Column],
    schema: Mapping[str, pl.DataType],
    units: Mapping[str, str] | None = None,
    spellings: Spellings | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``rows`` and ``unreadable`` of a table that has a ``_row_id``."""
    values = {name: as_typed(columns[name], table, kind) for name, kind in schema.items()}
    ready = {
        name: found
        for name, found in values.items()
        if found is not None and not _has_status(name, columns)
    }
    asked = {name: column for name, column in columns.items() if name not in ready}
    cells = {name: _cells(table, column) for name, column in asked.items()}
    numbers = {
        name: amounts(
            columns[name],
            found.text,
            found.source,
            Scaling.of(columns[name], table, (units or {}).get(name)),
            schema[name],
        )
        for name, found in cells.items()
        if schema[name].is_numeric() or _has_status(name, columns)
    }
    typed, unread = [], []
    for name, kind in schema.items():
        column = columns[name]
        if name in ready:
            source, value = table[column.source], ready[name]
            unread.append(_unread(table, name, source, source, value))
            typed.append(value.alias(name))
            continue
        found, read = cells[name], numbers.get(name)
        said = read.text if read is not None and kind.is_numeric() else found.text
        if column.status_of:
            said = value = numbers[column.status_of].status
        else:
            value = _typed(column, found, read, kind, spellings or {})
        unread.append(_unread(table, name, found.text, said, value))
        typed.append(value.alias(name))
    return table.select(ROW_ID, *PLACE, *typed), pl.concat(unread)


def as_sent(
    table: pl.DataFrame, columns: Mapping[str, Column]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``received`` and ``cells`` of a table that has a ``_row_id``."""
    sources = dict.fromkeys(column.source for column in columns.values())
    received = table.select(
        ROW_ID, *(as_received(table[source]).alias(source) for source in sources)
    )
    return received, table.select(ROW_ID, *sources_of(columns))


def _unread(
    table: pl.DataFrame, name: str, shown: pl.Series, said: pl.Series, value: pl.Series
) -> pl.DataFrame:
    """The cells of a column that say something and have no value."""
    bad = (said.is_not_null() & value.is_null()).arg_true()
    return pl.DataFrame(
        [
            table[ROW_ID].gather(bad),
            pl.Series("column", [name], dtype=pl.String).new_from_index(0, len(bad)),
            as_received(shown.gather(bad)).cast(pl.String).alias("text"),
        ]
    )


def sources_of(columns: Mapping[str, Column]) -> list[str]:
    """Every source column that the feed's columns are read from, those of units included."""
    units = (part for column in columns.values() for part in names_in(column.unit or ""))
    return list(dict.fromkeys([*(column.source for column in columns.values()), *units]))


def _has_status(name: str, columns: Mapping[str, Column]) -> bool:
    return any(column.status_of == name for column in columns.values())


def as_received(source: pl.Series) -> pl.Series:
    """The cells' text; a whole number without the decimal point that its type gave it."""
    if isinstance(source.dtype, pl.Struct):
        return source.struct.field("text")
    if source.dtype.is_float():
        frame = source.alias("x").to_frame()
        whole = pl.col("x").cast(pl.Int64, strict=False)
        text = pl.when(whole == pl.col("x")).then(whole.cast(pl.String))
        return frame.select(text.otherwise(pl.col("x").cast(pl.String)))["x"]
    return source if source.dtype == pl.String else source.cast(pl.String)


def _cells(table: pl.DataFrame, column: Column) -> _Cells:
    """The cells as text: NFC, single spaces, source values translated, no-value marks null."""
    source = table[column.source]
    received = as_received(source)
    raw = (received if is_plain(received) else by_value(received, _spaced)).alias("x")
    spaced = pl.col("x")
    text = pl.when(spaced.is_in(["", *column.nulls])).then(None).otherwise(spaced)
    if column.values:
        text = text.replace({normalize("NFC", k): v for k, v in column.values.items()})
    if column.default is not None:
        text = pl.when(spaced.fill_null("") == "").then(pl.lit(column.default)).otherwise(text)
    if column.pad:
        digits = text.str.extract(r"^(\d+)(?:\.0+)?$")
        text = pl.coalesce(digits.str.zfill(column.pad), text)
    return _Cells(raw.to_frame().select(text.alias("x"))["x"], source)


def _spaced(texts: pl.Series) -> pl.Series:
    return single_spaced(nfc(texts))


def _typed(
    column: Column, found: _Cells, read: Amounts | None, kind: pl.DataType, spellings: Spellings
) -> pl.Series:
    """The cells as the contract's type, null where they cannot be read."""
    if read is not None and kind.is_numeric():
        return read.value.cast(kind, strict=False)
    if kind == pl.String:
        return _string(column, found, spellings)
    if kind == pl.Date:
        return found.select(_date(column, found.kind))
    if isinstance(kind, pl.Datetime):
        return found.select(_moment(column, found.kind).cast(kind))
    if kind == pl.Boolean:
        words = {"true": True, "false": False}
        return found.text.replace_strict(words, default=None, return_dtype=kind)
    msg = f"no way to read {kind} is declared"
    raise TypeError(msg)


def _string(column: Column, found: _Cells, spellings: Spellings) -> pl.Series:
    """Text in Unicode that shows as what it is; a period; or the name of the reviewed lists."""
    if column.period:
        return found.select(_period(column, found.kind))
    if column.names:
        known = {k: v for name in reversed(column.names) for k, v in spellings[name].items()}
        return canonical(found.text, known)
    return found.text if is_plain(found.text) else by_value(found.text, _not_unclean)


def _not_unclean(texts: pl.Series) -> pl.Series:
    readable = pl.when(~pl.col("text").str.contains(f"{MOJIBAKE}|{UNSEEN}")).then("text")
    return texts.to_frame("text").select(readable)["text"]


def _date(column: Column, kind: pl.DataType) -> pl.Expr:
    """The declared form, or the ISO form that a spreadsheet's own date cell has."""
    text = pl.col("text")
    if kind.is_temporal():
        return pl.when(text.is_not_null()).then(pl.col("source").cast(pl.Date))
    iso = text.str.slice(0, 10).str.to_date(_ISO_DATE, strict=False)
    read: pl.Expr = pl.when(text.str.contains(_ISO)).then(iso)
    if column.date:
        has_day = "%d" in column.date
        form = column.date if has_day else f"%d {column.date}"
        padded = text if has_day else pl.concat_str(pl.lit("01 "), text)
        read = pl.coalesce(padded.str.to_date(form, strict=False), read)
    # a year of two digits is not the year 24
    return pl.when(read.dt.year() >= _FIRST_YEAR).then(read)


def _moment(column: Column, kind: pl.DataType) -> pl.Expr:
    """The declared form, an ISO timestamp, or an ISO date as the start of its day."""
    text = pl.col("text")
    if kind.is_temporal():
        return pl.when(text.is_not_null()).then(pl.col("source").cast(pl.Datetime("us")))
    forms = (column.date, *_ISO_MOMENTS) if column.date else _ISO_MOMENTS
    moments = [text.str.to_datetime(form, strict=False, time_unit="us") for form in forms]
    days = text.str.to_date(_ISO_DATE, strict=False).cast(pl.Datetime("us"))
    read = pl.coalesce(*moments, days)
    return pl.when(read.dt.year() >= _FIRST_YEAR).then(read)


def _period(column: Column, kind: pl.DataType) -> pl.Expr:
    day = _date(column, kind)
    match column.period:
        case "quarter":
            return pl.format("{}-Q{}", day.dt.year(), day.dt.quarter())
        case "half_year":
            return pl.format("{}-H{}", day.dt.year(), (day.dt.quarter() + 1) // 2)
        case "iso_week":
            return day.dt.strftime("%G-W%V")
        case _:
            return day.dt.strftime("%Y-%m")
