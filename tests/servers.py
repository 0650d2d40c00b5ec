"""Databases of the test's own on the servers of this machine; skipped, visibly, without one."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import adbc_driver_postgresql.dbapi as adbc
import pymysql
import pytest
from pymysql.cursors import Cursor

POSTGRES = ("127.0.0.1", 5432)
MARIADB = ("127.0.0.1", 3306)


def listens(address: tuple[str, int]) -> bool:
    """Whether somebody takes a connection there."""
    try:
        with socket.create_connection(address, timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def postgres_database() -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database, dropped at the end."""
    if not listens(POSTGRES):
        pytest.skip(f"no PostgreSQL listens at {POSTGRES[0]}:{POSTGRES[1]}")
    name = f"ioc_test_{uuid.uuid4().hex}"
    server = f"postgresql://postgres@{POSTGRES[0]}:{POSTGRES[1]}"
    run_postgres(f"{server}/postgres", f"CREATE DATABASE {name}")
    try:
        yield f"{server}/{name}"
    finally:
        run_postgres(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


def schema_url(url: str, schema: str) -> str:
    """A URL of ``postgres_database`` as SQLAlchemy takes it, in a schema of that database."""
    address = url.replace("postgresql://", "postgresql+psycopg2://", 1)
    return f"{address}?options=-csearch_path%3D{schema}"


def run_postgres(url: str, *statements: str) -> None:
    """Run statements, each on its own."""
    with closing(adbc.connect(url, autocommit=True)) as connection:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)


@contextmanager
def mariadb_database() -> Iterator[str]:
    """The URL of a new, empty MariaDB database, dropped at the end."""
    if not listens(MARIADB):
        pytest.skip(f"no MariaDB listens at {MARIADB[0]}:{MARIADB[1]}")
    name = f"ioc_test_{uuid.uuid4().hex}"
    run_mariadb(None, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield f"mariadb://root@{MARIADB[0]}:{MARIADB[1]}/{name}"
    finally:
        run_mariadb(None, f"DROP DATABASE {name}")


def run_mariadb(url: str | None, *statements: str) -> None:
    """Run statements as root, each on its own, in the database that the URL names."""
    with mariadb_connection(url) as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def mariadb_connection(url: str | None) -> Iterator[Cursor]:
    """A cursor of root's, in the database that the URL names; every statement is committed."""
    host, port = MARIADB
    database = url.rsplit("/", 1)[-1] if url else None
    with (
        closing(
            pymysql.connect(
                host=host,
                port=port,
                user="root",
                database=database,
                autocommit=True,
                charset="utf8mb4",
            )
        ) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor
