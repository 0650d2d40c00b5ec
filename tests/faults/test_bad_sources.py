"""A source that fails in any way costs its own feed, for no longer than its time-out.

The real feeds against the real server of the sandbox, broken by ``ioc sandbox break``'s faults; one
feed is broken, another is delivered beside it, and the night after the broken one is mended.
"""

from __future__ import annotations

import re
import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration.delivery import Report, deliver
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.sandbox.addresses import WEB
from ioc_pipelines.sandbox.breaking import break_system, faults_of, mend
from ioc_pipelines.sandbox.server.web import SandboxServer
from ioc_pipelines.sandbox.state import Faults, Running
from ioc_pipelines.sandbox.systems import air_quality, construction_permit
from tests.orchestration.deployments import with_feed

pytestmark = pytest.mark.faults

PERMIT, AIR, WEEKLY = (
    "so_xay_dung/construction.permit",
    "so_nnmt/environment.air_quality_hourly",
    "so_y_te/health.disease_weekly",
)
ROWS, TIMEOUT_S, GRACE_S = 1_200, 4, 8
TODAY = datetime.now(UTC).date()


@dataclass(frozen=True)
class Night:
    """What a fault comes to: outcome, and what its problem says."""

    outcome: str
    said: str = ""
    refused: int = 0
    duplicates: int = 0


WEB_FAULTS = {
    "down": Night("source_unavailable", r"no answer \(ConnectError\)"),
    "hang": Night("source_unavailable", r"within 4 s|no answer \(ReadTimeout\)"),
    "slow": Night("source_faulty", r"still coming at the deadline: the source is too slow"),
    "html": Night("source_faulty", r"not JSON but a page or XML titled 'Hệ thống đang bảo trì'"),
    "truncated": Night("source_faulty", r"not whole, or not JSON"),
    "cut_gzip": Night("source_faulty", r"cut off inside its gzip"),
    "reset": Night("source_faulty", r"its answer was cut off \((ReadError|RemoteProtocolError)\)"),
    "charset": Night("source_faulty", r"not UTF-8 at byte 0 .*ask the agency for JSON in UTF-8"),
    "busy": Night("source_unavailable", r"HTTP 429, asks to wait 1 s"),
    "throttled": Night("source_unavailable", r"HTTP 429 \(requests"),
    "error": Night("source_unavailable", r"HTTP 500"),
    "denied": Night("source_faulty", r"HTTP 403, refused"),
    "endless": Night("source_faulty", r"the same records as page 1: the paging does not end"),
    "repeated": Night("source_faulty", r"the same records as page 1: the paging does not end"),
    "overlapping": Night("accepted", duplicates=10),
    "shuffled": Night("accepted"),
    # its rows were changed a year from now: they are refused, and the cursor does not go there
    "clock": Night("below_floor", r"0 of 1200 rows valid, below the floor"),
    "added": Night("accepted"),
    "reordered": Night("accepted"),
    "removed": Night("structure_mismatch", r"column 'dien_tich_san' not found; the header has: "),
    "renamed": Night(
        "structure_mismatch", r"column 'dien_tich_san' \(nearest: dien_tich_san \(mới\)"
    ),
    "merged": Night(
        "structure_mismatch", r"column 'chu_dau_tu' .*not found|column 'dien_tich_san'.* not found"
    ),
    "retyped": Night("below_floor", r"0 of 1200 rows valid, below the floor"),
    # no bound of the contract is broken by larger floors: the rule about the whole batch holds it
    "reunited": Night("accepted"),
}
REMEMBERED = ("reunited", "reordered", "shuffled", "added", "overlapping")


@dataclass
class Served:
    """A small sandbox that is served, and the deployment that reads it."""

    root: Path
    deployment: Deployment
    began: datetime

    def entry(self, feed: str, **connector: Any) -> FeedEntry:
        known = next(e for e in self.deployment.catalog.active if e.id == feed)
        assert known.feed.connector is not None
        changed = {**known.feed.connector.model_dump(), **connector}
        return with_feed(known, connector=changed)

    def deliver(self, feed: str, night: int = 0) -> Report:
        entry = self.entry(feed, timeout_s=TIMEOUT_S)
        return deliver(self.deployment, entry, "run", Window(), self.began + timedelta(days=night))


def permits(root: Path, rows: int = ROWS) -> None:
    day = (TODAY - timedelta(days=3)).isoformat()
    end = (TODAY + timedelta(days=300)).isoformat()
    table = construction_permit.TABLE
    frame = pl.DataFrame(
        [
            (f"{n}/{day[:4]}/GPXD", "12223", "sua_chua", f"Chủ đầu tư {n}", f"{80 + n % 50}.5", "2")
            for n in range(1, rows + 1)
        ],
        schema=list(table.columns)[:6],
        orient="row",
    ).with_columns(
        pl.lit(day).alias("ngay_cap"),
        pl.lit(end).alias("ngay_het_han"),
        pl.lit(f"{day}T08:00:00").alias("cap_nhat_luc"),
    )
    write(root, table, frame)


def write(root: Path, table: Any, frame: pl.DataFrame) -> None:
    path = table.path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.select(list(table.columns)).write_parquet(path)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    root = tmp_path / "sandbox"
    permits(root)
    hour = f"{TODAY - timedelta(days=1)}T05:00:00"
    stations = pl.DataFrame(
        {"station": ["Phố Hiến", "Trần Lãm"], "ts": hour, "pm25": "36.3", "aqi": "73"}
    )
    write(root, air_quality.TABLE, stations)
    weekly = root / "so_y_te" / "benh-tuan"
    weekly.mkdir(parents=True)
    year, week, _ = (TODAY - timedelta(days=14)).isocalendar()
    lines = [
        f"{year}-W{week:02d};12223;{name};{n + 3};0;{TODAY - timedelta(days=8):%d/%m/%Y}"
        for n, name in enumerate(["Sốt xuất huyết Dengue", "Tay chân miệng", "Cúm", "Sởi"])
    ]
    header = "Tuần;Mã xã;Bệnh;Số mắc;Số tử vong;Ngày báo cáo"
    (weekly / "tuan.csv").write_text("\r\n".join([header, *lines]) + "\r\n", encoding="utf-8")
    Faults().write(root)
    with SandboxServer(root, "secret", "token") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running = Running(
            pid=1,
            port=server.server_address[1],
            tarpit_port=1,
            client_secret="secret",
            token="token",
            database_urls=dict.fromkeys(("kho_bac", "thue", "dat_dai"), "sqlite:///none"),
        )
        running.write(root)
        monkeypatch.setenv("IOC_SANDBOX", str(root))
        deployment = Deployment.of("hung_yen")
        deployment.rows.prepare(deployment.catalog.contracts.values())
        yield Served(root, deployment, datetime.now(UTC))
        server.stopping.set()
        server.shutdown()


def test_every_fault_of_a_web_service_is_in_the_table() -> None:
    assert all(set(faults_of(system)) == set(WEB_FAULTS) for system in WEB)


@pytest.mark.parametrize("fault", WEB_FAULTS)
def test_a_broken_service_comes_to_its_outcome_within_its_time(
    fault: str, served: Served, tell: Callable[..., None]
) -> None:
    expected = WEB_FAULTS[fault]
    break_system(served.root, "xay_dung", fault)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    beside: list[Report] = []
    other = threading.Thread(target=lambda: beside.append(served.deliver(AIR)))
    other.start()
    started = time.monotonic()
    report = served.deliver(PERMIT)
    spent_s = time.monotonic() - started
    other.join()
    assert report.outcome == expected.outcome, report.detail
    assert re.search(expected.said, str(report.detail.get("problem", ""))), report.detail
    assert spent_s < TIMEOUT_S + GRACE_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before_mb < 200
    assert [found.outcome for found in beside] == ["accepted"]
    if expected.outcome == "accepted":
        assert report.batch is not None
        assert report.batch.rows_accepted == ROWS
        assert report.batch.rows_duplicate == expected.duplicates
    assert "secret" not in str(report.detail)
    assert "127.0.0.1" not in str(report.detail)
    # the night after, all is there: nothing was passed over, and no cursor went astray
    mend(served.root)
    after = served.deliver(PERMIT, night=1)
    if fault == "reunited":
        assert after.batch is not None
        assert after.batch.rows_accepted == ROWS
    elif fault in REMEMBERED:
        assert after.outcome in ("no_news", "seen_before", "accepted")
    else:
        assert (after.outcome, after.batch and after.batch.rows_accepted) == ("accepted", ROWS)
    tell("bad sources")


# --- drop folders ---------------------------------------------------------------------------------

# four communes of 104: what is good waits for somebody who approves it
WELL = "accepted|awaiting_approval"
FOLDER_FAULTS = {
    "down": Night("nothing_arrived", r"no file matches so_y_te/benh-tuan/\*\.csv"),
    "half": Night(f"{WELL}|partly_accepted|below_floor|unreadable|structure_mismatch"),
    "charset": Night("unreadable", r"not text in UTF-8|not UTF|not readable as CSV"),
    "old_file": Night(WELL, duplicates=4),
    "added": Night(WELL),
    "reordered": Night(WELL),
    "removed": Night("structure_mismatch", r"column 'Số mắc'"),
    "renamed": Night("structure_mismatch", r"column 'Số mắc' \(nearest: Số mắc \(mới\)"),
    "merged": Night("structure_mismatch", r"column 'Bệnh'"),
    "retyped": Night("below_floor", r"0 of 4 rows valid, below the floor"),
    "reunited": Night(f"below_floor|held|{WELL}"),
}


def test_every_fault_of_a_folder_of_text_is_in_the_table() -> None:
    assert set(faults_of("so_y_te")) == set(FOLDER_FAULTS)


@pytest.mark.parametrize("fault", FOLDER_FAULTS)
def test_a_folder_that_drifts_comes_to_its_outcome(
    fault: str, served: Served, tell: Callable[..., None]
) -> None:
    expected = FOLDER_FAULTS[fault]
    before = (served.root / "so_y_te" / "benh-tuan" / "tuan.csv").read_bytes()
    break_system(served.root, "so_y_te", fault)
    report = _of_folder(served)
    assert re.fullmatch(expected.outcome, report.outcome), report.detail
    assert re.search(expected.said, str(report.detail.get("problem", ""))), report.detail
    if expected.duplicates:
        assert report.batch is not None
        assert (report.batch.rows_accepted, report.batch.rows_duplicate) == (4, expected.duplicates)
    assert mend(served.root) == ["so_y_te"]
    assert (served.root / "so_y_te" / "benh-tuan" / "tuan.csv").read_bytes() == before
    after = _of_folder(served, night=1)
    assert re.fullmatch(f"{WELL}|seen_before", after.outcome), after.detail
    tell("bad sources")


def _of_folder(served: Served, night: int = 0) -> Report:
    entry = served.entry(WEEKLY, timeout_s=TIMEOUT_S, quiet_s=0)
    return deliver(served.deployment, entry, "run", Window(), served.began + timedelta(days=night))
