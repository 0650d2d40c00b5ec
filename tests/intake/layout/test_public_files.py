"""The feeds of the profile `open_data` on the real files that they were declared for.

What is expected is read here a second time, straight from the files: cells by their address,
lines by Python's own reader, objects as they are. Nothing of the layouts takes part in that.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineError, CalamineWorkbook

from ioc_pipelines.catalog.load import FeedEntry, load_catalog
from ioc_pipelines.catalog.references import load_admin_units, load_spellings
from ioc_pipelines.home import DBT_PROJECT, SOURCES
from ioc_pipelines.intake.conform import Conformed
from ioc_pipelines.intake.layout.table import letter_index
from ioc_pipelines.intake.names import Spellings, spellings
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch

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


@pytest.fixture(scope="session")
def entries() -> dict[str, FeedEntry]:
    return {entry.feed.dataset: entry for entry in load_catalog(SOURCES / "open_data").entries}


@pytest.fixture(scope="session")
def known() -> Spellings:
    """The reviewed lists of names."""
    seeds = DBT_PROJECT / "seeds"
    lists = load_spellings(seeds, load_admin_units(seeds))
    return {name: spellings(pairs) for name, pairs in lists.items()}


Read = Callable[[str], Family]


@pytest.fixture(scope="session")
def family(open_data: Path, entries: dict[str, FeedEntry], known: Spellings) -> Read:
    """Read a dataset's files, once in the session."""
    done: dict[str, Family] = {}

    def read(dataset: str) -> Family:
        if dataset not in done:
            entry = entries[dataset]
            paths = sorted(open_data.glob(getattr(entry.feed.connector, "pattern", "")))
            files = [(path.relative_to(open_data).as_posix(), path) for path in paths]
            result = read_batch(entry.feed, entry.required_contract(), files, known)
            done[dataset] = Family([name for name, _ in files], result)
        return done[dataset]

    return read


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


# --- what arrived ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "offered", "read", "passed_over"),
    [
        (FDI, 45, 45, 0),
        (INVESTMENT, 45, 45, 0),
        (LABOUR, 45, 35, 10),
        (BUDGET, 15, 15, 0),
        (PCI, 7, 7, 0),
        (DISEASES, 4, 4, 0),
        (POPULATION, 1, 1, 0),
        (AIR, 1, 1, 0),
        (MAPPING, 1, 1, 0),
        (UNITS, 1, 1, 0),
        (PROCEDURES, 1, 2642, 0),
    ],
)
def test_every_file_is_read_or_known_to_have_no_such_table(
    family: Read, dataset: str, offered: int, read: int, passed_over: int
) -> None:
    """One archive of procedures holds 2,642 files."""
    found = family(dataset)
    assert len(found.offered) == offered
    assert found.result.refused == []
    assert (found.result.read, len(found.result.passed_over)) == (read, passed_over)
    files = {file.partition("!")[0] for file in found.rows["_file"].unique()}
    assert files == set(found.offered) - set(found.result.passed_over)


@pytest.mark.parametrize("dataset", [name for name in EVERY if name != DISEASES])
def test_no_cell_is_unreadable(family: Read, dataset: str) -> None:
    assert family(dataset).batch.unreadable.rows() == []


VIETNAMESE = frozenset(
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
    "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
)


def foreign(text: str) -> str:
    """Letters that are not Vietnamese, marks that are not composed, and control characters."""
    kinds = ((char, unicodedata.category(char)) for char in text if not char.isascii())
    return "".join(
        char
        for char, kind in kinds
        if (kind[0] == "L" and char not in VIETNAMESE) or kind[0] in "CM" or char == "\ufffd"
    )


@pytest.mark.parametrize("dataset", EVERY)
def test_every_text_is_vietnamese_in_unicode_nfc(family: Read, dataset: str) -> None:
    """A text of a legacy font that was not decoded has letters that Vietnamese has not."""
    rows = family(dataset).rows
    columns = [c for c, kind in rows.schema.items() if kind == pl.String and c[0] != "_"]
    texts = {text for column in columns for text in rows[column].drop_nulls().unique()}
    assert texts
    assert {text for text in texts if not unicodedata.is_normalized("NFC", text)} == set()
    assert {text: foreign(text) for text in texts if foreign(text)} == {}


def fold(name: str) -> str:
    """Plain letters of a name, for comparing spellings."""
    plain = unicodedata.normalize("NFD", name.casefold()).replace("đ", "d")
    return re.sub("^tp(?!.*tp)|city$", "", re.sub("[^a-z]", "", plain))


# names that a file shortens, as read in the files
SHORTENED = {
    ("BRVT", "Bà Rịa - Vũng Tàu"),
    ("Bà Rịa -V.Tàu", "Bà Rịa - Vũng Tàu"),
    ("TP. H.C.M", "Hồ Chí Minh"),
    ("TP.HCM", "Hồ Chí Minh"),
    ("Tp.HCM", "Hồ Chí Minh"),
    ("TT - Huế", "Thừa Thiên Huế"),
    ("TT- Huế", "Thừa Thiên Huế"),
    ("TT-Huế", "Thừa Thiên Huế"),
    ("TT.Huế", "Thừa Thiên Huế"),
    ("Bắc Cạn", "Bắc Kạn"),
    ("BẮC CẠN", "Bắc Kạn"),
    ("bắc cạn", "Bắc Kạn"),
    ("ĐẮC NÔNG", "Đắk Nông"),
    ("Bộ NN và PTNT", "Bộ Nông nghiệp và Phát triển nông thôn"),
    ("Bộ Giáo dục - Đào tạo", "Bộ Giáo dục và Đào tạo"),
    ("Bộ Văn hoá và Thông tin", "Bộ Văn hóa - Thông tin"),
}


@pytest.mark.parametrize(
    ("dataset", "column"),
    [
        (FDI, "province_name"),
        (INVESTMENT, "unit_name"),
        (LABOUR, "province_name"),
        (BUDGET, "province_name"),
        (PCI, "province_name"),
        (DISEASES, "province_name"),
        (POPULATION, "province_name"),
    ],
)
def test_a_name_is_the_one_that_stands_in_the_file(
    family: Read, entries: dict[str, FeedEntry], dataset: str, column: str
) -> None:
    batch = family(dataset).batch
    source = entries[dataset].feed.columns[column].source
    received = batch.received.select("_row_id", pl.col(source).alias("said"))
    pairs = batch.rows.select("_row_id", column).join(received, on="_row_id")
    named = set(pairs.select("said", column).unique().rows())
    wrong = {(said.strip(), name) for said, name in named if fold(said) != fold(name)}
    assert wrong <= SHORTENED
    assert len(named) >= 40


# --- foreign investment ---------------------------------------------------------------------------

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


# --- investment from the state budget -------------------------------------------------------------


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


# --- labour in industry ---------------------------------------------------------------------------


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


# --- budgets of the provinces ---------------------------------------------------------------------

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


# --- competitiveness ------------------------------------------------------------------------------

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


# --- diseases -------------------------------------------------------------------------------------


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


# --- population -----------------------------------------------------------------------------------


def population_table(open_data: Path) -> dict[tuple[str, str], str]:
    """The cells of the table by name and header, without what sums others up."""
    member = "gso_06082019/Population and Employment/Average population by province.csv"
    with zipfile.ZipFile(open_data / "gso_pxweb_csv_2018/gso_21092018.zip") as archive:
        text = archive.read(member).decode("utf-8-sig")
    _, _, header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    return {
        (row[0].strip(), head): cell
        for row in rows
        if row
        for head, cell in zip(header[1:], row[1:], strict=True)
        if head.startswith("Total ")
    }


REGIONS = {
    "WHOLE COUNTRY",
    "Red River Delta",
    "Northern midlands and mountain areas",
    "Northern Central area and Central coastal area",
    "Central Highlands",
    "South East",
    "Mekong River Delta",
}


def test_population_is_that_of_the_table(family: Read, open_data: Path) -> None:
    table = population_table(open_data)
    names = {name for name, _ in table}
    regions = {n for n in names if fold(n) in {fold(region) for region in REGIONS}}
    assert len(names - regions) == 64
    batch = family(POPULATION).batch
    said = batch.received.select("_row_id", pl.col("Cities, provincies").str.strip_chars())
    rows = batch.rows.join(said, on="_row_id")
    assert rows["province_name"].n_unique() == 64
    assert rows["year"].n_unique() == 22
    columns = ("Cities, provincies", "year", "population_thousand", "is_preliminary", "status")
    expected = {
        (
            name,
            int(head[-4:]),
            None if cell == ".." else float(cell),
            "Prel." in head,
            "not_available" if cell == ".." else None,
        )
        for (name, head), cell in table.items()
        if name not in regions
    }
    assert set(rows.select(columns).rows()) == expected
    assert rows.height == len(expected) == 64 * 22


def test_the_totals_of_population_tie(family: Read, open_data: Path) -> None:
    """The country and six regions in 22 years; the country is summed up here again."""
    control = family(POPULATION).result.control
    assert control.height == 7 * 22
    assert control.filter(~pl.col("ties")).rows() == []
    table = population_table(open_data)
    whole = control.filter(pl.col("label").str.contains("WHOLE COUNTRY"))
    for year, stated, parts in (
        (int(key.rpartition("year=")[2]), stated, parts)
        for key, stated, parts in whole.select("key", "stated", "parts_sum").rows()
    ):
        heads = {head for _, head in table if head.endswith(str(year))}
        cells = {name: cell for (name, head), cell in table.items() if head in heads}
        assert stated == float(cells["WHOLE COUNTRY"])
        regions = {fold(region) for region in REGIONS}
        provinces = [c for n, c in cells.items() if fold(n) not in regions and c != ".."]
        assert parts == pytest.approx(sum(map(float, provinces)), abs=1e-6)


# --- lines and objects ----------------------------------------------------------------------------


def lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def test_air_quality_is_that_of_every_line(family: Read, open_data: Path) -> None:
    found = family(AIR)
    (file,) = found.offered
    expected = [
        (
            line["City"],
            datetime.fromisoformat(line["Local Time"]),
            float(line["PM25"]),
            float(line["AQI"]),
        )
        for line in lines(open_data / file)
    ]
    columns = ("station", "observed_at", "pm25_ug_m3", "aqi")
    assert found.rows.select(columns).rows() == expected
    assert found.rows.height == 8785


def test_the_mapping_of_communes_is_that_of_every_line(family: Read, open_data: Path) -> None:
    found = family(MAPPING)
    (file,) = found.offered

    def code(text: str, length: int) -> str | None:
        return f"{int(float(text)):0{length}d}" if text else None

    expected = [
        (
            code(line["wardCode"], 5),
            line["ward"] or None,
            code(line["districtCode"], 3),
            code(line["provinceCode"], 2),
            code(line["newWardCode"], 5),
            line["newWard"],
            code(line["newProvinceCode"], 2),
            line["isDividedWard"] == "True",
        )
        for line in lines(open_data / file)
    ]
    columns = [column for column in found.rows.columns if column[0] != "_"]
    assert found.rows.select(columns).rows() == expected
    assert found.rows.height == 10602


def test_procedures_are_those_of_every_file_of_the_archive(family: Read, open_data: Path) -> None:
    found = family(PROCEDURES)
    expected = set()
    with tarfile.open(open_data / found.offered[0]) as archive:
        for member in archive:
            if member.name.endswith(".json"):
                file = archive.extractfile(member)
                assert file is not None
                said = json.load(file)
                cells = (
                    said[field] if said[field] != "Không có thông tin" else None
                    for field in (
                        "ma_thu_tuc",
                        "ten_thu_tuc",
                        "co_quan_thuc_hien",
                        "cap_thuc_hien",
                        "linh_vuc",
                    )
                )
                spaced = (
                    " ".join(unicodedata.normalize("NFC", c).split()) if c else None for c in cells
                )
                expected.add((*spaced, member.name.split("/")[-2]))
    columns = ("procedure_code", "name", "agency", "level", "field", "ministry")
    assert set(found.rows.select(columns).rows()) == expected
    assert found.rows.height == len(expected) == 2642


def test_the_list_of_units_has_34_provinces_and_3321_communes(family: Read) -> None:
    units = family(UNITS).rows
    assert dict(units.group_by("level").len().rows()) == {"province": 34, "commune": 3321}
    assert units["code"].n_unique() == 3355
    communes = dict(units.filter(level="commune").group_by("province_code").len().rows())
    assert {code: communes[code] for code in ("33", "51", "12", "86")} == {
        "33": 104,
        "51": 96,
        "12": 38,
        "86": 124,
    }


def test_units_are_those_of_every_object(family: Read, open_data: Path) -> None:
    found = family(UNITS)
    provinces = json.loads((open_data / found.offered[0]).read_text(encoding="utf-8-sig"))
    expected = [("$", i, p["Code"], p["Name"], None) for i, p in enumerate(provinces, 1)] + [
        (f"$[{place}].Wards", i, ward["Code"], ward["Name"], province["Code"])
        for place, province in enumerate(provinces)
        for i, ward in enumerate(province["Wards"], 1)
    ]
    columns = ("_sheet", "_row", "code", "name", "province_code")
    assert found.rows.select(columns).rows() == expected


# --- files that are still to come -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "file", "later", "changes"),
    [
        (FDI, "2024-12-29-02.Bieu-T12.2024.xlsx", "2025-01-29-02.-Bieu-T1.2025.xlsx", {}),
        (INVESTMENT, "2024-12-29-02.Bieu-T12.2024.xlsx", "2025-01-29-02.-Bieu-T1.2025.xlsx", {}),
        (LABOUR, "2024-12-29-02.Bieu-T12.2024.xlsx", "2025-01-29-02.-Bieu-T1.2025.xlsx", {}),
        # the title of 2007 does not say the month: the name does
        (
            FDI,
            "2007-03-29-Bieu03-2007-1.xls",
            "2025-02-28-Bieu-02-2025.xls",
            {"period": ("2007-03", "2025-02")},
        ),
        (BUDGET, "Plan_2016.xls", "Plan_2017.xls", {"fiscal_year": (2016, 2017)}),
        (
            BUDGET,
            "Plan_2013.xls",
            "Final_2018.xls",
            {"fiscal_year": (2013, 2018), "stage": ("plan", "final")},
        ),
        (PCI, "PCI_2016.xlsx", "PCI_2017.xlsx", {"year": (2016, 2017)}),
        (DISEASES, "Nien_giam_2014r.xls", "Nien_giam_2015r.xls", {"year": (2014, 2015)}),
    ],
)
def test_a_file_of_a_later_period_is_read_without_a_change(
    family: Read,
    open_data: Path,
    entries: dict[str, FeedEntry],
    known: Spellings,
    tmp_path: Path,
    dataset: str,
    file: str,
    later: str,
    changes: dict[str, tuple[Any, Any]],
) -> None:
    """The same bytes under a later name: what the table says stays, what the name says changes."""
    (name,) = [offered for offered in family(dataset).offered if offered.endswith(file)]
    copy = tmp_path / later
    shutil.copyfile(open_data / name, copy)
    entry = entries[dataset]
    arrived = name.removesuffix(file) + later
    result = read_batch(entry.feed, entry.required_contract(), [(arrived, copy)], known)
    assert result.refused == []
    assert result.batch is not None
    before = family(dataset).of(name).drop("_row_id", "_file")
    after = result.batch.rows.drop("_row_id", "_file")
    assert {c: (before[c].unique().item(), after[c].unique().item()) for c in changes} == changes
    assert after.drop(changes).equals(before.drop(changes))
