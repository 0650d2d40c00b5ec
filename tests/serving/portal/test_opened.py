"""A new snapshot is picked up without a restart, and no request sees two."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.serving.portal.opened import NothingPublishedError, Published
from ioc_pipelines.serving.portal.pages import Rendered
from ioc_pipelines.warehouse.snapshots import kept_because, point_to
from tests.serving.portal.small import client, put

SEPTEMBER = "select value from marts.indicator_value where period_start = '2026-09-01'"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home("hung_yen", tmp_path / "hung_yen")


def shown(published: Published, snapshot_id: str) -> None:
    """Wait until a snapshot is shown: it is opened beside the one before it."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with published.current() as snapshot:
            if snapshot.id == snapshot_id:
                return
        time.sleep(0.02)
    raise AssertionError(f"{snapshot_id} was not shown in 30 s")


@pytest.fixture
def published(home: Home) -> Iterator[Published]:
    found = Published(home)
    yield found
    found.close()


def test_nothing_is_published_yet(published: Published) -> None:
    with pytest.raises(NothingPublishedError, match="ioc refresh"), published.current():
        pass


def test_a_request_keeps_its_snapshot_and_the_next_has_the_new_one(
    home: Home, published: Published
) -> None:
    first = put(home, 1, 81.0)
    with published.current() as before:
        second = put(home, 2, 82.0)
        shown(published, second)
        with published.current() as after:
            assert (before.id, after.id) == (first, second)
            assert after.connection.cursor().execute(SEPTEMBER).fetchall() == [(82.0,)]
        assert before.connection.cursor().execute(SEPTEMBER).fetchall() == [(81.0,)]
        assert before.exports.is_dir()
    # nobody has it any more: it is closed, and what was exported of it is gone
    with pytest.raises(duckdb.Error):
        before.connection.cursor()
    assert not before.exports.exists()
    assert after.connection.cursor().execute(SEPTEMBER).fetchall() == [(82.0,)]


def test_work_that_outlives_its_request_keeps_the_snapshot(
    home: Home, published: Published
) -> None:
    put(home, 1)
    with published.current() as snapshot:
        held = published.held(snapshot)
        held.__enter__()
    shown(published, put(home, 2))
    assert snapshot.connection.cursor().execute("select 1").fetchall() == [(1,)]
    held.__exit__(None, None, None)
    with pytest.raises(duckdb.Error):
        snapshot.connection.cursor()


def test_a_roll_back_is_picked_up(home: Home, published: Published) -> None:
    first, second = put(home, 1), put(home, 2)
    with published.current() as snapshot:
        assert snapshot.id == second
    point_to(home, first)
    shown(published, first)


def test_a_snapshot_that_cannot_be_shown_leaves_the_one_before(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    def warm(_: object) -> None:
        raise RuntimeError("no such table")

    published = Published(home, warm)
    first = put(home, 1)
    with published.current():
        pass
    second = put(home, 2)
    until = time.monotonic() + 30
    while second not in caplog.text and time.monotonic() < until:
        with published.current() as snapshot:
            assert snapshot.id == first
        time.sleep(0.02)
    assert f"snapshot {second} cannot be shown" in caplog.text
    published.close()


def test_what_is_open_is_not_pruned(home: Home, published: Published) -> None:
    first = put(home, 1)
    with published.current():
        for number in range(2, 9):
            newest = put(home, number)
        assert (home.snapshots / first / "marts" / "indicator.parquet").is_file()
    shown(published, newest)
    assert kept_because(home, first) == []


def test_the_hash_of_the_manifest_tells_snapshots_apart(home: Home, published: Published) -> None:
    put(home, 1)
    with published.current() as one:
        shown(published, put(home, 2))
        with published.current() as two:
            assert one.etag != two.etag


def test_many_readers_and_a_publication_at_once(tmp_path: Path) -> None:
    """Every page of every reader is wholly of the snapshot that it names."""
    home = Home("hung_yen", tmp_path / "hung_yen")
    rates = {put(home, 1, 81.25): "81,25"}
    with client(tmp_path, published=False) as reader:

        def read(_: int) -> list[tuple[str, str]]:
            found = []
            for _ in range(12):
                page = reader.get("/indicators/ON_TIME")
                assert page.status_code == 200
                row = re.search(
                    r'scope="row">Tháng 9/2026.*?<td[^>]*>([\d,]+)<', page.text, re.DOTALL
                )
                assert row
                footer = re.search(r"Bản kho <code>(.*?)</code>", page.text)
                assert footer
                assert footer[1] == page.headers["ioc-snapshot"]
                found.append((footer[1], row[1]))
            return found

        with ThreadPoolExecutor(20) as pool:
            reading = [pool.submit(read, n) for n in range(20)]
            time.sleep(0.3)
            rates[put(home, 2, 82.5)] = "82,5"
            seen = {pair for done in reading for pair in done.result()}
        assert seen <= set(rates.items())
        until = time.monotonic() + 30
        while reader.get("/healthz").json()["snapshot"] != max(rates):
            assert time.monotonic() < until
        assert read(0)[0] == (max(rates), "82,5")


def test_a_page_is_rendered_once_for_all_who_wait_and_a_failure_is_not_kept() -> None:
    made: list[int] = []

    def make() -> bytes:
        time.sleep(0.05)
        made.append(1)
        if len(made) == 1:
            raise RuntimeError
        return b"page"

    async def all_of_them() -> list[Any]:
        rendered = Rendered()
        first = await asyncio.gather(
            *(rendered.page(("a",), make) for _ in range(20)), return_exceptions=True
        )
        second = await asyncio.gather(*(rendered.page(("a",), make) for _ in range(20)))
        return [*first, *second]

    answers = asyncio.run(all_of_them())
    assert len(made) == 2
    assert all(isinstance(answer, RuntimeError) for answer in answers[:20])
    assert answers[20:] == [b"page"] * 20


def test_a_folder_that_is_gone_is_no_snapshot(home: Home, published: Published) -> None:
    snapshot_id = put(home, 1)
    shutil.rmtree(home.snapshots / snapshot_id)
    with pytest.raises(FileNotFoundError), published.current():
        pass
