"""The index of labour in industry."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from python_calamine import CalamineWorkbook

from tests.intake.layout.public_files.reading import LABOUR, Read, at, sheet_of


def labour_titles(path: Path) -> list[str]:
    """Sheets of a workbook whose first rows announce the index by province, of all sheets."""
    found = []
    for name in CalamineWorkbook.from_path(path).sheet_names:
        text = " ".join(c for row in sheet_of(path, name) for c in row if isinstance(c, str))
        text = " ".join(unicodedata.normalize("NFC", text).lower().split())
        # the second form is the same words in the font TCVN3
        of_labour = re.search("sử dụng lao động|sö dông lao ®éng", text)
        if of_labour and re.search("địa phương|®þa ph", text):
            found.append(name)
    return found


def test_the_workbooks_passed_over_have_no_index_of_labour_by_province(
    family: Read, open_data: Path
) -> None:
    """The text of every sheet of all 45 workbooks says so."""
    found = family(LABOUR)
    titles = {file: labour_titles(open_data / file) for file in found.offered}
    assert {file for file, sheets in titles.items() if not sheets} == set(found.result.passed_over)
    read = found.rows.select("_file", "_sheet").unique().rows()
    assert {file: [sheet] for file, sheet in read} == {f: s for f, s in titles.items() if s}


def test_the_index_of_labour_is_that_of_every_workbook(family: Read, open_data: Path) -> None:
    rows = family(LABOUR).rows
    figures = ("index_previous_month", "index_same_period")
    for (file, sheet), part in rows.group_by("_file", "_sheet"):
        cells = sheet_of(open_data / str(file), str(sheet))
        country = next(i for i, row in enumerate(cells, 1) if str(row[0]).strip() == "CẢ NƯỚC")
        expected = [
            (row, at(cells, row, "B"), at(cells, row, "C"))
            for row in range(country + 1, len(cells) + 1)
            if at(cells, row, "A") != "" and at(cells, row, "B") != ""
        ]
        assert part.sort("_row").select("_row", *figures).rows() == expected, file
        assert part["province_name"].n_unique() == 63, file
