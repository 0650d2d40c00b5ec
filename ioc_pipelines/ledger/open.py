"""Open the ledger, brought to its newest form first."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_S = 30


def open_ledger(url: str) -> sa.Engine:
    """An engine on the ledger at ``url``, migrated.

    Raises alembic's CommandError when the ledger was written by a newer version.
    """
    engine = connect_ledger(url)
    with writer(engine).begin() as connection:
        command.upgrade(migrations(connection), "head")
    return engine


def connect_ledger(url: str) -> sa.Engine:
    """An engine on the ledger at ``url`` in the form that it has, however old."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
        sa.event.listen(engine, "connect", _durable_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        make_schema(engine)
        sa.event.listen(engine, "begin", _begin_postgresql)
    return engine


def make_schema(engine: sa.Engine) -> None:
    """Make the schema that the search path of a PostgreSQL engine names, where it is not there.

    A role that may make none in its database is given its schemas by whoever administers it.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('ioc schemas'))")
        name = str(connection.exec_driver_sql("show search_path").scalar())
        there = sa.text("select 1 from pg_namespace where nspname = :name")
        if not connection.execute(there, {"name": name}).scalar():
            connection.execute(sa.schema.CreateSchema(name))


def migrations(connection: sa.Connection) -> Config:
    """What alembic needs to bring the ledger behind this connection to another form."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def writer(engine: sa.Engine) -> sa.Engine:
    """The engine for transactions that write: they take the lock first, so they wait their turn."""
    return engine.execution_options(writes=True)


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: sa.Connection) -> None:
    """One writer of a ledger at a time, as in SQLite: what it reads first stays true."""
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"set local lock_timeout = '{_BUSY_TIMEOUT_S}s'")
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext(current_schema()))")


def _durable_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Readers beside one writer, waits instead of errors, foreign keys held.

    The driver is kept from beginning transactions by itself: it would commit a half-done migration.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_TIMEOUT_S * 1000}",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
