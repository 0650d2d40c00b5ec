"""Text that is not NFC, or is mojibake, is found wherever it would be published."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.warehouse.published_text import (
    UncleanColumn,
    UncleanTextError,
    require_clean_text,
    unclean_text,
)

CLEAN = ("Hưng Yên", "Đắk Lắk", "TP. Hồ Chí Minh", "m²", "«Xanh»", "1.234,5 tỷ", "Ô-xtrây-li-a")


def warehouse(folder: Path, *planted: str) -> Path:
    """A file with clean text in three schemas, and ``planted`` in one column of one table."""
    path = folder / "ioc.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("staging", "core", "quality"):
            connection.execute(f"create schema {schema}")
            connection.execute(f"create table {schema}.t (code varchar, name varchar, n double)")
            rows = [("01", name, 1.0) for name in (*CLEAN, None)]
            connection.executemany(f"insert into {schema}.t values (?, ?, ?)", rows)
        for text in planted:
            connection.execute("insert into core.t values ('02', ?, 2.0)", [text])
    return path


def test_vietnamese_text_is_clean(tmp_path: Path) -> None:
    path = warehouse(tmp_path)
    assert unclean_text(path) == []
    require_clean_text(path)


@pytest.mark.parametrize(
    "text",
    [
        unicodedata.normalize("NFD", "Hưng Yên"),
        "Hưng Yên".encode().decode("latin-1"),
        "Hà Nội".encode().decode("cp1252", errors="replace"),
        "§¾k L¾k",
        "H\ufffdng Yên",
        "H\u0090ng",
    ],
    ids=["decomposed", "latin-1", "cp1252", "tcvn3", "replaced", "control"],
)
def test_a_planted_string_is_found_in_its_table_and_column(tmp_path: Path, text: str) -> None:
    path = warehouse(tmp_path, text)
    assert unclean_text(path) == [UncleanColumn(table="core.t", column="name", values=1)]
    with pytest.raises(UncleanTextError, match=r"core\.t\.name: 1.*ioc reprocess") as caught:
        require_clean_text(path)
    assert text not in str(caught.value)


def test_each_distinct_value_counts_once(tmp_path: Path) -> None:
    planted = ("§¾k L¾k", "§¾k L¾k", "H\ufffdng Yên")
    assert [found.values for found in unclean_text(warehouse(tmp_path, *planted))] == [2]
