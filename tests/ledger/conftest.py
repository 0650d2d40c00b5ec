"""A ledger of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.store import Ledger


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture
def ledger(engine: sa.Engine) -> Ledger:
    return Ledger(engine)
