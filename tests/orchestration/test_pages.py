"""What Dagster leads to: packs and pages that outlive the next build, and never a value itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import openpyxl
import pytest

from contracts.base import DIMENSIONS
from ioc_pipelines.intake.pack_form import MASK, ROWS_SHEET
from ioc_pipelines.orchestration import metadata
from ioc_pipelines.orchestration.delivery import Report
from ioc_pipelines.orchestration.keys import feed_key
from ioc_pipelines.orchestration.pages import feedback_links, keep_acceptance_page, link
from ioc_pipelines.orchestration.receipts import send_receipt
from tests.orchestration.deployments import Bench, csv_feed, good, write_csv

SECRET = "Bí Mật"
TODAY = f"{datetime.now(UTC):%d/%m/%Y}"


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """A feed without an outbox, one of its rows refused."""
    made = Bench.of(tmp_path, csv_feed())
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K010", SECRET, "-1", TODAY)])
    return made


def delivered(bench: Bench) -> Report:
    report = bench.deliver(datetime.now(UTC))
    send_receipt(bench.deployment, report)
    return report


def test_a_delivery_leads_to_its_pack_and_page(bench: Bench) -> None:
    report = delivered(bench)
    links = feedback_links(bench.deployment, report)
    page, pack = (Path(str(links[name].value)) for name in ("feedback_page", "feedback_pack"))
    assert "1 dòng" in page.read_text(encoding="utf-8")
    said = [str(cell.value) for row in openpyxl.load_workbook(pack)[ROWS_SHEET] for cell in row]
    assert "-1" in said
    # who opens it is not the agency
    assert MASK in said
    assert not [text for text in said if SECRET in text]
    assert bench.deployment.home.reports.stat().st_mode & 0o077 == 0


def test_what_dagster_is_told_has_no_value_of_a_row(bench: Bench) -> None:
    report = delivered(bench)
    links = feedback_links(bench.deployment, report)
    told = [metadata.check_result(report, feed_key(report.entry), d, links) for d in DIMENSIONS]
    shown = repr((metadata.of_delivery(report, links), told))
    assert "feedback_pack" in shown
    assert SECRET not in shown
    assert "K010" not in shown


def test_only_checks_that_fail_lead_to_the_pack(bench: Bench) -> None:
    report = delivered(bench)
    links = feedback_links(bench.deployment, report)
    checks = {
        d: metadata.check_result(report, feed_key(report.entry), d, links) for d in DIMENSIONS
    }
    assert checks["correct"].metadata["feedback_pack"] == links["feedback_pack"]
    assert "feedback_pack" not in checks["clean"].metadata


def test_the_newest_pack_replaces_the_last_and_goes_when_nothing_is_open(
    bench: Bench, drop: Path
) -> None:
    first = feedback_links(bench.deployment, delivered(bench))
    write_csv(drop / "so_a" / "1.csv", [*good(8), ("K010", SECRET, "-2", TODAY)])
    second = feedback_links(bench.deployment, delivered(bench))
    assert set(first) == set(second) == {"feedback_page", "feedback_pack"}
    assert not any(Path(str(link.value)).exists() for link in first.values())
    # no news: what is to be mended is still that
    assert feedback_links(bench.deployment, delivered(bench)) == second
    assert all(Path(str(link.value)).exists() for link in second.values())
    write_csv(drop / "so_a" / "1.csv", good(10))
    assert feedback_links(bench.deployment, delivered(bench)) == {}


def test_scores_are_numbers_so_that_the_ui_plots_them(bench: Bench) -> None:
    report = delivered(bench)
    key = feed_key(report.entry)
    result = dg.MaterializeResult[None](asset_key=key, metadata=metadata.of_delivery(report, {}))
    event = dg.AssetMaterialization(key, metadata=result.metadata)
    for dimension in DIMENSIONS:
        check = metadata.check_result(report, key, dimension, {})
        score = report.scores[dimension].score
        assert score is not None
        for value in (event.metadata[f"score_{dimension}"], check.metadata["score"]):
            assert isinstance(value, dg.FloatMetadataValue)
            assert value.value == pytest.approx(score, abs=0.005)
    assert event.metadata["score_correct"].value != event.metadata["score_clean"].value


def test_where_a_web_server_hands_reports_out_they_are_links(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep_acceptance_page(bench.deployment, "20261122T190000-abcdef01", b"x")
    assert link(bench.deployment, path, "marts.a") == dg.MetadataValue.path(path)
    monkeypatch.setenv("IOC_REPORTS_URL", "https://ioc.tinh.example/reports/")
    assert link(bench.deployment, path, "marts.a") == dg.MetadataValue.url(
        "https://ioc.tinh.example/reports/acceptance/20261122T190000-abcdef01.html#marts.a"
    )


def test_a_month_of_acceptance_pages_is_kept(bench: Bench) -> None:
    pages = [
        keep_acceptance_page(bench.deployment, f"202611{day:02}T190000-abcdef01", b"x")
        for day in range(1, 33)
    ]
    assert [page.exists() for page in pages] == [False] * 2 + [True] * 30
