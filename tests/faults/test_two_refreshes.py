"""Two refreshes at once, as real processes: one waits for the other, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.lock import hold_build, release_build
from tests.faults.aftermath import contents, left_behind, query, reading, unequal_batches
from tests.faults.kills import TIMES, Harness, Tell
from tests.faults.runs import Warm, warm_process
from tests.faults.two_feeds import PROFILE

pytestmark = pytest.mark.faults


@pytest.fixture
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Another process to start commands from, beside the first."""
    with warm_process(tmp_path_factory.mktemp("second")) as process:
        yield process


def test_the_second_says_who_holds_the_build_and_ends_in_time(harness: Harness) -> None:
    home = Home(PROFILE, harness.home)
    served = harness.published.readlink()
    hold_build(home, "nightly_refresh, run 12345678")
    try:
        refused = harness.run("refresh", "--json", IOC_BUILD_WAIT_S="2")
    finally:
        release_build(home)
    assert refused.code == 1, refused.out + refused.err
    (problem,) = refused.json()["problems"]
    assert f"held by process {os.getpid()} (nightly_refresh, run 12345678) since 20" in problem
    assert "not free within 2 s" in problem
    assert "waiting for the build, held by process" in refused.err
    assert harness.published.readlink() == served
    assert harness.run("refresh", "--json").code == 0
    assert left_behind(harness.base, PROFILE) == []


def test_an_agency_beside_the_nightly(harness: Harness, second: Warm, tell: Tell) -> None:
    before = _deliveries(harness)
    for day in range(1, TIMES + 1):
        harness.systems.pass_day(day)
    with reading(harness.published) as reader, ThreadPoolExecutor(2) as pool:
        nightly = pool.submit(harness.run, "refresh", "--json")
        agency = pool.submit(harness.run, "refresh", "--json", "--agency", "so_nnmt", warm=second)
        for done in (nightly.result(), agency.result()):
            assert done.code == 0, done.out + done.err
    assert reader.failed == []
    assert contents(harness.published) == harness.undisturbed()
    assert unequal_batches(harness.home) == []
    assert left_behind(harness.base, PROFILE) == []
    new = _deliveries(harness)[len(before) :]
    # the feed that both asked for was fetched once, and had no news for the other
    assert sorted(new) == [
        ("so_nnmt/land.transaction", "no_news"),
        ("so_nnmt/land.transaction", "partly_accepted"),
        ("so_xay_dung/housing.social_housing", "partly_accepted"),
    ]
    tell("refreshes at once", 2)


def _deliveries(harness: Harness) -> list[tuple[str, str]]:
    return query(harness.home / "ledger.db", "select feed, outcome from delivery order by seq")
