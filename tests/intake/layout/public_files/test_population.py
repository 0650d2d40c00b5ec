"""Population by province."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tests.intake.layout.public_files.reading import POPULATION, Read, fold


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
