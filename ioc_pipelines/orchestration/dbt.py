"""The shared warehouse: one ``dbt build`` per refresh, as assets and checks."""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from contracts.base import VIETNAM
from ioc_pipelines.durable import DiskFullError, room_for, says_disk_full, write_durably
from ioc_pipelines.home import DBT_PROJECT, PUBLISHED_FILE, Home
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import sector
from ioc_pipelines.orchestration.signing import sign_offs_now
from ioc_pipelines.orchestration.starting import begin_run
from ioc_pipelines.orchestration.watching import watch_runs
from ioc_pipelines.warehouse.build import dbt_hash, end_build, start_build
from ioc_pipelines.warehouse.cases import faults_now
from ioc_pipelines.warehouse.dbt_build import NodeResult, dbt_build, dbt_parse
from ioc_pipelines.warehouse.disk import DISK, disk_use
from ioc_pipelines.warehouse.lock import hold_build
from ioc_pipelines.warehouse.recorded import RECORDED, recorded_so_far
from ioc_pipelines.warehouse.snapshots import row_counts

_PUBLISHED_DATABASE = "ioc"
_FACTS = "facts.json"
_TARGET = DBT_PROJECT / "target"


class _Translator(DagsterDbtTranslator):
    """Staging belongs to its sector; the rest is grouped by layer."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group of a model."""
        if dbt_resource_props.get("schema") == "staging":
            return sector(str(dbt_resource_props["name"]).replace("__", ".", 1))
        return str(dbt_resource_props.get("schema"))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model is for; its SQL is in the repository."""
        return str(dbt_resource_props.get("description") or dbt_resource_props["name"])


def ensure_manifest() -> Path:
    """The dbt manifest, parsed anew when a file of the project has changed since."""
    manifest, stamp = _TARGET / "manifest.json", _TARGET / "manifest.of"
    project = dbt_hash()
    _TARGET.mkdir(exist_ok=True)
    with (_TARGET / "manifest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # programs that start together parse once
        if not manifest.exists() or not stamp.exists() or stamp.read_text() != project:
            dbt_parse(_TARGET)
            stamp.write_text(project)
    return manifest


@cache
def _nodes() -> dict[str, dict[str, Any]]:
    nodes: dict[str, dict[str, Any]] = json.loads(ensure_manifest().read_bytes())["nodes"]
    return nodes


def published_tables() -> set[str]:
    """``schema.name`` of every table that a whole build publishes, from the manifest."""
    return {
        f"{node['schema']}.{node['alias']}"
        for node in _nodes().values()
        if node["resource_type"] == "model" and node["database"] == _PUBLISHED_DATABASE
    }


def published_keys() -> dict[str, tuple[str, ...]]:
    """The columns that no two rows of a published table share, from the tests in the manifest."""
    keys = {
        test["attached_node"]: tuple(test["test_metadata"]["kwargs"]["columns"])
        for test in _nodes().values()
        if (test.get("test_metadata") or {}).get("name") == "unique_key"
        and not test["config"].get("where")  # those are keys of some rows only
    }
    return {
        f"{node['schema']}.{node['alias']}": keys[name]
        for name, node in _nodes().items()
        if name in keys and node["database"] == _PUBLISHED_DATABASE
    }


def warehouse_assets(deployment: Deployment) -> dg.AssetsDefinition:
    """Staging, core, marts and quality: all of it, or what follows from what changed."""
    translator = _Translator()

    @dbt_assets(manifest=ensure_manifest(), dagster_dbt_translator=translator, name="warehouse")
    def warehouse(context: dg.AssetExecutionContext) -> Iterator[object]:
        begin_run(deployment, context.run_id)
        hold_build_of(deployment, context)
        now = datetime.now(VIETNAM)
        watch_runs(deployment, context.instance, now)
        faults = faults_now(deployment.ledger, deployment.rows)
        known = {
            "refused_case": deployment.cases(now),
            "sign_off_due": sign_offs_now(deployment, now),
            RECORDED: recorded_so_far(deployment.home),
            DISK: disk_use(deployment.home, now),
            **faults,
        }
        plan = start_build(
            deployment.home, deployment.ledger, deployment.catalog, now.date(), known
        )
        facts = snapshot_facts(context)
        write_durably(deployment.home.build / _FACTS, json.dumps(facts).encode())
        file = deployment.home.build / PUBLISHED_FILE
        with room_for(file):
            results = dbt_build(deployment.home, facts, plan.changed)
        counts = _row_counts(deployment.home)
        failed = [result for result in results if result.failed]
        passed = sum(not (result.failed or result.skipped) for result in results)
        of = (
            ""
            if plan.changed is None
            else f", rebuilt what follows from {len(plan.changed)} datasets"
        )
        context.log.info(f"warehouse: {passed} of {len(results)} models and tests passed{of}")
        if not failed:
            yield from _as_they_were(results, counts, translator, context)
        for result in results:
            yield from _events(result, counts, translator, context)
        for result in failed:
            context.log.error(f"{result.name}: {result.message}")
        if any(says_disk_full(result.message) for result in failed):
            raise DiskFullError(file)
        if failed:
            names = ", ".join(result.name for result in failed)
            raise dg.Failure(f"nothing is published, dbt models or tests failed: {names}")
        end_build(deployment.home, plan)

    return warehouse


def _events(
    result: NodeResult,
    counts: Mapping[str, int],
    translator: DagsterDbtTranslator,
    context: dg.AssetExecutionContext,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """What Dagster is told of one node, where it was asked for."""
    node = _nodes()[result.unique_id]
    seconds = {"duration_s": round(result.duration_s, 2)}
    if node["resource_type"] == "test":
        attached = node.get("attached_node")
        if attached is None:
            return
        key = dg.AssetCheckKey(translator.get_asset_key(_nodes()[attached]), node["name"])
        if key in context.selected_asset_check_keys and not result.skipped:
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.ERROR
                if result.failed
                else dg.AssetCheckSeverity.WARN,
                metadata={"failures": result.failures, **seconds},
            )
        return
    asset = translator.get_asset_key(node)
    if asset in context.selected_asset_keys and not (result.failed or result.skipped):
        rows = counts.get(f"{node['schema']}.{node['alias']}")
        metadata = seconds if rows is None else {"dagster/row_count": rows, **seconds}
        yield dg.MaterializeResult(asset_key=asset, metadata=metadata)


def _as_they_were(
    results: Sequence[NodeResult],
    counts: Mapping[str, int],
    translator: DagsterDbtTranslator,
    context: dg.AssetExecutionContext,
) -> Iterator[dg.MaterializeResult[None]]:
    """The tables that nothing new follows for: they are current, and were not built again.

    Without this Dagster would skip the snapshot, which depends on all of them; it wants each after
    those that it depends on.
    """
    built, nodes = {result.unique_id for result in results}, _nodes()
    tables = {
        name: node for name, node in nodes.items() if node["resource_type"] in {"model", "seed"}
    }
    depends = {
        name: tables.keys() & set(node["depends_on"].get("nodes", ()))
        for name, node in tables.items()
    }
    for name in TopologicalSorter(depends).static_order():
        node, asset = tables[name], translator.get_asset_key(tables[name])
        if name not in built and asset in context.selected_asset_keys:
            rows = counts.get(f"{node['schema']}.{node['alias']}")
            metadata = {"rebuilt": False} | ({} if rows is None else {"dagster/row_count": rows})
            yield dg.MaterializeResult(asset_key=asset, metadata=metadata)


def _row_counts(home: Home) -> dict[str, int]:
    """Rows of every table of the build, by ``schema.name``."""
    return {
        table: rows
        for path in sorted(home.build.glob("*.duckdb"))
        for table, rows in row_counts(path).items()
    }


def hold_build_of(deployment: Deployment, context: dg.AssetExecutionContext) -> None:
    """Hold the build for this run, or say who does; waits as long as the deployment says."""
    what = f"{context.run.job_name}, run {context.run_id[:8]}"
    hold_build(deployment.home, what, wait_s=deployment.wait_s, say=context.log.info)


def snapshot_id(context: dg.AssetExecutionContext) -> str:
    """The id of the snapshot that this run publishes: when the run began, and which run."""
    return f"{run_began(context):%Y%m%dT%H%M%S}-{context.run_id[:8]}"


def snapshot_facts(context: dg.AssetExecutionContext) -> dict[str, str]:
    """What the file says of itself in ``quality.snapshot``."""
    return {
        "IOC_SNAPSHOT_ID": snapshot_id(context),
        "IOC_RUN_ID": context.run_id,
        "IOC_BUILT_AT": run_began(context).isoformat(),
        "IOC_DBT_HASH": dbt_hash(),
    }


def build_facts(build: Path) -> dict[str, str]:
    """What the build file says of itself, whichever run made it."""
    facts: dict[str, str] = json.loads((build / _FACTS).read_bytes())
    return facts


def run_began(context: dg.AssetExecutionContext) -> datetime:
    """When the run of this step was created."""
    record = context.instance.get_run_record_by_id(context.run_id)
    if record is None:
        msg = f"run {context.run_id} is not in the instance"
        raise LookupError(msg)
    began: datetime = record.create_timestamp
    return began


if __name__ == "__main__":  # the set-up of a fresh clone
    ensure_manifest()
