"""The long fault suite: what it did is counted over all workers and printed at the end.

A test tells what it did with ``tell("killed")``; ``COUNTS`` are always printed, with their zeros.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest
from _pytest.terminal import TerminalReporter

COUNTS = ("killed", "rows lost", "rows twice", "reads failed")
_OF = "fault count: "


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
