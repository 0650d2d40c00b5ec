"""Each way in which a shape can be wrong is told as what it is; real boundaries are right."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from contracts.geometry import SAMPLES, fault_of, type_of
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


@pytest.mark.parametrize("province", ["12_lai_chau", "33_hung_yen", "86_vinh_long"])
def test_real_boundaries_of_communes_are_good(
    open_data: Path, tmp_path: Path, province: str
) -> None:
    archive = open_data / "admin_units_2026/geojson_wards_seed_provinces" / f"{province}.tar.gz"
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    texts = [
        json.dumps(feature["geometry"])
        for path in sorted(tmp_path.rglob("*.geojson"))
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    ]
    assert len(texts) == {"12_lai_chau": 38, "33_hung_yen": 104, "86_vinh_long": 124}[province]
    assert [fault_of(text) for text in texts] == [None] * len(texts)
