"""A unit is found by its name on a day, where it can be one only (H22)."""

from __future__ import annotations

import csv
import unicodedata
from datetime import date

import polars as pl
import pytest
from typer.testing import CliRunner

from ioc_pipelines.catalog.references import units_on
from ioc_pipelines.cli import app
from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.intake.unit_names import UnitNameError, UnitNames, named_units
from tests.warehouse.unit_models import built

SEEDS = DBT_PROJECT / "seeds"
MAPPING = DBT_PROJECT.parents[1] / "shared" / "data" / "admin_mapping_63_to_34"
EVE, REFORM = date(2025, 6, 30), date(2025, 7, 1)
# where the accent stands on the first and on the second vowel
PAIRS = (("òa", "oà"), ("óa", "oá"), ("ủy", "uỷ"), ("úy", "uý"), ("ùy", "uỳ"), ("ụy", "uỵ"))


@pytest.fixture(scope="module")
def eve() -> pl.DataFrame:
    return units_on(SEEDS, EVE)


@pytest.fixture(scope="module")
def old(eve: pl.DataFrame) -> UnitNames:
    return named_units(eve)


@pytest.fixture(scope="module")
def new() -> UnitNames:
    return named_units(units_on(SEEDS, REFORM))


def as_agencies_write(name: str) -> list[str]:
    """Other spellings of a full name: tone placement, capitals, decomposed, spaces, numbers."""
    moved = name
    for first, second in PAIRS:
        moved = moved.replace(first, second)
    numbered = " ".join(w.zfill(2) if w.isdigit() else w for w in name.split())
    spaced = name.replace(" ", "  ")
    return [name, moved, name.upper(), unicodedata.normalize("NFD", name), spaced, numbered]


def test_each_of_10035_old_names_means_one_commune_of_its_district(
    eve: pl.DataFrame, old: UnitNames
) -> None:
    names = dict(eve.select("code", "full_name").iter_rows())
    provinces = dict(eve.select("code", "parent_code").iter_rows())
    found = 0
    communes = eve.filter(pl.col("code").str.len_chars() == 5)
    for unit_id, _, name, district in communes.iter_rows():
        where = f"{names[district]}, {names[provinces[district]]}"
        for written in as_agencies_write(name):
            assert old.find(written, where).unit_id == unit_id, written
        found += 1
    assert found == 10035


def test_each_commune_of_today_is_found_in_its_province(new: UnitNames) -> None:
    today = units_on(SEEDS, REFORM)
    names = dict(today.select("code", "full_name").iter_rows())
    communes = today.filter(pl.col("code").str.len_chars() == 5)
    assert communes.height == 3321
    for unit_id, _, name, province in communes.iter_rows():
        for written in as_agencies_write(name):
            assert new.find(written, names[province]).unit_id == unit_id, written


def test_names_as_the_statistics_office_spells_them(eve: pl.DataFrame, old: UnitNames) -> None:
    """Its list is an independent spelling of the same 10,035 communes."""
    if not MAPPING.is_dir():
        pytest.skip("no ../shared/data/admin_mapping_63_to_34 beside the project to compare with")
    ids = dict(eve.select("code", "unit_id").iter_rows())
    refused = []
    path = MAPPING / "danhmuchanhchinh.gso.gov.vn_ward_2025-07-18.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        try:
            unit = old.find(row["Tên"], f"{row['Quận Huyện']}, {row['Tỉnh / Thành Phố']}")
        except UnitNameError:
            refused.append(row["Mã"])
        else:
            assert unit.unit_id == ids[row["Mã"]], row
    assert len(rows) == 10035
    # other letters or marks, Đắk for Đăk and N.T for Nông trường among them; 28 of them because
    # their district is spelt so
    assert len(refused) == 149


@pytest.mark.parametrize(
    ("name", "within", "unit_id"),
    [
        ("P. Bến Nghé", "Q1", "26740@2003-01-01"),
        ("phường Bến Nghé", "Quận 1", "26740@2003-01-01"),
        ("Ben Nghe", "Quan 1", "26740@2003-01-01"),
        ("P.01", "Q. Phú Nhuận", "27058@2003-01-01"),
        ("xã Hoà Lộc", "H. Tam Bình", "29734@2003-01-01"),
        ("Xã Hòa Lộc", "huyện Mỏ Cày Bắc", "28924@2003-01-01"),
        ("TT An Lão", "H. An Lão, Bình Định", "21609@2003-01-01"),
        ("TP. Hưng Yên", None, "323@2003-01-01"),
        ("Tỉnh Hưng Yên", None, "33@2003-01-01"),
    ],
)
def test_as_an_agency_writes_it(
    old: UnitNames, name: str, within: str | None, unit_id: str
) -> None:
    assert old.find(name, within).unit_id == unit_id


@pytest.mark.parametrize(
    ("name", "within", "why"),
    [
        ("Xã Hòa Lộc", None, "may be any of"),
        ("Hưng Yên", None, r"Thành phố Hưng Yên \(323@2003-01-01\)"),
        ("Xã Hòa Lộk", "huyện Tam Bình", "no unit is called"),
        ("Phường Hòa Lộc", "huyện Tam Bình", "no unit is called"),
        ("Xã Hòa Lộc", "huyện Tam Bin", "no unit is called 'huyện Tam Bin'"),
        ("", None, "no unit is called"),
        ("Thị trấn An Lão", "Huyện An Lão", "may be any of 2"),
    ],
)
def test_what_is_not_told_is_not_guessed(
    old: UnitNames, name: str, within: str | None, why: str
) -> None:
    with pytest.raises(UnitNameError, match=why):
        old.find(name, within)


def test_a_name_with_another_tone_is_another_name(new: UnitNames, old: UnitNames) -> None:
    assert old.find("Xã Quảng Châu", "TP Hưng Yên").full_name == "Xã Quảng Châu"
    with pytest.raises(UnitNameError):
        old.find("Xã Quàng Châu", "TP Hưng Yên")
    # a district of yesterday is no place of today
    with pytest.raises(UnitNameError, match="no unit is called 'TP Hưng Yên'"):
        new.find("Phường Phố Hiến", "TP Hưng Yên")


def test_by_the_command() -> None:
    run = CliRunner()
    found = run.invoke(app, ["units", "find", "P. Phố Hiến", "--on", "2025-07-01"])
    assert (found.exit_code, found.stdout) == (0, "11953@2025-07-01  Phường Phố Hiến\n")
    several = run.invoke(app, ["units", "find", "Xã Hòa Lộc", "--on", "2025-06-30"])
    assert several.exit_code == 1
    assert run.invoke(app, ["units", "find", "X", "--on", "30/6/2025"]).exit_code == 2


def test_the_days_of_units_are_those_of_the_warehouse() -> None:
    with built() as connection:
        for day in ("2003-12-31", "2004-01-01", "2008-08-01", "2024-12-31", "2025-06-30"):
            sql = (
                f"select unit_id from dim_admin_unit where date '{day}'"
                " between valid_from and coalesce(valid_to, date '9999-12-31')"
            )
            wanted = {unit for (unit,) in connection.execute(sql).fetchall()}
            assert set(units_on(SEEDS, date.fromisoformat(day))["unit_id"]) == wanted, day
