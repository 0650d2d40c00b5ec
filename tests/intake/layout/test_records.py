from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.layouts import JsonLayout, ParquetLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.table import Table
from tests.intake.layout.reading import read_table

NAME = "nso/units.json"
SOURCES = ("Code", "Name")


def read(tmp_path: Path, content: Any, sources: tuple[str, ...] = SOURCES, **layout: Any) -> Table:
    """Read ``content``: bytes as they are, anything else written as JSON."""
    path = tmp_path / "units.json"
    raw = isinstance(content, bytes)
    path.write_bytes(content if raw else json.dumps(content, ensure_ascii=False).encode())
    return read_table(JsonLayout(format="json", **layout), sources, path, NAME)


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
