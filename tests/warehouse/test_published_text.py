"""Text that is not NFC, mojibake or identity numbers are found wherever they would be published."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.warehouse.published_text import (
    UnfitColumn,
    UnfitTextError,
    require_fit_text,
    unfit_text,
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
    assert unfit_text(path) == []
    require_fit_text(path)


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
    assert unfit_text(path) == [
        UnfitColumn(table="core.t", column="name", problem="unclean", values=1)
    ]
    with pytest.raises(UnfitTextError, match=r"core\.t\.name: 1.*ioc reprocess") as caught:
        require_fit_text(path)
    assert text not in str(caught.value)


def test_each_distinct_value_counts_once(tmp_path: Path) -> None:
    planted = ("§¾k L¾k", "§¾k L¾k", "H\ufffdng Yên")
    assert [found.values for found in unfit_text(warehouse(tmp_path, *planted))] == [2]


@pytest.mark.parametrize(
    "text",
    ["033090001234", "CCCD: 033090001234.", "Trần A (001199123456), Hưng Yên", "a;033090001234;b"],
)
def test_an_identity_number_is_found_and_not_told(tmp_path: Path, text: str) -> None:
    path = warehouse(tmp_path, text)
    problem = {"table": "core.t", "column": "name", "problem": "identity_number", "values": 1}
    assert unfit_text(path) == [UnfitColumn(**problem)]
    with pytest.raises(
        UnfitTextError, match=r"identity cards in core\.t\.name: 1;.*aggregate"
    ) as e:
        require_fit_text(path)
    assert "1234" not in str(e.value)


@pytest.mark.parametrize(
    "text",
    [
        "0330900012345",  # a digit too many
        "03309000123",
        "133090001234",  # an amount
        "0.033090001234",
        "1,012345678901",
        "5f033090001234ab",  # part of a hash
        "so-033090001234x",
        "20261122190000",
    ],
)
def test_what_only_looks_like_one_is_fit(tmp_path: Path, text: str) -> None:
    assert unfit_text(warehouse(tmp_path, text)) == []


def test_both_problems_are_told_at_once(tmp_path: Path) -> None:
    path = warehouse(tmp_path, "H\ufffdng Yên", "033090001234")
    with pytest.raises(UnfitTextError, match=r"mojibake, in .*identity cards in "):
        require_fit_text(path)
