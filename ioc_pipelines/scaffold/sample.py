"""Read a sample from where it is: a file, an answer of a web service, a table of a database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from fnmatch import fnmatchcase
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
from ioc_pipelines.connectors.rest.answer import Answer, judged, parsed
from ioc_pipelines.connectors.rest.client import Received
from ioc_pipelines.connectors.rest.clock import SYSTEM
from ioc_pipelines.connectors.rest.source import opened
from ioc_pipelines.connectors.sql import parquet
from ioc_pipelines.connectors.sql.address import Address, address_of
from ioc_pipelines.connectors.sql.mariadb import open_mariadb
from ioc_pipelines.connectors.sql.postgresql import open_postgresql
from ioc_pipelines.connectors.sql.source import Source
from ioc_pipelines.connectors.sql.sqlite import open_sqlite
from ioc_pipelines.scaffold.form import Form, escaped, find_form
from ioc_pipelines.scaffold.grid import delimited, sheets
from ioc_pipelines.scaffold.json_fields import json_fields
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
_YEAR = re.compile(r"(?:19|20)\d{2}")
_NUMBERS = re.compile(r"(\d+|(?<![A-Za-z])I(?:I?I|V)?(?=[-_. ]\d))([-_. ]\d+)*")
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
        found = json_fields(path, suffix.removeprefix("."), path.name)
        guesses += found.guesses
        return Sample(
            path.name, path, name, connector, found.layout, found.headers, guesses=guesses
        )
    if suffix in _WORKBOOKS:
        layout, form = _workbook(path, sheet)
    else:
        layout, form = _text(path)
        if len(layout) > 1:
            how = f"{layout.get('delimiter', ',')!r}, {layout.get('encoding', 'utf-8')}"
            guesses.append(Guess("layout", how, "columns and words come out"))
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
            received, _ = source.ask(source.url(path), "the answer", take)
    except (SourceUnavailableError, SourceFaultyError) as error:
        raise ScaffoldError(str(error)) from error
    file = folder / "page-00001.json"
    file.write_bytes(received.body)
    found = json_fields(file, "json", path, records.split(".") if records else ())
    if place := found.layout.get("path"):
        facts["envelope"] = {"records": ".".join(place)}
    return Sample(path, file, file.name, facts, found.layout, found.headers, guesses=found.guesses)


def _drop_folder(
    path: Path, agency: str, catalog: Catalog, environment: Mapping[str, str]
) -> tuple[dict[str, Any], str, list[Guess]]:
    """The connector of a file, and its name below the folder that the connector reads."""
    drops = {
        e.id: e.feed.connector
        for e in catalog.entries
        if isinstance(e.feed.connector, FilesConnector)
    }
    variables = list(dict.fromkeys(c.root_env for c in drops.values())) or ["IOC_DROP"]
    roots = {v: Path(environment.get(v) or "/nowhere").resolve() for v in variables}
    variable = next((v for v in variables if path.resolve().is_relative_to(roots[v])), None)
    name, why = f"{agency}/{path.name}", "where it lies"
    if variable is None:
        variable = variables[0]
        why = f"the sample does not lie below {variable}: files are looked for there"
    else:
        name = path.resolve().relative_to(roots[variable]).as_posix()
    pattern, outbox = _pattern(name), f"{agency}/phan-hoi"
    shared = [
        feed
        for feed, other in drops.items()
        if other.root_env == variable and _share(pattern, other.pattern, name, roots[variable])
    ]
    if shared:
        why += f"; IT ALSO MATCHES files of {', '.join(shared)}: narrow it, or move the files"
    connector = {"kind": "files", "root_env": variable, "pattern": pattern, "outbox": outbox}
    receipts = "receipts for the officer go there; none without it"
    guesses = [
        Guess("connector.pattern", pattern, why),
        Guess("connector.outbox", outbox, receipts),
    ]
    return connector, name, guesses


def _pattern(name: str) -> str:
    """The name as a glob: the period in the file's name is any, without one every number.

    So are folders of numbers.
    """
    *folders, file = re.sub(r"[\[\]]", "?", name).split("/")
    stem, dot, suffix = file.rpartition(".")
    if not dot:
        stem, suffix = file, ""
    runs = [found[0] for found in _NUMBERS.finditer(stem)]
    dated = [run for run in runs if _YEAR.search(run)]
    for run in dated or runs:  # the number of a form stays beside its period
        stem = stem.replace(run, "*", 1)
    shown = ("*" if _NUMBERS.fullmatch(part) else part for part in folders)
    return "/".join([*shown, stem + dot + suffix])


def _share(mine: str, other: str, name: str, root: Path) -> bool:
    """Whether both globs match a file: the sample, one that is there, or one that may come."""
    likely = (name, other.replace("*", "0"), mine.replace("*", "0"))
    if any(_matches(one, mine) and _matches(one, other) for one in likely):
        return True
    return root.is_dir() and not set(root.glob(mine)).isdisjoint(root.glob(other))


def _matches(name: str, pattern: str) -> bool:
    parts, globs = name.split("/"), pattern.split("/")
    return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))


def _text(path: Path) -> tuple[dict[str, Any], Form]:
    """The layout and the form of delimited text."""
    grid, delimiter, encoding = delimited(path)
    layout = {"format": "csv"}
    layout |= {} if delimiter == "," else {"delimiter": delimiter}
    layout |= {} if encoding == "utf-8" else {"encoding": encoding}
    try:
        return layout, find_form(grid)
    except ScaffoldError as error:
        msg = f"{path.name}: {error}"
        raise ScaffoldError(msg) from error


def _workbook(path: Path, wanted: str | None) -> tuple[dict[str, Any], Form]:
    """The layout and the form of the first sheet that holds a table, or of the one wanted."""
    grids = sheets(path, wanted)
    for name, grid in grids.items():
        try:
            form = find_form(grid)
        except ScaffoldError:
            continue
        more = [other for other in grids if other != name]
        pattern = "^" + re.sub(r"\d+", r"\\d+", escaped(name)) + "$"
        if any(re.search(pattern, other) for other in more):
            pattern = f"^{escaped(name)}$"  # its number tells it from the others
        layout = {"format": "xlsx", "sheet": pattern}
        if more and wanted is None:
            why = f"the first with a table; also there: {', '.join(more)}"
            form = replace(form, guesses=[*form.guesses, Guess("layout.sheet", name, why)])
        return layout, form
    msg = f"{path.name}: no sheet holds a table: a row of words with rows of cells below it"
    raise ScaffoldError(msg)


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
