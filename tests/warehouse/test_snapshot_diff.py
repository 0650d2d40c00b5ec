"""The difference of two files, held against one worked out row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.warehouse import snapshot_diff
from ioc_pipelines.warehouse.snapshot_diff import TableDifference, differences

Row = tuple[Any, ...]
KINDS = {"code": "varchar", "day": "date", "value": "double", "note": "varchar", "count": "bigint"}
KEY = ("code", "day")
TABLE = "marts.t"

CODES = st.one_of(st.none(), st.sampled_from(["a", "A", "á", "", "it's"]))
DAYS = st.one_of(st.none(), st.dates(min_value=date(2026, 11, 1), max_value=date(2026, 11, 2)))
VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.5, float("inf")]))
NOTES = st.one_of(st.none(), st.sampled_from(["x", "y"]))
COUNTS = st.one_of(st.none(), st.integers(0, 2))
KEYED = st.dictionaries(st.tuples(CODES, DAYS), st.tuples(VALUES, NOTES, COUNTS), max_size=8)
ROWS_OF_64_BYTES = 600_000  # 77 MB in two files
# few different ones, so that most are there several times
FEW = [("a", None, 1.5, "x", 1), ("a", None, 1.5, None, 1), (None, None, None, None, None)]
ROWS = st.lists(st.sampled_from(FEW), max_size=8)


def write(path: Path, tables: Mapping[str, tuple[Mapping[str, str], list[Row]]]) -> Path:
    """A DuckDB file with these tables: columns with types, and rows."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts").fetchall()
        for table, (kinds, rows) in tables.items():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
            connection.execute(f"create table {table} ({listed})").fetchall()
            marks = ", ".join("?" * len(kinds))
            for row in rows:
                connection.execute(f"insert into {table} values ({marks})", row).fetchall()
    return path


def rows_of(keyed: Mapping[Row, Row]) -> list[Row]:
    return [(*key, *rest) for key, rest in keyed.items()]


def only(found: list[TableDifference]) -> TableDifference | None:
    assert len(found) <= 1
    return found[0] if found else None


@settings(max_examples=25)
@given(older=KEYED, newer=KEYED)
def test_by_key_it_says_exactly_what_changed(
    tmp_path: Path, older: dict[Row, Row], newer: dict[Row, Row]
) -> None:
    a = write(tmp_path / "a.duckdb", {TABLE: (KINDS, rows_of(older))})
    b = write(tmp_path / "b.duckdb", {TABLE: (KINDS, rows_of(newer))})
    found = only(differences(a, b, {TABLE: KEY}, examples=100))
    both = older.keys() & newer.keys()
    changed = {key: (older[key], newer[key]) for key in both if older[key] != newer[key]}
    if older == newer:
        assert found is None
        return
    assert found is not None
    assert (found.rows_older, found.rows_newer, found.key) == (len(older), len(newer), KEY)
    assert found.added == len(newer.keys() - older.keys())
    assert found.removed == len(older.keys() - newer.keys())
    assert found.changed == len(changed)
    per_column = Counter(
        name
        for one, other in changed.values()
        for name, x, y in zip(list(KINDS)[2:], one, other, strict=True)
        if x != y
    )
    assert found.columns_changed == dict(per_column)
    shown = {(e.what, e.key["code"], e.key["day"]): e.changes for e in found.examples}
    wanted: dict[Row, dict[str, tuple[Any, Any]]] = {
        ("added", *key): {} for key in newer.keys() - older.keys()
    }
    wanted |= {("removed", *key): {} for key in older.keys() - newer.keys()}
    wanted |= {
        ("changed", *key): {
            name: (x, y) for name, x, y in zip(list(KINDS)[2:], one, other, strict=True) if x != y
        }
        for key, (one, other) in changed.items()
    }
    assert shown == wanted


@settings(max_examples=15)
@given(older=ROWS, newer=ROWS)
def test_without_a_key_rows_are_counted_as_multisets(
    tmp_path: Path, older: list[Row], newer: list[Row]
) -> None:
    a = write(tmp_path / "a.duckdb", {TABLE: (KINDS, older)})
    b = write(tmp_path / "b.duckdb", {TABLE: (KINDS, newer)})
    one, other = Counter(older), Counter(newer)
    found = only(differences(a, b, {}, examples=100))
    if one == other:
        assert found is None
        return
    assert found is not None
    assert (found.removed, found.added) == ((one - other).total(), (other - one).total())
    assert (found.changed, found.key, found.examples) == (0, (), ())


def test_a_key_that_is_not_unique_is_not_joined_on(tmp_path: Path) -> None:
    kinds = {"code": "varchar", "value": "bigint"}
    a = write(tmp_path / "a.duckdb", {TABLE: (kinds, [("x", 1), ("x", 2)])})
    b = write(tmp_path / "b.duckdb", {TABLE: (kinds, [("x", 1), ("x", 3)])})
    found = only(differences(a, b, {TABLE: ("code",)}))
    assert found is not None
    assert (found.key, found.removed, found.added) == ((), 1, 1)


def test_columns_and_tables_that_come_go_or_change_their_type(tmp_path: Path) -> None:
    a = write(
        tmp_path / "a.duckdb",
        {
            TABLE: (
                {"code": "varchar", "old": "bigint", "n": "integer", "kept": "bigint"},
                [("x", 1, 5, 7), ("y", 1, 5, 7)],
            ),
            "marts.gone": ({"x": "bigint"}, [(1,)]),
            "marts.same": ({"x": "bigint"}, [(1,)]),
        },
    )
    b = write(
        tmp_path / "b.duckdb",
        {
            TABLE: (
                {"code": "varchar", "new": "bigint", "n": "bigint", "kept": "bigint"},
                [("x", 1, 5, 8), ("y", 1, 6, 7)],
            ),
            "marts.come": ({"x": "bigint"}, []),
            "marts.same": ({"x": "bigint"}, [(1,)]),
        },
    )
    found = {one.table: one for one in differences(a, b, {TABLE: ("code",)})}
    assert set(found) == {TABLE, "marts.gone", "marts.come"}
    assert (found["marts.gone"].rows_older, found["marts.gone"].rows_newer) == (1, None)
    assert (found["marts.come"].rows_older, found["marts.come"].rows_newer) == (None, 0)
    table = found[TABLE]
    assert table.columns_added == {"new": "BIGINT"}
    assert table.columns_removed == {"old": "BIGINT"}
    assert table.columns_retyped == {"n": ("INTEGER", "BIGINT")}
    assert (table.changed, table.columns_changed) == (1, {"kept": 1})


def test_a_personal_value_is_never_an_example(tmp_path: Path) -> None:
    kinds = {"code": "varchar", "phone": "varchar", "n": "bigint"}
    a = write(tmp_path / "a.duckdb", {TABLE: (kinds, [("x", "0987000001", 1)])})
    b = write(tmp_path / "b.duckdb", {TABLE: (kinds, [("x", "0987000002", 2)])})
    found = only(differences(a, b, {TABLE: ("code",)}, examples=5, personal={"phone"}))
    assert found is not None
    assert found.columns_changed == {"phone": 1, "n": 1}
    assert [e.changes for e in found.examples] == [{"n": (1, 2)}]
    by_phone = only(differences(a, b, {TABLE: ("phone",)}, examples=5, personal={"phone"}))
    assert by_phone is not None
    assert (by_phone.added, by_phone.removed, by_phone.examples) == (1, 1, ())
    assert "0987" not in found.model_dump_json() + by_phone.model_dump_json()


def test_examples_are_as_many_as_asked_for(tmp_path: Path) -> None:
    kinds = {"code": "varchar", "n": "bigint"}
    a = write(tmp_path / "a.duckdb", {TABLE: (kinds, [])})
    b = write(tmp_path / "b.duckdb", {TABLE: (kinds, [(str(n), n) for n in range(9)])})
    found = only(differences(a, b, {TABLE: ("code",)}, examples=2))
    assert found is not None
    assert found.added == 9
    assert [e.key for e in found.examples] == [{"code": "0"}, {"code": "1"}]
    assert only(differences(a, b, {TABLE: ("code",)})).examples == ()  # type: ignore[union-attr]


def test_files_larger_than_the_memory_it_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_diff, "_MEMORY", "50MB")
    paths = [tmp_path / "a.duckdb", tmp_path / "b.duckdb"]
    for path, shift in zip(paths, (0, 1), strict=True):
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts").fetchall()
            connection.execute(
                "create table marts.t as select md5(range::varchar) as code,"
                f" md5((range + {shift})::varchar) as note from range({ROWS_OF_64_BYTES})"
            ).fetchall()
    found = only(differences(*paths, {TABLE: ("code",)}))
    assert found is not None
    assert (found.added, found.removed, found.changed) == (0, 0, ROWS_OF_64_BYTES)
