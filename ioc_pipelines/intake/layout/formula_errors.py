"""Cells of a workbook that hold a formula's error, such as #REF!

The workbook reader gives them as empty cells; a column that may be empty would then lose a value
without a word.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from pathlib import Path

from ioc_pipelines.intake.layout.table import letter_index

_SHEET = re.compile(r"<sheet\b[^>]*>")
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_CELL = re.compile(rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"[^>]*>(.*?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]*)</v>")


def formula_errors(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Row and column (from 0) of each error cell of a sheet, with its text. XLSX only."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as book:
        part = _part_of(book, sheet)
        content = book.read(part) if part in book.namelist() else b""
    if b't="e"' not in content:
        return {}
    return {
        (int(row) - 1, letter_index(letters.decode())): _text(inner)
        for letters, row, inner in _CELL.findall(content)
    }


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds a sheet, empty when it is not found."""
    if "xl/workbook.xml" not in book.namelist():
        return ""
    ids = {
        html.unescape(_attribute(tag, "name")): _attribute(tag, "r:id")
        for tag in _SHEET.findall(book.read("xl/workbook.xml").decode(errors="replace"))
    }
    relations = book.read("xl/_rels/workbook.xml.rels").decode(errors="replace")
    targets = {
        _attribute(tag, "Id"): _attribute(tag, "Target") for tag in _RELATION.findall(relations)
    }
    target = targets.get(ids.get(sheet, ""), "")
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else ""


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def _text(inner: bytes) -> str:
    found = _VALUE.search(inner)
    return found[1].decode(errors="replace") if found else "#ERROR!"
