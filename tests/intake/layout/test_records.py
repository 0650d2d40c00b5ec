from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.layouts import JsonLayout, ParquetLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.table import Table, Wanted
from tests.intake.layout.reading import read_table

NAME = "nso/units.json"
SOURCES = ("Code", "Name")


def read(tmp_path: Path, content: Any, sources: tuple[str, ...] = SOURCES, **layout: Any) -> Table:
    """Read ``content``: bytes as they are, anything else written as JSON."""
    path = tmp_path / "units.json"
    raw = isinstance(content, bytes)
    path.write_bytes(content if raw else json.dumps(content, ensure_ascii=False).encode())
    declared = JsonLayout(**{"format": "json"} | layout)
    return read_table(declared, sources, path, NAME)


def rows(table: Table, *sources: str) -> list[tuple[Any, ...]]:
    return table.frame.select("_sheet", "_row", *(sources or SOURCES)).rows()


def unit(code: Any, name: Any = "x", **more: Any) -> dict[str, Any]:
    return {"Code": code, "Name": name, **more}


def test_an_array_of_objects(tmp_path: Path) -> None:
    table = read(tmp_path, [unit("01", "Hà Nội", more=1), {"Name": "Huế", "Code": "46"}])
    assert rows(table) == [("$", 1, "01", "Hà Nội"), ("$", 2, "46", "Huế")]
    assert table.frame.columns == ["_file", "_sheet", "_row", *SOURCES]
    assert table.frame["_file"].unique().to_list() == [NAME]
    assert table.found == {"rows": 2}


def test_a_field_that_some_objects_lack_is_null_there(tmp_path: Path) -> None:
    assert rows(read(tmp_path, [{"Code": "01"}, unit("02", "x")])) == [
        ("$", 1, "01", None),
        ("$", 2, "02", "x"),
    ]


def test_children_are_rows_too(tmp_path: Path) -> None:
    content = [
        unit("33", "Hưng Yên", Wards=[unit("12001", Parent="33"), unit("12002", Parent="33")]),
        unit("01", "Hà Nội", Wards=[]),
        unit("46", "Huế", Wards=None),
        unit("48", "Đà Nẵng"),
        unit("51", "Quảng Ngãi", Wards=[unit("20001", Parent="51")]),
    ]
    table = read(tmp_path, content, ("Code", "Parent"), children="Wards")
    assert rows(table, "Code", "Parent") == [
        ("$", 1, "33", None),
        ("$", 2, "01", None),
        ("$", 3, "46", None),
        ("$", 4, "48", None),
        ("$", 5, "51", None),
        ("$[0].Wards", 1, "12001", "33"),
        ("$[0].Wards", 2, "12002", "33"),
        ("$[4].Wards", 1, "20001", "51"),
    ]


def test_children_that_are_all_empty_are_no_rows(tmp_path: Path) -> None:
    content = [unit("33", Wards=[]), unit("01", Wards=[])]
    table = read(tmp_path, content, children="Wards")
    assert rows(table) == [("$", 1, "33", "x"), ("$", 2, "01", "x")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([unit("33")], "'Wards' not found"),
        ([unit("33", Wards=5)], "'Wards' is not a list of objects"),
        ([unit("33", Wards=["12001"])], "'Wards' is not a list of objects"),
        ([unit("33", Wards={"Code": "12001"})], "'Wards' is not a list of objects"),
    ],
)
def test_children_of_another_shape_are_a_mismatch(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(StructureMismatchError, match=said):
        read(tmp_path, content, children="Wards")


def test_a_missing_field_is_named_with_its_nearest_candidates(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError) as caught:
        read(tmp_path, [{"Code": "01", "FullName": "Hà Nội"}], ("Code", "Fullname"))
    assert "'Fullname' (nearest: FullName)" in caught.value.reason
    assert "the header has: Code, FullName" in caught.value.reason
    assert (caught.value.file, caught.value.outcome) == (NAME, "structure_mismatch")


def test_an_empty_array_is_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError):
        read(tmp_path, [])


@pytest.mark.parametrize(
    "value", [{"vi": "Hà Nội"}, ["Hà Nội"], [{"vi": "Hà Nội"}]], ids=["object", "list", "objects"]
)
def test_a_mapped_field_that_holds_a_structure_is_a_mismatch(tmp_path: Path, value: Any) -> None:
    with pytest.raises(StructureMismatchError, match="Name"):
        read(tmp_path, [unit("01", value)])


WHOLE = json.dumps([unit("01", "Hà Nội"), unit("46", "Huế")], ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        WHOLE[:-1],
        WHOLE[: len(WHOLE) // 2],
        WHOLE + b"x",
        b"<html>503</html>",
        b"null",
        b'"text"',
        b"12",
        b"[1, 2]",
        b"[[1, 2]]",
        b'{"Code": "01", "Name": "x"}\n{"Code": "02", "Name": "y"}\n',
        b'[{"Code": "01", "Name": "\xff"}]',
    ],
    ids=[
        "empty",
        "blank",
        "one byte short",
        "half",
        "more after it",
        "html",
        "null",
        "a text",
        "a number",
        "numbers",
        "arrays",
        "lines of JSON",
        "not utf-8",
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(tmp_path, content)
    assert (caught.value.file, caught.value.outcome) == (NAME, "unreadable")


def test_a_single_object_is_one_row(tmp_path: Path) -> None:
    assert rows(read(tmp_path, {"Code": "01", "Name": "Hà Nội"})) == [("$", 1, "01", "Hà Nội")]


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path) -> None:
    assert rows(read(tmp_path, b"\xef\xbb\xbf" + WHOLE))[1] == ("$", 2, "46", "Huế")


@pytest.mark.parametrize("name", ["_row", "_sheet", "_file"])
def test_a_field_named_like_ours_does_no_harm(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, [unit("01", "Hà Nội", **{name: "x"})])
    assert rows(table) == [("$", 1, "01", "Hà Nội")]


def test_the_reason_holds_no_data(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(tmp_path, b'[{"Code": "0912345678", "Name": "Nguy')
    assert "0912345678" not in str(caught.value)


# --- Parquet ------------------------------------------------------------------------------------


def test_parquet_rows_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "ho_so.parquet"
    moment = datetime(2026, 11, 5, 10, 30)  # noqa: DTZ001
    frame = pl.DataFrame(
        {"so": [1, None], "luc": [moment, None], "ten": ["A", "B"], "thua": [0, 0]}
    )
    frame.write_parquet(path)
    table = read_table(ParquetLayout(format="parquet"), ("luc", "so", "ten"), path, "ho_so.parquet")
    assert table.frame.drop("_file", "_sheet").rows() == [
        (1, moment, 1, "A"),
        (2, None, None, "B"),
    ]
    assert table.frame.columns == ["_file", "_sheet", "_row", "luc", "so", "ten"]
    assert table.frame.schema["luc"] == pl.Datetime("us")
    assert table.frame["_sheet"].null_count() == 2


def test_parquet_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame(schema={"a": pl.String}).write_parquet(path)
    assert read_table(ParquetLayout(format="parquet"), ("a",), path, "x").frame.height == 0


def test_parquet_with_a_column_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"ma_ho_so": ["1"]}).write_parquet(path)
    with pytest.raises(StructureMismatchError, match=r"'ma_hs' \(nearest: ma_ho_so\)"):
        read_table(ParquetLayout(format="parquet"), ("ma_hs",), path, "x.parquet")


@pytest.mark.parametrize("cut", [0, 4, 40, -1])
def test_bytes_that_are_no_parquet(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"a": ["1"] * 50}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UnreadableFileError, match="not readable as Parquet"):
        read_table(ParquetLayout(format="parquet"), ("a",), path, "x.parquet")


# --- where the objects are ------------------------------------------------------------------------

NESTED = {
    "status": "ok",
    "data": {
        "year": 2026,
        "items": [unit("01", "Hà Nội", seat={"ward": {"name": "Hoàn Kiếm"}}), unit("46", "Huế")],
    },
}


def test_the_path_leads_to_the_objects(tmp_path: Path) -> None:
    table = read(tmp_path, NESTED, path=("data", "items"))
    assert rows(table) == [("$.data.items", 1, "01", "Hà Nội"), ("$.data.items", 2, "46", "Huế")]


def test_a_field_of_the_object_around_is_named_with_a_caret(tmp_path: Path) -> None:
    table = read(tmp_path, NESTED, ("Code", "^.year", "^.^.status"), path=("data", "items"))
    assert rows(table, "Code", "^.year", "^.^.status") == [
        ("$.data.items", 1, "01", 2026, "ok"),
        ("$.data.items", 2, "46", 2026, "ok"),
    ]


def test_a_field_inside_a_field_is_named_with_a_dot(tmp_path: Path) -> None:
    table = read(tmp_path, NESTED, ("Code", "seat.ward.name"), path=("data", "items"))
    assert rows(table, "Code", "seat.ward.name") == [
        ("$.data.items", 1, "01", "Hoàn Kiếm"),
        ("$.data.items", 2, "46", None),
    ]


def test_a_field_whose_name_has_a_dot_comes_first(tmp_path: Path) -> None:
    table = read(tmp_path, [{"a.b": 1, "a": {"b": 2}}, {"a": {"b": 3}}], ("a.b",))
    assert rows(table, "a.b") == [("$", 1, 1), ("$", 2, 3)]


def test_children_know_the_object_they_stand_in(tmp_path: Path) -> None:
    content = [unit("33", "Hưng Yên", Wards=[unit("12001"), unit("12002")])]
    table = read(tmp_path, content, ("Code", "^.Name"), children="Wards")
    assert rows(table, "Code", "^.Name") == [
        ("$", 1, "33", None),
        ("$[0].Wards", 1, "12001", "Hưng Yên"),
        ("$[0].Wards", 2, "12002", "Hưng Yên"),
    ]


def test_a_path_goes_through_arrays(tmp_path: Path) -> None:
    content = [unit("33", Wards=[unit("12001")]), unit("46", Wards=[unit("19001"), unit("19002")])]
    table = read(tmp_path, content, ("Code", "^.Code"), path=("Wards",))
    assert rows(table, "Code", "^.Code") == [
        ("$[0].Wards", 1, "12001", "33"),
        ("$[1].Wards", 1, "19001", "46"),
        ("$[1].Wards", 2, "19002", "46"),
    ]


def test_a_path_that_is_not_there_is_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError, match=r"'item' \(nearest: items\)"):
        read(tmp_path, NESTED, path=("data", "item"))


@pytest.mark.parametrize("value", [5, "x", None, [5]])
def test_a_path_that_leads_to_no_object_is_unreadable(tmp_path: Path, value: Any) -> None:
    with pytest.raises(UnreadableFileError, match=r"\$\.data\[0\] is not a JSON object"):
        read(tmp_path, {"data": value}, path=("data",))


def test_other_forms_of_a_field_are_tried_in_turn_object_by_object(tmp_path: Path) -> None:
    wanted = (Wanted("Name", others=("ten", "ten_cu")), Wanted("Area", optional=True))
    path = tmp_path / "x.json"
    path.write_text('[{"ten": "A"}, {"Name": "B", "ten": "x"}, {"ten_cu": "C"}]', encoding="utf-8")
    table = read_table(JsonLayout(format="json"), wanted, path, NAME)
    assert rows(table, "Name", "Area") == [
        ("$", 1, "A", None),
        ("$", 2, "B", None),
        ("$", 3, "C", None),
    ]


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None, 2], [1, None, 2]),
        ([1, 2.5], [1.0, 2.5]),
        ([True, False], [True, False]),
        ([1, "x", True, None], ["1", "x", "true", None]),
        (["a\u0323", "So\u0302\u0301"], ["ạ", "Số"]),
        ([2**63, 1], ["9223372036854775808", "1"]),
        ([10**40, 1.5], [str(10**40), "1.5"]),
    ],
    ids=["whole", "fractions", "truth", "mixed", "decomposed", "large", "large and fractions"],
)
def test_values_keep_what_they_say(tmp_path: Path, values: list[Any], expected: list[Any]) -> None:
    """A code of many digits is not a number that loses its last ones."""
    found = read(tmp_path, [{"x": value} for value in values], ("x",)).frame["x"].to_list()
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
        (b'[{"Code": ' + b'{"a": ' * 100_000 + b"1" + b"}" * 100_001 + b"]", "nested too deep"),
        (b'[{"Code": 1' + b"0" * 6000 + b', "Name": "x"}]', "a number too long"),
        (b'[{"Code": "\\ud800", "Name": "x"}]', "half a character"),
    ],
    ids=["deep arrays", "deep objects", "long number", "half a character"],
)
def test_what_would_break_a_reader_is_unreadable(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableFileError, match=said):
        read(tmp_path, content)


# --- one object per line --------------------------------------------------------------------------


def test_one_object_per_line(tmp_path: Path) -> None:
    content = '{"Code": "01", "Name": "Hà Nội"}\r\n\n{"Name": "Huế", "Code": "46"}\n'.encode()
    table = read(tmp_path, content, format="ndjson")
    assert rows(table) == [("$", 1, "01", "Hà Nội"), ("$", 2, "46", "Huế")]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    """JSON allows U+2028 and U+0085 in a text as they are (RFC 8259, 7)."""
    texts = ["a\u2028b", "a\u2029b", "c\u0085d"]
    content = "\n".join(json.dumps(unit("1", t), ensure_ascii=False) for t in texts).encode()
    assert [row[3] for row in rows(read(tmp_path, content, format="ndjson"))] == texts


def test_the_broken_line_is_named(tmp_path: Path) -> None:
    content = b'{"Code": "01"}\n\n{"Code": "0912345678"\n{"Code": "03"}\n'
    with pytest.raises(UnreadableFileError, match="not readable as JSON: line 3") as caught:
        read(tmp_path, content, format="ndjson")
    assert "0912345678" not in str(caught.value)


@pytest.mark.parametrize("content", [b"1\n", b'["x"]\n', b"null\n"])
def test_a_line_that_is_no_object_is_unreadable(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read(tmp_path, content, format="ndjson")


def test_the_real_lines_of_a_bulk_load(tmp_path: Path, open_data: Path) -> None:
    """Each second line is an object, each first says where it goes."""
    path = open_data / "admin_units_2026/provinces.ndjson"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    layout = JsonLayout(format="ndjson", children="Wards")
    table = read_table(layout, ("Code", "Name", "index._id", "^.Code"), path, path.name)
    top = [(o.get("Code"), o.get("Name"), o.get("index", {}).get("_id"), None) for o in lines]
    below = [(w["Code"], w["Name"], None, o["Code"]) for o in lines for w in o.get("Wards", ())]
    assert table.frame.select("Code", "Name", "index._id", "^.Code").rows() == top + below
    assert (len(top), len(below)) == (68, 3321)


# --- GeoJSON --------------------------------------------------------------------------------------

FEATURE = {
    "type": "Feature",
    "id": 33,
    "properties": {"ten": "Hưng Yên", "seat": {"name": "Phố Hiến"}},
    "geometry": {"type": "Point", "coordinates": [106.05, 20.65]},
}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def test_features_have_their_properties_id_and_geometry(tmp_path: Path) -> None:
    bare = {"type": "Feature", "id": 46, "properties": None, "geometry": None}
    table = read(
        tmp_path,
        collection(FEATURE, bare),
        ("id", "ten", "seat.name", "geometry"),
        format="geojson",
    )
    ids_names = table.frame.select("_row", "id", "ten", "seat.name").rows()
    assert ids_names == [(1, 33, "Hưng Yên", "Phố Hiến"), (2, 46, None, None)]
    located, nowhere = table.frame["geometry"]
    assert json.loads(located) == FEATURE["geometry"]
    assert nowhere is None


@pytest.mark.parametrize(
    "content",
    [
        [FEATURE],
        FEATURE,
        {"features": FEATURE},
        {"features": ["x"]},
        {"features": [{"type": "Feature", "properties": [1], "geometry": None}]},
    ],
    ids=["array", "one feature", "no list", "no object", "properties of another shape"],
)
def test_what_is_no_collection_is_unreadable(tmp_path: Path, content: Any) -> None:
    with pytest.raises(UnreadableFileError, match="not a GeoJSON collection"):
        read(tmp_path, content, ("id",), format="geojson")


def test_the_real_shapes_of_the_provinces(open_data: Path) -> None:
    paths = sorted((open_data / "admin_units_2026/geojson_provinces").glob("*.geojson"))
    assert len(paths) == 34
    codes = []
    for path in paths:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        layout = JsonLayout(format="geojson")
        table = read_table(layout, ("id", "geometry"), path, path.name)
        assert table.frame["id"].to_list() == [feature["id"] for feature in features]
        assert [json.loads(text) for text in table.frame["geometry"]] == [
            feature["geometry"] for feature in features
        ]
        codes += table.frame["id"].to_list()
    assert codes == [path.name[:2] for path in paths]
