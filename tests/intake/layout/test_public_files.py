"""The layouts of the profile `open_data` on the real files that they were declared for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.catalog.load import FeedEntry, load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.intake.conform import Conformed, conform
from tests.intake.layout.reading import read_table


@pytest.fixture(scope="session")
def entries() -> dict[str, FeedEntry]:
    return {entry.feed.dataset: entry for entry in load_catalog(SOURCES / "open_data").entries}


def read(entry: FeedEntry, path: Path) -> Conformed:
    """One file in the contract's columns."""
    feed = entry.feed
    assert feed.layout is not None
    sources = [column.source for column in feed.columns.values()]
    table = read_table(feed.layout, sources, path, path.name)
    return conform(table.frame, feed.columns, entry.required_contract().polars_schema())


@pytest.fixture(scope="session")
def fdi(open_data: Path, entries: dict[str, FeedEntry]) -> dict[str, Conformed]:
    """The workbooks of 2024 by file name."""
    entry = entries["investment.fdi_by_province"]
    assert entry.feed.connector is not None
    paths = sorted(open_data.glob(getattr(entry.feed.connector, "pattern", "")))
    return {path.name: read(entry, path) for path in paths}


def test_every_workbook_of_2024_has_twenty_provinces(fdi: dict[str, Conformed]) -> None:
    assert len(fdi) == 12
    assert {name: batch.rows.height for name, batch in fdi.items()} == dict.fromkeys(fdi, 20)
    assert {name: batch.unreadable.height for name, batch in fdi.items()} == dict.fromkeys(fdi, 0)
    months = {name[:7]: batch.rows["period"].unique().to_list() for name, batch in fdi.items()}
    assert months == {f"2024-{month:02d}": [f"2024-{month:02d}"] for month in range(1, 13)}


def test_the_figures_are_those_of_the_workbooks(fdi: dict[str, Conformed]) -> None:
    every = pl.concat(batch.rows for batch in fdi.values())
    figures = ["projects", "new_capital_usd_m", "adjusted_capital_usd_m"]
    december = every.filter(pl.col("period") == "2024-12")
    hung_yen = december.filter(pl.col("province_name") == "Hưng Yên")
    assert hung_yen.select(figures).rows() == [(71, 1406.343102, 40.3491651875)]
    january = every.filter(pl.col("period") == "2024-01")
    assert january["adjusted_capital_usd_m"].min() == -46.597724
    assert every["province_name"].null_count() == 0


@pytest.fixture(scope="session")
def units(open_data: Path, entries: dict[str, FeedEntry]) -> pl.DataFrame:
    entry = entries["reference.admin_unit"]
    paths = list(open_data.glob(getattr(entry.feed.connector, "pattern", "")))
    assert len(paths) == 1
    batch = read(entry, paths[0])
    assert batch.unreadable.is_empty()
    return batch.rows


def test_the_list_of_units_has_34_provinces_and_3321_communes(units: pl.DataFrame) -> None:
    assert dict(units.group_by("level").len().rows()) == {"province": 34, "commune": 3321}
    assert units["code"].n_unique() == 3355
    communes = dict(units.filter(level="commune").group_by("province_code").len().rows())
    assert {code: communes[code] for code in ("33", "51", "12", "86")} == {
        "33": 104,
        "51": 96,
        "12": 38,
        "86": 124,
    }
    assert sum(communes.values()) == 3321


def test_each_commune_stands_below_its_province(units: pl.DataFrame) -> None:
    provinces = units.filter(level="province").select("code", place=pl.col("_row") - 1)
    below = units.filter(level="commune").with_columns(
        place=pl.col("_sheet").str.extract(r"^\$\[(\d+)\]\.Wards$").cast(pl.Int64)
    )
    joined = below.join(provinces, on="place", suffix="_of_province")
    assert joined.height == 3321
    assert (joined["code_of_province"] == joined["province_code"]).all()
