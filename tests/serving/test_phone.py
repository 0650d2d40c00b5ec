"""The HTML pages are read on a phone without scrolling sideways, each cell under its heading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ioc_pipelines.serving.acceptance_page import acceptance_page
from ioc_pipelines.serving.dictionary import dictionary
from ioc_pipelines.serving.feedback.pack import About
from ioc_pipelines.serving.feedback.page import summary_page
from ioc_pipelines.warehouse.acceptance.report import MartReport, Report
from ioc_pipelines.warehouse.quarantine import REFUSAL_SCHEMA
from tests.serving.test_acceptance_page import BROKEN, FAILED, OF, PASSED, WARNED
from tests.serving.test_dictionary import FORMS

CHROMIUM = Path("/usr/bin/chromium")
WIDTH = 420
LONG = "so_lieu_" * 12

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


def feedback() -> str:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    about = About("so_a/x", "Nguồn thử", "Sở A", "0123456789abcdef", "1.0.0", now, now, True)
    row = {
        "source_file": f"{LONG}.xlsx",
        "sheet": "Biểu",
        "row_number": 4,
        "rule": "correct.cumulative_covers_the_month_and_more",
        "message_vi": "Số tiền phải từ 0 trở lên",
        "ticket": "P1",
    }
    refusals = pl.DataFrame([dict.fromkeys(REFUSAL_SCHEMA) | row], schema=REFUSAL_SCHEMA)
    return summary_page(about, refusals, f"can-sua-{LONG}.xlsx")


def acceptance() -> str:
    mart = MartReport(f"marts.{LONG}", "Giá trị", "Values", (PASSED, FAILED, WARNED, BROKEN))
    return acceptance_page(Report((mart,)), OF)


PAGES = {
    "feedback": (feedback, "Số dòng"),
    "acceptance": (acceptance, "Kết quả · Result"),
    "dictionary": (lambda: dictionary(FORMS), "Quy tắc · Rules"),
}


@pytest.fixture(params=PAGES)
def opened(
    request: pytest.FixtureRequest, browser: Browser, tmp_path: Path
) -> Iterator[tuple[Page, str]]:
    make, heading = PAGES[request.param]
    path = tmp_path / "page.html"
    path.write_text(make(), encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.goto(path.as_uri())
    yield page, heading
    page.close()


def test_nothing_is_wider_than_a_phone(opened: tuple[Page, str]) -> None:
    page, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    # nor cut: every cell has room for its text
    cut = "[...document.querySelectorAll('td')].filter(c => c.scrollWidth > c.clientWidth + 1)"
    assert page.evaluate(f"{cut}.length") == 0


def test_each_cell_stands_under_the_heading_of_its_column(opened: tuple[Page, str]) -> None:
    page, heading = opened
    labels = (
        "[...document.querySelectorAll('td')].map(c => getComputedStyle(c, '::before').content)"
    )
    assert f'"{heading}"' in page.evaluate(labels)
    assert not page.locator("th").first.is_visible()


def test_on_a_desk_it_is_a_table(opened: tuple[Page, str]) -> None:
    page, heading = opened
    page.set_viewport_size({"width": 1200, "height": 900})
    assert page.locator("th").first.is_visible()
    labels = (
        "[...document.querySelectorAll('td')].map(c => getComputedStyle(c, '::before').content)"
    )
    assert f'"{heading}"' not in page.evaluate(labels)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1200
