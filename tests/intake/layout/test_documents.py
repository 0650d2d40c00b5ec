"""Files that are kept as they are: a row each, and bytes that come back as they went in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.layouts import DocumentLayout
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.intake.layout.table import Table, Wanted
from tests.intake.layout.reading import read_table

FACTS = ("name", "media_type", "size_bytes", "sha256")
CONTENTS = [b"", b"%PDF-1.7\n\xff\x00\r\n", bytes(range(256)) * 400, "Quyết định".encode()]


def read(path: Path, name: str, *wanted: Wanted | str, **layout: Any) -> Table:
    declared = DocumentLayout(format="document", **layout)
    return read_table(declared, wanted or FACTS, path, name)


@pytest.mark.parametrize("content", CONTENTS, ids=["empty", "pdf", "bytes", "text"])
def test_a_document_is_one_row_of_facts(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "blob"
    path.write_bytes(content)
    table = read(path, "so_xay_dung/quy_hoach/ban_ve.pdf")
    expected = ("ban_ve.pdf", "application/pdf", len(content), hashlib.sha256(content).hexdigest())
    assert table.frame.select(FACTS).rows() == [expected]
    assert table.frame.select("_file", "_sheet", "_row").rows() == [
        ("so_xay_dung/quy_hoach/ban_ve.pdf", None, 1)
    ]
    assert table.found == {"rows": 1}


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.pdf", "application/pdf"),
        ("a.PDF", "application/pdf"),
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.zip", "application/zip"),
        ("a.khong_biet", "application/octet-stream"),
        ("khong_duoi", "application/octet-stream"),
    ],
)
def test_the_media_type_is_that_of_the_name(tmp_path: Path, name: str, media_type: str) -> None:
    """RFC 2046 gives what is not known the type of any bytes."""
    path = tmp_path / "blob"
    path.write_bytes(b"x")
    assert read(path, name).frame["media_type"].to_list() == [media_type]


def test_values_of_the_name_stand_beside(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"x")
    captures = {"number": {"where": "file", "pattern": r"QD-(\d+)"}}
    table = read(path, "qd/QD-12.pdf", "number", "sha256", captures=captures)
    assert table.frame["number"].to_list() == ["12"]
    with pytest.raises(StructureMismatchError, match="number: nothing in the file matches"):
        read(path, "qd/12.pdf", "number", captures=captures)


def test_a_fact_that_documents_do_not_have_is_a_mismatch(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"x")
    with pytest.raises(StructureMismatchError, match="'sha1'"):
        read(path, "a.pdf", "name", "sha1")
    table = read(path, "a.pdf", "name", Wanted("author", optional=True))
    assert table.frame.select("name", "author").rows() == [("a.pdf", None)]


@pytest.mark.parametrize("content", CONTENTS, ids=["empty", "pdf", "bytes", "text"])
def test_the_bytes_come_back_as_they_went_in(tmp_path: Path, content: bytes) -> None:
    """The row's hash is where landing keeps them."""
    source = tmp_path / "ban ve số 1.dwg"
    source.write_bytes(content)
    landing = Landing(tmp_path / "landing")
    name = "so_xay_dung/ban ve số 1.dwg"
    manifest = landing.land("so_xay_dung/drawings", "d1", [SourceFile(name=name, path=source)])
    source.unlink()
    (landed,) = landing.manifest("so_xay_dung/drawings", "d1").files
    assert manifest.files == (landed,)
    kept = landing.path("so_xay_dung/drawings", landed)
    assert kept.read_bytes() == content
    row = read(kept, landed.name).frame.row(0, named=True)
    assert (row["name"], row["sha256"], row["size_bytes"]) == (
        "ban ve số 1.dwg",
        landed.sha256,
        landed.size,
    )
    assert landed.sha256 == hashlib.sha256(content).hexdigest()
