"""What the simulated web services answer: pure functions from a request to an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ioc_pipelines.sandbox.province import all_systems
from ioc_pipelines.sandbox.tables import Kind, Table

JSON = "application/json; charset=utf-8"
_NUMBERS: Mapping[Kind, Callable[[str], Any]] = {"whole": int, "decimal": float}
_MOST_ROWS = 5000
_PERMITS_A_PAGE, _READINGS_A_PAGE = 500, 2000

Query = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of an HTTP answer."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON})

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Answer:
        """A value as JSON."""
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(body, status, {"Content-Type": JSON, **headers})


def lgsp(root: Path, path: str, query: Query) -> Answer:
    """The integration platform: ``/dmdc/Metadata/{catalogue}`` and ``/dmdc/Category/{catalogue}``.

    Conventions as read in a guide of Quảng Bình's platform; ``Data`` is where the records stand.
    """
    kind, _, name = path.removeprefix("/dmdc/").partition("/")
    table = _table("lgsp", name)
    if table is None or kind not in {"Metadata", "Category"}:
        return Answer.of({"MSG": "DATA_INCORRECT", "Code": 500, "Count": 0})
    if kind == "Metadata":
        return Answer.of(
            [
                {"PropertyCode": column, "PropertyName": column, "PropertyType": of}
                for column, of in table.columns.items()
            ]
        )
    rows = _changed(root, table, query.get("tuNgay"))
    size = min(int(query.get("size", _MOST_ROWS)), _MOST_ROWS)
    data = _records(rows.slice((int(query.get("page", 1)) - 1) * size, size), table)
    return Answer.of({"MSG": "Done", "Count": len(data), "Data": data})


def permits(root: Path, path: str, query: Query, base: str) -> Answer:
    """The construction department: ``/api/v1/giay-phep``, pages linked by header (RFC 8288)."""
    table = _table("xay_dung", path.removeprefix("/api/v1/"))
    if table is None:
        return Answer.of({"error": "not found"}, status=404)
    rows, start = _changed(root, table, query.get("updated_since")), int(query.get("after", 0))
    end = start + _PERMITS_A_PAGE
    body = {"data": _records(rows.slice(start, _PERMITS_A_PAGE), table)}
    if end >= rows.height:
        return Answer.of(body)
    since = f"&updated_since={query['updated_since']}" if "updated_since" in query else ""
    return Answer.of(body, Link=f'<{base}{path}?after={end}{since}>; rel="next"')


def readings(root: Path, path: str, query: Query) -> Answer:
    """The air stations: ``/quan-trac/du-lieu``, pages by cursor."""
    table = _table("quan_trac", path.removeprefix("/quan-trac/"))
    if table is None:
        return Answer.of({"error": "not found"}, status=404)
    rows, start = _changed(root, table, query.get("since")), int(query.get("cursor", 0))
    end = start + _READINGS_A_PAGE
    following = str(end) if end < rows.height else None
    data = _records(rows.slice(start, _READINGS_A_PAGE), table)
    return Answer.of({"data": data, "meta": {"next": following}})


def _table(system: str, name: str) -> Table | None:
    return TABLES.get((system, name))


def _changed(root: Path, table: Table, since: str | None) -> pl.DataFrame:
    """The rows in the order they changed, all or since a moment."""
    path = table.path(root)
    rows = _sorted(path, path.stat().st_mtime_ns, table.changed, table.key)
    return rows if since is None else rows.filter(pl.col(table.changed) >= since)


_KEPT: dict[Path, tuple[int, pl.DataFrame]] = {}


def _sorted(path: Path, written: int, changed: str, key: tuple[str, ...]) -> pl.DataFrame:
    """The rows of a file, read again only when it was written anew."""
    if path not in _KEPT or _KEPT[path][0] != written:
        _KEPT[path] = written, pl.read_parquet(path).sort(changed, *key, maintain_order=True)
    return _KEPT[path][1]


def _records(rows: pl.DataFrame, table: Table) -> list[dict[str, Any]]:
    numbers = {name: _NUMBERS[kind] for name, kind in table.columns.items() if kind in _NUMBERS}
    records = rows.to_dicts()
    for record in records:
        for name, number in numbers.items():
            record[name] = _as_number(record[name], number)
    return records


def _as_number(text: str | None, number: Callable[[str], Any]) -> Any:
    try:
        return None if text is None else number(text)
    except ValueError:
        return text  # what a person typed where a number belongs


TABLES: Mapping[tuple[str, str], Table] = {
    (table.system, table.name): table
    for table in (getattr(system, "TABLE", None) for system in all_systems())
    if table is not None
}
