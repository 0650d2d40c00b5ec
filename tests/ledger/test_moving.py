"""A ledger that is moved to a server says there what it said, and goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger import moving, tables
from ioc_pipelines.ledger.moving import MoveError, move_ledger
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.records import ScoreRecord
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import GOOD, HOUR, NOW, A, B, deliver, state


@pytest.fixture
def file(tmp_path: Path) -> sa.Engine:
    engine = open_ledger(f"sqlite:///{tmp_path / 'moved.db'}")
    ledger = Ledger(engine)
    cursor = {"changed_at": "2026-11-20"}
    scores = [ScoreRecord("correct", 90.5, 8, 9), ScoreRecord("live", None, 0, 0)]
    deliver(ledger, A, name="b1", results=[GOOD], scores=scores, cursor=cursor)
    deliver(ledger, B, NOW + HOUR, name="b2", detail={"ghi chú": "đủ"})
    deliver(ledger, A, NOW + HOUR, name=None, accept=False)
    return engine


@pytest.fixture
def server(postgres: sa.Engine) -> sa.Engine:
    with postgres.begin() as connection:
        names = ", ".join(tables.metadata.tables)
        connection.exec_driver_sql(f"truncate {names} restart identity cascade")
    return postgres


def test_every_row_arrives_and_numbers_go_on(file: sa.Engine, server: sa.Engine) -> None:
    before = state(Ledger(file))
    moved = move_ledger(file, server)
    ledger = Ledger(server)
    assert state(ledger) == before
    assert (moved["delivery"], moved["batch"], moved["score"]) == (3, 2, 2)
    # a delivery without a cursor has none: it does not hide the one before it
    assert ledger.deliveries.last_cursor(A.feed) == {"changed_at": "2026-11-20"}
    assert deliver(ledger, A, NOW + 2 * HOUR, name="b3").seq == 4


def test_a_server_that_holds_rows_is_left_alone(file: sa.Engine, server: sa.Engine) -> None:
    deliver(Ledger(server), B, name="other")
    before = state(Ledger(server))
    with pytest.raises(MoveError, match="not empty"):
        move_ledger(file, server)
    assert state(Ledger(server)) == before


def test_a_move_that_loses_something_is_undone(
    file: sa.Engine, server: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = moving._content

    def lose(connection: sa.Connection, table: sa.Table) -> tuple[int, int]:
        if connection.dialect.name == "postgresql" and table.name == "delivery":
            connection.execute(sa.delete(table).where(table.c.feed == B.feed))
        return real(connection, table)

    monkeypatch.setattr(moving, "_content", lose)
    with pytest.raises(MoveError, match="delivery is not the same"):
        move_ledger(file, server)
    assert Ledger(server).table("delivery").is_empty()
