"""A copy of the ledger in one file, from and to each engine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.copies import (
    DamagedLedgerError,
    LedgerNotEmptyError,
    Standing,
    copy_ledger,
    filled_from_copy,
    rows_of_copy,
    standing_of_copy,
)
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.store import Ledger
from tests.ledger.delivering import HOUR, NOW, A, B, deliver
from tests.servers import postgres_database, schema_url


def everything(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=repr
            )
            for table in t.metadata.sorted_tables
        }


def url_of(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """Two batches that count, one that was replaced, a failed delivery."""
    first = deliver(ledger, A, name="b1", cursor={"since": "2026-11-20"})
    deliver(ledger, B, NOW + HOUR, name="b2")
    deliver(ledger, A, NOW + 2 * HOUR, name="b3", replays=first.seq)
    deliver(ledger, B, NOW + 3 * HOUR, name=None)
    return ledger


def test_a_copy_says_what_the_ledger_says(engine: sa.Engine, told: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy_ledger(url_of(engine), copy)
    rows = rows_of_copy(copy)
    assert {name: rows[name] for name in ("delivery", "batch", "acceptance")} == {
        "delivery": 4,
        "batch": 3,
        "acceptance": 3,
    }
    assert standing_of_copy(copy) == [Standing("test.x", "b2", 8), Standing("test.x", "b3", 8)]
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]
    assert everything(open_ledger(f"sqlite:///{copy}")) == everything(engine)
    with closing(sqlite3.connect(copy)) as opened:
        (documents,) = opened.execute(
            "select count(*) from delivery where cursor = 'null'"
        ).fetchone()
    assert documents == 0


def test_a_server_is_filled_from_a_copy_and_goes_on(
    engine: sa.Engine, told: Ledger, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    copy_ledger(url_of(engine), copy)
    with postgres_database() as database:
        url = schema_url(database, "hung_yen_ledger")
        with pytest.raises(KeyboardInterrupt), filled_from_copy(copy, url):
            raise KeyboardInterrupt
        server = open_ledger(url)
        assert not any(everything(server).values())
        with filled_from_copy(copy, url):
            pass
        assert everything(server) == everything(engine)
        deliver(Ledger(server), A, NOW + 4 * HOUR, name="b4")
        assert len(everything(server)["delivery"]) == 5
        with pytest.raises(LedgerNotEmptyError, match="table"), filled_from_copy(copy, url):
            pass
        assert len(everything(server)["delivery"]) == 5
        server.dispose()


def test_a_damaged_copy_is_refused(engine: sa.Engine, told: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy_ledger(url_of(engine), copy)
    content = bytearray(copy.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 5000] = bytes(5000)
    copy.write_bytes(content)
    for ask in (rows_of_copy, standing_of_copy):
        with pytest.raises(DamagedLedgerError, match=r"copy\.db"):
            ask(copy)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as opened:
        opened.execute("create table t (x int)")
    with pytest.raises(DamagedLedgerError, match=r"other\.db is no ledger"):
        rows_of_copy(other)
