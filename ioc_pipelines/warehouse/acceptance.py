"""Acceptance of the marts by Great Expectations, before anything is published.

Great Expectations reads pandas frames: on DuckDB through SQLAlchemy it fails without raising
(STACK, section 5). It is imported inside, because that alone takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from ioc_pipelines.durable import sha256_of, write_durably
from ioc_pipelines.warehouse.build import ACCEPTED_MARK, PUBLISHED_FILE

MARTS = ("indicator", "indicator_value", "indicator_lineage")


class AcceptanceEngineError(RuntimeError):
    """Great Expectations could not evaluate: an error of ours, not a verdict on the data."""


class NotAcceptedError(RuntimeError):
    """What lies in the build is not what was accepted."""


class AcceptedBuild(BaseModel, frozen=True):
    """Which build file was accepted, and the id of the snapshot it says it is."""

    snapshot_id: str
    sha256: str


@dataclass(frozen=True)
class Expectation:
    """The verdict on one expectation of one mart."""

    mart: str
    name: str
    success: bool
    unexpected: int


def accept_marts(build: Path) -> list[Expectation]:
    """Hold every mart of the build to its suite. Raises AcceptanceEngineError."""
    import great_expectations as gx  # 6 s
    from great_expectations.data_context.types.base import ProgressBarsConfig

    verdicts = []
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("marts")
    for mart, frame in _frames(build / PUBLISHED_FILE).items():
        asset = source.add_dataframe_asset(mart)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite(name=mart, expectations=_SUITES[mart](gx.expectations))
        verdicts += [_verdict(mart, result) for result in batch.validate(suite).results]
    return verdicts


def mark_accepted(build: Path, snapshot_id: str) -> None:
    """Note which build file was accepted, under which snapshot id; only that one is published."""
    mark = AcceptedBuild(snapshot_id=snapshot_id, sha256=sha256_of(build / PUBLISHED_FILE))
    write_durably(build / ACCEPTED_MARK, mark.model_dump_json().encode())


def accepted_build(build: Path) -> AcceptedBuild:
    """The build that was accepted.

    Raises NotAcceptedError when there is none, or when the build file has changed since.
    """
    mark = build / ACCEPTED_MARK
    if not mark.exists():
        msg = "the build has not been accepted; run a whole refresh or the job `publish`"
        raise NotAcceptedError(msg)
    accepted = AcceptedBuild.model_validate_json(mark.read_bytes())
    if sha256_of(build / PUBLISHED_FILE) != accepted.sha256:
        msg = "the build has changed since it was accepted; run the job `publish`"
        raise NotAcceptedError(msg)
    return accepted


def _frames(path: Path) -> Mapping[str, Any]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {mart: connection.execute(f"select * from marts.{mart}").df() for mart in MARTS}


def _verdict(mart: str, result: Any) -> Expectation:
    raised = [info for info in _exceptions(result.exception_info) if info.get("raised_exception")]
    name = result.expectation_config.type
    if raised:
        msg = f"{mart}: {name}: {raised[0].get('exception_message')}"
        raise AcceptanceEngineError(msg)
    column = result.expectation_config.kwargs.get("column")
    return Expectation(
        mart=mart,
        name=f"{name}({column})" if column else name,
        success=bool(result.success),
        unexpected=int(result.result.get("unexpected_count") or 0),
    )


def _exceptions(info: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The library reports one exception flat and several by metric."""
    if not info:
        return []
    if "raised_exception" in info:
        return [info]
    return [value for value in info.values() if isinstance(value, Mapping)]


def _indicator(expect: Any) -> list[Any]:
    return [
        expect.ExpectTableRowCountToBeBetween(min_value=4),
        expect.ExpectColumnValuesToBeUnique(column="indicator_code"),
        expect.ExpectColumnValuesToNotBeNull(column="name_vi"),
        expect.ExpectColumnValuesToNotBeNull(column="owner_agency"),
        expect.ExpectColumnValuesToBeInSet(
            column="direction", value_set=["higher_is_better", "lower_is_better", "neutral"]
        ),
    ]


def _indicator_value(expect: Any) -> list[Any]:
    return [
        expect.ExpectCompoundColumnsToBeUnique(
            column_list=["indicator_code", "period_type", "period_start", "unit_id"]
        ),
        expect.ExpectColumnValuesToNotBeNull(column="unit_id"),
        expect.ExpectColumnValuesToNotBeNull(column="value"),
        expect.ExpectColumnValuesToNotBeNull(column="recorded_at"),
        expect.ExpectColumnValuesToBeInSet(
            column="period_type", value_set=["day", "week", "month", "quarter", "half", "year"]
        ),
        expect.ExpectColumnValuesToBeInSet(
            column="status", value_set=["met", "missed", "no_target"]
        ),
    ]


def _indicator_lineage(expect: Any) -> list[Any]:
    return [
        expect.ExpectColumnValuesToNotBeNull(column="feed"),
        expect.ExpectColumnValuesToNotBeNull(column="batch_id"),
    ]


_SUITES: dict[str, Callable[[Any], list[Any]]] = {
    "indicator": _indicator,
    "indicator_value": _indicator_value,
    "indicator_lineage": _indicator_lineage,
}
