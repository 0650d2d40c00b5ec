"""Benchmarks of the intake, as ratios against the bare library in the same run.

``make bench``. A spreadsheet of 100,000 rows is made, then read several times by calamine alone
and by the whole intake (layout, conform); the machine is noisy, the ratio is not.
"""

from __future__ import annotations

import random
import resource
import statistics
import tempfile
import time
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

ROWS, ROUNDS, SEED = 100_000, 5, 1
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


def main() -> None:
    """Make the files, time, print."""
    with tempfile.TemporaryDirectory(prefix="ioc-bench-") as folder:
        book, text = Path(folder) / "bench.xlsx", Path(folder) / "bench.csv"
        _write(book, text)
        _report("XLSX, calamine alone", "XLSX, intake", _bare_xlsx(book), _intake_xlsx(book))
        _report("CSV, polars alone", "CSV, intake", _bare_csv(text), _intake_csv(text))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory of this process: {peak_mb} MB")


def _write(book: Path, text: Path) -> None:
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
        for i in range(ROWS)
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


def _intake_xlsx(path: Path) -> Callable[[], int]:
    layout = XlsxLayout(format="xlsx", sheet=".")
    return lambda: _intake(layout, path)


def _intake_csv(path: Path) -> Callable[[], int]:
    return lambda: _intake(CsvLayout(format="csv"), path)


def _intake(layout: XlsxLayout | CsvLayout, path: Path) -> int:
    (table,) = read_tables(layout, wanted_of(COLUMNS), path, path.name)
    found = conform(table.frame, COLUMNS, SCHEMA)
    if found.unreadable.height or found.rows.height != ROWS:
        msg = f"{found.rows.height} rows, {found.unreadable.height} unreadable cells"
        raise AssertionError(msg)
    return found.rows.height


def _report(peer: str, ours: str, run_peer: Callable[[], int], run_ours: Callable[[], int]) -> None:
    """Alternate the two, so that the noise falls on both; the median of the rounds."""
    times: dict[str, list[float]] = {peer: [], ours: []}
    for _ in range(ROUNDS):
        for name, run in ((peer, run_peer), (ours, run_ours)):
            started = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
    of_peer, of_ours = (statistics.median(times[name]) for name in (peer, ours))
    print(f"{peer}: {of_peer:.2f} s · {ours}: {of_ours:.2f} s · ratio {of_ours / of_peer:.2f}")


if __name__ == "__main__":
    main()
