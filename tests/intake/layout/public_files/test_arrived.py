"""Every file is read, and its texts arrive as they stand in it."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest

from ioc_pipelines.catalog.load import FeedEntry
from tests.intake.layout.public_files.reading import (
    AIR,
    BUDGET,
    DISEASES,
    EVERY,
    FDI,
    INVESTMENT,
    LABOUR,
    MAPPING,
    PCI,
    POPULATION,
    PROCEDURES,
    UNITS,
    Read,
    fold,
)


@pytest.mark.parametrize(
    ("dataset", "offered", "read", "passed_over"),
    [
        (FDI, 45, 45, 0),
        (INVESTMENT, 45, 45, 0),
        (LABOUR, 45, 35, 10),
        (BUDGET, 15, 15, 0),
        (PCI, 7, 7, 0),
        (DISEASES, 4, 4, 0),
        (POPULATION, 1, 1, 0),
        (AIR, 1, 1, 0),
        (MAPPING, 1, 1, 0),
        (UNITS, 1, 1, 0),
        (PROCEDURES, 1, 2642, 0),
    ],
)
def test_every_file_is_read_or_known_to_have_no_such_table(
    family: Read, dataset: str, offered: int, read: int, passed_over: int
) -> None:
    """One archive of procedures holds 2,642 files."""
    found = family(dataset)
    assert len(found.offered) == offered
    assert found.result.refused == []
    assert (found.result.read, len(found.result.passed_over)) == (read, passed_over)
    files = {file.partition("!")[0] for file in found.rows["_file"].unique()}
    assert files == set(found.offered) - set(found.result.passed_over)


@pytest.mark.parametrize("dataset", [name for name in EVERY if name != DISEASES])
def test_no_cell_is_unreadable(family: Read, dataset: str) -> None:
    assert family(dataset).batch.unreadable.rows() == []


VIETNAMESE = frozenset(
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
    "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
)


def foreign(text: str) -> str:
    """Letters that are not Vietnamese, marks that are not composed, and control characters."""
    kinds = ((char, unicodedata.category(char)) for char in text if not char.isascii())
    return "".join(
        char
        for char, kind in kinds
        if (kind[0] == "L" and char not in VIETNAMESE) or kind[0] in "CM" or char == "\ufffd"
    )


@pytest.mark.parametrize("dataset", EVERY)
def test_every_text_is_vietnamese_in_unicode_nfc(family: Read, dataset: str) -> None:
    """A text of a legacy font that was not decoded has letters that Vietnamese has not."""
    rows = family(dataset).rows
    columns = [c for c, kind in rows.schema.items() if kind == pl.String and c[0] != "_"]
    texts = {text for column in columns for text in rows[column].drop_nulls().unique()}
    assert texts
    assert {text for text in texts if not unicodedata.is_normalized("NFC", text)} == set()
    assert {text: foreign(text) for text in texts if foreign(text)} == {}


# names that a file shortens, as read in the files
SHORTENED = {
    ("BRVT", "Bà Rịa - Vũng Tàu"),
    ("Bà Rịa -V.Tàu", "Bà Rịa - Vũng Tàu"),
    ("TP. H.C.M", "Hồ Chí Minh"),
    ("TP.HCM", "Hồ Chí Minh"),
    ("Tp.HCM", "Hồ Chí Minh"),
    ("TT - Huế", "Thừa Thiên Huế"),
    ("TT- Huế", "Thừa Thiên Huế"),
    ("TT-Huế", "Thừa Thiên Huế"),
    ("TT.Huế", "Thừa Thiên Huế"),
    ("Bắc Cạn", "Bắc Kạn"),
    ("BẮC CẠN", "Bắc Kạn"),
    ("bắc cạn", "Bắc Kạn"),
    ("ĐẮC NÔNG", "Đắk Nông"),
    ("Bộ NN và PTNT", "Bộ Nông nghiệp và Phát triển nông thôn"),
    ("Bộ Giáo dục - Đào tạo", "Bộ Giáo dục và Đào tạo"),
    ("Bộ Văn hoá và Thông tin", "Bộ Văn hóa - Thông tin"),
}


@pytest.mark.parametrize(
    ("dataset", "column"),
    [
        (FDI, "province_name"),
        (INVESTMENT, "unit_name"),
        (LABOUR, "province_name"),
        (BUDGET, "province_name"),
        (PCI, "province_name"),
        (DISEASES, "province_name"),
        (POPULATION, "province_name"),
    ],
)
def test_a_name_is_the_one_that_stands_in_the_file(
    family: Read, entries: dict[str, FeedEntry], dataset: str, column: str
) -> None:
    batch = family(dataset).batch
    source = entries[dataset].feed.columns[column].source
    received = batch.received.select("_row_id", pl.col(source).alias("said"))
    pairs = batch.rows.select("_row_id", column).join(received, on="_row_id")
    named = set(pairs.select("said", column).unique().rows())
    wrong = {(said.strip(), name) for said, name in named if fold(said) != fold(name)}
    assert wrong <= SHORTENED
    assert len(named) >= 40
