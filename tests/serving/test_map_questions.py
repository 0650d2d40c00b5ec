"""``ioc map`` asks what an analyst's query would, and says clearly what cannot be asked."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shapely
from typer.testing import CliRunner

from ioc_pipelines.cli import app
from ioc_pipelines.serving import map_questions
from tests.warehouse.maps import publish_map

COMMUNES = {
    "00001": shapely.box(106.0, 20.5, 106.1, 20.6),
    "00002": shapely.box(106.1, 20.5, 106.2, 20.6),
}
THINGS = {
    "HT-A": shapely.Point(106.05, 20.55),
    "HT-B": shapely.LineString([[106.06, 20.55], [106.15, 20.55]]),
    "HT-C": shapely.box(106.15, 20.52, 106.151, 20.521),
}
ALL = {*THINGS}


@pytest.fixture
def file(own_home: Path) -> Path:
    folder = own_home / "hung_yen" / "published"
    folder.mkdir(parents=True)
    publish_map(folder / "ioc.duckdb", COMMUNES, THINGS)
    return folder / "ioc.duckdb"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["map", *arguments])


def ids(*arguments: str) -> list[str]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return [row["feature_id"] for row in json.loads(done.stdout)]


def area(folder: Path, content: Any) -> str:
    path = folder / "vùng.geojson"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


def test_the_four_questions(file: Path, tmp_path: Path) -> None:
    assert ids("at", "106.05", "20.55") == ["00001@2025-07-01"]
    assert ids("at", "106.1505", "20.5205") == ["00002@2025-07-01", "HT-C"]
    # a hundredth of a degree east is 1,041 m here
    near = ["00001@2025-07-01", "HT-A", "HT-B"]
    assert sorted(ids("within-radius", "106.05", "20.55", "1042")) == near
    assert sorted(ids("within-radius", "106.05", "20.55", "1040")) == near[:2]
    drawn = json.loads(shapely.to_geojson(shapely.box(106.14, 20.51, 106.16, 20.53)))
    assert ids("within-area", area(tmp_path, drawn)) == ["00002@2025-07-01", "HT-C"]
    feature = {"type": "Feature", "properties": {}, "geometry": drawn}
    assert ids("within-area", area(tmp_path, feature)) == ["00002@2025-07-01", "HT-C"]
    whole = {"type": "FeatureCollection", "features": [feature]}
    assert ids("within-area", area(tmp_path, whole)) == ["00002@2025-07-01", "HT-C"]
    assert ids("within", "00001") == ["HT-A", "HT-B"]


DECOMPOSED = unicodedata.normalize("NFD", "Nơi 00002")


@pytest.mark.parametrize(
    "unit", ["00002@2025-07-01", "00002", "Nơi 00002", "xã nơi 00002", DECOMPOSED]
)
def test_a_unit_by_any_of_its_names(file: Path, unit: str) -> None:
    assert ids("within", unit) == ["HT-B", "HT-C"]


def test_a_province_is_all_of_its_communes(file: Path) -> None:
    assert set(ids("within", "Hưng Yên")) == ALL


def test_a_layer_and_a_kind(file: Path) -> None:
    asked = ("within-radius", "106.05", "20.55", "50000")
    assert set(ids(*asked, "--layer", "infrastructure_asset")) == ALL
    assert len(ids(*asked, "--kind", "commune")) == 2
    assert ids(*asked, "--kind", "market") == []
    done = run(*asked, "--layer", "roads")
    assert done.exit_code == 2
    assert "no layer 'roads'; there are: commune_boundary" in done.stderr


def test_geojson_has_the_shapes(file: Path) -> None:
    done = run("within", "00001", "--geojson")
    found = json.loads(done.stdout)
    assert found["type"] == "FeatureCollection"
    shapes = {f["properties"]["feature_id"]: f["geometry"] for f in found["features"]}
    assert {name: shapely.from_geojson(json.dumps(g)) for name, g in shapes.items()} == {
        name: THINGS[name] for name in ("HT-A", "HT-B")
    }
    assert all("geometry" not in f["properties"] for f in found["features"])


def test_a_table_for_people(file: Path) -> None:
    done = run("within-radius", "106.05", "20.55", "1500")
    assert done.exit_code == 0
    assert "distance_m" in done.stdout
    assert "1041." in done.stdout
    assert "nothing on the map is there" in run("at", "107", "20").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("at", "20.55", "106.05"), "longitude comes first"),
        (("within-radius", "553210", "2284310", "100"), "outside Viet Nam"),
        (("within-radius", "106.05", "20.55", "0"), "must be more than nothing"),
        (("within", "Phố Hiến"), "no unit 'Phố Hiến' has its boundary on the map"),
        (("within", "34"), "no unit '34'"),
    ],
)
def test_what_cannot_be_asked(file: Path, arguments: tuple[str, ...], why: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_name_of_several_units_is_not_guessed(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("update core.dim_admin_unit set name = 'Tân Hưng' where code like '0%'")
    done = run("within", "tân hưng")
    assert done.exit_code == 2
    assert "is several units: Xã Nơi 00001 (00001@2025-07-01), Xã Nơi 00002" in done.stderr


_OPEN = [[106.0, 20.5], [106.1, 20.5], [106.1, 20.6], [106.0, 20.6]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00", "is no JSON"),
        ([1], "no GeoJSON geometry"),
        ({"type": "FeatureCollection", "features": []}, "collection of 0 features"),
        ({"type": "Polygon", "coordinates": [_OPEN]}, "a ring is not closed"),
        ({"type": "Point", "coordinates": [106.0, 20.5]}, "the area is a Point"),
    ],
)
def test_an_area_that_is_none(file: Path, tmp_path: Path, content: Any, why: str) -> None:
    done = run("within-area", area(tmp_path, content))
    assert done.exit_code == 2
    assert why in done.stderr


def test_nothing_is_published(own_home: Path) -> None:
    done = run("at", "106.05", "20.55")
    assert done.exit_code == 1
    assert "nothing is published yet" in done.stderr


def test_what_was_published_before_the_map(own_home: Path) -> None:
    folder = own_home / "hung_yen" / "published"
    folder.mkdir(parents=True)
    duckdb.connect(str(folder / "ioc.duckdb")).close()
    done = run("at", "106.05", "20.55")
    assert done.exit_code == 1
    assert "before it had a map" in done.stderr


def test_the_macros_answer_where_the_file_is_attached(file: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{file}' as ioc (read_only)")
        found = connection.execute(
            "select feature_id from ioc.marts.features_within_unit('00001@2025-07-01')"
        ).fetchall()
    with map_questions.opened(file) as asked:
        rows = map_questions.within_unit(asked, "00001")
    assert [row[0] for row in found] == [row["feature_id"] for row in rows]
