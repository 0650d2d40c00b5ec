"""Run dbt in this process: its own command line spends most of its seconds starting Python."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ioc_pipelines.home import DBT_PROJECT, Home, table_name
from ioc_pipelines.warehouse.build import dbt_environment, dbt_hash

_FAILED = frozenset({"error", "fail", "runtime error"})


class DbtError(RuntimeError):
    """dbt could not even start on its nodes: a broken project or build file."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node (model, seed or test)."""

    unique_id: str
    name: str
    status: str
    message: str
    failures: int
    duration_s: float

    @property
    def failed(self) -> bool:
        """Whether the node is an error; a data test of severity warn is not."""
        return self.status in _FAILED

    @property
    def skipped(self) -> bool:
        """Whether the node did not run because one before it failed."""
        return self.status == "skipped"


def dbt_build(
    home: Home, facts: Mapping[str, str], changed: Collection[str] | None = None
) -> list[NodeResult]:
    """Build every table of the project, or those that follow from ``changed`` datasets.

    The quality layer and what follows from it is always built, and every test is run: what is
    published was checked as a whole. ``facts`` are environment variables that the project reads.
    Raises DbtError when dbt did not get as far as its nodes.
    """
    return _build(home, facts, _selected(changed))


def dbt_build_as_of(home: Home, facts: Mapping[str, str]) -> list[NodeResult]:
    """Build staging, core and marts, without tests: of rows that were published once.

    The quality layer, and alerts with it, tell what happened since: left out. Raises DbtError.
    """
    return _build(home, facts, ["--exclude", "config.schema:quality+", "resource_type:test"])


def _build(home: Home, facts: Mapping[str, str], selected: list[str]) -> list[NodeResult]:
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner  # 3 s

    os.environ.update({**dbt_environment(home), **facts})
    target = home.build / "dbt"
    target.mkdir(parents=True, exist_ok=True)
    project, stamp = dbt_hash(), target / "project.of"
    # what dbt remembers of an earlier parse misses properties that came before their model
    is_new = not stamp.exists() or stamp.read_text() != project
    anew = ["--no-partial-parse"] if is_new else []
    data_only = [f"--exclude-resource-type={kind}" for kind in ("unit_test", "exposure")]
    result = dbtRunner().invoke(
        # the artefacts would repeat on disk what the results say, for seconds
        ["build", *_flags(target), "--no-write-json", *anew, *data_only, *selected]
    )
    stamp.write_text(project)
    if not isinstance(result.result, RunExecutionResult) or result.exception:
        msg = f"dbt build: {result.exception or 'no result'}"
        raise DbtError(msg) from result.exception
    return [
        NodeResult(
            unique_id=node.node.unique_id,
            name=node.node.name,
            status=str(node.status),
            message=node.message or "",
            failures=node.failures or 0,
            duration_s=node.execution_time,
        )
        for node in result.result.results
    ]


def _selected(changed: Collection[str] | None) -> list[str]:
    if changed is None:
        return []
    sources = [f"source:ioc.accepted.{table_name(dataset)}+" for dataset in changed]
    return ["--select", "config.schema:quality+", "tag:each_build+", "resource_type:test", *sources]


def dbt_parse(target: Path) -> None:
    """Write ``manifest.json`` to ``target``. Raises DbtError when the project does not parse."""
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["parse", *_flags(target), "--no-partial-parse"])
    if not result.success:
        msg = f"dbt parse: {result.exception}"
        raise DbtError(msg) from result.exception


def _flags(target: Path) -> list[str]:
    """Silent: stdout belongs to the command that called, and failures come as results."""
    return [
        *("--project-dir", str(DBT_PROJECT)),
        *("--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(target)),
        *("--log-level", "none"),
        *("--log-level-file", "none"),
        *("--log-path", str(target)),
    ]
