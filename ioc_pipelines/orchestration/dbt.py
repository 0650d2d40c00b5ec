"""The shared warehouse: one ``dbt build`` per refresh, as assets and checks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import sector
from ioc_pipelines.warehouse.build import dbt_environment, dbt_hash, start_build
from ioc_pipelines.warehouse.lock import hold_build

_PUBLISHED_DATABASE = "ioc"
DBT_EXECUTABLE = str(Path(sys.executable).parent / "dbt")
MANIFEST = DBT_PROJECT / "target" / "manifest.json"


class _Translator(DagsterDbtTranslator):
    """Staging belongs to its sector; the rest is grouped by layer."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group of a model."""
        if dbt_resource_props.get("schema") == "staging":
            return sector(str(dbt_resource_props["name"]).replace("__", ".", 1))
        if dbt_resource_props.get("resource_type") == "seed":
            return "reference"
        return str(dbt_resource_props.get("schema"))


def ensure_manifest() -> Path:
    """The dbt manifest, parsed anew when a file of the project is younger."""
    sources = [
        path
        for path in DBT_PROJECT.rglob("*")
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts
    ]
    newest = max(path.stat().st_mtime for path in sources)
    if not MANIFEST.exists() or MANIFEST.stat().st_mtime < newest:
        command = [DBT_EXECUTABLE, "parse", "--quiet"]
        subprocess.run(command, cwd=DBT_PROJECT, check=True)  # noqa: S603
        os.utime(MANIFEST)
    return MANIFEST


def published_tables() -> set[str]:
    """``schema.name`` of every table that a whole build publishes, from the manifest."""
    nodes = json.loads(ensure_manifest().read_bytes())["nodes"].values()
    return {
        f"{node['schema']}.{node['alias']}"
        for node in nodes
        if node["resource_type"] == "model" and node["database"] == _PUBLISHED_DATABASE
    }


def dbt_resource() -> DbtCliResource:
    """dbt of this environment, whether or not it is on the PATH."""
    return DbtCliResource(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=DBT_EXECUTABLE,
    )


def warehouse_assets(deployment: Deployment) -> dg.AssetsDefinition:
    """Staging, core, marts and quality."""

    @dbt_assets(
        manifest=ensure_manifest(), dagster_dbt_translator=_Translator(), name="warehouse"
    )
    def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[object]:
        hold_build(deployment.home)
        context.log.info("building the warehouse")
        start_build(deployment.home, deployment.ledger)
        os.environ.update(dbt_environment(deployment.home))
        os.environ.update(snapshot_environment(context))
        yield from dbt.cli(["build"], context=context).stream()

    return warehouse


def snapshot_id(context: dg.AssetExecutionContext) -> str:
    """The id of the snapshot that this run publishes: when the run began, and which run."""
    return f"{_run_began(context):%Y%m%dT%H%M%S}-{context.run_id[:8]}"


def snapshot_environment(context: dg.AssetExecutionContext) -> dict[str, str]:
    """What the file says of itself in ``quality.snapshot``."""
    return {
        "IOC_SNAPSHOT_ID": snapshot_id(context),
        "IOC_RUN_ID": context.run_id,
        "IOC_BUILT_AT": _run_began(context).isoformat(),
        "IOC_DBT_HASH": dbt_hash(),
    }


def _run_began(context: dg.AssetExecutionContext) -> Any:
    record = context.instance.get_run_record_by_id(context.run_id)
    if record is None:
        msg = f"run {context.run_id} is not in the instance"
        raise LookupError(msg)
    return record.create_timestamp
