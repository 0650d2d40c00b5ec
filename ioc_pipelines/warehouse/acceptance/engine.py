"""Acceptance of the marts by Great Expectations, before anything is published.

Great Expectations reads pandas frames: on DuckDB through SQLAlchemy it fails without raising
(STACK, section 5). It is imported inside, because that alone takes seconds. What it cannot
evaluate is an error of ours, told apart from an expectation that failed.
"""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.warehouse.acceptance import subjects
from ioc_pipelines.warehouse.acceptance.report import (
    Affected,
    MartReport,
    Report,
    Verdict,
    grouped,
)
from ioc_pipelines.warehouse.acceptance.suites import Expected, Suite

_PRIVATE_FILE = "work.duckdb"
# of these the message names tables and columns; others may quote a cell
_SPEAKING = (
    subjects.SubjectError,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
)
_OF_THE_WHOLE = ("row_count", "nothing_missing")
Catalogue = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class _Session:
    """What every expectation needs: the build, the library, the catalogue and owners' names."""

    connection: duckdb.DuckDBPyConnection
    gx: Any
    frames: Any
    catalogue: Catalogue
    owners: Mapping[str, str]


def accept_marts(build: Path, suites: Iterable[Suite], owners: Mapping[str, str]) -> Report:
    """Hold every mart of the build to its suite. ``owners``: names of agencies by code.

    Raises duckdb.Error when the build cannot be opened.
    """
    with duckdb.connect(str(build / PUBLISHED_FILE), read_only=True) as connection:
        private = build / _PRIVATE_FILE
        if private.is_file():
            path = str(private).replace("'", "''")
            connection.execute(f"attach '{path}' as work (read_only)").fetchall()
        gx, frames = _library()
        session = _Session(connection, gx, frames, _catalogue(connection), owners)
        return Report(tuple(_mart(session, suite) for suite in suites))


def _library() -> tuple[Any, Any]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # seconds
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # one asset for all frames: each asset costs as much as ten expectations
    asset = context.data_sources.add_pandas("build").add_dataframe_asset("frame")
    return gx, asset.add_batch_definition_whole_dataframe("all")


def _mart(session: _Session, suite: Suite) -> MartReport:
    try:
        has = subjects.columns_of(session.connection, suite)
    except (duckdb.Error, subjects.SubjectError) as error:
        return _report(suite, [_error(one, error) for one in suite.expectations])
    verdicts = [*_columns(session, suite, has), *_queries(session, suite, has)]
    return _report(suite, verdicts)


def _report(suite: Suite, verdicts: Sequence[Verdict]) -> MartReport:
    """In the order of the suite; each expectation has exactly one verdict."""
    by_id = {verdict.id: verdict for verdict in verdicts}
    if len(verdicts) != len(by_id) or set(by_id) != {one.id for one in suite.expectations}:
        msg = f"{suite.mart}: not every expectation has one verdict"
        raise RuntimeError(msg)
    ordered = tuple(by_id[one.id] for one in suite.expectations)
    return MartReport(suite.mart, suite.title_vi, suite.title_en, ordered)


def _columns(session: _Session, suite: Suite, has: set[str]) -> Iterator[Verdict]:
    """Expectations of columns: all of them on one frame."""
    able: list[Expected] = []
    for one in suite.expectations:
        if one.kind in ("holds", "nothing_missing"):
            continue
        if lacking := sorted(set(one.columns) - has):
            problem = f"{suite.mart} has no column {', '.join(lacking)}"
            yield _error(one, subjects.SubjectError(problem))
        else:
            able.append(one)
    yield from _held(
        session, suite.mart, able, lambda: subjects.whole(session.connection, suite, able, has)
    )


def _queries(session: _Session, suite: Suite, has: set[str]) -> Iterator[Verdict]:
    """Expectations written in SQL: a frame for each."""
    for one in suite.expectations:
        name = f"{suite.mart}: {one.id}"
        if one.kind == "holds":
            read = _reader(subjects.judged, session.connection, suite, one, has)
            yield from _held(session, name, [one], read)
        elif one.kind == "nothing_missing":
            read = _reader(subjects.missing, session.connection, one)
            yield from _held(session, name, [one], read)


def _reader(read: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: read(*arguments)


def _held(
    session: _Session, name: str, expected: Sequence[Expected], read: Callable[[], Any]
) -> list[Verdict]:
    """Read a frame and hold it to these expectations. Whatever goes wrong is an error verdict."""
    try:
        frame = read()
        # over no rows every rule of rows holds: only their number is left to judge
        judged = [one for one in expected if len(frame) or one.kind in _OF_THE_WHOLE]
        results = _validated(session, name, frame, judged) if judged else {}
    except Exception as error:  # noqa: BLE001  the library raises anything; nothing passes by it
        return [_error(one, error) for one in expected]
    return [
        _verdict(session, one, results.get(one.id), frame)
        if one in judged
        else _passed(one, _observed(one, frame))
        for one in expected
    ]


def _validated(
    session: _Session, name: str, frame: Any, expected: Sequence[Expected]
) -> dict[str, Any]:
    batch = session.frames.get_batch({"dataframe": frame})
    suite = session.gx.ExpectationSuite(
        name=name, expectations=[_expectation(session.gx, one) for one in expected]
    )
    found = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    return {result.expectation_config.meta["id"]: result for result in found.results}


def _expectation(gx: Any, one: Expected) -> Any:
    """The library's own expectation of this kind."""
    expect, common = gx.expectations, {"meta": {"id": one.id}, "severity": one.severity}
    column = one.columns[0] if one.columns else None
    match one.kind:
        case "row_count":
            return expect.ExpectTableRowCountToBeBetween(min_value=one.minimum, **common)
        case "nothing_missing":
            return expect.ExpectTableRowCountToEqual(value=0, **common)
        case "holds":
            return expect.ExpectColumnValuesToBeInSet(
                column=subjects.OK, value_set=[True], **common
            )
        case "key" if len(one.columns) > 1:
            return expect.ExpectCompoundColumnsToBeUnique(column_list=list(one.columns), **common)
        case "key":
            return expect.ExpectColumnValuesToBeUnique(column=column, **common)
        case "not_null":
            return expect.ExpectColumnValuesToNotBeNull(column=column, **common)
        case "accepted_values":
            return expect.ExpectColumnValuesToBeInSet(
                column=column, value_set=list(one.values), **common
            )
        case "between":
            low, high = (
                datetime.combine(bound, time()) if isinstance(bound, date) else bound
                for bound in (one.minimum, one.maximum)
            )
            return expect.ExpectColumnValuesToBeBetween(
                column=column, min_value=low, max_value=high, **common
            )


def _verdict(session: _Session, one: Expected, result: Any, frame: Any) -> Verdict:
    if result is None:
        return _error(one, subjects.SubjectError("Great Expectations gave no result"))
    for info in _exceptions(result.exception_info):
        if info.get("raised_exception"):
            return _library_error(one, info)
    told, index = result.result, ()
    if one.kind == "row_count":
        unexpected, observed = int(not result.success), f"{grouped(told['observed_value'])} dòng"
    elif one.kind == "nothing_missing":
        unexpected, index = int(told["observed_value"]), frame.index
        observed = f"thiếu {grouped(unexpected)}"
    else:
        unexpected, index = int(told["unexpected_count"]), told.get("unexpected_index_list") or ()
        observed = _observed(one, frame)
    if result.success:
        return _passed(one, observed)
    return Verdict(
        one.id,
        one.title_vi,
        one.title_en,
        one.severity,
        "failed",
        observed,
        unexpected,
        _affected(session, frame, index),
    )


def _passed(one: Expected, observed: str) -> Verdict:
    return Verdict(one.id, one.title_vi, one.title_en, one.severity, "passed", observed)


def _observed(one: Expected, frame: Any) -> str:
    """How many rows were looked at; of a range also the lowest and highest, numbers and days."""
    seen = f"{grouped(len(frame))} dòng"
    if one.kind != "between" or frame[one.columns[0]].dtype.kind not in "iufM":
        return seen
    known = frame[one.columns[0]].dropna()
    if known.empty:
        return seen
    low, high = (
        f"{bound:%Y-%m-%d}" if known.dtype.kind == "M" else f"{bound:g}"
        for bound in (known.min(), known.max())
    )
    return f"{seen}, {low} … {high}"


def _affected(session: _Session, frame: Any, index: Sequence[int]) -> tuple[Affected, ...]:
    """The indicators of these rows and their owners; a code in no catalogue is not said."""
    if subjects.INDICATOR not in frame.columns or not len(index):
        return ()
    rows = Counter(frame.loc[list(index), subjects.INDICATOR])
    return tuple(
        Affected(code, name, owner, session.owners.get(owner, ""), rows[code])
        for code, (name, owner) in session.catalogue.items()
        if code in rows
    )


def _catalogue(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """Name and owner of each indicator; none where the catalogue itself is broken."""
    try:
        rows = connection.execute(
            "select indicator_code, coalesce(name_vi, ''), coalesce(owner_agency, '')"
            " from marts.indicator where indicator_code is not null order by indicator_code"
        ).fetchall()
    except duckdb.Error:
        return {}
    return {code: (name, owner) for code, name, owner in rows}


def _exceptions(info: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The library reports one exception flat and several by metric."""
    if not info:
        return []
    if "raised_exception" in info:
        return [info]
    return [value for value in info.values() if isinstance(value, Mapping)]


def _library_error(one: Expected, info: Mapping[str, Any]) -> Verdict:
    trace = f"{info.get('exception_message')}\n{info.get('exception_traceback')}"
    return _errored(one, "Great Expectations could not evaluate it", trace)


def _error(one: Expected, error: Exception) -> Verdict:
    """An error verdict. Only messages that cannot quote a cell are shown."""
    said = str(error).strip().splitlines()[0] if isinstance(error, _SPEAKING) else ""
    problem = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return _errored(one, problem, "".join(traceback.format_exception(error)))


def _errored(one: Expected, problem: str, trace: str) -> Verdict:
    return Verdict(
        one.id,
        one.title_vi,
        one.title_en,
        one.severity,
        "error",
        problem=problem,
        trace=trace,
    )
