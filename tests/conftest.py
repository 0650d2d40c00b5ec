"""What every test stands on: a data root of its own, and skips that are seen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from ioc_pipelines.home import PROJECT

SHARED_DATA = PROJECT.parent / "shared" / "data"
# folders whose files look at one thing that takes long to make: one worker makes it and runs all
TOGETHER = ("tests/e2e/refresh", "tests/intake/layout/public_files")

# a machine that is busy with other things is no failure; a function's fixture is not changed by
# the test that takes it
settings.register_profile(
    "project",
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data root of the test's own; addresses of the machine's environment are not seen."""
    for name in list(os.environ):
        if name.startswith(("IOC_", "DAGSTER_")) and name != "IOC_TESTS_MUST_NOT_SKIP":
            monkeypatch.delenv(name)
    home = tmp_path / "var"
    monkeypatch.setenv("IOC_HOME", str(home))
    before = dict(os.environ)
    yield home
    # a run leaves the paths of its build in the environment
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def open_data() -> Path:
    """The folder of real public files."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real public files are not there: {SHARED_DATA}")
    return SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole refreshes first: the run is as long as the file that ends last."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


class _FileOrFolder(LoadFileScheduling):
    """A file to a worker, and a folder where its files belong together."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _FileOrFolder(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where it is asked for, as in CI, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("IOC_TESTS_MUST_NOT_SKIP") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
