"""A build that fails, then sources that break: the last good is served."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ioc_pipelines.sandbox.answer_key import FeedKey
from tests.e2e.province import (
    BUDGET,
    DISEASE,
    FEEDS,
    LAND,
    SHOWN,
    Done,
    Province,
    copied,
    differing,
    query,
    served_apart,
    staging_of,
)
from tests.e2e.refresh.first_night import First, land_database, ledger

pytestmark = pytest.mark.e2e


@dataclass
class Broken:
    """A copy of the province whose build failed once, and whose sources were broken then."""

    province: Province
    before: str
    failed: Done
    after_failure: str
    refresh: Done
    commune: str
    workbook: str


@pytest.fixture(scope="module")
def broken(first: First, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    copy = copied(first.province, tmp_path_factory.mktemp("broken") / "var")
    with served_apart(copy) as province:
        before = province.published_id()
        stations = sorted((province.sandbox / "so_y_te" / "benh-tuan").glob("*.csv"))
        accepted = province.home / "accepted" / "health__disease_weekly" / "batches"
        (accepted / "zzz.parquet").write_bytes(b"PAR1 but nothing that follows is Parquet")
        _send_twice(stations[3])
        failed = province.here("refresh")
        after_failure = province.published_id()
        (accepted / "zzz.parquet").unlink()
        stations[7].unlink()
        workbook = max((province.sandbox / "so_tai_chinh").glob("thu-nsnn-*.xlsx"))
        workbook.write_bytes(workbook.read_bytes()[:3000])
        with closing(sqlite3.connect(land_database(province))) as database, database:
            database.execute("alter table bien_dong_dat rename column ma_xa to ma_phuong_xa")
        refresh = province.here("refresh")
        yield Broken(
            province, before, failed, after_failure, refresh, stations[7].name, workbook.name
        )


def _send_twice(path: Path) -> None:
    """The last row once more: a new batch, of the same rows."""
    with io.BytesIO(path.read_bytes()) as content:
        *_, last = content.readlines()
    path.write_bytes(path.read_bytes() + last)


def test_a_failing_build_keeps_what_was_published(first: First, broken: Broken) -> None:
    assert broken.failed.code == 1
    assert "NOT PUBLISHED" in broken.failed.out
    assert broken.before in broken.failed.out
    assert broken.after_failure == broken.before
    assert "why" in broken.failed.out
    assert "health__disease_weekly" in broken.failed.out + broken.failed.err
    assert "PUBLISHED snapshot" not in broken.failed.out
    old, kept = (p.snapshot(broken.before) for p in (first.province, broken.province))
    assert old.read_bytes() == kept.read_bytes()


def test_broken_sources_do_not_stop_the_province(broken: Broken) -> None:
    assert broken.refresh.code == 0, broken.refresh.err
    assert broken.province.published_id() != broken.before
    assert "PUBLISHED" in broken.refresh.out


def test_the_last_good_is_served(first: First, broken: Broken) -> None:
    old = first.province.snapshot(broken.before)
    new = broken.province.published
    staging = [staging_of(feed) for feed in SHOWN]
    marks = ("_batch_id", "_recorded_at")
    for name in staging:
        assert query(new, f"select count(*) from {name}")[0][0] > 50
    assert differing(old, new, staging, without=marks) == {}
    assert differing(old, new, ["marts.indicator_value"], without=("recorded_at",)) == {}
    file = f"so_y_te/benh-tuan/{broken.commune}"
    sql = "select count(*) from staging.health__disease_weekly where _file = "
    assert query(new, f"{sql}'{file}'")[0][0] > 30


def test_outcome_scores_and_problem_say_which(first: First, broken: Broken) -> None:
    before, after = first.status, broken.province.status()
    outcomes = {feed: after[feed]["outcome"] for feed in FEEDS}
    assert outcomes == {
        **dict.fromkeys(FEEDS, "no_news"),
        BUDGET: "partly_accepted",
        DISEASE: "partly_accepted",
        LAND: "structure_mismatch",
    }
    assert broken.workbook in after[BUDGET]["problem"]
    assert broken.commune in after[DISEASE]["problem"]
    assert "'ma_xa'" in after[LAND]["problem"]
    assert "ma_phuong_xa" in after[LAND]["problem"]
    for feed, fallen in {
        BUDGET: {"complete", "correct"},
        DISEASE: {"complete"},
        LAND: {"correct"},
    }.items():
        for dimension in fallen:
            was, now = before[feed]["scores"][dimension], after[feed]["scores"][dimension]
            assert now < was, (feed, dimension)
        assert after[feed]["scores"]["live"] > 90
    assert after[LAND]["scores"]["correct"] == 0
    assert after[LAND]["batch_id"] == before[LAND]["batch_id"]
    for named in (broken.workbook, broken.commune, "ma_xa"):
        assert named in broken.refresh.out, named


def test_no_row_vanishes_from_the_broken_night(first: First, broken: Broken) -> None:
    batches = ledger(broken.province)["batch"]
    # the first night's, the stations' of the night that failed, and two of the broken one
    assert len(batches) == len(FEEDS) + 1 + 2
    for row in batches:
        parts = row["rows_accepted"] + row["rows_quarantined"] + row["rows_duplicate"]
        assert row["rows_received"] == parts
    key: FeedKey = first.key.feeds[DISEASE]
    newest = broken.province.status()[DISEASE]
    assert 0 < newest["rows_received"] < key.rows_received
