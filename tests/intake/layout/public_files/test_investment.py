"""Foreign investment, and investment from the state budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from tests.intake.layout.public_files.reading import (
    FDI,
    INVESTMENT,
    LABOUR,
    MONTHLY,
    Cells,
    Read,
    at,
    number,
    sheet_of,
)

Figures = tuple[float | None, ...]


def fdi_rows(cells: Cells, columns: str, rows: Iterator[int]) -> dict[int, Figures]:
    return {row: tuple(number(at(cells, row, c)) for c in columns) for row in rows}


def fdi_workbook(path: Path) -> dict[int, Figures]:
    """The provinces of a workbook of 2016 or later: between two headings, name in column B."""
    for name in CalamineWorkbook.from_path(path).sheet_names:
        cells = sheet_of(path, name)
        heads = [str(row[0]).strip() if row else "" for row in cells]
        if "Đầu tư" not in " ".join(heads[:3]) or not any("nước ngoài" in h for h in heads[:3]):
            continue
        first = next((i for i, h in enumerate(heads) if re.search("Phân theo.*địa phương", h)), 0)
        if not first:
            continue
        last = next(i for i, h in enumerate(heads) if i > first and h.startswith("Phân theo"))
        wide = "CDE" if len(cells[0]) >= 5 else "CD"
        named = (i + 1 for i in range(first + 1, last) if cells[i][1] != "")
        return fdi_rows(cells, wide, named)
    raise AssertionError(path.name)


FDI_FIGURES = ("projects", "new_capital_usd_m", "adjusted_capital_usd_m")


def test_foreign_investment_is_that_of_every_workbook_since_2019(
    family: Read, open_data: Path
) -> None:
    """Each province with its projects and its new and adjusted capital in million USD."""
    files = [name for name in family(FDI).offered if re.search(r"/20(19|2\d)-", name)]
    assert len(files) == 37
    for file in files:
        rows = family(FDI).rows.filter(_file=file).select("_row", *FDI_FIGURES).rows()
        assert {row: figures for row, *figures in rows} == {
            row: list(figures) for row, figures in fdi_workbook(open_data / file).items()
        }, file


@pytest.mark.parametrize(
    ("file", "sheet", "columns", "rows"),
    [
        ("2003-03-31-Bieu03-3.xls", "05DTNN", "CE", [*range(25, 42)]),
        ("2003-12-29-Bieu1203-1.xls", "05DTNN", "DF", [*range(24, 43), *range(49, 73)]),
    ],
)
def test_foreign_investment_of_2003_is_in_thousand_usd(
    family: Read, open_data: Path, file: str, sheet: str, columns: str, rows: list[int]
) -> None:
    expected = fdi_rows(sheet_of(open_data / MONTHLY / file, sheet), columns, iter(rows))
    assert "Ngh×n USD" in str(sheet_of(open_data / MONTHLY / file, sheet))
    found = family(FDI).of(file).select("_row", *FDI_FIGURES).rows()
    assert [row for row, *_ in found] == rows
    for row, projects, capital, adjusted in found:
        assert (projects, adjusted) == (expected[row][0], None)
        assert capital == pytest.approx((expected[row][1] or 0) / 1000, rel=1e-12)


@pytest.mark.parametrize(
    ("period", "name", "figures"),
    [
        ("2021-04", "Hưng Yên", (3, 77.480544, 190.279753)),
        ("2024-12", "Hưng Yên", (71, 1406.343102, 40.3491651875)),
        ("2003-12", "Hà Nội", (52, 88.492, None)),
    ],
)
def test_known_figures_of_foreign_investment(
    family: Read, period: str, name: str, figures: Figures
) -> None:
    rows = family(FDI).rows.filter(period=period, province_name=name)
    assert rows.select(FDI_FIGURES).rows() == [figures]


def test_each_workbook_is_of_the_month_in_its_name(family: Read) -> None:
    for dataset in (FDI, INVESTMENT, LABOUR):
        months = family(dataset).rows.select("_file", "period").unique().rows()
        assert dict(months) == {file: file.removeprefix(MONTHLY)[:7] for file, _ in months}
        assert len(months) == family(dataset).result.read


def test_the_totals_of_foreign_investment_tie(family: Read, open_data: Path) -> None:
    control = family(FDI).result.control
    assert control.filter(~pl.col("ties")).rows() == []
    # 2003-12 lists every province: its row 23 is their sum, in million USD
    cells = sheet_of(open_data / MONTHLY / "2003-12-29-Bieu1203-1.xls", "05DTNN")
    stated = control.filter(
        pl.col("source_file").str.contains("2003-12"),
        row_number=23,
        column_name="new_capital_usd_m",
    )
    provinces = [at(cells, row, "F") for row in (*range(24, 43), *range(49, 73))]
    assert stated["parts"].to_list() == [len(provinces)]
    assert stated["stated"].item() == pytest.approx(at(cells, 23, "F") / 1000)
    assert stated["parts_sum"].item() == pytest.approx(sum(provinces) / 1000)
    # since 2004 only some are listed, and none of their sums is above the total
    assert control["source_file"].n_unique() == 45


def investment_workbook(path: Path, sheet: str) -> dict[int, Figures]:
    """Ministries and provinces of a workbook since 2016: the month in D, the year so far in E.

    In January the month is the year so far, and column C is the plan of the year.
    """
    cells = sheet_of(path, sheet)
    column = "D" if path.name[5:7] == "01" else "E"
    provinces = next(
        i for i, row in enumerate(cells, 1) if str(row[1]).startswith("Phân theo một số")
    )
    return {
        row: (number(at(cells, row, "D")), number(at(cells, row, column)))
        for row in range(1, len(cells) + 1)
        if str(at(cells, row, "B")).startswith("Bộ ")
        or (row > provinces and at(cells, row, "B") != "")
    }


JANUARY_WITH_ZERO = ("2022-01", "2024-01")


def investment_files(family: Read) -> list[str]:
    return [name for name in family(INVESTMENT).offered if re.search(r"/20(16|19|2\d)-", name)]


def assert_investment(family: Read, open_data: Path, file: str) -> None:
    rows = family(INVESTMENT).rows.filter(_file=file)
    (sheet,) = rows["_sheet"].unique()
    found = rows.select("_row", "month_bn_vnd", "cumulative_bn_vnd").rows()
    assert {row: tuple(figures) for row, *figures in found} == investment_workbook(
        open_data / file, sheet
    ), file


def test_investment_from_the_state_budget_is_that_of_every_workbook_since_2016(
    family: Read, open_data: Path
) -> None:
    files = investment_files(family)
    assert len(files) == 38
    for file in files:
        if not file.removeprefix(MONTHLY).startswith(JANUARY_WITH_ZERO):
            assert_investment(family, open_data, file)


@pytest.mark.parametrize("month", JANUARY_WITH_ZERO)
def test_the_plan_of_the_year_is_not_what_was_invested_by_january(
    family: Read, open_data: Path, month: str
) -> None:
    """The header says `tháng 01`; beside it stands the plan of the whole year."""
    (file,) = [name for name in investment_files(family) if f"/{month}-" in name]
    assert_investment(family, open_data, file)


@pytest.mark.parametrize(
    ("file", "sheet", "columns", "rows"),
    [
        ("2003-03-31-Bieu03-3.xls", "04XD", "EG", range(16, 24)),
        ("2003-12-29-Bieu1203-1.xls", "09XD", "EG", range(14, 22)),
    ],
)
def test_investment_of_2003(
    family: Read, open_data: Path, file: str, sheet: str, columns: str, rows: range
) -> None:
    cells = sheet_of(open_data / MONTHLY / file, sheet)
    found = family(INVESTMENT).of(file).select("_row", "month_bn_vnd", "cumulative_bn_vnd").rows()
    assert found == [(row, *(number(at(cells, row, c)) for c in columns)) for row in rows]
