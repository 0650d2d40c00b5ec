"""PostgreSQL is read as it stands: its types, its names, its limits; and never written to (H79)."""

from __future__ import annotations

import time
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.connectors.fetched import SourceChangedError, SourceUnavailableError, Window
from ioc_pipelines.connectors.sql.address import address_of
from ioc_pipelines.connectors.sql.postgresql import connect
from tests.connectors.sql.reading import Fetch, fetching, frame
from tests.servers import postgres_database, run_postgres

VIETNAM = timezone(timedelta(hours=7))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres_database() as found:
        yield found


@pytest.fixture
def fetch(url: str, tmp_path: Path) -> Fetch:
    return fetching(url, tmp_path / "workspace")


@pytest.fixture
def table(url: str) -> Iterator[str]:
    """A name for a table, dropped at the end."""
    name = f"t_{uuid.uuid4().hex[:8]}"
    yield name
    run_postgres(url, f"DROP TABLE IF EXISTS {name} CASCADE")


def asked(url: str, query: str) -> list[Any]:
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


# --- types --------------------------------------------------------------------------------------

NFD = unicodedata.normalize("NFD", "Nguyễn Thị Hằng")
CASES: list[tuple[str, str, pl.DataType, Any]] = [
    ("smallint", "-32768", pl.Int16(), -32768),
    ("integer", "2147483647", pl.Int32(), 2147483647),
    ("bigint", "9223372036854775807", pl.Int64(), 9223372036854775807),
    ("real", "0.1", pl.Float32(), pytest.approx(0.1, rel=1e-7)),
    ("double precision", "0.1", pl.Float64(), 0.1),
    ("numeric(18,2)", "9999999999999999.99", pl.Decimal(18, 2), Decimal("9999999999999999.99")),
    ("numeric(38,0)", "9" * 38, pl.Decimal(38, 0), Decimal("9" * 38)),
    ("numeric(38,38)", "0." + "1" * 38, pl.Decimal(38, 38), Decimal("0." + "1" * 38)),
    ("numeric(39,1)", "9" * 38 + ".1", pl.String(), "9" * 38 + ".1"),
    ("numeric", "1.50", pl.String(), "1.50"),
    ("numeric(5,-2)", "12300", pl.String(), "12300"),
    ("numeric(5,2)", "NaN", pl.Decimal(5, 2), None),
    ("boolean", "true", pl.Boolean(), True),
    ("text", "Trần Đình Đức", pl.String(), "Trần Đình Đức"),
    ("text", NFD, pl.String(), NFD),
    ("text", "", pl.String(), ""),
    ("varchar(9)", "007", pl.String(), "007"),
    ("char(5)", "H32", pl.String(), "H32  "),
    ("date", "2026-02-28", pl.Date(), date(2026, 2, 28)),
    ("date", "infinity", pl.Date(), date(9999, 12, 31)),
    ("date", "-infinity", pl.Date(), date(1, 1, 1)),
    (
        "timestamp",
        "2026-11-01 08:00:00.123456",
        pl.Datetime("us"),
        datetime(2026, 11, 1, 8, 0, 0, 123456),  # noqa: DTZ001
    ),
    (
        "timestamptz",
        "2026-11-01 20:00:00.123456+00",
        pl.Datetime("us"),
        datetime(2026, 11, 2, 3, 0, 0, 123456),  # noqa: DTZ001
    ),
    (
        "timestamp",
        "infinity",
        pl.Datetime("us"),
        datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
    ),
    ("timestamptz", "-infinity", pl.Datetime("us"), datetime(1, 1, 1)),  # noqa: DTZ001
    ("time", "08:30:00.5", pl.String(), "08:30:00.5"),
    ("interval", "1 day 02:00:00", pl.String(), "1 day 02:00:00"),
    ("json", '{"b": 1, "a":2}', pl.String(), '{"b": 1, "a":2}'),
    ("jsonb", '{"b": 1, "a":2}', pl.String(), '{"a": 2, "b": 1}'),
    (
        "uuid",
        "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        pl.String(),
        "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("bytea", r"\x00ff", pl.Binary(), b"\x00\xff"),
    ("integer[]", "{1,2}", pl.String(), "{1,2}"),
    ("inet", "10.0.0.1/8", pl.String(), "10.0.0.1/8"),
    ("money", "12.30", pl.String(), "$12.30"),
    ("muc_do", "cao", pl.String(), "cao"),
    ("so_tien", "1.25", pl.Decimal(12, 2), Decimal("1.25")),
]


@pytest.fixture(scope="module", autouse=True)
def types(url: str) -> None:
    run_postgres(
        url,
        "CREATE TYPE muc_do AS ENUM ('thap', 'cao')",
        "CREATE DOMAIN so_tien AS numeric(12,2)",
    )


@pytest.mark.parametrize(("kind", "text", "dtype", "value"), CASES)
def test_a_type_arrives_exactly(
    url: str, fetch: Fetch, table: str, kind: str, text: str, dtype: pl.DataType, value: Any
) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int, x {kind})",
        f"INSERT INTO {table} VALUES (1, '{text}'::{kind}), (2, NULL)",
    )
    found = frame(fetch(("n", "x"), table=table)).sort("n")
    assert found.schema["x"] == dtype
    assert found["x"].to_list() == [value, None]


def test_what_could_not_be_carried_over_is_counted(url: str, fetch: Fetch, table: str) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (x numeric(5,2), d date)",
        f"INSERT INTO {table} VALUES ('NaN', 'infinity'), (1, '2026-01-01'), ('NaN', NULL)",
    )
    note = fetch(("x", "d"), table=table).note
    assert (note["nan_as_null"], note["times_brought_into_calendar"]) == (2, 1)
    assert (note["rows"], note["engine"]) == (3, "postgresql")


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001
most = Decimal("9" * 28 + "." + "9" * 10)
exact = st.decimals(min_value=most.copy_negate(), max_value=most, places=10, allow_nan=False)
rows_of_all_types = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | exact,
        st.none() | text | st.just(NFD),
        st.none() | st.booleans(),
        st.none() | st.dates(),
        st.none() | moments,
        st.none() | st.floats(allow_nan=False),
        st.none() | st.binary(max_size=8),
    ),
    max_size=15,
)


@settings(max_examples=20)
@given(rows=rows_of_all_types)
def test_what_is_there_arrives(url: str, fetch: Fetch, table: str, rows: list[Any]) -> None:
    run_postgres(
        url,
        f"DROP TABLE IF EXISTS {table}",
        f"CREATE TABLE {table} (n int, a bigint, b numeric(38,10), c text, d boolean, e date, "
        "f timestamp, g double precision, h bytea)",
    )
    with adbc.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for n, (a, b, c, d, e, f, g, h) in enumerate(rows):
            values = (n, a, None if b is None else str(b), c, d, e, f, g, h)
            cursor.execute(
                f"INSERT INTO {table} VALUES ($1,$2,$3::text::numeric,$4,$5,$6,$7,$8,$9)", values
            )
    found = frame(fetch("nabcdefgh", table=table)).sort("n")
    assert found.select(*"abcdefgh").rows() == rows
    assert found.height == len(rows)


# --- since the last time ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "old", "new", "newer", "watermark"),
    [
        ("date", "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-02"),
        (
            "timestamp",
            "2026-11-01 08:00",
            "2026-11-02 08:00:00.123456",
            "2026-11-02 08:00:00.123457",
            "2026-11-02 08:00:00.123456",
        ),
        (
            "timestamptz",
            "2026-11-02 08:00+07",
            "2026-11-02 08:00:00.5+00",
            "2026-11-02 15:00:00.6+07",
            "2026-11-02 08:00:00.5+00",
        ),
        ("bigint", "1", "9007199254740993", "9007199254740994", 9007199254740993),
        ("numeric(20,2)", "1", "900719925474099.31", "900719925474099.32", "900719925474099.31"),
        ("text", "a", "b", "c", "b"),
    ],
)
def test_every_kind_of_watermark(
    url: str,
    fetch: Fetch,
    table: str,
    kind: str,
    old: str,
    new: str,
    newer: str,
    watermark: Any,
) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int, w {kind})",
        f"INSERT INTO {table} VALUES (1, '{old}'), (2, '{new}')",
    )
    first = fetch(("n",), table=table, watermark="w")
    assert (frame(first).height, first.cursor["watermark"]) == (2, watermark)
    again = fetch(("n",), table=table, watermark="w", cursor=first.cursor)
    assert (again.has_news, frame(again).height) == (False, 0)
    assert again.cursor == first.cursor
    run_postgres(url, f"INSERT INTO {table} VALUES (3, '{newer}'), (4, '{new}'), (5, '{old}')")
    later = fetch(("n",), table=table, watermark="w", cursor=again.cursor)
    assert sorted(frame(later)["n"]) == [3, 4], "of the same instant, and later; not the old one"


def test_a_watermark_without_an_order_is_refused(url: str, fetch: Fetch, table: str) -> None:
    run_postgres(url, f"CREATE TABLE {table} (n int, w uuid)")
    with pytest.raises(SourceChangedError, match="watermark 'w' is of type uuid"):
        fetch(("n",), table=table, watermark="w")


def test_an_infinite_watermark_hides_nothing(url: str, fetch: Fetch, table: str) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int, w timestamp)",
        f"INSERT INTO {table} VALUES (1, 'infinity'), (2, '2026-11-01'), (3, '2962-01-01')",
    )
    first = fetch(("n",), table=table, watermark="w")
    assert first.cursor["watermark"] == "2026-11-01 00:00:00"
    run_postgres(url, f"INSERT INTO {table} VALUES (4, '2026-11-02')")
    later = fetch(("n",), table=table, watermark="w", cursor=first.cursor)
    assert frame(later)["n"].to_list() == [4]


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_a_window_means_viet_nams_clock(url: str, fetch: Fetch, table: str, kind: str) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int, w {kind})",
        "SET TimeZone = 'UTC'",
        f"INSERT INTO {table} SELECT d, "
        + (
            f"('2026-11-0' || d)::{kind}"
            if kind != "timestamptz"
            else "('2026-11-0' || d || ' 00:00+07')::timestamptz"
        )
        + " FROM generate_series(1, 4) AS d",
    )

    def days(since: datetime | None, until: datetime | None) -> list[int]:
        window = Window(since, until)
        return sorted(frame(fetch(("n",), table=table, watermark="w", window=window))["n"])

    assert days(datetime(2026, 11, 2, tzinfo=VIETNAM), None) == [2, 3, 4]
    assert days(None, datetime(2026, 11, 2, tzinfo=VIETNAM)) == [1]
    assert days(datetime(2026, 11, 2), datetime(2026, 11, 3, 8)) == [2, 3]  # noqa: DTZ001
    assert days(datetime(2026, 11, 2, 0, 0, 1), None) == [3, 4]  # noqa: DTZ001
    assert days(datetime(2027, 1, 1, tzinfo=VIETNAM), None) == []


# --- structure ----------------------------------------------------------------------------------


def test_tables_in_schemas_and_views(url: str, fetch: Fetch, table: str) -> None:
    schema = f"so_{table}"
    run_postgres(
        url,
        f'CREATE SCHEMA "{schema}"',
        f'CREATE TABLE "{schema}"."Hồ sơ" ("Mã ""số" int, "100%" int, ":x" int)',
        f'INSERT INTO "{schema}"."Hồ sơ" VALUES (1, 2, 3)',
        f'CREATE VIEW "{schema}".xem AS SELECT * FROM "{schema}"."Hồ sơ"',
        f'CREATE MATERIALIZED VIEW {table} AS SELECT * FROM "{schema}".xem',
    )
    names = ('Mã "số', "100%", ":x")
    for name in (f"{schema}.Hồ sơ", f"{schema}.xem", table):
        found = frame(fetch(names, table=name))
        assert found.select(names).rows() == [(1, 2, 3)]
    with pytest.raises(SourceChangedError, match=r"nearest: .*Hồ sơ"):
        fetch(names, table=f"{schema}.Hồ so")
    with pytest.raises(SourceChangedError, match=r"column '100' \(nearest: 100%\)"):
        fetch(("100",), table=f"{schema}.xem")
    run_postgres(url, f"DROP MATERIALIZED VIEW {table}", f'DROP SCHEMA "{schema}" CASCADE')


def test_a_column_added_to_the_feed_brings_the_whole_table(
    url: str, fetch: Fetch, table: str
) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int, x int, w int)",
        f"INSERT INTO {table} VALUES (1, 1, 1), (2, 2, 2)",
    )
    first = fetch(("n",), table=table, watermark="w")
    wider = fetch(("n", "x"), table=table, watermark="w", cursor=first.cursor)
    assert sorted(frame(wider)["x"]) == [1, 2]


# --- read-only ----------------------------------------------------------------------------------


def refused_with(cursor: adbc.Cursor, statement: str) -> str | None:
    try:
        cursor.execute(statement)
        cursor.fetchall()
    except adbc_driver_manager.Error as error:
        return error.sqlstate
    return None


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {t} VALUES (9)",
        "UPDATE {t} SET n = 0",
        "DELETE FROM {t}",
        "TRUNCATE {t}",
        "DROP TABLE {t}",
        "CREATE TABLE {t}_2 (n int)",
        "SELECT nextval('{t}_s')",
    ],
)
def test_a_write_through_its_connection_fails(url: str, table: str, statement: str) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int)",
        f"CREATE SEQUENCE {table}_s OWNED BY {table}.n",
        f"INSERT INTO {table} VALUES (1)",
    )
    address = address_of("AGENCY_URL", {"AGENCY_URL": url})
    with connect(address, 10) as connection, connection.cursor() as cursor:
        assert refused_with(cursor, statement.format(t=table)) == "25006"
        cursor.execute("ROLLBACK")
        assert refused_with(cursor, statement.format(t=table)) == "25006", "afterwards as well"


def test_the_source_is_as_it_was_and_seen_at_one_moment(url: str, fetch: Fetch, table: str) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table} AS SELECT i AS n, i::text AS x FROM generate_series(1, 1000) AS i",
    )
    content = (
        f"SELECT md5(string_agg(t::text, '|' ORDER BY n)), min(xmin::text), max(xmax::text), "
        f"(SELECT relfilenode FROM pg_class WHERE relname = '{table}') FROM {table} AS t"
    )
    before = asked(url, content)
    cursor = fetch(("n", "x"), table=table, watermark="n").cursor
    fetch(("n", "x"), table=table, watermark="n", cursor=cursor)
    assert asked(url, content) == before
    address = address_of("AGENCY_URL", {"AGENCY_URL": url})
    with connect(address, 10) as connection, connection.cursor() as within:
        within.execute(f"SELECT count(*) FROM {table}")
        assert within.fetchall() == [(1000,)]
        run_postgres(url, f"INSERT INTO {table} VALUES (1001, '')")
        within.execute(f"SELECT count(*) FROM {table}")
        assert within.fetchall() == [(1000,)]


# --- failures -----------------------------------------------------------------------------------


def test_a_role_that_may_read_one_table_only(url: str, tmp_path: Path, table: str) -> None:
    role, password = f"doc_{table}", "p@ss:/w%rd?"
    run_postgres(
        url,
        f"CREATE TABLE {table} (n int)",
        f"CREATE TABLE {table}_kin (n int)",
        f"INSERT INTO {table} VALUES (7)",
        f"CREATE ROLE {role} LOGIN PASSWORD '{password}'",
        f"GRANT SELECT ON {table} TO {role}",
    )
    try:
        quoted = "p%40ss%3A%2Fw%25rd%3F"
        fetch = fetching(url.replace("postgres@", f"{role}:{quoted}@"), tmp_path / "w")
        assert frame(fetch(("n",), table=table))["n"].to_list() == [7]
        with pytest.raises(SourceUnavailableError) as caught:
            fetch(("n",), table=f"{table}_kin")
        assert str(caught.value) == "database of AGENCY_URL: access denied"
    finally:
        run_postgres(url, f"DROP TABLE {table}_kin, {table}", f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("5432/", "1/"), "refused"),
        (("5432/", "5432/none_"), "unknown database"),
        (("postgres@", "nobody:hunter2@"), "access denied"),
        (("127.0.0.1", "no-such-host.invalid"), "unknown host"),
    ],
)
def test_a_failure_is_named_and_the_address_is_not(
    url: str, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    fetch = fetching(url.replace(*change), tmp_path / "w")
    with pytest.raises(SourceUnavailableError) as caught:
        fetch(("n",), table="t")
    assert str(caught.value) == f"database of AGENCY_URL: {words}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_value_of_a_row_is_said(url: str, fetch: Fetch, table: str) -> None:
    run_postgres(
        url,
        f"CREATE TABLE {table}_t (x text)",
        f"INSERT INTO {table}_t VALUES ('0912000001')",
        f"CREATE VIEW {table}_v AS SELECT x::date AS d FROM {table}_t",
    )
    with pytest.raises(SourceUnavailableError) as caught:
        fetch(("d",), table=f"{table}_v")
    assert str(caught.value) == "database of AGENCY_URL: the query failed"
    run_postgres(url, f"DROP TABLE {table}_t CASCADE")


def test_a_query_that_takes_too_long_ends_at_the_server_too(
    url: str, fetch: Fetch, table: str
) -> None:
    run_postgres(
        url,
        f"CREATE VIEW {table}_v AS SELECT pg_sleep(20)::text AS x, n FROM generate_series(1, 3) n",
    )
    before = datetime.now(VIETNAM)
    with pytest.raises(SourceUnavailableError, match=r"^database of AGENCY_URL: time-out$"):
        fetch(("x", "n"), table=f"{table}_v", timeout_s=1)
    assert datetime.now(VIETNAM) - before < timedelta(seconds=3)
    still = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
        f"AND query LIKE '%{table}_v%' AND pid <> pg_backend_pid()"
    )
    for _ in range(40):
        if asked(url, still) == [(0,)]:
            break
        time.sleep(0.05)
    assert asked(url, still) == [(0,)]
    run_postgres(url, f"DROP VIEW {table}_v")
