"""A ledger of the test's own, on each engine that a deployment may have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.store import Ledger
from tests.servers import postgres_database, schema_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.Engine]:
    """A migrated ledger on PostgreSQL, which each test begins empty."""
    with postgres_database() as url:
        engine = open_ledger(schema_url(url, "hung_yen_ledger"))
        yield engine
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> sa.Engine:
    if request.param == "sqlite":
        return open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    on_server: sa.Engine = request.getfixturevalue("postgres")
    with on_server.begin() as connection:
        names = ", ".join(tables.metadata.tables)
        connection.exec_driver_sql(f"truncate {names} restart identity cascade")
    return on_server


@pytest.fixture
def ledger(engine: sa.Engine) -> Ledger:
    return Ledger(engine)
