"""MariaDB is read as it stands: its types, its names, its limits; and never written to (H79)."""

from __future__ import annotations

import time
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pymysql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.connectors.fetched import SourceChangedError, SourceUnavailableError, Window
from ioc_pipelines.connectors.sql.address import address_of
from ioc_pipelines.connectors.sql.mariadb import connect
from tests.connectors.sql.reading import Fetch, fetching, frame
from tests.servers import mariadb_connection, mariadb_database, run_mariadb

VIETNAM = timezone(timedelta(hours=7))
NFD = unicodedata.normalize("NFD", "Nguyễn Thị Hằng")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with mariadb_database() as found:
        yield found


@pytest.fixture
def fetch(url: str, tmp_path: Path) -> Fetch:
    return fetching(url, tmp_path / "workspace")


@pytest.fixture
def table(url: str) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:8]}"
    yield name
    run_mariadb(url, f"DROP TABLE IF EXISTS {name}")


# --- types --------------------------------------------------------------------------------------

CASES: list[tuple[str, Any, pl.DataType, Any]] = [
    ("tinyint", -128, pl.Int8(), -128),
    ("tinyint unsigned", 255, pl.UInt8(), 255),
    ("boolean", True, pl.Int8(), 1),
    ("smallint", -32768, pl.Int16(), -32768),
    ("mediumint unsigned", 16777215, pl.UInt32(), 16777215),
    ("int", -(2**31), pl.Int32(), -(2**31)),
    ("bigint", -(2**63), pl.Int64(), -(2**63)),
    ("bigint unsigned", 2**64 - 1, pl.UInt64(), 2**64 - 1),
    ("bit(10)", 513, pl.UInt64(), 513),
    ("year", 2026, pl.Int16(), 2026),
    ("decimal(18,2)", "9999999999999999.99", pl.Decimal(18, 2), Decimal("9999999999999999.99")),
    ("decimal(38,10)", "9" * 28 + ".1", pl.Decimal(38, 10), Decimal("9" * 28 + ".1")),
    ("decimal(65,1)", "9" * 64 + ".5", pl.String(), "9" * 64 + ".5"),
    ("float", 16777217.0, pl.Float64(), 16777216.0),
    ("double", 0.1, pl.Float64(), 0.1),
    ("varchar(30)", "Trần Đình Đức 😀", pl.String(), "Trần Đình Đức 😀"),
    ("varchar(60)", NFD, pl.String(), NFD),
    ("varchar(9)", "", pl.String(), ""),
    ("char(5)", "H32", pl.String(), "H32"),
    ("varchar(30) character set latin1", "Ho so é", pl.String(), "Ho so é"),
    ("longtext", "x" * 70_000, pl.String(), "x" * 70_000),
    ("enum('thấp','cao')", "cao", pl.String(), "cao"),
    ("set('a','b')", "a,b", pl.String(), "a,b"),
    ("json", '{"b": 1, "a":2}', pl.String(), '{"b": 1, "a":2}'),
    (
        "uuid",
        "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        pl.String(),
        "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("inet6", "::1", pl.String(), "::1"),
    ("varbinary(9)", b"\x00\xff", pl.Binary(), b"\x00\xff"),
    ("longblob", b"\xc3\x28", pl.Binary(), b"\xc3\x28"),
    ("date", "2026-02-28", pl.Date(), date(2026, 2, 28)),
    ("date", "0000-00-00", pl.Date(), None),
    ("date", "2026-00-00", pl.Date(), None),
    ("datetime", "0000-00-00 00:00:00", pl.Datetime("us"), None),
    ("datetime", "2026-11-01 08:00:00", pl.Datetime("us"), datetime(2026, 11, 1, 8)),  # noqa: DTZ001
    (
        "datetime(6)",
        "2026-11-01 08:00:00.123456",
        pl.Datetime("us"),
        datetime(2026, 11, 1, 8, 0, 0, 123456),  # noqa: DTZ001
    ),
    (  # written at UTC, see `connection`
        "timestamp(6) null",
        "2026-11-01 20:00:00.000001",
        pl.Datetime("us"),
        datetime(2026, 11, 2, 3, 0, 0, 1),  # noqa: DTZ001
    ),
    ("time(3)", "-120:30:00.5", pl.String(), "-120:30:00.500"),
    ("point", None, pl.String(), None),
]


@pytest.mark.parametrize(("kind", "given", "dtype", "value"), CASES)
def test_a_type_arrives_exactly(
    url: str, fetch: Fetch, table: str, kind: str, given: Any, dtype: pl.DataType, value: Any
) -> None:
    run_mariadb(url, f"CREATE TABLE {table} (n int, x {kind})")
    with mariadb_connection(url) as cursor:
        cursor.execute("SET sql_mode = '', time_zone = '+00:00'")
        cursor.execute(f"INSERT INTO {table} VALUES (1, %s), (2, NULL)", (given,))
    found = frame(fetch(("n", "x"), table=table)).sort("n")
    assert found.schema["x"] == dtype
    assert found["x"].to_list() == [value, None]


def test_a_shape_is_read_as_its_text_and_no_date_is_counted(
    url: str, fetch: Fetch, table: str
) -> None:
    run_mariadb(url, f"CREATE TABLE {table} (x point, d date)")
    with mariadb_connection(url) as cursor:
        cursor.execute("SET sql_mode = ''")
        cursor.execute(f"INSERT INTO {table} VALUES (point(106.05, 20.65), '0000-00-00')")
    fetched = fetch(("x", "d"), table=table)
    assert frame(fetched).select("x", "d").rows() == [("POINT(106.05 20.65)", None)]
    assert fetched.note["zero_dates_as_null"] == 1
    assert (fetched.note["rows"], fetched.note["engine"]) == (1, "mariadb")


text = st.text(st.characters(codec="utf-8"), max_size=12)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001
exact = st.decimals(
    min_value=Decimal(-(10**27)), max_value=Decimal(10**27), places=10, allow_nan=False
)
rows_of_all_types = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | exact,
        st.none() | text | st.just(NFD),
        st.none() | st.integers(0, 2**64 - 1),
        st.none() | st.dates(),
        st.none() | moments,
        st.none() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
        st.none() | st.binary(max_size=8),
    ),
    max_size=15,
)


@settings(max_examples=20)
@given(rows=rows_of_all_types)
def test_what_is_there_arrives(url: str, fetch: Fetch, table: str, rows: list[Any]) -> None:
    run_mariadb(
        url,
        f"CREATE OR REPLACE TABLE {table} (n int, a bigint, b decimal(38,10), "
        "c varchar(60) collate utf8mb4_bin, d bigint unsigned, e date, f datetime(6), g double, "
        "h varbinary(8))",
    )
    with mariadb_connection(url) as cursor:
        insert = f"INSERT INTO {table} VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)"
        cursor.executemany(insert, [(n, *row) for n, row in enumerate(rows)])
    found = frame(fetch("nabcdefgh", table=table)).sort("n")
    assert found.select(*"abcdefgh").rows() == rows


# --- since the last time ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "old", "new", "newer", "watermark"),
    [
        ("date", "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-02"),
        (
            "datetime(6)",
            "2026-11-01 08:00",
            "2026-11-02 08:00:00.123456",
            "2026-11-02 08:00:00.123457",
            "2026-11-02 08:00:00.123456",
        ),
        (
            "timestamp null",
            "2026-11-02 08:00:00",
            "2026-11-02 15:00:00",
            "2026-11-02 15:00:01",
            None,
        ),
        ("bigint unsigned", "1", "9007199254740993", "9007199254740994", 9007199254740993),
        (
            "decimal(30,2)",
            "1",
            "90071992547409931.31",
            "90071992547409931.32",
            "90071992547409931.31",
        ),
        ("varchar(20)", "a", "b", "c", "b"),
    ],
)
def test_every_kind_of_watermark(
    url: str, fetch: Fetch, table: str, kind: str, old: str, new: str, newer: str, watermark: Any
) -> None:
    run_mariadb(
        url,
        f"CREATE TABLE {table} (n int, w {kind})",
        f"INSERT INTO {table} VALUES (1, '{old}'), (2, '{new}')",
    )
    first = fetch(("n",), table=table, watermark="w")
    assert frame(first).height == 2
    assert watermark in (None, first.cursor["watermark"])
    again = fetch(("n",), table=table, watermark="w", cursor=first.cursor)
    assert (again.has_news, frame(again).height, again.cursor) == (False, 0, first.cursor)
    run_mariadb(url, f"INSERT INTO {table} VALUES (3, '{newer}'), (4, '{new}'), (5, '{old}')")
    later = fetch(("n",), table=table, watermark="w", cursor=again.cursor)
    assert sorted(frame(later)["n"]) == [3, 4], "of the same instant, and later; not the old one"


@pytest.mark.parametrize("kind", ["date", "datetime", "timestamp null"])
def test_a_window_means_viet_nams_clock(url: str, fetch: Fetch, table: str, kind: str) -> None:
    run_mariadb(url, f"CREATE TABLE {table} (n int, w {kind})")
    with mariadb_connection(url) as cursor:
        cursor.execute("SET time_zone = '+07:00'")
        days_of = ", ".join(f"({day}, '2026-11-0{day}')" for day in (1, 2, 3, 4))
        cursor.execute(f"INSERT INTO {table} VALUES {days_of}")

    def days(since: datetime | None, until: datetime | None) -> list[int]:
        window = Window(since, until)
        return sorted(frame(fetch(("n",), table=table, watermark="w", window=window))["n"])

    assert days(datetime(2026, 11, 2, tzinfo=VIETNAM), None) == [2, 3, 4]
    assert days(None, datetime(2026, 11, 2, tzinfo=VIETNAM)) == [1]
    assert days(datetime(2026, 11, 2), datetime(2026, 11, 3, 8)) == [2, 3]  # noqa: DTZ001
    assert days(datetime(2026, 11, 2, 0, 0, 1), None) == [3, 4]  # noqa: DTZ001


def test_a_watermark_without_an_order_is_refused(url: str, fetch: Fetch, table: str) -> None:
    run_mariadb(url, f"CREATE TABLE {table} (n int, w blob)")
    with pytest.raises(SourceChangedError, match="watermark 'w' is of type blob"):
        fetch(("n",), table=table, watermark="w")


# --- structure ----------------------------------------------------------------------------------


def test_names_are_quoted_and_other_databases_are_named(url: str, fetch: Fetch, table: str) -> None:
    database = url.rsplit("/", 1)[-1]
    run_mariadb(
        url,
        f"CREATE TABLE `Hồ sơ {table}` (`Mã ``số` int, `100%%` int, `:x` int)",
        f"INSERT INTO `Hồ sơ {table}` VALUES (1, 2, 3)",
        f"CREATE VIEW {table}_v AS SELECT * FROM `Hồ sơ {table}`",
    )
    names = ("Mã `số", "100%%", ":x")
    for name in (f"Hồ sơ {table}", f"{database}.Hồ sơ {table}", f"{table}_v"):
        found = frame(fetch(names, table=name))
        assert found.select(names).rows() == [(1, 2, 3)]
    with pytest.raises(SourceChangedError, match=r"nearest: .*Hồ sơ"):
        fetch(names, table=f"Hồ so {table}")
    with pytest.raises(SourceChangedError, match=r"column '100' \(nearest: 100%%\)"):
        fetch(("100",), table=f"{table}_v")
    run_mariadb(url, f"DROP VIEW {table}_v", f"DROP TABLE `Hồ sơ {table}`")


# --- read-only ----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM", "Aria"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {t} VALUES (9)",
        "UPDATE {t} SET n = 0",
        "DELETE FROM {t}",
        "TRUNCATE {t}",
        "DROP TABLE {t}",
        "CREATE TABLE {t}_2 (n int)",
    ],
)
def test_a_write_through_its_connection_fails(
    url: str, table: str, statement: str, engine: str
) -> None:
    run_mariadb(
        url,
        f"CREATE TABLE {table} (n int) ENGINE={engine}",
        f"INSERT INTO {table} VALUES (1)",
    )
    address = address_of("AGENCY_URL", {"AGENCY_URL": url})
    with connect(address, 10) as connection, connection.cursor() as cursor:
        for _ in ("in the transaction", "and after it"):
            with pytest.raises(pymysql.Error, match=r"\(1792, "):
                cursor.execute(statement.format(t=table))
            cursor.execute("ROLLBACK")


def test_the_source_is_as_it_was_and_seen_at_one_moment(url: str, fetch: Fetch, table: str) -> None:
    run_mariadb(
        url,
        f"CREATE TABLE {table} (n int primary key, x varchar(9))",
        f"INSERT INTO {table} SELECT seq, seq FROM seq_1_to_1000",
    )

    def state() -> Any:
        with mariadb_connection(url) as cursor:
            cursor.execute(f"CHECKSUM TABLE {table} EXTENDED")
            checksum = cursor.fetchall()
            cursor.execute(
                "SELECT create_time, update_time FROM information_schema.tables "
                "WHERE table_schema = database() AND table_name = %s",
                (table,),
            )
            return checksum, cursor.fetchall()

    before = state()
    cursor = fetch(("n", "x"), table=table, watermark="n").cursor
    fetch(("n", "x"), table=table, watermark="n", cursor=cursor)
    assert state() == before
    address = address_of("AGENCY_URL", {"AGENCY_URL": url})
    with connect(address, 10) as connection, connection.cursor() as within:
        run_mariadb(url, f"INSERT INTO {table} VALUES (1001, '')")
        within.execute(f"SELECT count(*) FROM {table}")
        assert within.fetchall() == (("1000",),)


# --- failures -----------------------------------------------------------------------------------


def test_a_user_that_may_read_one_table_only(url: str, tmp_path: Path, table: str) -> None:
    user, database = f"doc_{table}", url.rsplit("/", 1)[-1]
    run_mariadb(
        url,
        f"CREATE TABLE {table} (n int)",
        f"CREATE TABLE {table}_kin (n int, secret int)",
        f"INSERT INTO {table} VALUES (7)",
        f"CREATE USER {user}@'%' IDENTIFIED BY 'p@ss:/w%rd?'",
        f"GRANT SELECT ON {database}.{table} TO {user}@'%'",
        f"GRANT SELECT (n) ON {database}.{table}_kin TO {user}@'%'",
    )
    try:
        quoted = "p%40ss%3A%2Fw%25rd%3F"
        fetch = fetching(url.replace("root@", f"{user}:{quoted}@"), tmp_path / "w")
        assert frame(fetch(("n",), table=table))["n"].to_list() == [7]
        with pytest.raises(SourceChangedError, match="column 'secret' is not there"):
            fetch(("secret",), table=f"{table}_kin")
        wrong = fetching(url.replace("root@", f"{user}:hunter2@"), tmp_path / "w")
        with pytest.raises(SourceUnavailableError) as caught:
            wrong(("n",), table=table)
        assert str(caught.value) == "database of AGENCY_URL: access denied"
    finally:
        run_mariadb(url, f"DROP TABLE {table}_kin", f"DROP USER {user}@'%'")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((":3306/", ":1/"), "refused"),
        ((":3306/", ":3306/none_"), "unknown database"),
        (("127.0.0.1", "no-such-host.invalid"), "unknown host"),
    ],
)
def test_a_failure_is_named_and_the_address_is_not(
    url: str, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        fetching(url.replace(*change), tmp_path / "w")(("n",), table="t")
    assert str(caught.value) == f"database of AGENCY_URL: {words}"
    assert caught.value.__suppress_context__


def test_an_authority_that_is_not_there_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="ssl_ca names holds no certificate"):
        fetching(f"{url}?ssl_ca=/nowhere/ca.pem", tmp_path / "w")(("n",), table="t")


def test_a_query_that_takes_too_long_ends_at_the_server_too(
    url: str, fetch: Fetch, table: str
) -> None:
    run_mariadb(url, f"CREATE VIEW {table}_v AS SELECT sleep(20) AS x, 1 AS n")
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match=r"^database of AGENCY_URL: time-out$"):
        fetch(("x", "n"), table=f"{table}_v", timeout_s=1)
    assert time.monotonic() - started < 3
    time.sleep(0.5)
    with mariadb_connection(url) as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE %s "
            "AND id <> connection_id()",
            (f"%{table}_v`%",),
        )
        assert cursor.fetchall() == ((0,),)
    run_mariadb(url, f"DROP VIEW {table}_v")
