"""The sandbox's databases: PostgreSQL and MariaDB where they listen, else SQLite files.

On a server each sandbox has a database of its own and a login that may only read it; both are gone
when the sandbox stops. Rows are replaced in one transaction, so a reader sees the old or the new.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import polars as pl
import pymysql
import sqlalchemy as sa
from adbc_driver_manager import Error as PostgresqlError
from adbc_driver_postgresql import dbapi as postgresql

from ioc_pipelines.sandbox.server.services import TABLES
from ioc_pipelines.sandbox.tables import FOLDER, Kind, Table

POSTGRESQL_ENV, MARIADB_ENV = "IOC_SANDBOX_POSTGRESQL", "IOC_SANDBOX_MARIADB"
_DEFAULTS = {
    POSTGRESQL_ENV: "postgresql://postgres@127.0.0.1:5432/postgres",
    MARIADB_ENV: "mysql+pymysql://root@127.0.0.1:3306/mysql",
}
_WAIT_S = 3
_TYPES: Mapping[Kind, tuple[str, str, pl.DataType]] = {
    "text": ("text", "varchar(80)", pl.String()),
    "whole": ("integer", "int", pl.Int32()),
    "decimal": ("numeric(18,2)", "decimal(18,0)", pl.Decimal(18, 2)),
    "date": ("date", "date", pl.Date()),
    "timestamp": ("timestamp", "datetime", pl.Datetime("us")),
}


def load(root: Path, password: str) -> dict[str, str]:
    """Fill the database of each system; return the address that each may be read at."""
    return {
        "kho_bac": _in_postgresql(root, "kho_bac", password) or _in_sqlite(root, "kho_bac"),
        "thue": _in_mariadb(root, "thue", password) or _in_sqlite(root, "thue"),
        "dat_dai": _in_sqlite(root, "dat_dai"),
    }


def drop(root: Path) -> None:
    """Remove what was made on the servers; SQLite files stay."""
    name = _name(root)
    if address := _listening(POSTGRESQL_ENV):
        admin = postgresql.connect(address, autocommit=True)
        with closing(admin), admin.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'DROP ROLE IF EXISTS "{name}"')
    if address := _listening(MARIADB_ENV):
        with closing(_mariadb(address)) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"DROP USER IF EXISTS `{name}`@`%`")


def _in_postgresql(root: Path, system: str, password: str) -> str | None:
    """The reader's address in a database of the sandbox's own; None where none listens."""
    address = _listening(POSTGRESQL_ENV)
    if address is None:
        return None
    name = _name(root)
    with closing(postgresql.connect(address, autocommit=True)) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = $1", (name,))
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}"')
            cursor.execute(f'CREATE ROLE "{name}" LOGIN')
        cursor.execute(f"ALTER ROLE \"{name}\" PASSWORD '{password}'")
    own = sa.make_url(address).set(database=name)
    with closing(postgresql.connect(_text(own))) as connection, connection.cursor() as cursor:
        for table in _tables(system):
            columns = _ddl(table, '"', 0)
            cursor.execute(f'CREATE TABLE IF NOT EXISTS "{table.name}" ({columns})')
            cursor.execute(f'GRANT SELECT ON "{table.name}" TO "{name}"')
            cursor.execute(f'DELETE FROM "{table.name}"')
            cursor.adbc_ingest(table.name, _typed(root, table).to_arrow(), mode="append")
        connection.commit()
    reader = own.difference_update_query(["connect_timeout"])
    return _text(reader.set(username=name, password=password))


def _in_mariadb(root: Path, system: str, password: str) -> str | None:
    """The reader's address in a database of the sandbox's own; None where none listens."""
    address = _listening(MARIADB_ENV)
    if address is None:
        return None
    name = _name(root)
    with closing(_mariadb(address)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE USER IF NOT EXISTS `{name}`@`%`")
        cursor.execute(f"ALTER USER `{name}`@`%` IDENTIFIED BY '{password}'")
        cursor.execute(f"GRANT SELECT ON `{name}`.* TO `{name}`@`%`")
        for table in _tables(system):
            place = f"`{name}`.`{table.name}`"
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {place} ({_ddl(table, '`', 1)})")
            connection.begin()
            cursor.execute(f"DELETE FROM {place}")
            marks = ", ".join(["%s"] * len(table.columns))
            cursor.executemany(f"INSERT INTO {place} VALUES ({marks})", _typed(root, table).rows())
            connection.commit()
    return _text(sa.make_url(address).set(username=name, password=password, database=name))


def _in_sqlite(root: Path, system: str) -> str:
    path = root / FOLDER / system / f"{system}.db"
    with closing(sqlite3.connect(path)) as database, database:
        for table in _tables(system):
            columns = ", ".join(f'"{name}" TEXT' for name in table.columns)
            database.execute(f'CREATE TABLE IF NOT EXISTS "{table.name}" ({columns})')
            database.execute(f'DELETE FROM "{table.name}"')
            marks = ", ".join("?" * len(table.columns))
            rows = pl.read_parquet(table.path(root)).iter_rows()
            database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', rows)
    return f"sqlite:///{path}"


def _typed(root: Path, table: Table) -> pl.DataFrame:
    """The rows with the types of their columns. A cell that is none of its type is an error."""
    rows = pl.read_parquet(table.path(root))
    return rows.select(_cell(name, kind) for name, kind in table.columns.items())


def _cell(name: str, kind: Kind) -> pl.Expr:
    match kind:
        case "timestamp":
            return pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S")
        case "date":
            return pl.col(name).str.to_date("%Y-%m-%d")
        case _:
            return pl.col(name).cast(_TYPES[kind][2])


def _ddl(table: Table, quote: str, dialect: int) -> str:
    return ", ".join(
        f"{quote}{name}{quote} {_TYPES[kind][dialect]}" for name, kind in table.columns.items()
    )


def _tables(system: str) -> list[Table]:
    return [table for (of, _), table in TABLES.items() if of == system]


def _name(root: Path) -> str:
    """A name of the sandbox's own on a shared server: letters and digits only."""
    return f"ioc_sandbox_{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]}"


def _listening(variable: str) -> str | None:
    """The administrator's address of a server that lets us in, else None."""
    address = os.environ.get(variable, _DEFAULTS[variable])
    try:
        if variable == POSTGRESQL_ENV:
            url = sa.make_url(address).update_query_dict({"connect_timeout": str(_WAIT_S)})
            address = _text(url)
            postgresql.connect(address).close()
        else:
            _mariadb(address).close()
    except (PostgresqlError, pymysql.err.OperationalError):
        return None
    return address


def _mariadb(address: str) -> pymysql.Connection:
    url = sa.make_url(address)
    return pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        connect_timeout=_WAIT_S,
    )


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)
