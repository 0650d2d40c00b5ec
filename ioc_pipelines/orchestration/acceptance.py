"""Acceptance as asset checks, one per mart: what fails or cannot be evaluated is not published."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from contracts.base import VIETNAM
from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.orchestration.dbt import build_facts, ensure_manifest
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.hanging import hold_run
from ioc_pipelines.orchestration.pages import keep_acceptance_page, link
from ioc_pipelines.serving.acceptance_page import Accepted, acceptance_page
from ioc_pipelines.warehouse.acceptance.declared import read_declared
from ioc_pipelines.warehouse.acceptance.engine import accept_marts
from ioc_pipelines.warehouse.acceptance.facts import MartFacts, marts_of
from ioc_pipelines.warehouse.acceptance.mark import mark_accepted
from ioc_pipelines.warehouse.acceptance.report import MartReport, Report, in_words
from ioc_pipelines.warehouse.acceptance.suites import Suite, suites_of
from ioc_pipelines.warehouse.build import ACCEPTANCE_ERRORS, ACCEPTANCE_PAGE
from ioc_pipelines.warehouse.snapshots import row_counts

CHECK = "acceptance"
_STAGING = "staging."
# a line that an operator reads; the page has all of them
_SAID = 3


@cache
def marts() -> tuple[MartFacts, ...]:
    """The marts of the dbt project."""
    return tuple(marts_of(json.loads(ensure_manifest().read_bytes())["nodes"]))


def acceptance_checks(deployment: Deployment) -> dg.AssetChecksDefinition:
    """One blocking check per mart."""

    @dg.multi_asset_check(
        name="acceptance",
        specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=_key(mart.name),
                blocking=True,
                description=f"Nghiệm thu bằng Great Expectations: {mart.title_vi}",
            )
            for mart in marts()
        ],
        can_subset=True,
    )
    def acceptance(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        hold_run(deployment.home, context.run.run_id)
        context.log.info("accepting the marts")
        build, facts = deployment.home.build, build_facts(deployment.home.build)
        owners = {e.agency.code: e.agency.name_vi for e in deployment.catalog.entries}
        report = accept_marts(build, suites(build), owners)
        of = Accepted(
            deployment.home.profile,
            facts["IOC_SNAPSHOT_ID"],
            datetime.fromisoformat(facts["IOC_BUILT_AT"]),
        )
        content = acceptance_page(report, of).encode()
        # beside the build, to go with its snapshot; and where it outlives both
        write_durably(build / ACCEPTANCE_PAGE, content)
        page = keep_acceptance_page(deployment, of.snapshot_id, content)
        _keep_errors(build, report)
        if report.accepted:
            mark_accepted(build, of.snapshot_id)
        for mart in report.marts:
            if dg.AssetCheckKey(_key(mart.mart), CHECK) in context.selected_asset_check_keys:
                yield check_result(mart, link(deployment, page, mart.mart))
        if not report.accepted:
            raise dg.Failure(refusal(report, page))

    return acceptance


def suites(build: Path) -> list[Suite]:
    """What is expected of the marts of this build, today."""
    filled = {
        table.removeprefix(_STAGING)
        for path in sorted(build.glob("*.duckdb"))
        for table, rows in row_counts(path).items()
        if rows and table.startswith(_STAGING)
    }
    declared = read_declared(DBT_PROJECT / "acceptance")
    return suites_of(marts(), declared, filled, datetime.now(VIETNAM).date())


def check_result(mart: MartReport, page: dg.MetadataValue) -> dg.AssetCheckResult:
    """What Dagster shows of one mart. It has no login: counts and names of the catalogue."""
    failed, errors = mart.of("failed"), mart.of("error")
    outcome = "error" if errors else "failed" if mart.blocks else "warning" if failed else "passed"
    said = [f"- {in_words(mart.mart, verdict)}" for verdict in [*errors, *failed]]
    shown: dict[str, Any] = {
        "outcome": outcome,
        "expectations": len(mart.verdicts),
        "passed": len(mart.of("passed")),
        "failed": len(failed),
        "errors": len(errors),
        "unexpected": sum(verdict.unexpected for verdict in failed),
        "failures": dg.MetadataValue.md("\n".join(said) or "–"),
        "page": page,
    }
    return dg.AssetCheckResult(
        asset_key=_key(mart.mart),
        check_name=CHECK,
        passed=not (failed or errors),
        severity=dg.AssetCheckSeverity.ERROR if mart.blocks else dg.AssetCheckSeverity.WARN,
        metadata=shown,
    )


def refusal(report: Report, page: Path) -> str:
    """Why nothing is published, in one line; errors of ours first."""
    blocking = [
        (verdict.outcome != "error", in_words(mart.mart, verdict))
        for mart in report.marts
        for verdict in mart.verdicts
        if verdict.blocks
    ]
    said = [words for _, words in sorted(blocking, key=lambda found: found[0])]
    more = f" | +{len(said) - _SAID}" if len(said) > _SAID else ""
    why = (
        "the marts could not be evaluated"
        if report.count("error")
        else "the marts are not accepted"
    )
    return f"{why}: {' | '.join(said[:_SAID])}{more}; page: {page}"


def _keep_errors(build: Path, report: Report) -> None:
    """Whole errors for whoever repairs them, in the private folder: they may quote a value."""
    traces = [
        f"{mart.mart}: {verdict.id}\n{verdict.trace}"
        for mart in report.marts
        for verdict in mart.of("error")
    ]
    if traces:
        write_durably(build / ACCEPTANCE_ERRORS, "\n\n".join(traces).encode())
    else:
        (build / ACCEPTANCE_ERRORS).unlink(missing_ok=True)


def _key(mart: str) -> dg.AssetKey:
    return dg.AssetKey(mart.split("."))
