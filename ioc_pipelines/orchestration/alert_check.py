"""How many alerts are open, as an asset check of the mart that indicators are read from."""

from __future__ import annotations

import dagster as dg
import polars as pl

from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.warehouse.alerts import alerts_of

CHECK = "alerts"
_INDICATORS = dg.AssetKey(["marts", "indicator_value"])


def alert_check(deployment: Deployment) -> dg.AssetChecksDefinition:
    """A check that warns while alerts are open; it blocks nothing."""

    @dg.asset_check(
        name=CHECK,
        asset=_INDICATORS,
        additional_deps=[dg.AssetKey(["marts", "indicator_alert"])],
        description="Cảnh báo chỉ tiêu đang mở: mục tiêu, ngưỡng, thiếu kỳ, lũy kế giảm",
    )
    def alerts() -> dg.AssetCheckResult:
        found = alerts_of(deployment.home.build / PUBLISHED_FILE)
        if found is None:
            msg = "the build has no marts.indicator_alert: run a full refresh"
            raise dg.Failure(msg)
        return check_result(found)

    return alerts


def check_result(alerts: pl.DataFrame) -> dg.AssetCheckResult:
    """What Dagster shows, without a login: counts by kind and agency, and no value."""
    is_open = alerts.filter(status="open")
    newest = alerts["opened_at"].max()
    return dg.AssetCheckResult(
        passed=is_open.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "open": is_open.height,
            "critical": is_open.filter(severity="critical").height,
            "closed_so_far": alerts.height - is_open.height,
            "newest_opened_at": str(newest or "–"),
            "by_kind": dg.MetadataValue.md(_table(is_open)),
        },
    )


def _table(is_open: pl.DataFrame) -> str:
    counted = is_open.group_by("kind", "owner_agency").len("alerts").sort("kind", "owner_agency")
    lines = [f"| {kind} | {agency} | {count} |" for kind, agency, count in counted.rows()]
    return "\n".join(["| kind | owner | open |", "|---|---|---|", *lines]) if lines else "–"
