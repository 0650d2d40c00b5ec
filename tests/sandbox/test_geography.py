"""The made-up communes are a map: no gap, no overlap, and what lies in one lies in no other."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from contracts.geometry import fault_of
from ioc_pipelines.sandbox.geography import area_km2, boundaries, cells, geojson, places
from tests.sandbox.conftest import Sandbox

COMMUNES = 104


@pytest.mark.parametrize(("seed", "count"), [(33, COMMUNES), (34, COMMUNES), (33, 2), (1, 7)])
def test_communes_are_a_tessellation(seed: int, count: int) -> None:
    found = np.array(boundaries(seed, count))
    assert len(found) == count
    assert shapely.coverage_is_valid(found)
    whole = shapely.union_all(found)
    assert whole.equals(shapely.box(*whole.bounds))
    assert shapely.area(found).sum() == pytest.approx(whole.area)
    assert [fault_of(text) for text in geojson(found)] == [None] * count


def test_one_has_a_hole_and_one_two_parts() -> None:
    found = boundaries(33, COMMUNES)
    assert [len(shape.interiors) for shape in found[:-1]] == [1] + [0] * (COMMUNES - 2)
    assert len(found[-1].geoms) == 2


def test_a_commune_alone_is_the_whole() -> None:
    (found,) = boundaries(33, 1)
    assert found.equals(shapely.box(*found.bounds))
    # a degree of latitude is 111.2 km
    assert area_km2(found) == pytest.approx(0.77**2 * 111.2**2 * 0.936, rel=0.01)


def test_places_lie_in_their_commune() -> None:
    nth = np.arange(2_000)
    commune = nth % COMMUNES
    at = shapely.points(places(33, COMMUNES, "x", commune, nth))
    assert shapely.contains(np.array(boundaries(33, COMMUNES))[commune], at).all()
    assert len(set(cells(33, COMMUNES))) == COMMUNES


def test_files_are_collections_and_say_what_is_wrong(sandbox: Sandbox) -> None:
    paths = sorted((sandbox.folder / "so_nnmt" / "ban-do").glob("ranh-gioi-xa-*.geojson"))
    editions = ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    assert [path.stem[-7:] for path in paths] == editions
    planted = {
        (row.file, row.row): row.rule
        for row in sandbox.answers.feeds["so_nnmt/map.commune_boundary"].refused
        if row.rule.startswith("correct.geometry_") and row.column
    }
    faults = {}
    for path in paths:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        assert len(features) >= COMMUNES
        for number, feature in enumerate(features, start=1):
            fault = feature["geometry"] and fault_of(json.dumps(feature["geometry"]))
            if fault:
                faults[path.relative_to(sandbox.folder).as_posix(), number] = fault
    assert faults.keys() == planted.keys()
    assert {(rule, faults[place]) for place, rule in planted.items()} == {
        ("correct.geometry_readable", "unreadable"),
        ("correct.geometry_closed", "open"),
        ("correct.geometry_not_swapped", "swapped"),
        ("correct.geometry_in_viet_nam", "outside"),
        ("correct.geometry_not_crossing", "crossing"),
    }
