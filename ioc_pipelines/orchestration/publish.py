"""Publish a snapshot of the build that was accepted."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.orchestration.alerting import tell_of_alerts
from ioc_pipelines.orchestration.dbt import (
    build_facts,
    hold_build_of,
    published_keys,
    published_tables,
)
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import SNAPSHOT
from ioc_pipelines.orchestration.pages import acceptance_page_of, link
from ioc_pipelines.orchestration.starting import begin_run
from ioc_pipelines.warehouse.acceptance.mark import accepted_build
from ioc_pipelines.warehouse.alerts import new_alert_events
from ioc_pipelines.warehouse.build import ACCEPTANCE_PAGE
from ioc_pipelines.warehouse.lock import release_build
from ioc_pipelines.warehouse.published_text import require_fit_text
from ioc_pipelines.warehouse.snapshots import SnapshotManifest, publish

# nightly, and two hours of grace: a slightly late night pages nobody
_LATE_AFTER = timedelta(hours=26)


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
        begin_run(deployment, context.run_id)
        hold_build_of(deployment, context)
        accepted = accepted_build(home.build)
        require_fit_text(home.build / PUBLISHED_FILE)
        facts = build_facts(home.build)
        built_at = facts["IOC_BUILT_AT"]

        def record(manifest: SnapshotManifest) -> None:
            row = manifest.model_dump(exclude={"rows", "keys", "marts", "built_at"})
            events = new_alert_events(home.build / PUBLISHED_FILE, manifest.snapshot_id)
            deployment.alerts.record(events)
            deployment.ledger.add_snapshot(**row, built_at=built_at)

        manifest = publish(
            home,
            snapshot_id=accepted.snapshot_id,
            built_at=datetime.fromisoformat(built_at),
            run_id=facts["IOC_RUN_ID"],
            dbt_hash=facts["IOC_DBT_HASH"],
            expected=published_tables(),
            keys=published_keys(),
            keep=deployment.catalog.profile.keep.snapshots,
            record=record,
            beside=[home.build / ACCEPTANCE_PAGE],
        )
        path = home.snapshots / manifest.snapshot_id / PUBLISHED_FILE
        page = acceptance_page_of(deployment, manifest.snapshot_id)
        release_build(home)
        context.log.info(f"published snapshot {manifest.snapshot_id}")
        told = tell_of_alerts(deployment, manifest, path, datetime.now(UTC))
        return dg.MaterializeResult(
            metadata={
                "snapshot_id": manifest.snapshot_id,
                "bytes": manifest.bytes,
                "dagster/row_count": sum(manifest.rows.values()),
                "tables": len(manifest.rows),
                "alert_notices": told.notices,
                "alert_sinks_failed": ", ".join(told.failed_sinks) or "–",
                "acceptance_page": link(deployment, page),
            }
        )

    return snapshot
