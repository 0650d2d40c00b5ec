"""The long fault suite: what it did is counted over all workers and printed at the end.

A test tells what it did with ``tell("killed")``; ``COUNTS`` are always printed, with their zeros.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from tests.e2e.province import made_once
from tests.faults.kills import Harness, prepare
from tests.faults.runs import Warm, warm_process

COUNTS = ("killed", "rows lost", "rows twice", "reads failed")
_OF = "fault count: "
_ROOM = 2_000_000_000


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Add to a count of the whole run: ``tell("killed")``, ``tell("reads", 1200)``."""

    def add(name: str, count: int = 1) -> None:
        request.node.user_properties.append((f"{_OF}{name}", count))

    return add


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """The counts, those of ``COUNTS`` first."""
    counted = _counted(terminalreporter)
    others = sorted(set(counted) - set(COUNTS))
    terminalreporter.section("faults")
    for name in (*COUNTS, *others):
        terminalreporter.write_line(f"{name:30} {counted[name]:>10}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where it is asked for, as in ``make faults``, a run that killed nothing has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("IOC_TESTS_MUST_KILL") and reporter and not _counted(reporter)["killed"]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _counted(reporter: TerminalReporter) -> Counter[str]:
    """What the tests told, over all workers."""
    counted: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, []):
            for name, count in report.user_properties:
                if name.startswith(_OF):
                    counted[name.removeprefix(_OF)] += count
    return counted


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """The process that children are forked from."""
    with warm_process(tmp_path_factory.mktemp("warm")) as process:
        yield process


@pytest.fixture(scope="session")
def two_feeds(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    """The two-feed harness after its first night. Copied, never changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    today = datetime.now(UTC).date()
    folder = made_once(shared / "two-feeds", lambda part: prepare(part, warm, today))
    return Harness(warm, folder, folder / "base", today)


@pytest.fixture
def harness(two_feeds: Harness, fast: Path) -> Iterator[Harness]:
    """A copy of the harness for one test."""
    with two_feeds.copied(fast / "harness") as copy:
        yield copy


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is room: a kill loses nothing that was written."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < _ROOM:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="faults-") as folder:
        yield Path(folder)
