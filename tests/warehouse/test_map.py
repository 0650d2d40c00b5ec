"""The questions about the map answer as brute force does: every feature asked by shapely, no index.

The file is made by the project's own models and macros, and asked as analysts do: read-only. Real
boundaries of communes are asked beside the sandbox's made-up ones.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
import shapely

from ioc_pipelines.sandbox.geography import boundaries
from tests.warehouse.maps import OTHER, PROVINCE, publish_map

EARTH_M = 6_371_008.8
WEST, SOUTH, EAST, NORTH = 105.89, 20.24, 106.66, 21.01
Chance = np.random.Generator


@dataclass(frozen=True)
class Map:
    """A published file, and what is in it as shapely has it."""

    file: duckdb.DuckDBPyConnection
    ids: pl.Series
    shapes: Any
    communes: int
    questions: int

    def ask(self, question: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Features in the order of the answer, with their distance where one is told."""
        given = ", ".join("?" * len(arguments))
        answer = self.file.execute(f"from marts.{question}({given})", arguments)
        columns = [column for column, *_ in answer.description or ()]
        found = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
        assert all(row["geometry"] for row in found)
        return [(row["feature_id"], row.get("distance_m")) for row in found]

    def named(self, question: str, *arguments: Any) -> set[str]:
        rows = self.ask(question, *arguments)
        assert len({row[0] for row in rows}) == len(rows)
        return {str(row[0]) for row in rows}

    def those(self, holds: Any) -> set[str]:
        return set(self.ids.filter(pl.Series(np.asarray(holds))))


def things(chance: Chance) -> list[Any]:
    """Points, lines of one and of two parts, areas with and without a hole, here and there."""
    at = np.column_stack([chance.uniform(WEST, EAST, 700), chance.uniform(SOUTH, NORTH, 700)])
    drawn: list[Any] = list(shapely.points(at[:400]))
    for nth, place in enumerate(at[400:]):
        walk = place + np.cumsum(chance.normal(0, 0.01, (6, 2)), axis=0)
        if nth % 3 == 0:
            drawn.append(shapely.LineString(walk))
        elif nth % 3 == 1:
            drawn.append(shapely.MultiLineString([walk[:3], walk[3:]]))
        else:
            drawn.append(star(chance, place, 0.02, with_hole=nth % 2 == 0))
    return drawn


def star(chance: Chance, centre: Any, size: float, *, with_hole: bool = False) -> Any:
    """An area whose boundary goes once around its centre, now nearer, now farther."""
    angle = np.sort(chance.uniform(0, 2 * np.pi, 9)) + np.arange(9) * 1e-3
    far = size * chance.uniform(0.3, 1.0, 9)
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    ring = centre + around * far[:, None]
    hole = centre + around * far[:, None] * 0.4
    found = shapely.Polygon(ring, [hole] if with_hole else None)
    return found if found.is_valid else shapely.box(*(centre - size / 2), *(centre + size / 2))


def published(path: Path, communes: list[Any], chance: Chance, questions: int) -> Map:
    """A file with these communes and things on them."""
    by_code = {f"{nth:05}": shape for nth, shape in enumerate(communes)}
    others = {f"HT-{nth:05}": shape for nth, shape in enumerate(things(chance))}
    publish_map(path, by_code, others)
    ids = [*(f"{code}@2025-07-01" for code in by_code), *others]
    shapes = np.array([*communes, *others.values()])
    file = duckdb.connect(str(path), read_only=True)
    return Map(file, pl.Series(ids), shapes, len(communes), questions)


def made_up(_: Path) -> list[Any]:
    return list(boundaries(33, 104))


def real(folder: Path) -> list[Any]:
    archive = folder / "admin_units_2026/geojson_wards_seed_provinces/33_hung_yen.tar.gz"
    with tarfile.open(archive) as packed:
        texts = [packed.extractfile(m).read() for m in packed if m.isfile()]  # type: ignore[union-attr]
    features = [json.loads(text)["features"][0] for text in texts]
    return [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]


@pytest.fixture(scope="module", params=[(made_up, 300), (real, 80)], ids=["sandbox", "real"])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Map]:
    of: Callable[[Path], list[Any]]
    of, questions = request.param
    folder = Path() if of is made_up else request.getfixturevalue("open_data")
    path = tmp_path_factory.mktemp("map") / "ioc.duckdb"
    found = published(path, of(folder), np.random.default_rng(7), questions)
    with found.file:
        yield found


@pytest.fixture
def chance() -> Chance:
    return np.random.default_rng(6)


def positions(chance: Chance, count: int) -> Iterator[tuple[float, float]]:
    """Places in the province and a little outside of it."""
    for _ in range(count):
        yield chance.uniform(WEST - 0.05, EAST + 0.05), chance.uniform(SOUTH - 0.05, NORTH + 0.05)


def haversine(lon: float, lat: float, to: Any) -> Any:
    """Metres on the sphere, by the formula with the arc tangent."""
    (x, y), (a, b) = np.radians([lon, lat]), np.radians(to.T)
    h = np.sin((b - y) / 2) ** 2 + np.cos(y) * np.cos(b) * np.sin((a - x) / 2) ** 2
    return 2 * EARTH_M * np.arctan2(np.sqrt(h), np.sqrt(1 - h))


def test_points(asked: Map, chance: Chance) -> None:
    """Must-show 6: over 1,000 random questions of four kinds are answered as brute force does."""
    is_area = np.isin(shapely.get_type_id(asked.shapes), (3, 6))
    answers = 0
    for lon, lat in positions(chance, asked.questions):
        wanted = asked.those(is_area & shapely.intersects(asked.shapes, shapely.Point(lon, lat)))
        assert asked.named("features_at", lon, lat) == wanted
        answers += len(wanted)
    assert answers > asked.questions / 4


def test_radii(asked: Map, chance: Chance) -> None:
    sizes = set()
    for lon, lat in positions(chance, asked.questions):
        metres = float(10 ** chance.uniform(2, 4.5))
        shorter = np.array([np.cos(np.radians(lat)), 1.0])
        plane = shapely.transform(asked.shapes, lambda xy, by=shorter: xy * by)
        way = shapely.shortest_line(plane, shapely.Point(*(np.array([lon, lat]) * shorter)))
        nearest = shapely.get_coordinates(way)[::2] / shorter
        apart = np.where(shapely.length(way) == 0, 0.0, haversine(lon, lat, nearest))
        found = asked.ask("features_within_radius", lon, lat, metres)
        assert {row[0] for row in found} == asked.those(apart <= metres)
        told = dict(zip(asked.ids, apart, strict=True))
        assert [row[1] for row in found] == pytest.approx([told[row[0]] for row in found], abs=1e-3)
        assert [row[1] for row in found] == sorted(row[1] for row in found)
        sizes.add(len(found))
    assert len(sizes) > 20


def areas(chance: Chance, count: int) -> Iterator[Any]:
    """Rectangles, areas of any form, areas with holes, areas of two parts."""
    for nth, (lon, lat) in enumerate(positions(chance, count)):
        size = float(10 ** chance.uniform(-2.5, -0.6))
        centre = np.array([lon, lat])
        first = star(chance, centre, size, with_hole=nth % 4 == 1)
        if nth % 4 == 0:
            first = shapely.box(lon, lat, lon + size, lat + size / 2)
        if nth % 4 == 3:
            second = star(chance, centre + np.array([3 * size, 0]), size)
            first = shapely.MultiPolygon([first, second])
        yield first


def test_areas(asked: Map, chance: Chance) -> None:
    sizes = set()
    for area in areas(chance, asked.questions):
        wanted = asked.those(shapely.intersects(asked.shapes, area))
        assert asked.named("features_within_area", shapely.to_geojson(area)) == wanted
        sizes.add(len(wanted))
    assert len(sizes) > 20


def test_boundaries(asked: Map, chance: Chance) -> None:
    """Each commune, some of them again with other things on the map, and the whole province."""
    is_thing = np.arange(len(asked.shapes)) >= asked.communes
    counts = []
    for nth in range(0, asked.communes, 300 // asked.questions):
        wanted = asked.those(is_thing & shapely.intersects(asked.shapes, asked.shapes[nth]))
        assert asked.named("features_within_unit", asked.ids[nth]) == wanted
        counts.append(len(wanted))
    assert len(set(counts)) > 5
    in_any = [shapely.intersects(asked.shapes, asked.shapes[n]) for n in range(asked.communes)]
    wanted = asked.those(is_thing & np.any(in_any, axis=0))
    assert asked.named("features_within_unit", PROVINCE) == wanted
    assert len(wanted) > 200
    assert asked.named("features_within_unit", OTHER) == set()
