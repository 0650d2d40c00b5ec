"""Each way in which a shape can be wrong is told as what it is; real boundaries are right."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest

from contracts.geometry import SAMPLES, fault_of, type_of
from ioc_pipelines.home import DBT_PROJECT
from tests.contracts.shapes import (
    AREA,
    CROSSING,
    LINE,
    OPEN,
    OUTSIDE,
    POINT,
    SWAPPED,
    TWO_AREAS,
    UNREADABLE,
    WITH_HOLE,
)

FAULTY = [
    pytest.param(text, fault, id=f"{fault}: {why}")
    for fault, texts in {
        "unreadable": UNREADABLE,
        "open": OPEN,
        "swapped": SWAPPED,
        "outside": OUTSIDE,
        "crossing": CROSSING,
    }.items()
    for why, text in texts.items()
]


@pytest.mark.parametrize(("text", "fault"), FAULTY)
def test_a_fault_is_told_as_what_it_is(text: str, fault: str) -> None:
    assert fault_of(text) == fault


@pytest.mark.parametrize("text", [POINT, LINE, AREA, WITH_HOLE, TWO_AREAS])
def test_a_good_shape_has_no_fault(text: str) -> None:
    assert fault_of(text) is None
    assert type_of(text) == json.loads(text)["type"]


def test_the_samples_hold_each_fault_and_are_small() -> None:
    assert {fault_of(text) for text in SAMPLES} == {
        None, "unreadable", "open", "swapped", "outside", "crossing"
    }  # fmt: skip
    assert max(map(len, SAMPLES)) < 250


def test_no_shape_of_a_text_that_has_none() -> None:
    assert type_of("Phố Hiến") is None


def current(level: str, province: str | None = None) -> set[str]:
    """Codes of the units in force, from the reviewed seed."""
    units = pl.read_csv(DBT_PROJECT / "seeds" / "admin_unit.csv", infer_schema=False)
    found = units.filter(pl.col("valid_to").is_null(), level=level)
    return set(found.filter(province_code=province)["code"] if province else found["code"])


def read(paths: Iterable[Path]) -> dict[str, str]:
    """The shape of each feature by its code."""
    features = [f for path in paths for f in json.loads(path.read_text("utf-8"))["features"]]
    found = {feature["properties"]["code"]: json.dumps(feature["geometry"]) for feature in features}
    assert len(found) == len(features)
    return found


@pytest.mark.parametrize("province", ["12_lai_chau", "33_hung_yen", "86_vinh_long"])
def test_real_boundaries_of_communes_are_good_and_one_for_each(
    open_data: Path, tmp_path: Path, province: str
) -> None:
    """H26: features join one to one with the communes in force."""
    archive = open_data / "admin_units_2026/geojson_wards_seed_provinces" / f"{province}.tar.gz"
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    found = read(tmp_path.rglob("*.geojson"))
    assert found.keys() == current("commune", province[:2])
    assert {fault_of(text) for text in found.values()} == {None}


def test_real_boundaries_of_provinces_are_good_and_one_for_each(open_data: Path) -> None:
    found = read((open_data / "admin_units_2026/geojson_provinces").glob("*.geojson"))
    assert found.keys() == current("province")
    assert {fault_of(text) for text in found.values()} == {None}
