"""Workbooks of later months, which drift: read by the layouts as they are.

Each is made from the cells of a real workbook, changed in the ways that the office's workbooks of
2003 to 2024 differ from month to month; its figures must come out as those of the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from ioc_pipelines.catalog.load import FeedEntry, load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.intake.conform import Conformed
from ioc_pipelines.intake.read_batch import read_batch
from ioc_pipelines.orchestration.deployment import Deployment

Cells = list[list[Any]]
Drift = Callable[[Cells], Cells]

SOURCE = "nso_monthly_reports/xls/2024-11-29-02.-Bieu-T11.2024.xlsx"
FDI = ("investment.fdi_by_province", "12. FDI", "31. FDI (2)", 20)
INVESTMENT = ("investment.state_budget_investment", "11.VDT", "9. VDT NSNN thang", 31)
LABOUR = ("labour.industrial_labour_index", "5. LĐCN_DP", "10. LD CN DP", 63)


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return Deployment.of("open_data")


@pytest.fixture(scope="module")
def entries() -> dict[str, FeedEntry]:
    return {entry.feed.dataset: entry for entry in load_catalog(SOURCES / "open_data").entries}


def same(cells: Cells) -> Cells:
    return cells


def three_rows_lower(cells: Cells) -> Cells:
    return [[], ["Biểu số liệu kinh tế - xã hội"], [], *cells]


def notes_below(cells: Cells) -> Cells:
    return [*cells, [], ["Ghi chú: (*) Số liệu sơ bộ"], ["", "Người lập biểu"]]


def blanks_in_names(cells: Cells) -> Cells:
    return [[f" {v}  " if isinstance(v, str) and v else v for v in row] for row in cells]


def another_month(cells: Cells) -> Cells:
    """November 2024 as May 2031."""

    def later(value: Any) -> Any:
        if value == 2024.0:
            return 2031.0
        if not isinstance(value, str):
            return value
        text = re.sub(r"(\d{1,2})/11/2024", r"\1/5/2031", value)
        text = re.sub(r"tháng 11\b", "tháng 5", text).replace("2024", "2031")
        return re.sub(r"^11 tháng", "5 tháng", text)

    return [[later(value) for value in row] for row in cells]


def decomposed(cells: Cells) -> Cells:
    return [
        [unicodedata.normalize("NFD", v) if isinstance(v, str) else v for v in r] for r in cells
    ]


DRIFTS: list[Drift] = [
    same,
    three_rows_lower,
    notes_below,
    blanks_in_names,
    another_month,
    decomposed,
]


@pytest.mark.parametrize(("dataset", "sheet", "renamed", "count"), [FDI, INVESTMENT, LABOUR])
@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.__name__)
def test_a_drifted_workbook_is_read_without_a_change(
    open_data: Path,
    tmp_path: Path,
    entries: dict[str, FeedEntry],
    deployment: Deployment,
    dataset: str,
    sheet: str,
    renamed: str,
    count: int,
    drift: Drift,
) -> None:
    cells = _cells(open_data / SOURCE, sheet)
    path = tmp_path / "2031-05-29-Bieu.xlsx"
    _write(path, renamed, drift(cells))
    original = _read(entries[dataset], open_data / SOURCE, deployment)
    found = _read(entries[dataset], path, deployment)
    assert found.rows.height == count
    assert found.unreadable.is_empty()
    assert _figures(found) == _figures(original)
    period = "2031-05" if drift is another_month else "2024-11"
    assert found.rows["period"].unique().to_list() == [period]


def _cells(path: Path, sheet: str) -> Cells:
    workbook = CalamineWorkbook.from_path(path)
    return workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def _write(path: Path, sheet: str, cells: Cells) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet("1. Nong nghiep")
        page = workbook.add_worksheet(sheet)
        for number, row in enumerate(cells):
            for column, value in enumerate(row):
                if value != "":
                    page.write(number, column, value)


def _read(entry: FeedEntry, path: Path, deployment: Deployment) -> Conformed:
    files = [(path.name, path)]
    read = read_batch(entry.feed, entry.required_contract(), files, deployment.spellings)
    assert read.refused == []
    assert read.batch is not None
    return read.batch


def _figures(batch: Conformed) -> list[tuple[Any, ...]]:
    """What the rows say, without their place and period.

    The workbook is written with 16 digits of each number; nine decimals are all that it says.
    """
    shown = batch.rows.select(pl.exclude("_row_id", "_file", "_sheet", "_row", "period"))
    return sorted(shown.with_columns(pl.selectors.float().round(9)).rows(), key=str)
