"""Read a sample from where it is: a file, an answer of a web service, a table of a database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa

from ioc_pipelines.catalog.connectors import Envelope, FilesConnector, RestConnector
from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.connectors.fetched import (
    SourceChangedError,
    SourceFaultyError,
    SourceUnavailableError,
)
from ioc_pipelines.connectors.rest.answer import Answer, at, judged, parsed
from ioc_pipelines.connectors.rest.client import Received
from ioc_pipelines.connectors.rest.clock import SYSTEM
from ioc_pipelines.connectors.rest.source import opened
from ioc_pipelines.connectors.sql import parquet
from ioc_pipelines.connectors.sql.address import Address, address_of
from ioc_pipelines.connectors.sql.mariadb import open_mariadb
from ioc_pipelines.connectors.sql.postgresql import open_postgresql
from ioc_pipelines.connectors.sql.source import Source
from ioc_pipelines.connectors.sql.sqlite import open_sqlite
from ioc_pipelines.scaffold.form import Form, find_form
from ioc_pipelines.scaffold.grid import delimited, sheets
from ioc_pipelines.scaffold.model import Guess, Sample, ScaffoldError

_WORKBOOKS = (".xls", ".xlsx", ".xlsm")
_RECORDS = (".json", ".ndjson", ".geojson")
_ROWS = 20_000
_TIMEOUT_S = 60.0
_Opens = Callable[[str, Address, float], AbstractContextManager[Source]]
_OPEN: Mapping[str, _Opens] = {
    "postgresql": open_postgresql,
    "mariadb": open_mariadb,
    "sqlite": open_sqlite,
}
_MORE = re.compile(r"(total|tong|count|so_ban_ghi|next|page|cursor)", re.IGNORECASE)
_CHANGED = re.compile(r"(updated|modified|changed|cap_?nhat|sua_doi|thay_doi)", re.IGNORECASE)


def of_file(
    path: Path, agency: str, catalog: Catalog, environment: Mapping[str, str], sheet: str | None
) -> Sample:
    """The sample in a file. Raises ScaffoldError when it holds no table."""
    if not path.is_file():
        msg = f"no such file: {path}"
        raise ScaffoldError(msg, 2)
    connector, name, guesses = _drop_folder(path, agency, catalog, environment)
    suffix = path.suffix.lower()
    if suffix in _RECORDS:
        layout, headers, more = _json_place(path, suffix.removeprefix("."))
        return Sample(path.name, path, name, connector, layout, headers, guesses=[*guesses, *more])
    if suffix in _WORKBOOKS:
        layout, form = _workbook(path, sheet)
    else:
        grid, delimiter, encoding = delimited(path)
        form = _found(grid, path.name)
        layout = {"format": "csv"}
        layout |= {} if delimiter == "," else {"delimiter": delimiter}
        layout |= {} if encoding == "utf-8" else {"encoding": encoding}
        if len(layout) > 1:
            guesses.append(
                Guess("layout", f"{delimiter!r}, {encoding}", "columns and words come out")
            )
    return Sample(
        path.name,
        path,
        name,
        connector,
        {**layout, **form.layout},
        form.headers,
        form.title,
        form.heading,
        form.label,
        [*guesses, *form.guesses],
    )


def of_table(
    table: str,
    url_env: str,
    watermark: str | None,
    environment: Mapping[str, str],
    folder: Path,
) -> Sample:
    """The sample in a table of a database: its first rows, all its columns."""
    path = folder / "table.parquet"
    try:
        address = address_of(url_env, environment)
        with _OPEN[address.engine](url_env, address, _TIMEOUT_S) as source:
            present = {".".join(filter(None, found)): found for found in source.tables()}
            chosen = _one_of("table", table, present)
            columns = list(source.columns(present[chosen]))
            if watermark is not None:
                _one_of("column", watermark, columns)
            rows = parquet.write(_first(source.rows(present[chosen], columns, None)), path)
    except (SourceUnavailableError, SourceChangedError) as error:
        raise ScaffoldError(str(error)) from error
    if not rows:
        msg = f"{table} has no row: there is nothing to guess from"
        raise ScaffoldError(msg)
    guesses = []
    if watermark is None:
        near = [column for column in columns if _CHANGED.search(column)]
        hint = f"--watermark {near[0]} may do" if near else "no column says when a row changed"
        guesses.append(Guess("connector", "the whole table each time", hint))
    connector: dict[str, Any] = {"kind": "sql", "url_env": url_env, "table": table}
    connector |= {"watermark": watermark} if watermark else {}
    headers = {column: column for column in columns}
    layout = {"format": "parquet"}
    return Sample(table, path, f"{table}.parquet", connector, layout, headers, guesses=guesses)


def of_endpoint(
    path: str,
    url_env: str,
    records: str | None,
    token_env: str | None,
    environment: Mapping[str, str],
    folder: Path,
) -> Sample:
    """The sample in one answer of a web service."""
    facts: dict[str, Any] = {"kind": "rest", "url_env": url_env, "path": path}
    facts |= {"authentication": {"kind": "static", "token_env": token_env}} if token_env else {}
    connector = RestConnector(timeout_s=_TIMEOUT_S, **facts)

    def take(received: Received, what: str) -> Answer:
        if records is not None or received.status != 200:
            return judged(received, Envelope(records=records), what)
        return Answer([], None, parsed(received, what))

    try:
        with opened(connector, environment, SYSTEM) as source:
            received, answer = source.ask(source.url(path), "the answer", take)
    except (SourceUnavailableError, SourceFaultyError) as error:
        raise ScaffoldError(str(error)) from error
    file = folder / "page-00001.json"
    file.write_bytes(received.body)
    place = tuple(records.split(".")) if records else _records_in(answer.tree)
    layout, headers, guesses = _json_headers(answer.tree, place, path)
    if place:
        facts["envelope"] = {"records": ".".join(place)}
    found = at(answer.tree, ".".join(place)) if place else answer.tree
    if more := _says_more(answer.tree, len(found)):
        guesses.append(Guess("connector", "one answer is all", f"look at {more}: paging?"))
    layout = {"format": "json", **layout}
    return Sample(path, file, file.name, facts, layout, headers, guesses=guesses)


def _drop_folder(
    path: Path, agency: str, catalog: Catalog, environment: Mapping[str, str]
) -> tuple[dict[str, Any], str, list[Guess]]:
    """The connector of a file, and its name below the folder that the connector reads."""
    kinds = [e.feed.connector for e in catalog.entries]
    roots = dict.fromkeys(c.root_env for c in kinds if isinstance(c, FilesConnector))
    for variable in roots:
        root = Path(environment.get(variable) or "/nowhere").resolve()
        if path.resolve().is_relative_to(root):
            name = path.resolve().relative_to(root).as_posix()
            connector = {"kind": "files", "root_env": variable, "pattern": _pattern(name)}
            return connector, name, [Guess("connector", connector["pattern"], "where it lies")]
    variable = next(iter(roots), "IOC_DROP")
    name = f"{agency}/{path.name}"
    connector = {"kind": "files", "root_env": variable, "pattern": _pattern(name)}
    why = f"the sample does not lie below {variable}: files are looked for there"
    return connector, name, [Guess("connector", connector["pattern"], why)]


def _pattern(name: str) -> str:
    """The name as a glob: runs of digits in the file's name, and folders of digits, are any."""
    *folders, file = re.sub(r"[\[\]]", "?", name).split("/")
    stem, dot, suffix = file.rpartition(".")
    stem = re.sub(r"\d+([-_. ]\d+)*", "*", stem) if dot else re.sub(r"\d+", "*", file)
    return "/".join([*("*" if part.isdigit() else part for part in folders), stem + dot + suffix])


def _workbook(path: Path, wanted: str | None) -> tuple[dict[str, Any], Form]:
    """The layout and the form of the first sheet that holds a table, or of the one wanted."""
    grids = sheets(path, wanted)
    for name, grid in grids.items():
        try:
            form = find_form(grid)
        except ScaffoldError:
            continue
        layout: dict[str, Any] = {"format": "xlsx", "sheet": f"^{_any_digits(name)}$"}
        more = [other for other in grids if other != name]
        if more and wanted is None:
            why = f"the first with a table; also there: {', '.join(more)}"
            form = Form(
                **{**vars(form), "guesses": [*form.guesses, Guess("layout.sheet", name, why)]}
            )
        return layout, form
    msg = f"{path.name}: no sheet holds a table: a row of words with rows of cells below it"
    raise ScaffoldError(msg)


def _any_digits(text: str) -> str:
    plain = re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", text)
    return re.sub(r"\d+", r"\\d+", plain)


def _found(grid: Any, name: str) -> Form:
    try:
        return find_form(grid)
    except ScaffoldError as error:
        msg = f"{name}: {error}"
        raise ScaffoldError(msg) from error


def _json_place(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, str], list[Guess]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if kind == "ndjson":
            tree = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            tree = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        msg = f"{path.name} cannot be read as JSON: {type(error).__name__}"
        raise ScaffoldError(msg) from error
    if kind == "geojson":
        features = tree.get("features") if isinstance(tree, dict) else None
        found: list[Any] = features or []
        tree = [{"id": None, **(feature.get("properties") or {})} for feature in found]
        layout, headers, guesses = _json_headers(tree, (), path.name)
        return {"format": kind}, headers, guesses
    layout, headers, guesses = _json_headers(tree, _records_in(tree), path.name)
    return {"format": kind, **layout}, headers, guesses


def _records_in(tree: Any) -> tuple[str, ...]:
    """The fields that lead to the longest list of objects."""
    lists = dict(_lists(tree, ()))
    return max(lists, key=lambda place: lists[place], default=())


def _lists(node: Any, place: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], int]]:
    if isinstance(node, list) and node and all(isinstance(item, dict) for item in node):
        yield place, len(node)
    elif isinstance(node, dict):
        for name, inner in node.items():
            yield from _lists(inner, (*place, name))


def _json_headers(
    tree: Any, place: tuple[str, ...], shown: str
) -> tuple[dict[str, Any], dict[str, str], list[Guess]]:
    """The layout's path, the fields of the records, and what was left out of them."""
    found = at(tree, ".".join(place)) if place else tree
    if not isinstance(found, list) or not found or not all(isinstance(r, dict) for r in found):
        msg = f"{shown}: no list of JSON objects" + (f" at {'.'.join(place)}" if place else "")
        raise ScaffoldError(msg)
    headers: dict[str, str] = {}
    lists: set[str] = set()
    for record in found[:_ROWS]:
        _add_fields(record, "", headers, lists)
    around = {name.rpartition(".")[0] for name in headers}
    headers = {name: title for name, title in headers.items() if name not in around | lists}
    guesses = [Guess(name, "left out", "it holds a list") for name in sorted(lists)]
    partial = [n for n in headers if "." not in n and any(n not in r for r in found)]
    guesses += [Guess(name, "optional", "some records lack it") for name in partial]
    if place:
        guesses.append(Guess("layout", f"records at {'.'.join(place)}", "the longest list there"))
    return ({"path": list(place)} if place else {}), headers, guesses


def _add_fields(record: Any, prefix: str, headers: dict[str, str], lists: set[str]) -> None:
    for name, value in record.items():
        source = f"{prefix}{name}"
        if isinstance(value, list):
            lists.add(source)
        elif isinstance(value, dict):
            _add_fields(value, f"{source}.", headers, lists)
        else:
            headers.setdefault(source, source)


def _says_more(tree: Any, count: int) -> str | None:
    """The field beside the records that speaks of more of them."""
    for name, value in _beside(tree, ""):
        if _MORE.search(name) and value not in (None, "", count, 0, 1):
            return name
    return None


def _beside(tree: Any, prefix: str) -> Iterable[tuple[str, Any]]:
    for name, value in tree.items() if isinstance(tree, dict) else ():
        if isinstance(value, dict):
            yield from _beside(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield f"{prefix}{name}", value


def _one_of(kind: str, wanted: str, present: Iterable[str]) -> str:
    listed = sorted(present)
    if wanted not in listed:
        msg = f"no {kind} '{wanted}'; there are: {', '.join(listed) or 'none'}"
        raise ScaffoldError(msg)
    return wanted


def _first(batches: Iterable[Any]) -> Iterator[pa.Table]:
    """The first rows, and no more asked for than these."""
    left = _ROWS
    for batch in batches:
        yield batch.table.slice(0, left)
        left -= batch.table.num_rows
        if left <= 0:
            return
