"""One writer: the second says who holds the build, waits, or ends with a clear message."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.lock import (
    BuildHeldError,
    hold_build,
    holding_feed,
    release_build,
)

_HOLDS = """
import sys, time
from pathlib import Path
from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.lock import hold_build, holding_feed
home = Home("test", Path(sys.argv[1]))
hold_build(home, "nightly_refresh, run 12345678")
with holding_feed(home, "so_a/test.x"):
    print("holds", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home("test", tmp_path / "var" / "test")


@pytest.fixture
def other(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the build and a feed."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(home.root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def test_the_second_is_told_who_holds_it_and_ends_in_time(
    home: Home, other: subprocess.Popen[str]
) -> None:
    said: list[str] = []
    with pytest.raises(BuildHeldError) as refused:
        hold_build(home, wait_s=0.5, say=said.append)
    for words in (str(refused.value), *said):
        assert f"process {other.pid} (nightly_refresh, run 12345678) since 20" in words
    assert "not free within 0.5 s" in str(refused.value)
    assert len(said) == 1


def test_a_killed_holder_holds_nothing(home: Home, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    hold_build(home, wait_s=30)
    assert f'"pid":{os.getpid()}' in (home.root / "build.lock").read_text()
    with holding_feed(home, "so_a/test.x"):
        release_build(home)


def test_a_holder_of_an_earlier_version_is_waited_for(home: Home) -> None:
    """It wrote its process id only."""
    home.root.mkdir(parents=True)
    (home.root / "build.lock").write_text("4711")
    hold_build(home)
    assert f'"pid":{os.getpid()}' in (home.root / "build.lock").read_text()
    release_build(home)
