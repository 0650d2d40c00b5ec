"""Files that are records already: JSON objects and Parquet rows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ioc_pipelines.catalog.layouts import JsonLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.table import (
    FILE,
    PLACE,
    ROW,
    SHEET,
    Table,
    missing_columns,
)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_json(layout: JsonLayout, sources: Collection[str], path: Path, name: str) -> Table:
    """One row per object of the array, and one per nested object of ``children``.

    ``_sheet`` is the JSON path of the array a row stands in, ``_row`` its place there from 1.
    """
    try:
        content = path.read_bytes()
        if not content.lstrip(_BYTE_ORDER_MARK).lstrip().startswith(b"["):
            raise UnreadableFileError(name, "not a JSON array of objects")
        parents = pl.read_json(content, infer_schema_length=None)
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise UnreadableFileError(name, f"not readable as JSON: {type(error).__name__}") from error
    parents = _numbered(parents, pl.lit("$"))
    frames = [parents]
    if layout.children:
        _require(sources=[layout.children], present=parents.columns, name=name)
        frames = [parents.drop(layout.children), _children(parents, layout.children, name)]
    frame = pl.concat(frames, how="diagonal_relaxed")
    return _select(frame, sources, name)


def read_parquet(sources: Collection[str], path: Path, name: str) -> Table:
    """The rows as the connector wrote them, numbered from 1."""
    try:
        frame = pl.read_parquet(path)
    except PolarsError as error:
        raise UnreadableFileError(name, "not readable as Parquet") from error
    return _select(_numbered(frame, pl.lit(None, pl.String)), sources, name)


def _numbered(frame: pl.DataFrame, place: pl.Expr) -> pl.DataFrame:
    """The frame with its rows' places; fields of these names at the source give way."""
    numbers = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    return frame.select(numbers.alias(ROW), place.alias(SHEET), pl.exclude(*PLACE))


def _children(parents: pl.DataFrame, field: str, name: str) -> pl.DataFrame:
    kind = parents.schema[field]
    if kind == pl.List(pl.Null):
        return parents.clear().drop(field)
    if not (isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct)):
        raise StructureMismatchError(name, f"'{field}' is not a list of objects")
    return (
        parents.select(
            pl.format("$[{}].{}", pl.col(ROW) - 1, pl.lit(field)).alias(SHEET),
            pl.int_ranges(1, pl.col(field).list.len() + 1, dtype=pl.Int64).alias(ROW),
            pl.col(field),
        )
        .filter(pl.col(field).list.len() > 0)
        .explode(ROW, field)
        .unnest(field)
    )


def _require(*, sources: Collection[str], present: list[str], name: str) -> None:
    missing = [source for source in sources if source not in present]
    if missing:
        shown = [column for column in present if not column.startswith("_")]
        raise StructureMismatchError(name, missing_columns(missing, shown))


def _select(frame: pl.DataFrame, sources: Collection[str], name: str) -> Table:
    _require(sources=sources, present=frame.columns, name=name)
    for source in sources:
        if frame.schema[source].is_nested():
            raise StructureMismatchError(name, f"'{source}' holds a structure, not a value")
    table = frame.select(pl.lit(name).alias(FILE), SHEET, ROW, *dict.fromkeys(sources))
    return Table(table, {"rows": table.height})
