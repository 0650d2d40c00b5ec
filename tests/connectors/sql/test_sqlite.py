"""An agency's database is read by watermark, in its own words, and never written to (H79)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.connectors.fetched import (
    Fetched,
    SourceChangedError,
    SourceUnavailableError,
    Window,
)
from ioc_pipelines.connectors.sql import fetch_sql
from ioc_pipelines.connectors.sql.address import address_of
from ioc_pipelines.connectors.sql.sqlite import connect

COLUMNS = ("ma_ho_so", "so_trang")
SCRIPT = """
    CREATE TABLE ho_so (
        ma_ho_so TEXT PRIMARY KEY, so_trang INTEGER, dien_thoai TEXT, cap_nhat_luc TEXT
    );
    INSERT INTO ho_so VALUES
        ('H1', 3, '0912000001', '2026-11-01 08:00:00'),
        ('H3', NULL, '0912000003', '2026-11-03 08:00:00'),
        ('H2', 5, '0912000002', '2026-11-02 08:00:00');
"""


def database(path: Path, script: str = SCRIPT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        connection.commit()
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return database(tmp_path / "agency" / "ho_so.db")


@pytest.fixture
def fetch(tmp_path: Path, source: Path) -> Callable[..., Fetched]:
    def run(
        columns: tuple[str, ...] = COLUMNS,
        *,
        url: str | None = None,
        cursor: dict[str, Any] | None = None,
        window: Window | None = None,
        table: str = "ho_so",
        watermark: str = "cap_nhat_luc",
    ) -> Fetched:
        workspace = tmp_path / "workspace"
        workspace.mkdir(exist_ok=True)
        connector = SqlConnector(kind="sql", url_env="URL", table=table, watermark=watermark)
        environment = {"URL": f"sqlite:///{source}" if url is None else url}
        return fetch_sql(connector, columns, environment, cursor, window or Window(), workspace)

    return run


Fetch = Callable[..., Fetched]


def frame(fetched: Fetched) -> pl.DataFrame:
    assert len(fetched.files) == 1
    return pl.read_parquet(fetched.files[0].path)


def test_the_whole_table_at_first(fetch: Fetch) -> None:
    fetched = fetch()
    assert sorted(frame(fetched).select("ma_ho_so", "so_trang", "cap_nhat_luc").rows()) == [
        ("H1", 3, "2026-11-01 08:00:00"),
        ("H2", 5, "2026-11-02 08:00:00"),
        ("H3", None, "2026-11-03 08:00:00"),
    ]
    assert fetched.cursor["watermark"] == "2026-11-03 08:00:00"
    assert (fetched.has_news, fetched.confirms, fetched.missing) == (True, True, ())
    assert (fetched.note["rows"], fetched.note["engine"]) == (3, "sqlite")
    assert fetched.files[0].name == "ho_so.parquet"


def test_only_what_is_past_the_cursor(fetch: Fetch, source: Path) -> None:
    """A cursor of the first version did not say which rows of its last instant it had seen."""
    fetched = fetch(cursor={"watermark": "2026-11-02 08:00:00"})
    assert sorted(frame(fetched)["ma_ho_so"]) == ["H2", "H3"]
    assert fetched.cursor["watermark"] == "2026-11-03 08:00:00"
    nothing = fetch(cursor=fetched.cursor)
    assert frame(nothing).height == 0
    assert (nothing.has_news, nothing.confirms) == (False, True)
    assert nothing.cursor == fetched.cursor
    database(
        source, "UPDATE ho_so SET so_trang = 9, cap_nhat_luc = '2026-11-04' WHERE ma_ho_so = 'H1'"
    )
    changed = fetch(cursor=nothing.cursor)
    assert frame(changed).select("ma_ho_so", "so_trang").rows() == [("H1", 9)]
    assert changed.cursor["watermark"] == "2026-11-04"


def test_a_table_that_is_still_empty(fetch: Fetch, source: Path) -> None:
    database(source, "DELETE FROM ho_so")
    fetched = fetch()
    assert (fetched.has_news, fetched.cursor["watermark"]) == (False, None)
    assert frame(fetched).height == 0


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (datetime(2026, 11, 2, 8), None, ["H2", "H3"]),  # noqa: DTZ001
        (None, datetime(2026, 11, 2, 8), ["H1"]),  # noqa: DTZ001
        (datetime(2026, 11, 2), datetime(2026, 11, 3), ["H2"]),  # noqa: DTZ001
        (datetime(2027, 1, 1), None, []),  # noqa: DTZ001
    ],
)
def test_a_window_reads_its_span_and_leaves_the_cursor(
    fetch: Fetch, since: datetime | None, until: datetime | None, expected: list[str]
) -> None:
    cursor = {"watermark": "2026-11-02 12:00:00"}
    fetched = fetch(window=Window(since, until), cursor=cursor)
    assert sorted(frame(fetched)["ma_ho_so"]) == expected
    assert fetched.cursor == cursor
    assert fetched.has_news == bool(expected)


def test_what_the_feed_does_not_name_stays_at_the_source(fetch: Fetch) -> None:
    fetched = fetch()
    assert set(frame(fetched).columns) == {"ma_ho_so", "so_trang", "cap_nhat_luc"}
    assert b"0912000001" not in fetched.files[0].path.read_bytes()


def test_values_keep_their_types_and_leading_zeros(fetch: Fetch, source: Path) -> None:
    database(
        source,
        "CREATE TABLE t (code TEXT, n INTEGER, x REAL, moved TEXT);"
        "INSERT INTO t VALUES ('001', 9007199254740993, 0.1, '1'), (NULL, NULL, NULL, '2');",
    )
    found = frame(fetch(("code", "n", "x"), table="t", watermark="moved"))
    assert found.select("code", "n", "x").rows() == [
        ("001", 9007199254740993, 0.1),
        (None, None, None),
    ]


def test_whole_and_fractional_numbers_of_one_column_stay_numbers(
    fetch: Fetch, source: Path
) -> None:
    """In a DECIMAL column SQLite keeps 2.0 as the whole number 2."""
    database(
        source,
        "CREATE TABLE t (n DECIMAL(9, 3), moved TEXT);"
        "INSERT INTO t VALUES (2.0, '1'), (1.234, '2'), (NULL, '3');",
    )
    found = frame(fetch(("n",), table="t", watermark="moved"))
    assert found["n"].dtype == pl.Float64
    assert found["n"].to_list() == [2.0, 1.234, None]


def test_a_column_of_several_types_loses_nothing(fetch: Fetch, source: Path) -> None:
    """SQLite takes any value in any column."""
    database(
        source,
        "CREATE TABLE t (n INTEGER, moved TEXT);"
        "INSERT INTO t VALUES (1, '1'), ('mười', '2'), (2.5, '3'), (NULL, '4');",
    )
    assert frame(fetch(("n",), table="t", watermark="moved"))["n"].to_list() == [
        "1",
        "mười",
        "2.5",
        None,
    ]
    database(source, "INSERT INTO t VALUES (x'6162', '5')")
    with_bytes = frame(fetch(("n",), table="t", watermark="moved"))
    assert with_bytes["n"].null_count() == 1


# --- what changed at the source -----------------------------------------------------------------


def test_a_missing_table_is_named_with_its_nearest_candidate(fetch: Fetch) -> None:
    with pytest.raises(SourceChangedError, match=r"table 'hoso' \(nearest: ho_so\) is not there"):
        fetch(table="hoso")


def test_a_missing_column_is_named_with_its_nearest_candidate(fetch: Fetch) -> None:
    with pytest.raises(SourceChangedError) as caught:
        fetch(("ma_hoso", "so_trang", "xyz"))
    said = str(caught.value)
    assert "ho_so: column 'ma_hoso' (nearest: ma_ho_so" in said
    assert "'xyz' is not there" in said
    assert "there are cap_nhat_luc, dien_thoai, ma_ho_so, so_trang" in said


def test_a_missing_watermark_is_a_missing_column(fetch: Fetch) -> None:
    with pytest.raises(SourceChangedError, match=r"'cap_nhat' \(nearest: cap_nhat_luc\)"):
        fetch(watermark="cap_nhat")


def test_a_view_will_do(fetch: Fetch, source: Path) -> None:
    database(source, "CREATE VIEW xem AS SELECT ma_ho_so, cap_nhat_luc FROM ho_so")
    assert frame(fetch(("ma_ho_so",), table="xem")).height == 3


# --- read-only ----------------------------------------------------------------------------------


def state(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in [folder, *folder.rglob("*")]
    }


def test_the_source_is_as_it_was(fetch: Fetch, source: Path) -> None:
    before = state(source.parent)
    assert "ho_so.db" in before
    cursor = fetch().cursor
    fetch(cursor=cursor)
    with pytest.raises(SourceChangedError):
        fetch(table="hoso")
    assert state(source.parent) == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ho_so",
        "UPDATE ho_so SET so_trang = 0",
        "INSERT INTO ho_so (ma_ho_so) VALUES ('H9')",
        "CREATE TABLE t (x)",
        "DROP TABLE ho_so",
    ],
)
def test_a_write_through_its_connection_fails(source: Path, statement: str) -> None:
    address = address_of("URL", {"URL": f"sqlite:///{source}"})
    with closing(connect(address, 10)) as connection:
        connection.execute("BEGIN")
        assert connection.execute("SELECT count(*) FROM ho_so").fetchone() == (3,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute(statement)


def test_a_url_cannot_ask_for_write_access(source: Path) -> None:
    address = address_of("URL", {"URL": f"sqlite:///{source}?mode=rwc"})
    with (
        closing(connect(address, 10)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM ho_so")


@pytest.mark.parametrize(
    "folder", ["a b", "Sở Y tế", "100%", "50%20", "số #1", "sao lưu?", "a&b=c", "it's"]
)
def test_any_folder_name_is_read_and_left_alone(tmp_path: Path, fetch: Fetch, folder: str) -> None:
    source = database(tmp_path / "systems" / folder / "ho_so.db")
    before = state(tmp_path / "systems")
    assert frame(fetch(url=f"sqlite:///{source}")).height == 3
    assert state(tmp_path / "systems") == before


def test_a_missing_database_is_not_made(tmp_path: Path, fetch: Fetch) -> None:
    (tmp_path / "systems").mkdir()
    for name in ("gone.db", "gone #1.db", "gone?.db"):
        with pytest.raises(SourceUnavailableError, match="URL"):
            fetch(url=f"sqlite:///{tmp_path / 'systems' / name}")
    assert list((tmp_path / "systems").iterdir()) == []


# --- addresses ----------------------------------------------------------------------------------


def test_an_unset_address_is_named(fetch: Fetch) -> None:
    with pytest.raises(SourceUnavailableError, match="environment variable URL is not set"):
        fetch(url="")


@pytest.mark.parametrize("backend", ["oracle", "mssql+pyodbc", "duckdb"])
def test_another_engine_is_refused_without_its_address(fetch: Fetch, backend: str) -> None:
    supported = "only postgresql, mariadb, mysql and sqlite are supported"
    with pytest.raises(SourceUnavailableError, match=supported) as caught:
        fetch(url=f"{backend}://reader:hunter2@db/ho_so")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://r:hunter2@db/x?options=-c%20default_transaction_read_only%3Doff",
        "postgresql://r:hunter2@db/x?sslmode=require&sslmode=disable",
        "mariadb://r:hunter2@db/x?init_command=DELETE",
        "mysql+pymysql://r:hunter2@db/x?ssl_ca=a&local_infile=1",
    ],
)
def test_another_option_of_the_url_is_refused(fetch: Fetch, url: str) -> None:
    with pytest.raises(SourceUnavailableError, match="URL's options only") as caught:
        fetch(url=url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["hunter2", "://hunter2", "/var/hunter2.db", "nosuch://hunter2"])
def test_a_malformed_address_is_refused_without_it(fetch: Fetch, url: str) -> None:
    with pytest.raises(SourceUnavailableError, match="URL") as caught:
        fetch(url=url)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, fetch: Fetch) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is not a database " * 100)
    with pytest.raises(SourceUnavailableError, match=r"^database of URL: DatabaseError$"):
        fetch(url=f"sqlite:///{path}")


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        'x"; DROP TABLE ho_so; --',
        "x'; DROP TABLE ho_so; --",
        "x]; --",
        "`x`",
        "select",
        "Mã hồ sơ",
        "a b",
        "a.b",
        ":x",
        "%(x)s",
        "100%",
        "a/b",
        "../a",
    ],
)
def test_names_are_quoted(fetch: Fetch, source: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    database(
        source,
        f"CREATE TABLE {quoted} ({quoted} TEXT, moved TEXT);"
        f"INSERT INTO {quoted} VALUES ('value', '1');",
    )
    fetched = fetch((name,), table=name, watermark="moved")
    assert frame(fetched)[name].to_list() == ["value"]
    assert fetched.files[0].path.parent.name == "workspace"
    assert frame(fetch()).height == 3, "the other table is still there"


def test_a_value_of_the_cursor_is_a_value(fetch: Fetch) -> None:
    fetched = fetch(cursor={"watermark": "'; DROP TABLE ho_so; --"})
    assert frame(fetched).height == 3
    assert frame(fetch()).height == 3


def test_a_watermark_that_the_feed_maps_is_read_once(fetch: Fetch) -> None:
    found = frame(fetch(("ma_ho_so", "cap_nhat_luc")))
    assert found.columns == ["cap_nhat_luc", "ma_ho_so"]
