"""A small data root that is backed up once; each test has a copy of both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.create import create
from tests.warehouse.backup.small_home import archive_beside, small_home


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a data root and of the archive with one backup of it."""
    if shutil.which("restic") is None:
        pytest.skip("restic is not installed")
    folder = tmp_path_factory.mktemp("backed-up")
    home = small_home(folder)
    create(home, archive_beside(home))
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy, symlinks=True)
    return Home("hung_yen", copy / "hung_yen")


@pytest.fixture
def archive(home: Home) -> Archive:
    """The archive of ``home``, which has one backup of it."""
    return archive_beside(home)
