"""Acceptance in Dagster: a check per mart, the page, and what keeps a build unpublished."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES, Home
from ioc_pipelines.orchestration import acceptance
from ioc_pipelines.orchestration.acceptance import check_result, refusal
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.warehouse.acceptance.mark import NotAcceptedError, accepted_build
from ioc_pipelines.warehouse.acceptance.report import MartReport, Report
from ioc_pipelines.warehouse.build import ACCEPTANCE_ERRORS as ERRORS
from ioc_pipelines.warehouse.build import ACCEPTANCE_PAGE as PAGE
from tests.serving.test_acceptance_page import BROKEN, FAILED, PASSED, WARNED

MART = "marts.indicator_value"
KEPT = dg.MetadataValue.path("/srv/ioc/reports/acceptance/a.html")
FACTS = {"IOC_SNAPSHOT_ID": "20261122T190000-abcdef01", "IOC_BUILT_AT": "2026-11-22T19:00:00Z"}


def mart(*verdicts):  # type: ignore[no-untyped-def]
    return MartReport(MART, "Giá trị chỉ tiêu", "Values", verdicts)


def test_a_check_says_counts_whom_to_ask_and_where_the_page_is() -> None:
    result = check_result(mart(PASSED, FAILED, WARNED), KEPT)
    assert result.asset_key == dg.AssetKey(["marts", "indicator_value"])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    told = {name: value.value for name, value in result.metadata.items()}
    assert (told["outcome"], told["expectations"], told["passed"]) == ("failed", 3, 1)
    assert (told["failed"], told["errors"], told["unexpected"]) == (2, 0, 1236)
    assert "DISEASE_CASES_WEEK Số ca mắc – Sở Y tế: 1.234" in str(told["failures"])
    assert result.metadata["page"] == KEPT


def test_a_warning_fails_its_check_and_stops_nothing() -> None:
    result = check_result(mart(PASSED, WARNED), KEPT)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check_result(mart(PASSED), KEPT).passed


def test_an_error_of_ours_is_its_own_outcome() -> None:
    result = check_result(mart(PASSED, BROKEN), KEPT)
    told = {name: value.value for name, value in result.metadata.items()}
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert (told["outcome"], told["failed"], told["errors"]) == ("error", 0, 1)
    assert "Bí Mật" not in repr(result)


def test_the_reason_is_one_line_with_the_page(tmp_path: Path) -> None:
    said = refusal(Report((mart(FAILED, FAILED, FAILED, FAILED, WARNED),)), tmp_path / PAGE)
    assert said.startswith("the marts are not accepted: marts.indicator_value: Giá trị hợp lý")
    assert said.endswith(f" | +1; page: {tmp_path / PAGE}")
    assert "\n" not in said
    assert "Đủ mọi xã" not in said
    broken = refusal(Report((mart(FAILED, BROKEN),)), tmp_path / PAGE)
    assert broken.startswith("the marts could not be evaluated: ")
    assert broken.index("BinderException: x") < broken.index("Giá trị hợp lý")


# -- the step -------------------------------------------------------------------------------------


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment(Home("hung_yen", tmp_path), load_catalog(SOURCES / "hung_yen"))
    made.home.prepare()
    (made.home.build / "ioc.duckdb").write_bytes(b"build")
    monkeypatch.setattr(acceptance, "build_facts", lambda _: FACTS)
    monkeypatch.setattr(acceptance, "suites", lambda _: [])
    return made


def run(
    deployment: Deployment, report: Report, monkeypatch: pytest.MonkeyPatch
) -> dg.ExecuteInProcessResult:
    monkeypatch.setattr(acceptance, "accept_marts", lambda *_: report)
    asset = dg.AssetSpec(["marts", "indicator_value"])
    definitions = dg.Definitions(
        assets=[asset], asset_checks=[acceptance.acceptance_checks(deployment)]
    )
    selection = dg.AssetSelection.checks(dg.AssetCheckKey(asset.key, "acceptance"))
    job = dg.define_asset_job("only_acceptance", selection)
    return (
        dg.Definitions(assets=definitions.assets, asset_checks=definitions.asset_checks, jobs=[job])
        .resolve_job_def("only_acceptance")
        .execute_in_process(raise_on_error=False)
    )


def test_an_accepted_build_is_marked_and_has_its_page(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(deployment, Report((mart(PASSED, WARNED),)), monkeypatch)
    assert result.success
    assert accepted_build(deployment.home.build).snapshot_id == "20261122T190000-abcdef01"
    assert "ĐƯỢC CÔNG BỐ" in (deployment.home.build / PAGE).read_text()
    (evaluation,) = result.get_asset_check_evaluations()
    assert evaluation.metadata["failed"].value == 1
    # what the check leads to is still there when the next build has taken the place of this one
    page = Path(str(evaluation.metadata["page"].value))
    shutil.rmtree(deployment.home.build)
    assert "ĐƯỢC CÔNG BỐ" in page.read_text()


@pytest.mark.parametrize(("verdict", "count"), [(FAILED, "failed"), (BROKEN, "errors")])
def test_what_is_not_accepted_has_a_page_a_check_a_reason_and_no_mark(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, verdict, count: str
) -> None:  # type: ignore[no-untyped-def]
    result = run(deployment, Report((mart(PASSED, verdict),)), monkeypatch)
    assert not result.success
    build = deployment.home.build
    with pytest.raises(NotAcceptedError):
        accepted_build(build)
    assert "KHÔNG CÔNG BỐ" in (build / PAGE).read_text()
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.metadata[count].value) == (False, 1)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    kept = deployment.home.reports / "acceptance" / f"{FACTS['IOC_SNAPSHOT_ID']}.html"
    assert f"page: {kept}" in str(failure.step_failure_data)
    assert "KHÔNG CÔNG BỐ" in kept.read_text()
    assert (build / ERRORS).exists() == (count == "errors")
    assert "Bí Mật" not in "".join(str(event) for event in result.all_events)
