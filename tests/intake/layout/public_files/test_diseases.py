"""Cases and deaths of the yearbooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from tests.intake.layout.public_files.reading import DISEASES, Read, sheet_of


def yearbook(path: Path) -> dict[tuple[str, int, int], tuple[Any, Any]]:
    """Cases and deaths of a yearbook by sheet, row and month: two columns for each month."""
    found = {}
    for name in CalamineWorkbook.from_path(path).sheet_names:
        cells = sheet_of(path, name)
        for month in range(1, 13):
            column = 2 * month - 1
            assert re.sub(r"\D", "", str(cells[0][column])) == str(month), (path.name, name)
            assert [str(c).strip() for c in cells[1][column : column + 2]] == ["M", "C"]
            for row in range(3, len(cells) + 1):
                if cells[row - 1][0] != "":
                    cases, deaths = cells[row - 1][column : column + 2]
                    found[name, row, month] = (cases, deaths)
    return found


def test_every_yearbook_has_28_diseases_in_63_provinces_and_12_months(family: Read) -> None:
    rows = family(DISEASES).rows
    assert rows["year"].unique().sort().to_list() == [2011, 2012, 2013, 2014]
    for _, year in rows.group_by("year"):
        key = ("disease", "province_name", "month")
        assert [year[column].n_unique() for column in key] == [28, 63, 12]
        assert year.select(key).n_unique() == year.height == 28 * 63 * 12


@pytest.mark.parametrize("year", [2011, 2012, 2013, 2014])
def test_cases_and_deaths_are_those_of_every_sheet_of_the_yearbook(
    family: Read, open_data: Path, year: int
) -> None:
    file = f"gdpm_disease_yearbooks/Nien_giam_{year}r.xls"
    expected = {
        place: tuple(
            int(cell) if isinstance(cell, int | float) and cell == int(cell) else None
            for cell in cells
        )
        for place, cells in yearbook(open_data / file).items()
    }
    rows = family(DISEASES).rows.filter(_file=file)
    found = rows.select("_sheet", "_row", "month", "cases", "deaths").rows()
    assert {(s, row, month): (m, c) for s, row, month, m, c in found} == expected


def test_exactly_the_cells_that_are_no_whole_number_are_unreadable(
    family: Read, open_data: Path
) -> None:
    """A thousand written as 1.951 is a number below two for a spreadsheet: it is not guessed."""
    files = family(DISEASES).offered
    fractions = {
        (file, sheet, row, month, "cases" if i == 0 else "deaths", cell)
        for file in files
        for (sheet, row, month), cells in yearbook(open_data / file).items()
        for i, cell in enumerate(cells)
        if isinstance(cell, float) and cell != int(cell)
    }
    batch = family(DISEASES).batch
    place = batch.rows.select("_row_id", "_file", "_sheet", "_row", "month")
    found = batch.unreadable.join(place, on="_row_id")
    named = found.select("_file", "_sheet", "_row", "month", "column", pl.col("text").cast(float))
    assert set(named.rows()) == fractions
    last = "gdpm_disease_yearbooks/Nien_giam_2014r.xls"
    assert {(file, sheet) for file, sheet, *_ in fractions} == {(last, "Cum")}
    assert sorted(cell for *_, cell in fractions) == [1.401, 1.408, 1.42, 1.951]
    assert sorted(row for _, _, row, *_ in fractions) == [8, 8, 8, 25]
