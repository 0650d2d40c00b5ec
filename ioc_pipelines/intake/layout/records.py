"""Files that are records already: JSON objects and Parquet rows."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from ioc_pipelines.catalog.layouts import JsonLayout
from ioc_pipelines.catalog.patterns import names_in
from ioc_pipelines.intake.errors import (
    OversizedFileError,
    StructureMismatchError,
    UnreadableFileError,
)
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import (
    FILE,
    PLACE,
    ROW,
    SHEET,
    Table,
    Wanted,
    found_in,
    missing_columns,
    put_together,
)
from ioc_pipelines.intake.legacy_text import decoded

_AROUND = "^."
_MISSING = object()
_MOST = 2**63
_LONGEST_TEXT = 16 * 1024**2
_HALF = re.compile("[\ud800-\udfff]")


class _Record:
    """One object: where it stands and the objects around it, the nearest last."""

    __slots__ = ("around", "fields", "file", "number", "place")

    def __init__(
        self, file: str, place: str, number: int, fields: Any, around: tuple[Any, ...]
    ) -> None:
        self.file, self.place, self.number = file, place, number
        self.fields, self.around = fields, around

    def value(self, source: str) -> Any:
        """The value of a source, or ``_MISSING``: a field, a path, or one of an object around."""
        fields, around = self.fields, self.around
        while source.startswith(_AROUND):
            source = source.removeprefix(_AROUND)
            if not around:
                return _MISSING
            fields, around = around[-1], around[:-1]
        if source in fields:
            return fields[source]
        for step in source.split("."):
            if not isinstance(fields, dict) or step not in fields:
                return _MISSING
            fields = fields[step]
        return fields

    def first(self, sources: Sequence[str]) -> Any:
        """The value of the first of these sources that is there, or ``_MISSING``."""
        return next((v for s in sources if (v := self.value(s)) is not _MISSING), _MISSING)


@dataclass(frozen=True)
class JsonFile:
    """The objects of one file, and what its name says."""

    name: str
    records: Sequence[_Record]
    values: Mapping[str, str]


def parse_json(layout: JsonLayout, path: Path, name: str) -> JsonFile:
    """The objects of a file. Raises UnreadableFileError and StructureMismatchError."""
    records = list(_records(layout, _parsed(layout, path, name), name))
    if layout.children:
        records = list(_with_children(records, layout.children, name))
    return JsonFile(name, records, capture(layout.captures, {"file": name}, name))


def json_table(wanted: Collection[Wanted], files: Sequence[JsonFile]) -> Table:
    """One row per object, and one per nested object of ``children``.

    ``_sheet`` is the JSON path of the array a row stands in, ``_row`` its place there from 1.
    A field that no object has is a structure mismatch; one that some lack is empty there.
    """
    records = [record for file in files for record in file.records]
    first = files[0].name
    columns: dict[str, pl.Series] = {}
    present: set[str] = set()
    parts = [Wanted(part, optional=w.optional) for w in wanted for part in names_in(w.source)]
    sought = [w for w in (*parts, *wanted) if not names_in(w.source)]
    for want in sought:
        if want.source not in files[0].values:
            columns[want.source] = _column(records, want, present)
    required = [w.source for w in sought if w.source in columns and not w.optional]
    missing = [source for source in required if source not in present]
    if missing:
        shown = list(dict.fromkeys(f for r in records[:1_000] for f in r.fields))
        raise StructureMismatchError(first, missing_columns(missing, shown))
    captured = {
        key: pl.Series([f.values[key] for f in files for _ in f.records], dtype=pl.String)
        for key in files[0].values
    }
    frame = pl.DataFrame(
        {
            FILE: pl.Series([r.file for r in records], dtype=pl.String),
            SHEET: pl.Series([r.place for r in records], dtype=pl.String),
            ROW: pl.Series([r.number for r in records], dtype=pl.Int64),
            **columns,
            **captured,
        }
    )
    frame = put_together(frame, wanted, first)
    found: dict[str, Any] = {"rows": frame.height}
    if len(files) == 1:
        found.update(files[0].values)
    else:
        found["files"] = len(files)
    return Table(frame, found)


def json_texts(
    layout: JsonLayout,
    path: Path,
    name: str,
    asked: Sequence[tuple[str | None, int, Sequence[str]]],
) -> list[str | None]:
    """What objects of a file say, as it stands there: of each place, number and sources."""
    records: dict[tuple[str | None, int], _Record] = {
        (r.place, r.number): r for r in parse_json(layout, path, name).records
    }
    found = [
        records[place, number].first(sources) if (place, number) in records else _MISSING
        for place, number, sources in asked
    ]
    return [None if value is _MISSING else _said(value) for value in found]


def parquet_text(path: Path, row: int, sources: Sequence[str]) -> str | None:
    """What a row, counted from 1, says in the first of these columns that is there."""
    present = pl.read_parquet_schema(path)
    column = next((source for source in sources if source in present), None)
    if column is None:
        return None
    cell = pl.scan_parquet(path).select(column).slice(row - 1, 1).collect()[column]
    return None if cell.is_empty() else cell.cast(pl.String).item()


def read_parquet(wanted: Collection[Wanted], path: Path, name: str) -> Table:
    """The rows as the connector wrote them, numbered from 1."""
    try:
        frame = pl.read_parquet(path)
    except PolarsError as error:
        raise UnreadableFileError(name, "not readable as Parquet") from error
    return Table(_of_parquet(frame, wanted, name), {"rows": frame.height})


def parquet_height(path: Path, name: str) -> int:
    """How many rows a file says it has. Raises UnreadableFileError."""
    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except PolarsError as error:
        raise UnreadableFileError(name, "not readable as Parquet") from error


def parquet_piece(
    wanted: Collection[Wanted], path: Path, name: str, start: int, rows: int
) -> pl.DataFrame:
    """So many rows of a file from ``start`` on, as ``read_parquet`` has them."""
    try:
        frame = pl.scan_parquet(path).slice(start, rows).collect()
    except PolarsError as error:
        raise UnreadableFileError(name, "not readable as Parquet") from error
    return _of_parquet(frame, wanted, name, start)


def _of_parquet(
    frame: pl.DataFrame, wanted: Collection[Wanted], name: str, start: int = 0
) -> pl.DataFrame:
    numbers = pl.int_range(start + 1, start + pl.len() + 1, dtype=pl.Int64)
    frame = frame.select(
        numbers.alias(ROW), pl.lit(None, pl.String).alias(SHEET), pl.exclude(*PLACE)
    )
    present = [column for column in frame.columns if column not in PLACE]
    chosen = found_in(wanted, present, (), name)
    for source, column in chosen.items():
        if column is not None and frame.schema[column].is_nested():
            raise StructureMismatchError(name, f"'{source}' holds a structure, not a value")
    cells = [
        pl.lit(None, pl.String).alias(source) if column is None else pl.col(column).alias(source)
        for source, column in chosen.items()
    ]
    table = put_together(frame.select(pl.lit(name).alias(FILE), SHEET, ROW, *cells), wanted, name)
    texts = [column for column, kind in table.schema.items() if kind == pl.String]
    return table.with_columns(decoded(table.select(t for t in texts if t not in PLACE)))


def _parsed(layout: JsonLayout, path: Path, name: str) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if layout.format == "ndjson":
            return list(_lines(text, name))
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(name, "not text in UTF-8") from error
    except json.JSONDecodeError as error:
        raise UnreadableFileError(name, f"not readable as JSON: line {error.lineno}") from error
    except RecursionError as error:
        raise UnreadableFileError(name, "not readable as JSON: nested too deep") from error
    except ValueError as error:
        raise UnreadableFileError(name, "not readable as JSON: a number too long") from error


def _lines(text: str, name: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            if line.strip():
                yield json.loads(line)
        except json.JSONDecodeError as error:
            raise UnreadableFileError(name, f"not readable as JSON: line {number}") from error


def _records(layout: JsonLayout, root: Any, name: str) -> Iterator[_Record]:
    if layout.format == "geojson":
        features = root.get("features") if isinstance(root, dict) else None
        if not isinstance(features, list):
            raise UnreadableFileError(name, "not a GeoJSON collection of features")
        root = [_feature(feature, name) for feature in features]
    elif layout.format == "json" and not isinstance(root, list | dict):
        raise UnreadableFileError(name, "not a JSON array of objects")
    yield from _descend(root, layout.path, "$", (), name)


def _descend(
    node: Any, steps: Sequence[str], place: str, around: tuple[Any, ...], name: str
) -> Iterator[_Record]:
    """The objects that the path leads to, each with those around it."""
    if isinstance(node, dict) and steps:
        if steps[0] not in node:
            raise StructureMismatchError(name, missing_columns([steps[0]], list(node)))
        yield from _descend(node[steps[0]], steps[1:], f"{place}.{steps[0]}", (*around, node), name)
        return
    items = node if isinstance(node, list) else [node]
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise UnreadableFileError(name, f"{place}[{number - 1}] is not a JSON object")
        if steps and isinstance(node, list):
            yield from _descend(item, steps, f"{place}[{number - 1}]", around, name)
        else:
            yield _Record(name, place, number, item, around)


def _feature(feature: Any, name: str) -> dict[str, Any]:
    """A feature's properties, its id, and its geometry as text; none where it has no place."""
    if not isinstance(feature, dict):
        raise UnreadableFileError(name, "not a GeoJSON collection of features")
    geometry = feature.get("geometry")
    if geometry is not None:
        geometry = json.dumps(geometry, ensure_ascii=False, separators=(",", ":"))
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise UnreadableFileError(name, "not a GeoJSON collection of features")
    return {"id": feature.get("id"), **properties, "geometry": geometry}


def _with_children(records: Sequence[_Record], field: str, name: str) -> Iterator[_Record]:
    """All records, then those nested in ``field`` of each."""
    if records and not any(field in record.fields for record in records):
        raise StructureMismatchError(name, missing_columns([field], list(records[0].fields)))
    yield from records
    for record in records:
        nested = record.fields.get(field) or []
        if not isinstance(nested, list) or not all(isinstance(item, dict) for item in nested):
            raise StructureMismatchError(name, f"'{field}' is not a list of objects")
        place = f"{record.place}[{record.number - 1}].{field}"
        for number, item in enumerate(nested, start=1):
            yield _Record(name, place, number, item, (*record.around, record.fields))


def _column(records: Sequence[_Record], want: Wanted, present: set[str]) -> pl.Series:
    """One source of every record, with the type that holds all its values."""
    values: list[Any] = []
    for record in records:
        found = record.first(want.sources)
        if found is not _MISSING:
            present.add(want.source)
        if isinstance(found, dict | list):
            raise StructureMismatchError(
                record.file, f"'{want.source}' holds a structure, not a value"
            )
        if isinstance(found, str) and len(found) > _LONGEST_TEXT:
            what = f"'{want.source}' holds a text of {len(found)} characters, no value of a table"
            raise OversizedFileError(record.file, what)
        if isinstance(found, str) and _HALF.search(found):
            raise UnreadableFileError(record.file, f"'{want.source}' holds half a character")
        values.append(None if found is _MISSING else found)
    kinds = {type(value) for value in values if value is not None}
    if any(type(value) is int and abs(value) >= _MOST for value in values):
        kinds = {str}  # digits are exact as text
    if kinds == {int}:
        return pl.Series(values, dtype=pl.Int64)
    if kinds == {bool}:
        return pl.Series(values, dtype=pl.Boolean)
    if kinds and kinds <= {int, float}:
        return pl.Series([None if v is None else float(v) for v in values], dtype=pl.Float64)
    said = pl.Series([_said(value) for value in values], dtype=pl.String)
    return decoded(said.to_frame("x"))["x"]


def _said(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
