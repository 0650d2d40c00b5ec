"""Budgets of the provinces, and their competitiveness."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.intake.layout.public_files.reading import BUDGET, PCI, Read, at, number, sheet_of

# sheet, columns of revenue and expenditure; a province has its number in column A
BUDGETS = {
    "Final_2006.xls": ("Sheet1", "CE", 64),
    "Final_2007.xls": ("M09+", "CE", 64),
    "Final_2011.xls": ("M09+", "CF", 63),
    "Final_2014.xls": ("M09+", "CF", 63),
    "Plan_2003.xls": ("Sheet1", "CF", 61),
    "Plan_2010.xls": ("Sheet1", "CE", 63),
    "Plan_2016.xls": ("M09", "CE", 63),
}


def budget_rows(path: Path, sheet: str) -> list[int]:
    """Rows with a number in A and a name in B."""
    cells = sheet_of(path, sheet)
    return [
        row
        for row in range(1, len(cells) + 1)
        if isinstance(at(cells, row, "A"), int | float) and isinstance(at(cells, row, "B"), str)
    ]


@pytest.mark.parametrize("file", BUDGETS)
def test_budgets_are_those_of_the_workbook(family: Read, open_data: Path, file: str) -> None:
    sheet, columns, provinces = BUDGETS[file]
    path = open_data / "mof_budget/Budget" / file
    cells = sheet_of(path, sheet)
    found = family(BUDGET).of(file)
    figures = found.select("_row", "revenue_m_vnd", "expenditure_m_vnd").rows()
    assert figures == [
        (row, *(number(at(cells, row, c)) for c in columns))
        for row in budget_rows(path, sheet)
        if isinstance(at(cells, row, columns[0]), int | float) and at(cells, row, "B").strip()
    ]
    assert len(figures) == found["province_name"].n_unique() == provinces
    stage, _, year = file.removesuffix(".xls").partition("_")
    assert set(found.select("stage", "fiscal_year").rows()) == {(stage.lower(), int(year))}


def test_hung_yen_planned_256_billion_dong_of_revenue_in_2003(family: Read) -> None:
    row = family(BUDGET).rows.filter(fiscal_year=2003, province_name="Hưng Yên")
    assert row.select("stage", "revenue_m_vnd").rows() == [("plan", 256000.0)]


@pytest.mark.parametrize(
    ("file", "sheet", "row", "letter", "column"),
    [
        # the country's total holds more than the provinces' sum
        ("Plan_2015.xls", "M09", 13, "C", "revenue_m_vnd"),
        ("Plan_2016.xls", "M09", 13, "C", "revenue_m_vnd"),
    ],
)
def test_a_total_of_budgets_that_differs(
    family: Read, open_data: Path, file: str, sheet: str, row: int, letter: str, column: str
) -> None:
    path = open_data / "mof_budget/Budget" / file
    cells = sheet_of(path, sheet)
    parts = [at(cells, part, letter) for part in budget_rows(path, sheet) if part > row]
    parts = [part for part in parts if part != ""]
    found = family(BUDGET).result.control.filter(
        source_file=f"mof_budget/Budget/{file}", row_number=row, column_name=column
    )
    assert found.select("sheet", "parts", "ties").rows() == [(sheet, len(parts), False)]
    stated, total, difference = found.select("stated", "parts_sum", "difference").row(0)
    assert stated == at(cells, row, letter)
    assert total == pytest.approx(sum(parts), rel=1e-12)
    assert difference == pytest.approx(stated - sum(parts), rel=1e-9)
    assert abs(difference) > 5


def test_no_other_total_of_budgets_differs(family: Read) -> None:
    control = family(BUDGET).result.control
    wrong = control.filter(~pl.col("ties")).select("source_file", "row_number", "column_name")
    assert {(Path(file).stem, row, column) for file, row, column in wrong.rows()} == {
        ("Plan_2015", 13, "revenue_m_vnd"),
        ("Plan_2016", 13, "revenue_m_vnd"),
    }
    assert control["ties"].sum() > 200


# sheet, column of names, column of scores, rows
INDEXES = {
    "PCI_2005.xls": ("Xếp hạng theo chỉ số PCI", "A", "B", range(2, 44)),
    "PCI_2007.xls": ("Tóm tắt các chỉ số PCI ", "A", "P", range(2, 66)),
    "PCI_2009.xls": ("Tong Hop", "C", "M", range(4, 67)),
    "PCI_2011.xls": ("Tong hop", "T", "U", range(2, 66)),
    "PCI_2012.xlsx": ("Tong hop", "T", "U", range(2, 66)),
    "PCI_2014.xlsx": ("Summary_VN", "V", "W", range(2, 66)),
    "PCI_2016.xlsx": ("Summary_VN", "V", "W", range(2, 66)),
}


@pytest.mark.parametrize("file", INDEXES)
def test_the_competitiveness_index_is_that_of_the_workbook(
    family: Read, open_data: Path, file: str
) -> None:
    sheet, name, score, rows = INDEXES[file]
    cells = sheet_of(open_data / "mof_budget/PCI" / file, sheet)
    expected = [(row, at(cells, row, score)) for row in rows if at(cells, row, name) != ""]
    found = family(PCI).of(file)
    assert found.select("_row", "score").rows() == expected
    assert found["year"].unique().to_list() == [int(Path(file).stem[-4:])]
    # half the provinces took part in 2005, Hà Tây was one of 64 until 2008
    provinces = {2005: 42, 2007: 64}.get(found["year"][0], 63)
    assert found["province_name"].n_unique() == provinces == len(expected)
