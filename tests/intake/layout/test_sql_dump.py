"""The rows of one table in an SQL dump: read as text, never executed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.layouts import SqlDumpLayout
from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.layout.table import Table, Wanted
from tests.intake.layout.reading import read_table

NAME = "so_noi_vu/don_vi.sql"


def read(
    tmp_path: Path, text: str | bytes, *wanted: Wanted | str, table: str = "t", **layout: Any
) -> Table:
    path = tmp_path / "dump.sql"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    declared = SqlDumpLayout(format="sql_dump", table=table, **layout)
    return read_table(declared, wanted or ("a", "b"), path, NAME)


def rows(table: Table, *columns: str) -> list[tuple[Any, ...]]:
    return table.frame.select(columns or ("a", "b")).rows()


def mismatch(tmp_path: Path, text: str, **layout: Any) -> str:
    with pytest.raises(StructureMismatchError) as caught:
        read(tmp_path, text, **layout)
    assert caught.value.file == NAME
    return caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y');",
        "insert into t(a,b)values(1,'x'),(2,'y')",
        'INSERT INTO "public"."t" ("a", "b") VALUES\n  (1, \'x\'),\n  (2, \'y\');\n',
        "INSERT INTO `t` (`a`, `b`) VALUES (1,'x'),(2,'y');",
        "INSERT INTO [dbo].[t] ([a], [b]) VALUES (1, N'x'), (2, N'y')\nGO\n",
        "SET x = 1;\nINSERT INTO t (a,b) VALUES (1,'x');\nINSERT INTO t (a,b) VALUES (2,'y');",
        "\ufeffINSERT INTO t (a,b)\r\nVALUES (1,'x'),\r\n(2,'y');\r\n",
    ],
    ids=["plain", "tight", "postgresql", "mysql", "sql server", "statements", "windows"],
)
def test_rows_of_every_kind_of_dump(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert rows(table, "_file", "_sheet", "_row", "a", "b") == [
        (NAME, "t", 1, "1", "x"),
        (NAME, "t", 2, "2", "y"),
    ]
    assert table.found == {"table": "t", "rows": 2}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("NULL", None),
        ("null", None),
        ("TRUE", "true"),
        ("false", "false"),
        ("-12", "-12"),
        ("+1.50", "+1.50"),
        ("6.02e23", "6.02e23"),
        ("00123", "00123"),
        ("''", ""),
        ("'NULL'", "NULL"),
        ("'it''s'", "it's"),
        ("''''", "'"),
        ("'a, b); c'", "a, b); c"),
        ("'dòng 1\ndòng 2'", "dòng 1\ndòng 2"),
        ("N'Đà Nẵng'", "Đà Nẵng"),
        ("n'x'", "x"),
        (r"'C:\temp\'", "C:\\temp\\"),
        (r"'a\nb'", r"a\nb"),
        (r"E'a\nb\'c'", "a\nb'c"),
        ("'So\u0302\u0301'", "Số"),
    ],
)
def test_a_value_of_postgresql_and_sql_server(
    tmp_path: Path, written: str, said: str | None
) -> None:
    """A backslash is a character like any other, except behind E."""
    assert rows(read(tmp_path, f"INSERT INTO t (a, b) VALUES ({written}, 1);")) == [(said, "1")]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (r"'O\'Neil'", "O'Neil"),
        ("'it''s'", "it's"),
        (r"'a\nb\tc'", "a\nb\tc"),
        (r"'C:\\temp\\'", "C:\\temp\\"),
        (r"'say \"x\"'", 'say "x"'),
        (r"'100\%'", "100%"),
    ],
)
def test_a_value_of_mysql(tmp_path: Path, written: str, said: str) -> None:
    """Known by its backticks: there a backslash says what the next character means."""
    assert rows(read(tmp_path, f"INSERT INTO `t` (`a`, `b`) VALUES ({written}, 1);")) == [
        (said, "1")
    ]


def test_an_insert_in_a_comment_or_in_a_text_is_none(tmp_path: Path) -> None:
    text = (
        "-- INSERT INTO t (a, b) VALUES (8, 8);\n"
        "/* INSERT INTO t (a, b)\n VALUES (9, 9); */\n"
        "INSERT INTO log (x) VALUES ('it''s: INSERT INTO t (a, b) VALUES (7, 7);');\n"
        "INSERT INTO t (a, b) VALUES (1, 'x -- y');\n"
    )
    assert rows(read(tmp_path, text)) == [("1", "x -- y")]


def test_other_tables_of_the_dump_are_not_read(tmp_path: Path) -> None:
    text = (
        "INSERT INTO wards (a, b) VALUES (9, now());\n"
        "INSERT INTO t (b, a) VALUES ('x', 1);\n"
        "INSERT INTO t2 (a, b) VALUES (8, 8);\n"
    )
    assert rows(read(tmp_path, text)) == [("1", "x")]


def test_a_table_that_is_not_there_is_a_mismatch_naming_those_that_are(tmp_path: Path) -> None:
    text = "INSERT INTO wards (a) VALUES (1);INSERT INTO x.provinces (a) VALUES (1);"
    said = mismatch(tmp_path, text)
    assert said == "no INSERT into table 't'; the dump fills: provinces, wards"
    assert mismatch(tmp_path, "SELECT 1;") == "no INSERT into table 't'; the dump fills: none"


def test_a_missing_column_is_named_with_its_nearest_candidates(tmp_path: Path) -> None:
    with pytest.raises(StructureMismatchError) as caught:
        read(tmp_path, "INSERT INTO t (full_name) VALUES ('x');", "full_nam")
    assert "'full_nam' (nearest: full_name)" in caught.value.reason


def test_another_form_of_a_column_and_an_optional_one(tmp_path: Path) -> None:
    wanted = (Wanted("name", others=("ten", "b")), Wanted("level", optional=True))
    table = read(tmp_path, "INSERT INTO t (a, b) VALUES (1, 'x');", *wanted)
    assert rows(table, "name", "level") == [("x", None)]


@pytest.mark.parametrize(
    "value",
    [
        "now()",
        "CAST('x' AS text)",
        "'x'::text",
        "x",
        "1 + 1",
        "0x41",
        "DEFAULT",
        "(SELECT 1)",
        "'x",
    ],
)
def test_what_is_not_a_plain_value_is_a_mismatch_naming_the_line(
    tmp_path: Path, value: str
) -> None:
    text = f"-- dump\nINSERT INTO t (a, b) VALUES\n(1, 'Nguyễn Văn A'),\n(2, {value});\n"
    said = mismatch(tmp_path, text)
    assert said.startswith("line 4: ")
    assert "Nguyễn" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("INSERT INTO t (a, b) VALUES (1);", "line 1: 1 values for 2 columns"),
        ("INSERT INTO t (a, b) VALUES (1, 2, 3);", "line 1: 3 values for 2 columns"),
        (
            "INSERT INTO t (a, b) VALUES (1, 2);\nINSERT INTO t (b, a) VALUES (1, 2);",
            "line 2: other columns than before",
        ),
        ("INSERT INTO t (a, b) VALUES 1, 2;", "line 1: '(' expected"),
        ("INSERT INTO t (a, b) VALUES (1, 2), ;", "line 1: '(' expected"),
    ],
)
def test_rows_of_another_shape_are_a_mismatch(tmp_path: Path, text: str, said: str) -> None:
    assert mismatch(tmp_path, text) == said


@pytest.mark.parametrize("content", [b"\xff\xfeI\x00", "INSERT".encode("utf-16"), b"\xe3"])
def test_bytes_that_are_not_utf_8_are_unreadable(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="not text in UTF-8"):
        read(tmp_path, content)


def test_values_of_the_file_name_stand_beside(tmp_path: Path) -> None:
    captures = {"office": {"where": "file", "pattern": "^([a-z_]+)/"}}
    text = "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y');"
    table = read(tmp_path, text, "a", "office", "{office}-{b}", captures=captures)
    assert rows(table, "a", "office", "{office}-{b}") == [
        ("1", "so_noi_vu", "so_noi_vu-x"),
        ("2", "so_noi_vu", "so_noi_vu-y"),
    ]


# --- real dumps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("system", ["postgres", "mssql"])
@pytest.mark.parametrize(("table", "count"), [("provinces", 34), ("wards", 3321)])
def test_a_real_dump_of_the_administrative_units(
    open_data: Path, system: str, table: str, count: int
) -> None:
    """Each tuple stands on a line of its own, so that the lines can be read here a second time."""
    path = open_data / f"admin_units_2026/{system}_ImportData_vn_units.sql"
    text = path.read_text(encoding="utf-8")
    block = text[text.index(f"INSERT INTO {table}(") :]
    block = block[: block.index("INSERT INTO ga")] if "INSERT INTO ga" in block else block
    first = r"\(N?'(\d+)',N?'((?:[^']|'')*)'"
    length = 2 if table == "provinces" else 5
    pairs = [
        (code, name.replace("''", "'"))
        for code, name in re.findall(rf"^{first}", block, re.MULTILINE)
        if len(code) == length
    ]
    layout = SqlDumpLayout(format="sql_dump", table=table)
    found = read_table(layout, ["code", "name", "full_name"], path, path.name)
    assert rows(found, "code", "name") == pairs
    assert len(pairs) == count


def test_the_real_dumps_of_two_systems_say_the_same(open_data: Path) -> None:
    columns = ["code", "name", "full_name", "province_code", "administrative_unit_id"]
    frames = []
    for system in ("postgres", "mssql"):
        path = open_data / f"admin_units_2026/{system}_ImportData_vn_units.sql"
        layout = SqlDumpLayout(format="sql_dump", table="wards")
        frames.append(read_table(layout, columns, path, "x.sql").frame)
    assert frames[0].equals(frames[1])
    assert frames[0].null_count().sum_horizontal().item() == 0
