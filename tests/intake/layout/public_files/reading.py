"""The datasets of real public files, and their files read a second time: cells by address."""

from __future__ import annotations

import html
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from ioc_pipelines.intake.conform import Conformed
from ioc_pipelines.intake.layout.table import letter_index
from ioc_pipelines.intake.read_batch import ReadBatch

FDI = "investment.fdi_by_province"
INVESTMENT = "investment.state_budget_investment"
LABOUR = "labour.industrial_labour_index"
BUDGET = "finance.budget_by_province"
PCI = "governance.pci"
DISEASES = "health.disease_cases_monthly"
POPULATION = "population.population_by_province"
AIR = "environment.air_quality_hourly"
MAPPING = "reference.admin_unit_change"
UNITS = "reference.admin_unit"
PROCEDURES = "public_services.procedure"
EVERY = (
    FDI,
    INVESTMENT,
    LABOUR,
    BUDGET,
    PCI,
    DISEASES,
    POPULATION,
    AIR,
    MAPPING,
    UNITS,
    PROCEDURES,
)
MONTHLY = "nso_monthly_reports/xls/"

Cells = list[list[Any]]


@dataclass(frozen=True)
class Family:
    """The files of a feed and what they came to."""

    offered: list[str]
    result: ReadBatch

    @property
    def batch(self) -> Conformed:
        assert self.result.batch is not None
        return self.result.batch

    @property
    def rows(self) -> pl.DataFrame:
        return self.batch.rows

    def of(self, name: str) -> pl.DataFrame:
        """The rows of the one file whose name has ``name`` in it."""
        (file,) = [offered for offered in self.offered if name in offered]
        return self.rows.filter(_file=file)


Read = Callable[[str], Family]


def sheet_of(path: Path, name: str) -> Cells:
    """All cells of a sheet from A1 on."""
    book = CalamineWorkbook.from_path(path)
    try:
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError:  # a hint of the size that calamine does not take
        return sheet_in_xml(path, book.sheet_names.index(name) + 1)


def sheet_in_xml(path: Path, place: int) -> Cells:
    """The cells as they stand in the XML of the sheet at ``place``."""
    with zipfile.ZipFile(path) as book:
        shared = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read(f"xl/worksheets/sheet{place}.xml").decode()
    texts = [
        html.unescape("".join(re.findall(r"<t\b[^>]*>([^<]*)</t>", item)))
        for item in re.findall(r"<si>(.*?)</si>", shared, re.DOTALL)
    ]
    cells: dict[tuple[int, int], Any] = {}
    for attributes, inner in re.findall(r"<c\b([^>]*[^/>])>(.*?)</c>", sheet, re.DOTALL):
        value, address = (
            re.search(r"<v>([^<]*)</v>", inner),
            re.search(r'\br="([A-Z]+)(\d+)"', attributes),
        )
        if value and address:
            said = texts[int(value[1])] if 't="s"' in attributes else value[1]
            is_text = re.search(r'\bt="(s|str)"', attributes)
            place_of = (int(address[2]) - 1, letter_index(address[1]))
            cells[place_of] = said if is_text else float(said)
    height, width = (max(place_of[i] for place_of in cells) + 1 for i in (0, 1))
    return [[cells.get((row, column), "") for column in range(width)] for row in range(height)]


def at(cells: Cells, row: int, letter: str) -> Any:
    """The cell at an address."""
    return cells[row - 1][letter_index(letter)]


def number(cell: Any) -> float | None:
    """A cell's number; an empty cell has none."""
    if cell == "":
        return None
    assert isinstance(cell, int | float), cell
    return float(cell)


def fold(name: str) -> str:
    """Plain letters of a name, for comparing spellings."""
    plain = unicodedata.normalize("NFD", name.casefold()).replace("đ", "d")
    return re.sub("^tp(?!.*tp)|city$", "", re.sub("[^a-z]", "", plain))
