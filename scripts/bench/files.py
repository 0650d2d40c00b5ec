"""Benchmarks of the intake, as ratios against the bare library in the same run.

``make bench``. A spreadsheet of 100,000 rows is made, then read several times by calamine alone
and by the whole intake (layout, conform); the machine is noisy, the ratio is not. A table of
5,000,000 rows in PostgreSQL is copied to a file by psql, and fetched by the connector.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import xlsxwriter
from python_calamine import CalamineWorkbook

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.layouts import CsvLayout, XlsxLayout
from ioc_pipelines.intake.conform import conform
from ioc_pipelines.intake.layout.read import read_tables
from ioc_pipelines.intake.layout.table import wanted_of
from scripts.bench.measure import alternate
from scripts.bench.report import Result

ROWS, ROUNDS, SEED = 100_000, 5, 1
TABLE_ROWS, TABLE_ROUNDS = 5_000_000, 3
POSTGRES = ("127.0.0.1", 5432)
HEADER = ("Mã", "Tên", "Ngày", "A", "B", "C", "D", "E", "F", "G")
SCHEMA: dict[str, pl.DataType] = {
    "Mã": pl.String(),
    "Tên": pl.String(),
    "Ngày": pl.Date(),
    "A": pl.Int64(),
    "B": pl.Float64(),
    "C": pl.Int64(),
    "D": pl.Float64(),
    "E": pl.String(),
    "F": pl.Int64(),
    "G": pl.String(),
}
COLUMNS = {name: Column(source=name) for name in HEADER}
TABLE_SQL = """
    CREATE TABLE ho_so AS SELECT
        i::bigint AS id,
        'H32.' || lpad(i::text, 9, '0') AS ma,
        i % 104 AS xa,
        'Nguyễn Văn ' || i % 1000 AS ten,
        (i * 1.25)::numeric(18, 2) AS so_tien,
        i % 2 = 0 AS xong,
        date '2020-01-01' + i % 2000 AS ngay,
        timestamp '2020-01-01' + i * interval '7 second' AS tao_luc,
        timestamptz '2020-01-01' + i * interval '7.000123 second' AS cap_nhat_luc,
        i * 0.37::float8 AS ty_le,
        CASE WHEN i % 3 > 0 THEN 'đang xử lý' END AS trang_thai,
        (i % 9)::smallint AS muc
    FROM generate_series(1, {rows}) AS i
"""
TABLE_COLUMNS = (
    "id", "ma", "xa", "ten", "so_tien", "xong",
    "ngay", "tao_luc", "cap_nhat_luc", "ty_le", "trang_thai", "muc",
)  # fmt: skip
FETCH = """
import sys
from pathlib import Path
from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.connectors.sql import fetch_sql
url, folder, *columns = sys.argv[1:]
table = SqlConnector(kind="sql", url_env="URL", table="ho_so", watermark="cap_nhat_luc")
fetched = fetch_sql(table, columns, {"URL": url}, None, Window(), Path(folder))
# not getrusage: a child that was started by vfork inherits the peak of its parent there
status = Path("/proc/self/status").read_text()
peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
print(fetched.note["rows"], int(peak_kb) // 1024)
"""


def run(folder: Path, *, tiny: bool) -> Result:
    """Make the files, time, compare."""
    rows, rounds = (1_000, 1) if tiny else (ROWS, ROUNDS)
    book, text = folder / "bench.xlsx", folder / "bench.csv"
    _write(book, text, rows)
    pairs = [
        ("calamine alone", "XLSX, intake", _bare_xlsx(book), _intake_xlsx(book, rows)),
        ("polars alone", "CSV, intake", _bare_csv(text), _intake_csv(text, rows)),
    ]
    found = [_compared(*pair, rounds) for pair in pairs]
    return Result(
        ("ours", "peer", "ours, s", "peer, s", "ratio"), [*found, *_postgres(folder, tiny=tiny)]
    )


def _write(book: Path, text: Path, count: int) -> None:
    chance = random.Random(SEED)  # noqa: S311  a reproducible file, no secret
    rows: list[tuple[str | float, ...]] = [
        (
            f"{i:06d}",
            f"Hưng Yên {i % 104}",
            f"2026-10-{i % 28 + 1:02d}",
            i,
            i * 1.5,
            i % 7,
            chance.random(),
            "x" * (i % 9),
            i * 3,
            "đồng",
        )
        for i in range(count)
    ]
    with xlsxwriter.Workbook(book, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Dữ liệu")
        for number, row in enumerate([HEADER, *rows]):
            sheet.write_row(number, 0, row)
    pl.DataFrame(rows, schema=HEADER, orient="row").write_csv(text)


def _bare_xlsx(path: Path) -> Callable[[], int]:
    return lambda: len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())


def _bare_csv(path: Path) -> Callable[[], int]:
    return lambda: pl.read_csv(path, infer_schema=False).height


def _intake_xlsx(path: Path, rows: int) -> Callable[[], int]:
    layout = XlsxLayout(format="xlsx", sheet=".")
    return lambda: _intake(layout, path, rows)


def _intake_csv(path: Path, rows: int) -> Callable[[], int]:
    return lambda: _intake(CsvLayout(format="csv"), path, rows)


def _intake(layout: XlsxLayout | CsvLayout, path: Path, rows: int) -> int:
    (table,) = read_tables(layout, wanted_of(COLUMNS), path, path.name)
    found = conform(table.frame, COLUMNS, SCHEMA)
    if found.unreadable.height or found.rows.height != rows:
        msg = f"{found.rows.height} rows, {found.unreadable.height} unreadable cells"
        raise AssertionError(msg)
    return found.rows.height


def _postgres(folder: Path, *, tiny: bool) -> list[list[str]]:
    """A table of its own, in a database of its own, dropped at the end."""
    rows, rounds = (5_000, 1) if tiny else (TABLE_ROWS, TABLE_ROUNDS)
    try:
        socket.create_connection(POSTGRES, timeout=2).close()
    except OSError:
        where = f"{POSTGRES[0]}:{POSTGRES[1]}"
        return [["PostgreSQL", f"skipped: nothing listens at {where}", "", "", ""]]
    if shutil.which("psql") is None:
        return [["PostgreSQL", "skipped: there is no psql to compare with", "", "", ""]]
    database = f"ioc_bench_{os.getpid()}"
    _psql("postgres", f"CREATE DATABASE {database}")
    try:
        _psql(database, TABLE_SQL.format(rows=rows))
        _psql(database, "VACUUM ANALYZE ho_so")
        columns = ", ".join(TABLE_COLUMNS)
        copy = f"\\copy (SELECT {columns} FROM ho_so) TO '{folder / 'ho_so.csv'}' (FORMAT csv)"
        peaks: list[int] = []
        compared = _compared(
            "COPY to CSV by psql",
            f"PostgreSQL, {rows:,} rows to Parquet",
            lambda: _psql(database, copy),
            lambda: peaks.append(_fetch_postgres(database, folder, rows)),
            rounds,
        )
        compared[0] += f", peak {max(peaks)} MB"
        return [compared]
    finally:
        _psql("postgres", f"DROP DATABASE {database} WITH (FORCE)")


def _psql(database: str, statement: str) -> None:
    host, port = POSTGRES
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", str(port)]
    subprocess.run([*command, "-U", "postgres", "-c", statement, database], check=True)  # noqa: S603


def _fetch_postgres(database: str, folder: Path, wanted: int) -> int:
    """Fetch in a process of its own, so that its peak memory is its own; in MB."""
    url = f"postgresql://postgres@{POSTGRES[0]}:{POSTGRES[1]}/{database}"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", FETCH, url, str(folder), *TABLE_COLUMNS],
        check=True,
        capture_output=True,
        text=True,
    )
    rows, peak_mb = map(int, done.stdout.split())
    if rows != wanted:
        msg = f"{rows} rows"
        raise AssertionError(msg)
    return peak_mb


def _compared(
    peer: str,
    ours: str,
    run_peer: Callable[[], object],
    run_ours: Callable[[], object],
    rounds: int,
) -> list[str]:
    times = alternate({peer: run_peer, ours: run_ours}, rounds)
    ratio = times[ours] / times[peer]
    return [ours, peer, f"{times[ours]:.2f}", f"{times[peer]:.2f}", f"{ratio:.2f} ×"]
