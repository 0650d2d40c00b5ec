"""What Dagster shows of a delivery. It has no login: counts, rules and places, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from contracts.base import Contract, Dimension
from ioc_pipelines.log_lines import with_fields
from ioc_pipelines.orchestration.delivery import Report
from ioc_pipelines.orchestration.deployment import Deployment

DIMENSION_VI: Mapping[Dimension, str] = {
    "correct": "Đúng: giá trị, mã, quan hệ giữa các ô đúng với hợp đồng dữ liệu",
    "complete": "Đủ: không thiếu tệp, dòng, ô, kỳ hay đơn vị báo cáo",
    "clean": "Sạch: không trùng lặp, đúng định dạng",
    "live": "Sống: dữ liệu còn trong hạn cập nhật",
}


def progress(report: Report) -> str:
    """One line for the operator."""
    counts = ""
    if report.batch:
        b = report.batch
        counts = (
            f": {b.rows_received} received, {b.rows_accepted} accepted, "
            f"{b.rows_quarantined} refused, {b.rows_duplicate} duplicates"
        )
    problem = f" ({report.detail['problem']})" if "problem" in report.detail else ""
    return f"{report.entry.id} {report.outcome}{counts}{problem}"


def log_fields(report: Report) -> dict[str, object]:
    """What a collector of logs is told of a delivery beside that line."""
    batch = report.batch
    rows = (
        {
            "batch_id": batch.batch_id,
            "rows_received": batch.rows_received,
            "rows_accepted": batch.rows_accepted,
            "rows_quarantined": batch.rows_quarantined,
            "rows_duplicate": batch.rows_duplicate,
        }
        if batch
        else {}
    )
    return with_fields(feed=report.entry.id, outcome=report.outcome, kind=report.kind, **rows)


def of_delivery(report: Report, links: Mapping[str, dg.MetadataValue]) -> dict[str, Any]:
    """Metadata of a feed's materialization. ``links``: where its feedback is opened."""
    shown: dict[str, Any] = {"outcome": report.outcome, "late": report.is_late, **links}
    if report.batch:
        shown |= {
            "dagster/row_count": report.batch.rows_accepted,
            "batch_id": report.batch.batch_id,
            "rows_received": report.batch.rows_received,
            "rows_accepted": report.batch.rows_accepted,
            "rows_quarantined": report.batch.rows_quarantined,
            "rows_duplicate": report.batch.rows_duplicate,
        }
    for score in report.scores.values():
        if score.score is not None:
            shown[f"score_{score.dimension}"] = round(score.score, 2)
    return shown


def check_result(
    report: Report,
    key: dg.AssetKey,
    dimension: Dimension,
    links: Mapping[str, dg.MetadataValue],
) -> dg.AssetCheckResult:
    """The verdict on one dimension: a warning when rows were refused, an error when it failed."""
    score = report.scores[dimension]
    failing = [
        result
        for result in report.results
        if result.rule.dimension == dimension and result.passed < result.evaluated
    ]
    failed = not report.is_good or (dimension == "live" and report.is_late)
    shown: dict[str, Any] = {
        "outcome": report.outcome,
        "passed": score.passed,
        "evaluated": score.evaluated,
        "rules_broken": dg.MetadataValue.md(_rules_table(failing)),
    }
    if score.score is not None:
        shown["score"] = round(float(score.score), 2)
    if problem := report.detail.get("problem"):
        shown["problem"] = str(problem)
    if failing:
        shown |= links
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=dimension,
        passed=not failing,
        description=_in_words(report, dimension, failing),
        severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
        metadata=shown,
    )


def _in_words(report: Report, dimension: Dimension, failing: list[Any]) -> str:
    if not failing:
        is_silent = dimension == "live" and not report.is_good
        return f"Chưa quá hạn, nhưng {report.outcome}" if is_silent else "Đạt"
    broken = ", ".join(f"{r.rule.id}: {r.evaluated - r.passed}" for r in failing)
    return f"{report.outcome} · {broken}"


def of_accepted(deployment: Deployment, dataset: str, acceptances: pl.DataFrame) -> dict[str, Any]:
    """Metadata of an accepted dataset: what its last good data is and how old."""
    ledger = deployment.ledger
    batches = [ledger.batches.get(batch_id) for batch_id in acceptances["batch_id"].unique().sort()]
    rows = sum(batch["rows_accepted"] for batch in batches if batch)
    arrivals = {
        entry.id: ledger.deliveries.last_arrival(entry.id)
        for entry in deployment.catalog.feeds_of(dataset)
    }
    ages = [f"- {feed}: {when or 'chưa có dữ liệu'}" for feed, when in arrivals.items()]
    return {
        "dagster/row_count": rows,
        "batches": len(batches),
        "last_good": dg.MetadataValue.md("\n".join(ages) or "Hồ sơ này không có nguồn."),
    }


def column_schema(contract: type[Contract]) -> dg.TableSchema:
    """Columns with their types, constraints and Vietnamese titles."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=str(col.dtype.type),
                description=f"{col.title} · {col.description}",
                constraints=dg.TableColumnConstraints(
                    nullable=col.nullable, unique=contract.info().key == (name,)
                ),
                tags={"personal": ""} if name in contract.personal_columns() else {},
            )
            for name, col in contract.columns().items()
        ]
    )


def _rules_table(failing: list[Any]) -> str:
    if not failing:
        return "Không có quy tắc nào bị vi phạm."
    lines = ["| rule | column | failed | evaluated |", "|---|---|---|---|"]
    lines += [
        f"| {r.rule.id} | {r.rule.column or ''} | {r.evaluated - r.passed} | {r.evaluated} |"
        for r in failing
    ]
    return "\n".join(lines)
