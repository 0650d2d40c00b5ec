"""The ledger is brought to its newest form when it is opened, and only then."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from collections.abc import Iterator
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
from ioc_pipelines.ledger.open import migrations, open_ledger
from tests.servers import postgres_database, run_postgres, schema_url

MIGRATIONS = Path(ioc_pipelines.ledger.__file__).parent / "migrations"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}"
    else:
        with postgres_database() as database:
            yield schema_url(database, "hung_yen_ledger")


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
    assert len(found) == 22


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


def shape(engine: sa.Engine) -> dict[str, list[tuple[str, str]]]:
    """Every table with its columns and their types."""
    inspector = sa.inspect(engine)
    return {
        table: [(column["name"], str(column["type"])) for column in inspector.get_columns(table)]
        for table in sorted(inspector.get_table_names())
    }


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
    before = shape(open_ledger(url))
    engine = open_ledger(url)
    assert shape(engine) == before
    with engine.connect() as connection:
        (kept,) = connection.execute(sa.select(tables.snapshot)).mappings()
        assert dict(kept) == {**row, "published_at": None}
    assert len(before) > 10


def test_migrations_go_down_and_up_again(url: str) -> None:
    engine = open_ledger(url)
    with engine.begin() as connection:
        alembic.command.downgrade(migrations(connection), "base")
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


def test_every_connection_to_a_file_is_durable_and_waits(tmp_path: Path) -> None:
    engine = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            for pragma, value in pragmas.items():
                found = connection.execute(sa.text(f"pragma {pragma}")).scalar()
                assert found == value, pragma
            timeout = connection.execute(sa.text("pragma busy_timeout")).scalar()
            assert timeout is not None
            assert timeout >= 10_000


def test_two_profiles_share_a_database_and_nothing_else() -> None:
    with postgres_database() as database:
        ours = open_ledger(schema_url(database, "hung_yen_ledger"))
        theirs = open_ledger(schema_url(database, "open_data_ledger"))
        row = {"round_id": "r", "reason": "", "run_id": "", "opened_at": "", "deadline": ""}
        with ours.begin() as connection:
            connection.execute(sa.insert(tables.collection_round).values(row))
        with theirs.connect() as connection:
            assert connection.execute(sa.select(tables.collection_round)).all() == []
        schemas = set(sa.inspect(ours).get_schema_names()) - {"information_schema"}
        assert schemas == {"hung_yen_ledger", "open_data_ledger", "public"}
        assert sa.inspect(ours).get_table_names(schema="public") == []


def test_a_role_that_owns_its_schemas_and_nothing_else_is_enough() -> None:
    with postgres_database() as database:
        role = database.rsplit("/", 1)[1].replace("ioc_test", "ioc_role")
        run_postgres(
            database,
            f"CREATE ROLE {role} LOGIN",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            f"CREATE SCHEMA hung_yen_ledger AUTHORIZATION {role}",
        )
        try:
            own = schema_url(database.replace("postgres@", f"{role}@"), "hung_yen_ledger")
            assert set(tables.metadata.tables) < set(sa.inspect(open_ledger(own)).get_table_names())
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                open_ledger(own.replace("hung_yen_ledger", "open_data_ledger"))
        finally:
            run_postgres(
                database,
                f"REASSIGN OWNED BY {role} TO postgres",
                f"DROP OWNED BY {role}",
                f"DROP ROLE {role}",
            )


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_what_a_kill_cut_off_is_taken_back(tmp_path: Path, journal: str) -> None:
    """A hot journal, or a log without a commit, is mended by opening the ledger."""
    path = tmp_path / "ledger.db"
    open_ledger(f"sqlite:///{path}").dispose()
    writes = (
        "import os, signal, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        f"c.execute('pragma journal_mode={journal}'); c.execute('pragma cache_size=1');"
        "c.execute('create table big (t text)'); c.execute('begin immediate');"
        "c.executemany('insert into big values (?)', [('x' * 900,)] * 3000);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", writes, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = {"wal": "ledger.db-wal", "delete": "ledger.db-journal"}[journal]
    assert (tmp_path / left).stat().st_size > 0
    engine = open_ledger(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from big").scalar() == 0
        assert connection.exec_driver_sql("pragma integrity_check").scalar() == "ok"
    engine.dispose()
