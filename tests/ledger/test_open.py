"""The ledger is brought to its newest form when it is opened, and only then."""

from __future__ import annotations

import multiprocessing
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import alembic.command
import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

import ioc_pipelines.ledger
from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import open_ledger

MIGRATIONS = Path(ioc_pipelines.ledger.__file__).parent / "migrations"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}"


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_a_fresh_ledger_is_what_the_tables_say(url: str) -> None:
    engine = open_ledger(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    found = set(sa.inspect(engine).get_table_names())
    assert found == {*tables.metadata.tables, "alembic_version"}
    assert len(found) == 18


def test_the_comparison_would_find_a_difference(url: str) -> None:
    engine = open_ledger(url)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table batch add column more varchar"))
        connection.execute(sa.text("drop table snapshot"))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert {difference[0] for difference in differences} == {"remove_column", "add_table"}


def test_constraints_are_migrated_too(url: str) -> None:
    """Alembic compares no check constraints: they are asked for by name."""
    inspector = sa.inspect(open_ledger(url))
    checks = {check["name"] for check in inspector.get_check_constraints("batch")}
    assert checks == {"no_row_vanishes"}
    keys = {
        (table, key["referred_table"])
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
    }
    assert keys == {
        ("acceptance", "batch"),
        ("acceptance", "delivery"),
        ("approval", "batch"),
        ("collection_round_feed", "collection_round"),
        ("complaint_feed", "complaint"),
        ("complaint_text", "complaint"),
        ("rule_result", "delivery"),
    }


def test_there_is_one_line_of_migrations(url: str) -> None:
    scripts = script()
    assert len(scripts.get_heads()) == 1
    engine = open_ledger(url)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == tuple(
            scripts.get_heads()
        )


def test_opening_again_changes_nothing(url: str) -> None:
    row = {
        "snapshot_id": "s1",
        "built_at": "2026-11-20T19:00:00+00:00",
        "run_id": "r",
        "dbt_hash": "h",
        "sha256": "x",
        "bytes": 1,
    }
    with open_ledger(url).begin() as connection:
        connection.execute(sa.insert(tables.snapshot).values(row))
    schema = sa.text("select name, sql from sqlite_master order by name")
    with open_ledger(url).connect() as connection:
        before = connection.execute(schema).fetchall()
    engine = open_ledger(url)
    with engine.connect() as connection:
        assert connection.execute(schema).fetchall() == before
        (kept,) = connection.execute(sa.select(tables.snapshot)).mappings()
        assert dict(kept) == {**row, "published_at": None}
    assert len(before) > 10


def test_migrations_go_down_and_up_again(url: str) -> None:
    engine = open_ledger(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    again = open_ledger(url)
    assert set(tables.metadata.tables) < set(sa.inspect(again).get_table_names())


def test_a_ledger_of_a_newer_version_is_refused(url: str) -> None:
    with open_ledger(url).begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        open_ledger(url)


def test_a_migration_that_was_killed_is_run_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = alembic.op.create_table

    def die(name: str, *columns: object, **facts: object) -> object:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(name)
        return real(name, *columns, **facts)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(alembic.op, "create_table", die)
        with pytest.raises(KeyboardInterrupt):
            open_ledger(url)
    assert len(made) == 3
    engine = open_ledger(url)
    assert set(tables.metadata.tables) < set(sa.inspect(engine).get_table_names())


def _open(url: str, together: Barrier, answers: Queue[str]) -> None:
    together.wait(timeout=60)
    try:
        open_ledger(url)
    except Exception as error:  # noqa: BLE001
        answers.put(f"{type(error).__name__}: {error}")
    else:
        answers.put("opened")


def test_processes_may_open_a_fresh_ledger_at_once(url: str) -> None:
    """The command, the Dagster UI and its daemon start together on a new machine."""
    context = multiprocessing.get_context("spawn")
    together, answers = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_open, args=(url, together, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [answers.get(timeout=60) for _ in processes] == ["opened"] * 3
    for process in processes:
        process.join(timeout=60)


def test_every_connection_is_durable_and_waits(url: str) -> None:
    engine = open_ledger(url)
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            for pragma, value in pragmas.items():
                found = connection.execute(sa.text(f"pragma {pragma}")).scalar()
                assert found == value, pragma
            timeout = connection.execute(sa.text("pragma busy_timeout")).scalar()
            assert timeout is not None
            assert timeout >= 10_000
