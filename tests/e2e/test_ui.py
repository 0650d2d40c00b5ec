"""What an operator sees in the Dagster UI after a refresh, and a run started there by hand."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from contracts.base import DIMENSIONS
from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.instance import open_instance
from ioc_pipelines.orchestration.jobs import TIMEZONE
from ioc_pipelines.orchestration.metadata import DIMENSION_VI
from ioc_pipelines.warehouse.snapshots import published_id, verify
from tests.e2e.broken_night import BROKEN, COLLECTION, PAYMENT, TAX, BrokenNight
from tests.e2e.province import FEEDS as ALL_FEEDS
from tests.e2e.province import LATE_AFTER
from tests.e2e.ui_support import Traffic, dagster_ui, graphql, until

CHROMIUM = Path("/usr/bin/chromium")
SECTORS = ("finance", "health", "public_services", "reference", "investment")
FEED = "so_y_te/health.disease_weekly"
FEEDS = (
    FEED,
    "so_tai_chinh/finance.budget_revenue",
    "van_phong_ubnd/public_services.procedure_dossier",
)
ACCEPTED = (
    "accepted/finance__budget_revenue",
    "accepted/health__disease_weekly",
    "accepted/investment__fdi_by_province",
    "accepted/public_services__procedure_dossier",
    "accepted/reference__admin_unit",
)
PATIENCE_MS, RUN_MS = 60_000, 180_000
FOLDER_FEED = "so_y_te/health.commune_monthly"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: apt-get install chromium"),
]


@dataclass(frozen=True)
class Ui:
    """A province after one refresh with broken systems, and the UI that shows it."""

    url: str
    home: Home
    refreshed: dict[str, Any]


@pytest.fixture(scope="module")
def ui(broken_night: BrokenNight, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    root = tmp_path_factory.mktemp("ui") / "var"
    with broken_night.apart(root) as province:
        home = Home("hung_yen", province.home)
        _last_night(home)
        with dagster_ui(root) as url:
            yield Ui(url, home, broken_night.refresh.json())


def _last_night(home: Home) -> None:
    """What did not come this night came 27 hours ago: one more than daily feeds may be."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DAGSTER_HOME", "IOC_HOME", "IOC_PROFILE"):
            patch.setenv(name, "")
        with open_instance(home) as instance:
            for feed in BROKEN:
                made = dg.AssetMaterialization(dg.AssetKey(feed.split("/")))
                instance.report_dagster_event(
                    DagsterEvent(
                        DagsterEventType.ASSET_MATERIALIZATION.value,
                        job_name=RUNLESS_JOB_NAME,
                        event_specific_data=StepMaterializationData(made),
                    ),
                    run_id=RUNLESS_RUN_ID,
                    timestamp=time.time() - 27 * 3600,
                )


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --disable-quic"
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags.split())
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def visits(ui: Ui, browser: Browser, traffic: Traffic) -> Iterator[BrowserContext]:
    """Pages tall enough for every row of a list to be drawn."""
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(
        base_url=ui.url,
        viewport={"width": 1600, "height": 2400},
        locale="en-US",
        timezone_id=TIMEZONE,
    )
    context.set_default_timeout(PATIENCE_MS)
    traffic.watch(context)
    yield context
    context.close()


@pytest.fixture
def page(visits: BrowserContext) -> Iterator[Page]:
    opened = visits.new_page()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def started_by_hand(ui: Ui, visits: BrowserContext) -> tuple[Page, str | None]:
    """The page of a run of ``publish``, and what was published when it was asked for."""
    before = published_id(ui.home)
    page = visits.new_page()
    page.goto("/locations/ioc/jobs/publish")
    page.get_by_role("button", name="Materialize all").click()
    _text(page, "View").click()
    page.wait_for_url("**/runs/*")
    return page, before


# -- a file lands ---------------------------------------------------------------------------------


def test_a_file_that_lands_is_taken_within_a_minute(ui: Ui) -> None:
    """The daemon looks at the folders by itself; nobody starts anything."""
    until(lambda: _looked(ui.url), 120, "the first look of new_files")
    folder = ui.home.root.parent / "sandbox" / "so_y_te" / "bao-cao-thang"
    last = max(folder.glob("*.csv"))
    header, *_, row = last.read_bytes().splitlines(keepends=True)
    before = _fetches(ui.home, FOLDER_FEED)
    dropped_at = datetime.now(UTC)
    (folder / "bo-sung.csv").write_bytes(header + row)

    taken = until(lambda: _fetches(ui.home, FOLDER_FEED)[len(before) :], 120, "the file")
    (outcome, ended_at) = taken[0]
    seconds = (ended_at - dropped_at).total_seconds()
    print(f"a file that landed was judged after {seconds:.0f} s")  # noqa: T201
    assert outcome == "partly_accepted"
    assert seconds < 60
    # one row more, and that a copy
    (told,) = [feed for feed in ui.refreshed["feeds"] if feed["feed"] == FOLDER_FEED]
    counts = _batch(ui.home, FOLDER_FEED)
    assert counts == (told["rows_received"] + 1, told["rows_accepted"], told["rows_duplicate"] + 1)
    # of that feed alone
    others = [feed for feed in ALL_FEEDS if feed != FOLDER_FEED]
    assert all(len(_fetches(ui.home, feed)) == 1 for feed in others)


def _looked(url: str) -> bool:
    """Whether the sensor has a cursor: what lies there from now on is new to it."""
    state = graphql(
        url,
        """{ sensorOrError(sensorSelector: {repositoryName: "__repository__",
        repositoryLocationName: "ioc", sensorName: "new_files"})
        { ... on Sensor { sensorState { ticks(limit: 1) { status } } } } }""",
    )
    ticks = state["sensorOrError"]["sensorState"]["ticks"]
    return bool(ticks) and ticks[0]["status"] != "STARTED"


def _fetches(home: Home, feed: str) -> list[tuple[str, datetime]]:
    """Outcome and end of the concluded deliveries of a feed."""
    sql = (
        "select outcome, ended_at from delivery"
        " where feed = ? and ended_at is not null order by seq"
    )
    with closing(sqlite3.connect(f"file:{home.root}/ledger.db?mode=ro", uri=True)) as database:
        rows = database.execute(sql, (feed,)).fetchall()
    return [(outcome, datetime.fromisoformat(ended)) for outcome, ended in rows]


def _batch(home: Home, feed: str) -> tuple[int, ...]:
    sql = (
        "select b.rows_received, b.rows_accepted, b.rows_duplicate from delivery as d"
        " join batch as b using (batch_id) where d.feed = ? order by d.seq desc"
    )
    with closing(sqlite3.connect(f"file:{home.root}/ledger.db?mode=ro", uri=True)) as database:
        return tuple(database.execute(sql, (feed,)).fetchone())


# -- what the UI shows ----------------------------------------------------------------------------


def test_a_click_starts_a_run(started_by_hand: tuple[Page, str | None]) -> None:
    page, _ = started_by_hand  # it goes on while the other tests look around
    expect(_text(page, "publish").first).to_be_visible()


def test_the_graph_groups_assets_by_sector_and_asks_for_no_sign_up(page: Page) -> None:
    page.goto("/asset-groups")
    for sector in (*SECTORS, "marts", "published"):
        expect(_text(page, sector).first).to_be_visible()
    _text(page, "health").last.click()  # the box in the graph opens

    for shortened in (r"^health\.dis", "^health__"):
        expect(page.get_by_text(re.compile(shortened)).first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    invitation = re.compile("join .*community|sign up|newsletter", re.IGNORECASE)
    expect(page.get_by_text(invitation)).to_have_count(0)


def test_the_catalogue_lists_feeds_and_accepted_datasets_with_vietnamese_titles(page: Page) -> None:
    # the page draws only the rows that fit
    page.set_viewport_size({"width": 1600, "height": 16_000})
    page.goto("/assets")
    for key in (*FEEDS, *ACCEPTED, "published/snapshot"):
        expect(page.locator(f"a[href='/assets/{key}']")).to_be_visible()
    expect(page.get_by_text("Báo cáo tuần bệnh truyền nhiễm").first).to_be_visible()
    expect(page.get_by_text("Materialized").first).to_be_visible()


def test_a_feed_shows_its_four_checks_with_the_scores_of_the_status(page: Page, ui: Ui) -> None:
    scores = next(feed["scores"] for feed in ui.refreshed["feeds"] if feed["feed"] == FEED)
    page.goto(f"/assets/{FEED}?view=checks")
    expect(page.get_by_text("Checks (4)")).to_be_visible()
    for dimension in DIMENSIONS:
        _text(page, dimension).first.click()
        expect(page.get_by_text(DIMENSION_VI[dimension])).to_be_visible()
        # one in the list of checks for each, one more for the check that is open
        expect(page.get_by_text(re.compile("^(Passed|Succeeded|Failed)$"))).to_have_count(5)
        shown = page.get_by_role("row").filter(has_text=re.compile(r"^score")).get_by_role("cell")
        assert float(shown.last.inner_text()) == pytest.approx(scores[dimension], abs=0.01)
        assert _is_drawn(page, "score")


@pytest.mark.parametrize("feed", [COLLECTION, PAYMENT, TAX])
def test_a_feed_whose_source_is_down_shows_a_failed_live_check_and_why(
    page: Page, feed: str
) -> None:
    page.goto(f"/assets/{feed}?view=checks")
    _text(page, "live").first.click()
    expect(page.get_by_text(DIMENSION_VI["live"])).to_be_visible()
    expect(_text(page, "Failed").first).to_be_visible()
    problem = page.get_by_role("row").filter(has_text=re.compile(r"^problem"))
    expect(problem).to_contain_text("IOC_")
    outcome = page.get_by_role("row").filter(has_text=re.compile(r"^outcome"))
    expect(outcome).to_contain_text("source_unavailable")


@pytest.mark.parametrize("feed", [FEED, "so_tai_chinh/finance.budget_revenue"])
def test_the_live_check_of_another_feed_says_nothing_of_a_problem(page: Page, feed: str) -> None:
    page.goto(f"/assets/{feed}?view=checks")
    _text(page, "live").first.click()
    expect(page.get_by_text(DIMENSION_VI["live"])).to_be_visible()
    outcome = page.get_by_role("row").filter(has_text=re.compile(r"^outcome"))
    expect(outcome).to_contain_text("partly_accepted")
    expect(page.get_by_role("row").filter(has_text=re.compile(r"^problem"))).to_have_count(0)


def test_freshness_is_red_for_the_feeds_that_did_not_come_and_for_no_other(ui: Ui) -> None:
    """The daemon judges it twice a minute."""
    states = until(lambda: _judged(ui.url), 150, "freshness of every feed")
    # what came 27 hours ago: a monthly form has its time yet
    late = {feed for feed in BROKEN if LATE_AFTER[feed] < timedelta(hours=27)}
    assert len(late) >= 8
    assert {feed for feed, state in states.items() if state == "DEGRADED"} == late
    assert {state for feed, state in states.items() if feed not in late} == {"HEALTHY"}


def _judged(url: str) -> dict[str, str] | None:
    """Freshness of the feeds, once the daemon has an opinion of each."""
    query = "{ assetNodes { assetKey { path } freshnessStatusInfo { freshnessStatus } } }"
    found = {
        "/".join(node["assetKey"]["path"]): (node["freshnessStatusInfo"] or {})
        for node in graphql(url, query)["assetNodes"]
    }
    states = {feed: found[feed].get("freshnessStatus", "UNKNOWN") for feed in ALL_FEEDS}
    return None if "UNKNOWN" in states.values() else states


def test_a_feed_shows_plots_of_its_scores_and_rows(page: Page) -> None:
    page.goto(f"/assets/{FEED}")
    _text(page, "Plots").click()
    for name in (*(f"score_{dimension}" for dimension in DIMENSIONS), "rows_accepted"):
        assert _is_drawn(page, name)


def test_lineage_leads_from_a_feed_to_indicators_and_the_snapshot(page: Page) -> None:
    page.goto(f"/assets/{FEED}?view=lineage&lineageScope=downstream&lineageDepth=10")
    for name in ("marts", "indicator_value", "published", "snapshot"):
        expect(_text(page, name).last).to_be_visible()


def test_the_refresh_of_the_command_line_is_among_the_runs(page: Page, ui: Ui) -> None:
    run = ui.refreshed["snapshot"]["id"].rsplit("-")[-1]
    page.goto("/runs")
    row = page.locator("div").filter(has=_text(page, run)).filter(has_text="Success").last
    expect(row).to_contain_text("nightly_refresh")
    expect(row).to_contain_text("ioc/trigger: command")


def test_the_job_lists_the_refresh_of_the_command_line(page: Page) -> None:
    page.goto("/locations/ioc/jobs/nightly_refresh/runs")
    listed = _text(page, "ioc/trigger: command")
    expect(listed.or_(page.get_by_text("No runs found")).first).to_be_visible()
    assert listed.count() == 1


def test_jobs_are_listed_and_the_schedule_runs_at_vietnamese_time(page: Page) -> None:
    page.goto("/jobs")
    for job in ("nightly_refresh", "publish", "reprocess", "refresh_so_y_te"):
        expect(page.locator(f"a[href='/locations/ioc/jobs/{job}']").first).to_be_visible()
    page.goto("/locations/ioc/schedules/nightly")
    expect(_text(page, TIMEZONE)).to_be_visible()
    expect(_text(page, "Running")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_text(re.compile(r"GMT\+7")).first).to_be_visible()


def test_a_run_started_by_hand_publishes_a_new_snapshot(
    started_by_hand: tuple[Page, str | None], ui: Ui
) -> None:
    page, before = started_by_hand
    ended = _text(page, "Success").or_(_text(page, "Failure")).first
    expect(ended).to_be_visible(timeout=RUN_MS)

    assert ended.inner_text() == "Success"
    after = published_id(ui.home)
    assert after is not None
    assert after != before
    run = page.url.rsplit("/", 1)[-1]
    assert run.startswith(after.rsplit("-")[-1])
    verify(ui.home, after)


def test_no_page_asks_another_machine_or_logs_an_error(page: Page, traffic: Traffic) -> None:
    page.goto("/overview")
    expect(_text(page, "Timeline").first).to_be_visible()
    assert traffic.hosts == {"127.0.0.1"}
    assert traffic.errors == []


def _text(page: Page, text: str) -> Locator:
    return page.get_by_text(text, exact=True).filter(visible=True)


def _is_drawn(page: Page, plot: str) -> bool:
    """Whether the canvas below the title of a plot has something on it."""
    canvas = _text(page, plot).last.locator("xpath=following::canvas[1]")
    canvas.scroll_into_view_if_needed()
    handle = canvas.element_handle()
    drawn = """canvas => canvas.getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)"""
    return bool(page.wait_for_function(drawn, arg=handle))
