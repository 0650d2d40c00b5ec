"""Accept the marts, then publish a snapshot of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

import dagster as dg

from ioc_pipelines.orchestration.dbt import build_facts, published_tables
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import SNAPSHOT
from ioc_pipelines.warehouse.acceptance import (
    MARTS,
    accept_marts,
    accepted_build,
    mark_accepted,
)
from ioc_pipelines.warehouse.build import PUBLISHED_FILE
from ioc_pipelines.warehouse.lock import hold_build, release_build
from ioc_pipelines.warehouse.published_text import require_clean_text
from ioc_pipelines.warehouse.snapshots import SnapshotManifest, publish

# nightly, and two hours of grace: a slightly late night pages nobody
_LATE_AFTER = timedelta(hours=26)


def acceptance_checks(deployment: Deployment) -> dg.AssetChecksDefinition:
    """One blocking check per mart: what fails here is not published."""

    @dg.multi_asset_check(
        name="acceptance",
        specs=[
            dg.AssetCheckSpec(
                "acceptance",
                asset=dg.AssetKey(["marts", mart]),
                blocking=True,
                description="Nghiệm thu bảng chỉ tiêu bằng Great Expectations",
            )
            for mart in MARTS
        ],
        can_subset=True,
    )
    def acceptance(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        context.log.info("accepting the marts")
        build = deployment.home.build
        verdicts = accept_marts(build)
        if all(verdict.success for verdict in verdicts):
            mark_accepted(build, build_facts(build)["IOC_SNAPSHOT_ID"])
        for mart, group in groupby(verdicts, key=lambda verdict: verdict.mart):
            key = dg.AssetCheckKey(dg.AssetKey(["marts", mart]), "acceptance")
            if key not in context.selected_asset_check_keys:
                continue
            listed = list(group)
            failed = [verdict for verdict in listed if not verdict.success]
            yield dg.AssetCheckResult(
                asset_key=dg.AssetKey(["marts", mart]),
                check_name="acceptance",
                passed=not failed,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={
                    "expectations": len(listed),
                    "failed": len(failed),
                    "failures": ", ".join(f"{v.name}: {v.unexpected}" for v in failed) or "–",
                },
            )

    return acceptance


def snapshot_asset(deployment: Deployment) -> dg.AssetsDefinition:
    """The published file that analysts open."""

    @dg.asset(
        key=SNAPSHOT,
        deps=[dg.AssetKey(name.split(".")) for name in sorted(published_tables())],
        description="Kho dữ liệu đã công bố: tệp DuckDB mà chuyên viên khai thác",
        group_name="published",
        kinds={"duckdb"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=_LATE_AFTER),
    )
    def snapshot(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        home = deployment.home
        hold_build(home)
        accepted = accepted_build(home.build)
        require_clean_text(home.build / PUBLISHED_FILE)
        facts = build_facts(home.build)
        built_at = facts["IOC_BUILT_AT"]

        def record(manifest: SnapshotManifest) -> None:
            row = manifest.model_dump(exclude={"rows", "marts", "built_at"})
            deployment.ledger.add_snapshot(**row, built_at=built_at)

        manifest = publish(
            home,
            snapshot_id=accepted.snapshot_id,
            built_at=datetime.fromisoformat(built_at),
            run_id=facts["IOC_RUN_ID"],
            dbt_hash=facts["IOC_DBT_HASH"],
            expected=published_tables(),
            record=record,
        )
        release_build(home)
        context.log.info(f"published snapshot {manifest.snapshot_id}")
        return dg.MaterializeResult(
            metadata={
                "snapshot_id": manifest.snapshot_id,
                "bytes": manifest.bytes,
                "dagster/row_count": sum(manifest.rows.values()),
                "tables": len(manifest.rows),
            }
        )

    return snapshot
