"""The files of a delivery as one batch: what is read, refused, passed over and found."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from ioc_pipelines.intake.read_batch import ReadBatch, read_batch, units_of
from tests.intake.feeding import COLUMNS, FIGURES, feed_of, read_files

CSV = {"format": "csv", "delimiter": ";"}
GOOD = "Tên;Năm;Tiền\nHà Nội;2015;1.5\nHuế;2015;2\n"


def rows(result: ReadBatch, *columns: str) -> list[tuple[Any, ...]]:
    assert result.batch is not None
    return result.batch.rows.select("_file", *(columns or ("name", "amount"))).rows()


def outcomes(result: ReadBatch) -> dict[str, str]:
    return {error.file: error.outcome for error in result.refused}


def test_the_rows_of_all_files_are_one_batch(tmp_path: Path) -> None:
    result = read_files(tmp_path, {"a.csv": GOOD, "b.csv": "Tên;Tiền\nHải Phòng;7\n"}, CSV)
    assert rows(result) == [
        ("a.csv", "Hà Nội", 1.5),
        ("a.csv", "Huế", 2.0),
        ("b.csv", "Hải Phòng", 7.0),
    ]
    assert (result.read, result.refused, result.passed_over) == (2, [], [])
    assert [(place["file"], place["rows"]) for place in result.found] == [
        ("a.csv", 2),
        ("b.csv", 1),
    ]
    assert result.batch is not None
    assert result.batch.rows["_row_id"].to_list() == [0, 1, 2]


def test_a_broken_file_is_refused_alone(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.csv": GOOD,
        "b.csv": b"T\xean;Ti\xff\n",
        "c.csv": "Mã;Số\n1;2\n",
    }
    result = read_files(tmp_path, files, CSV)
    assert [file for file, *_ in rows(result)] == ["a.csv", "a.csv"]
    assert outcomes(result) == {"b.csv": "unreadable", "c.csv": "structure_mismatch"}
    assert result.read == 1
    assert [place["file"] for place in result.found] == ["a.csv"]


def test_there_is_no_batch_when_no_file_is_read(tmp_path: Path) -> None:
    result = read_files(tmp_path, {"a.csv": b"", "b.csv": "x;y\n"}, CSV)
    assert (result.batch, result.read, result.found) == (None, 0, [])
    assert outcomes(result) == {"a.csv": "unreadable", "b.csv": "structure_mismatch"}
    assert result.control.is_empty()


def test_there_is_no_batch_without_files(tmp_path: Path) -> None:
    result = read_files(tmp_path, {}, CSV)
    assert (result.batch, result.read, result.refused, result.passed_over) == (None, 0, [], [])


def test_a_table_without_rows_is_a_batch_without_rows(tmp_path: Path) -> None:
    """The sender says that there is nothing, which is not the same as sending nothing."""
    result = read_files(tmp_path, {"a.csv": "Tên;Tiền\n"}, CSV)
    assert (rows(result), result.read) == ([], 1)


def test_a_feed_without_a_layout_cannot_be_read(tmp_path: Path) -> None:
    feed = feed_of(CSV).model_copy(update={"layout": None})
    with pytest.raises(LookupError, match=r"testing\.made_up has no layout"):
        read_batch(feed, FIGURES, [], {})


# --- archives -------------------------------------------------------------------------------------


def zipped(members: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(members: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members.items():
            facts = tarfile.TarInfo(name)
            facts.size = len(content.encode())
            archive.addfile(facts, io.BytesIO(content.encode()))
    return file.getvalue()


ARCHIVED = {**CSV, "members": r"\.csv$"}


def test_a_broken_member_of_an_archive_is_refused_alone(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "so/a.csv": GOOD,
        "so/b.csv": b"\xff\xff",
        "c.csv": "x;y\n",
        "readme.txt": "x",
    }
    result = read_files(tmp_path, {"t.zip": zipped(members), "broken.zip": b"PK"}, ARCHIVED)
    assert rows(result) == [("t.zip!so/a.csv", "Hà Nội", 1.5), ("t.zip!so/a.csv", "Huế", 2.0)]
    assert outcomes(result) == {
        "t.zip!so/b.csv": "unreadable",
        "t.zip!c.csv": "structure_mismatch",
        "broken.zip": "unreadable",
    }
    assert result.read == 1


JSON_COLUMNS: dict[str, Any] = {
    "name": "ten",
    "year": {"source": "nam", "optional": True},
    "amount": "tien",
    "count": {"source": "so", "optional": True},
}


def test_a_broken_object_of_an_archive_is_refused_alone(tmp_path: Path) -> None:
    """Thousands of small files are one table; one of them that is broken is named."""
    members = {f"{i}.json": json.dumps({"ten": f"x{i}", "tien": i}) for i in range(5)}
    content = tarred({**members, "2.json": '{"ten": "x2", "ti'})
    layout = {"format": "json", "members": r"\.json$"}
    result = read_files(tmp_path, {"t.tar.gz": content}, layout, JSON_COLUMNS)
    assert rows(result) == [(f"t.tar.gz!{i}.json", f"x{i}", float(i)) for i in (0, 1, 3, 4)]
    assert outcomes(result) == {"t.tar.gz!2.json": "unreadable"}
    assert result.read == 4
    assert result.found == [{"file": "t.tar.gz", "rows": 4, "files": 4}]


def test_objects_of_an_archive_without_a_field_are_refused_by_the_archive(tmp_path: Path) -> None:
    content = tarred({"1.json": '{"ten": "x"}'})
    layout = {"format": "json", "members": r"\.json$"}
    good = tarred({"1.json": '{"ten": "x", "tien": 1}'})
    result = read_files(
        tmp_path, {"bad.tar.gz": content, "good.tar.gz": good}, layout, JSON_COLUMNS
    )
    assert [file for file, *_ in rows(result)] == ["good.tar.gz!1.json"]
    assert list(outcomes(result).values()) == ["structure_mismatch"]


@pytest.mark.parametrize(("count", "shown"), [(150, 150), (151, 151), (200, 151)])
def test_of_many_tables_the_first_150_are_listed(tmp_path: Path, count: int, shown: int) -> None:
    members: dict[str, str | bytes] = {
        f"{i:03d}.csv": f"Tên;Tiền\nx{i};{i}\ny{i};0\n" for i in range(count)
    }
    result = read_files(tmp_path, {"t.zip": zipped(members)}, ARCHIVED)
    assert result.read == count
    assert len(rows(result)) == 2 * count
    assert len(result.found) == shown
    assert [place["file"] for place in result.found[:150]] == [
        f"t.zip!{i:03d}.csv" for i in range(150)
    ]
    if count > 150:
        rest = count - 150
        assert result.found[150] == {"more_tables": rest, "rows": 2 * rest}


# --- workbooks without the table ------------------------------------------------------------------


def workbook(sheet: str) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, ["Tên", "Tiền"])
        page.write_row(1, 0, ["Hà Nội", 5])
    return file.getvalue()


def test_a_workbook_without_the_table_is_passed_over_where_that_is_no_fault(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"9.xlsx": workbook("GDP"), "10.xlsx": workbook("Vốn")}
    layout = {"format": "xlsx", "sheet": "^Vốn$", "absent": "skip"}
    result = read_files(tmp_path, files, layout)
    assert rows(result) == [("10.xlsx", "Hà Nội", 5.0)]
    assert (result.passed_over, result.refused, result.read) == (["9.xlsx"], [], 1)


def test_it_is_refused_where_every_workbook_should_have_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"9.xlsx": workbook("GDP"), "10.xlsx": workbook("Vốn")}
    result = read_files(tmp_path, files, {"format": "xlsx", "sheet": "^Vốn$"})
    assert (result.passed_over, outcomes(result)) == ([], {"9.xlsx": "structure_mismatch"})


def test_a_delivery_may_be_passed_over_as_a_whole(tmp_path: Path) -> None:
    layout = {"format": "xlsx", "sheet": "^Vốn$", "absent": "skip"}
    result = read_files(tmp_path, {"9.xlsx": workbook("GDP")}, layout)
    assert (result.batch, result.read, result.passed_over) == (None, 0, ["9.xlsx"])


# --- tables that differ ---------------------------------------------------------------------------


def test_files_may_differ_in_their_optional_columns(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "2003.csv": "Tên;Tiền\nHà Nội;1\n",
        "2010.csv": "Tên;Tiền;Số\nHà Nội;2;20\n",
        "2020.csv": "Số;Năm;Tên;Tiền\n30;2020;Hà Nội;3\n",
    }
    result = read_files(tmp_path, files, CSV)
    assert rows(result, "name", "year", "amount", "count") == [
        ("2003.csv", "Hà Nội", None, 1.0, None),
        ("2010.csv", "Hà Nội", None, 2.0, 20),
        ("2020.csv", "Hà Nội", 2020, 3.0, 30),
    ]
    assert result.batch is not None
    assert result.batch.unreadable.is_empty()


def test_workbooks_may_differ_in_their_optional_columns(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("Vốn")
        page.write_row(0, 0, ["Tên", "Tiền", "Số"])
        page.write_row(1, 0, ["Huế", 6, 7])
    files = {"1.xlsx": workbook("Vốn"), "2.xlsx": file.getvalue()}
    result = read_files(tmp_path, files, {"format": "xlsx", "sheet": "^Vốn$"})
    assert rows(result, "name", "amount", "count") == [
        ("1.xlsx", "Hà Nội", 5.0, None),
        ("2.xlsx", "Huế", 6.0, 7),
    ]


WIDE = {
    "name": "Tên",
    "year": {"source": "year", "optional": True},
    "amount": {"source": r"/^Năm (?P<year>\d+)$/", "others": ["Tiền"], "number": "plain"},
    "count": {"source": "Số", "optional": True},
}
TOTALS = {**CSV, "totals": [{"rows": "^Tổng", "parts": "all"}]}


def test_a_file_that_is_not_wide_has_no_value_of_the_groups(tmp_path: Path) -> None:
    """Its totals are compared as well, although the totals of no other file have the key."""
    files: dict[str, str | bytes] = {
        "wide.csv": "Tên;Năm 2015;Năm 2016\nHà Nội;1;2\n",
        "long.csv": "Tên;Tiền\nTổng;5\nHà Nội;3\nHuế;2\n",
    }
    result = read_files(tmp_path, files, TOTALS, WIDE)
    assert rows(result, "name", "year", "amount") == [
        ("wide.csv", "Hà Nội", 2015, 1.0),
        ("wide.csv", "Hà Nội", 2016, 2.0),
        ("long.csv", "Hà Nội", None, 3.0),
        ("long.csv", "Huế", None, 2.0),
    ]
    control = result.control.select("source_file", "stated", "parts_sum", "parts", "ties")
    assert control.rows() == [("long.csv", 5.0, 5.0, 2, True)]


def test_a_file_without_the_groups_is_refused_where_their_value_must_be(tmp_path: Path) -> None:
    columns = {**WIDE, "year": "year"}
    files: dict[str, str | bytes] = {
        "wide.csv": "Tên;Năm 2015\nHà Nội;1\n",
        "long.csv": "Tên;Tiền\nHà Nội;3\n",
    }
    result = read_files(tmp_path, files, CSV, columns)
    assert rows(result) == [("wide.csv", "Hà Nội", 1.0)]
    assert outcomes(result) == {"long.csv": "structure_mismatch"}
    assert "'year'" in result.refused[0].reason


# --- values beside the table, in every format -----------------------------------------------------

BESIDE: dict[str, Any] = {
    "name": {"source": "Tên gọi", "others": ["ten"]},
    "year": {"source": "{y}", "optional": True},
    "amount": {"source": "tien", "unit": "{dv}"},
    "count": {"source": "so", "optional": True},
}
CAPTURED = {"captures": {"y": {"where": "file", "pattern": r"_(\d{4})"}}}


def parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"ten": ["A"], "tien": [2], "dv": ["tỷ đồng"]}).write_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("layout", "content", "year"),
    [
        ({"format": "csv"} | CAPTURED, "ten,tien,dv\nA,2,tỷ đồng\n", 2026),
        ({"format": "json"} | CAPTURED, '[{"ten": "A", "tien": 2, "dv": "tỷ đồng"}]', 2026),
        ({"format": "ndjson"} | CAPTURED, '{"ten": "A", "tien": 2, "dv": "tỷ đồng"}\n', 2026),
        (
            {"format": "sql_dump", "table": "t"} | CAPTURED,
            "INSERT INTO t (ten, tien, dv) VALUES ('A', 2, 'tỷ đồng');",
            2026,
        ),
        ({"format": "parquet"}, parquet(), None),
    ],
    ids=["csv", "json", "ndjson", "sql", "parquet"],
)
def test_the_language_of_columns_means_the_same_in_every_format(
    tmp_path: Path, layout: dict[str, Any], content: str | bytes, year: int | None
) -> None:
    """Another form of a name, a value of the file's name, one that is missing, a unit beside."""
    result = read_files(tmp_path, {"so_2026.x": content}, layout, BESIDE)
    assert result.refused == []
    expected = ("so_2026.x", "A", year, 2000.0, None)
    assert rows(result, "name", "year", "amount", "count") == [expected]


def test_a_document_has_what_its_name_says(tmp_path: Path) -> None:
    columns = {"name": "name", "year": "{y}", "amount": "size_bytes", "count": "size_bytes"}
    result = read_files(
        tmp_path, {"ban_ve_2026.pdf": b"%PDF"}, {"format": "document"} | CAPTURED, columns
    )
    assert rows(result, "name", "year", "count") == [
        ("ban_ve_2026.pdf", "ban_ve_2026.pdf", 2026, 4)
    ]


def test_units_are_those_that_the_contract_states() -> None:
    assert dict(units_of(FIGURES)) == {"amount": "triệu đồng"}
    assert set(COLUMNS) > set(units_of(FIGURES))
