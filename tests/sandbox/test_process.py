"""The sandbox served by a process of its own: databases that may only be read, faults, an end."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import polars as pl
import pymysql
import pytest
import sqlalchemy as sa
from adbc_driver_manager import Error as PostgresqlError
from adbc_driver_postgresql import dbapi as postgresql

from ioc_pipelines.sandbox import process
from ioc_pipelines.sandbox.addresses import sandbox_addresses
from ioc_pipelines.sandbox.breaking import break_system, mend
from ioc_pipelines.sandbox.process import SandboxError
from tests.sandbox.conftest import Sandbox


@pytest.fixture(scope="module")
def served(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = sandbox.copy(tmp_path_factory.mktemp("served") / "sandbox")
    process.start(folder)
    yield folder
    process.stop(folder)


@pytest.fixture(autouse=True)
def well(served: Path) -> Iterator[None]:
    yield
    mend(served)


def _postgresql(served: Path) -> str:
    address = sandbox_addresses(served)["IOC_KHO_BAC_URL"]
    if not address.startswith("postgresql"):
        pytest.skip("no PostgreSQL listens here")
    return address


def _mariadb(served: Path) -> pymysql.Connection:
    address = sandbox_addresses(served)["IOC_THUE_URL"]
    if not address.startswith("mysql"):
        pytest.skip("no MariaDB listens here")
    url = sa.make_url(address)
    return pymysql.connect(
        host=url.host,
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
    )


def test_it_is_served_once(served: Path) -> None:
    assert process.start(served) == process.running(served)
    assert sandbox_addresses(served).keys() >= {
        "IOC_SANDBOX",
        "IOC_LGSP_URL",
        "IOC_LGSP_CLIENT_SECRET",
        "IOC_KHO_BAC_URL",
        "IOC_THUE_URL",
        "IOC_DAT_DAI_URL",
    }


def test_postgresql_holds_the_table_and_lets_nobody_write(served: Path) -> None:
    held = pl.read_parquet(served / "systems" / "kho_bac" / "thu_ngan_sach.parquet")
    with closing(postgresql.connect(_postgresql(served))) as connection:
        cursor = connection.cursor()
        cursor.execute("select count(*), sum(so_thu)::text, min(ky)::text from thu_ngan_sach")
        total = held["so_thu"].cast(pl.Int64).sum()
        assert cursor.fetchone() == (held.height, f"{total}.00", "2024-11-01")
        with pytest.raises(PostgresqlError, match="permission denied"):
            cursor.execute("delete from thu_ngan_sach")


def test_mariadb_holds_the_table_and_lets_nobody_write(served: Path) -> None:
    held = pl.read_parquet(served / "systems" / "thue" / "thu_thue.parquet")
    with closing(_mariadb(served)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*), sum(so_da_nop) from thu_thue")
        assert cursor.fetchone() == (held.height, held["so_da_nop"].cast(pl.Int64).sum())
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            cursor.execute("delete from thu_thue")


def test_sqlite_holds_the_table(served: Path) -> None:
    path = sandbox_addresses(served)["IOC_DAT_DAI_URL"].removeprefix("sqlite:///")
    held = pl.read_parquet(served / "systems" / "dat_dai" / "bien_dong_dat.parquet")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        assert database.execute("select count(*) from bien_dong_dat").fetchone() == (held.height,)


def test_a_system_that_is_down_refuses_and_one_that_hangs_takes_calls(served: Path) -> None:
    _postgresql(served)
    break_system(served, "quan_trac", "down")
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox_addresses(served)["IOC_QUAN_TRAC_URL"], timeout=2)
    break_system(served, "kho_bac", "hang")
    url = sa.make_url(sandbox_addresses(served)["IOC_KHO_BAC_URL"])
    with socket.create_connection((str(url.host), int(url.port or 0)), timeout=2) as caller:
        caller.settimeout(0.3)
        caller.send(b"hello")
        with pytest.raises(TimeoutError):
            caller.recv(1)
    break_system(served, "so_y_te", "down")
    assert not (served / "so_y_te").exists()
    assert mend(served) == ["quan_trac", "kho_bac", "so_y_te"]
    assert (served / "so_y_te" / "benh-tuan").is_dir()
    assert mend(served) == []


@pytest.mark.parametrize(
    ("system", "fault", "said"),
    [("so_y", "down", "no system 'so_y'; there are: lgsp"), ("thue", "html", "can by: down, hang")],
)
def test_what_cannot_be_broken_is_said(served: Path, system: str, fault: str, said: str) -> None:
    with pytest.raises(SandboxError, match=said):
        break_system(served, system, fault)


def test_it_stops_and_what_it_made_on_servers_is_gone(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = sandbox.copy(tmp_path / "sandbox")
    process.start(folder)
    address = sandbox_addresses(folder)["IOC_KHO_BAC_URL"]
    assert process.stop(folder)
    assert not process.stop(folder)
    assert set(sandbox_addresses(folder)) == {"IOC_SANDBOX"}
    if address.startswith("postgresql"):
        with pytest.raises(PostgresqlError):
            postgresql.connect(address)
    assert (folder / "answer_key.json").is_file()


def test_a_killed_one_is_noticed(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = sandbox.copy(tmp_path / "sandbox")
    first = process.start(folder)
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert process.running(folder) is None
    second = process.start(folder)
    assert second.pid != first.pid
    process.stop(folder)


def test_one_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"did not start; what it said: .*server\.log"):
        process.start(tmp_path)
