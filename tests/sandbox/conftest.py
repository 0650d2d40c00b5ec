from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.sandbox.answer_key import AnswerKey
from ioc_pipelines.sandbox.province import build
from ioc_pipelines.sandbox.world import World

AS_OF = date(2026, 11, 20)


@dataclass(frozen=True)
class Sandbox:
    """A built sandbox and its answers."""

    folder: Path
    answers: AnswerKey

    def copy(self, folder: Path) -> Path:
        """The same sandbox at another place, to be changed."""
        return shutil.copytree(self.folder, folder)


@pytest.fixture(scope="session")
def communes() -> pl.DataFrame:
    """The communes of Hưng Yên."""
    units = pl.read_csv(DBT_PROJECT / "seeds" / "admin_unit.csv", infer_schema=False)
    current = units.filter(pl.col("valid_to").is_null(), level="commune", province_code="33")
    return current.select("code", "name", "full_name")


@pytest.fixture(scope="session")
def world(communes: pl.DataFrame) -> World:
    return World(communes.sort("code"), 33, opened_on=AS_OF, as_of=AS_OF)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, communes: pl.DataFrame) -> Sandbox:
    """A sandbox to look at, not to change."""
    folder = tmp_path_factory.mktemp("systems") / "sandbox"
    return Sandbox(folder, build(folder, communes, as_of=AS_OF))
