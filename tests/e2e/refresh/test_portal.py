"""The portal over a published province, in a browser, as leaders and analysts go (H08, H39)."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openpyxl
import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.e2e.province import IOC
from tests.e2e.refresh.first_night import NAME, PHONE, First
from tests.e2e.ui_support import Traffic

CHROMIUM = Path("/usr/bin/chromium")
_START_S = 90
# a figure that its batch can be followed from, of several communes
INDICATOR = "DOSSIERS_ON_TIME_RATE"
PAGES = (
    "/",
    "/?scenario=SECTOR",
    "/?wall=1",
    f"/indicators/{INDICATOR}",
    "/indicators/RESIDENTS",
    f"/map?indicator={INDICATOR}&layer=infrastructure_asset",
    "/map?ask=unit&unit=11953",
    "/quality",
    "/reports",
    "/quality?agency=so_y_te",
    "/catalogue",
    "/catalogue/marts/indicator_value",
    "/catalogue/staging/finance__budget_revenue",
    "/en/",
    "/en/quality",
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def url(first: First) -> Iterator[str]:
    """The address of ``ioc serve``, as an operator starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = subprocess.Popen(
        [IOC, "serve", "--port", str(port)],
        env=first.province.environment(),
        stderr=subprocess.PIPE,
        text=True,
        # where the tests themselves run in the background, children are born deaf to it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, serving)
        yield address
    finally:
        serving.send_signal(signal.SIGINT)
        _, said = serving.communicate(timeout=30)
    assert serving.returncode == 130
    assert "heard on this machine only" in said
    assert "Traceback" not in said


def _wait(address: str, serving: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _START_S
    while serving.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"{address}/healthz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the portal did not answer in {_START_S} s")


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture(scope="module")
def context(url: str, traffic: Traffic) -> Iterator[BrowserContext]:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        found = chromium.new_context(base_url=url, viewport={"width": 1366, "height": 900})
        traffic.watch(found)
        yield found
        chromium.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    found = context.new_page()
    yield found
    found.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_fits_a_phone_and_names_nobody(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer
    assert answer.status == 200
    grave = [
        f"{v['id']}: {v['help']}: {v['nodes'][0]['target']}"
        for v in Axe().run(page).response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert grave == []
    text = page.content()
    assert NAME not in text
    assert PHONE not in text
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1366, "height": 900})


def test_an_indicator_is_followed_to_its_batch_feed_and_agency(page: Page, first: First) -> None:
    page.goto("/")
    page.get_by_role("link", name="Tỷ lệ hồ sơ giải quyết đúng hạn", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tỷ lệ hồ sơ giải quyết đúng hạn")
    newest = page.locator("table.rows tbody tr").first
    newest.get_by_role("link", name=re.compile("xem")).click()
    batch = page.locator("#provenance a.batch").first
    batch_id = batch.inner_text()
    batch.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(batch_id)
    ((received, version, feed),) = first.province.query(
        "select rows_received, contract_version, feed from quality.batch"
        f" where batch_id = '{batch_id}'"
    )
    main = page.locator("main")
    expect(main).to_contain_text(f"{received:,}".replace(",", ".") + " dòng nhận được")
    expect(main).to_contain_text(f"phiên bản {version}")
    assert feed.startswith("van_phong_ubnd/")
    expect(main).to_contain_text("Văn phòng Ủy ban nhân dân tỉnh")


def test_the_overview_says_what_the_warehouse_says(page: Page, first: First) -> None:
    ((missed,),) = first.province.query(
        "select count(*) from marts.indicator_alert where status = 'open'"
    )
    page.goto("/")
    card = page.locator(".card").filter(has_text="cảnh báo đang mở")
    expect(card.locator("b")).to_have_text(str(missed))


def test_a_radius_question_is_asked_by_a_click_and_answered_as_by_the_command(
    page: Page, first: First
) -> None:
    page.goto("/map")
    box = page.locator("svg.map[data-west]").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lon, lat = (page.locator(f"#{name}").input_value() for name in ("lon", "lat"))
    page.locator("#radius").fill("3000")
    page.get_by_role("button", name="Có gì trong bán kính này").click()
    rows = page.locator("#answer tbody tr")
    expect(rows.first).to_be_visible()
    done = first.province.here("map", "within-radius", lon, lat, "3000", "--json")
    told = json.loads(done.out)
    assert len(told) > 3
    assert rows.count() == len(told)
    assert rows.first.locator("th").inner_text() == told[0]["name"]


def test_a_download_is_opened(page: Page, first: First) -> None:
    page.goto("/catalogue/marts/indicator")
    with page.expect_download() as parquet:
        page.get_by_role("link", name="Parquet").click()
    frame = pl.read_parquet(io.BytesIO(Path(parquet.value.path()).read_bytes()))
    ((count,),) = first.province.query("select count(*) from marts.indicator")
    assert frame.height == count
    with page.expect_download() as workbook:
        page.get_by_role("link", name="Excel (XLSX)").click()
    assert workbook.value.suggested_filename.startswith("hung_yen-marts-indicator-")
    content = io.BytesIO(Path(workbook.value.path()).read_bytes())
    assert openpyxl.load_workbook(content).worksheets[0].max_row == count + 1


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Đến nội dung chính")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_other_language_is_one_link_away(page: Page) -> None:
    page.goto(f"/indicators/{INDICATOR}?kind=quarter")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("on time", re.IGNORECASE))
    assert page.url.endswith("?kind=quarter")


def test_the_first_page_is_there_within_a_second(url: str, first: First) -> None:
    """Cold: an address that no test asked for yet. The second is the issue's."""
    started = time.monotonic()
    assert httpx.get(f"{url}/?scenario=INVESTMENT_DRIVE", timeout=10).is_success
    assert time.monotonic() - started < 1


def test_no_page_asked_elsewhere_or_complained(page: Page, traffic: Traffic) -> None:
    page.goto("/")
    assert traffic.hosts == {"127.0.0.1"}
    assert traffic.errors == []
