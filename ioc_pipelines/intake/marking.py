"""The marking of a state secret, in a file's name or at its top (H50).

A file that carries one is not ours to keep: it is refused before it is landed. Looked for is what
the law has stamped on a document: *MẬT*, *TỐI MẬT* or *TUYỆT MẬT*, in capitals and alone in its
cell or line, or apart in the name. "Mật độ dân số" or "bảo mật" are words like others.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from ioc_pipelines.catalog.layouts import CsvLayout, DocumentLayout, Layout, XlsxLayout
from ioc_pipelines.intake.layout.archive import DAMAGED, members
from ioc_pipelines.intake.layout.package import require_harmless
from ioc_pipelines.intake.legacy_text import decode

_LEVEL = r"(TUYỆT MẬT|TỐI MẬT|MẬT)"
_ALONE = re.compile(rf"^\W*(?:độ mật\s*[:–-]?\s*)?{_LEVEL}\W*$", re.IGNORECASE)
_APART = re.compile(rf"(?:^|[\[({{_/!.,–-])\s*{_LEVEL}\s*(?:$|[\])}}_.,–-])")
_IN_WORDS = re.compile(r"tuyệt mật|tối mật", re.IGNORECASE)
_IN_JSON = re.compile(rf'"\s*{_LEVEL}\s*"')
_FIRST_ROWS, _FIRST_BYTES, _CHUNK = 20, 64 * 1024, 1024**2
_DOCUMENT = "word/document.xml"
# ẬT in each form that a workbook may write it in: composed, in parts, TCVN3, VNI
_SPELT = (
    "M\u1eacT", "MA\u0323\u0302T", "M\u00c2\u0323T", "M\u1ea0\u0302T", "M\u00cbT", "MA\u00c4T",
)  # fmt: skip
_MAY_SAY = re.compile(
    b"|".join(
        re.escape(form.encode(how, "ignore"))
        for form in _SPELT
        for how in ("utf-8", "utf-16-le", "latin-1")
        if how != "latin-1" or form.isascii() or max(form) < "\u0100"
    )
    + rb"|M&#(?:7852|x1EAC);T"
)


def marking_of_name(name: str) -> str | None:
    """The marking that a file's name carries."""
    shown = unicodedata.normalize("NFC", name)
    found = _APART.search(shown)
    if found:
        return found[1]
    spoken = _IN_WORDS.search(shown)
    return spoken[0].upper() if spoken else None


def marking_of_text(texts: Iterable[str]) -> str | None:
    """The marking that stands alone in one of these cells or lines."""
    for text in texts:
        spaced = " ".join(decode(text).split())
        found = _ALONE.match(spaced)
        if found and found[1] == found[1].upper():
            return found[1]
    return None


def marking_of_answer(first: bytes) -> str | None:
    """The marking in the first bytes of an answer of a source."""
    text = unicodedata.normalize("NFC", first.decode(errors="ignore"))
    found = _IN_JSON.search(text)
    return found[1] if found else marking_of_text(text.splitlines()[:_FIRST_ROWS])


def marking_of_file(layout: Layout, path: Path, name: str, folder: Path) -> str | None:
    """The marking that a file carries, or a member of an archive; ``folder`` is for members.

    Raises UnreadableFileError of one that cannot be opened.
    """
    if found := marking_of_name(name):
        return found
    if layout.members is None:
        return _at_the_top(layout, path, name)
    for member, shown in members(path, name, layout.members, folder):
        if found := marking_of_name(shown) or _at_the_top(layout, member, shown):
            return found
    return None


def _at_the_top(layout: Layout, path: Path, name: str) -> str | None:
    match layout:
        case XlsxLayout():
            return _of_workbook(path, name)
        case CsvLayout():
            with path.open("rb") as file:
                first = file.read(_FIRST_BYTES)
            encoding = "utf-16" if first[:2] in (b"\xff\xfe", b"\xfe\xff") else layout.encoding
            lines = first.decode(encoding, errors="ignore").splitlines()[:_FIRST_ROWS]
            cells = (cell.strip('" ') for line in lines for cell in line.split(layout.delimiter))
            return marking_of_text([*lines, *cells])
        case DocumentLayout():
            return marking_of_text(_paragraphs(path))
        case _:
            with path.open("rb") as file:
                return marking_of_answer(file.read(_FIRST_BYTES))


def _of_workbook(path: Path, name: str) -> str | None:
    """Of a workbook: it is only opened when the letters occur anywhere in it."""
    require_harmless(path, name)
    if not any(_MAY_SAY.search(piece) for piece in _pieces(path)):
        return None
    try:
        workbook = CalamineWorkbook.from_path(path)
        sheets = (workbook.get_sheet_by_name(sheet) for sheet in workbook.sheet_names)
        rows = (row for sheet in sheets for row in islice(sheet.iter_rows(), _FIRST_ROWS))
        cells = (cell for row in rows for cell in row if isinstance(cell, str))
        return marking_of_text([*workbook.sheet_names, *cells])
    except CalamineError:
        return None  # it is said when it is read


def _pieces(path: Path) -> Iterator[bytes]:
    if not zipfile.is_zipfile(path):
        yield path.read_bytes()
        return
    with zipfile.ZipFile(path) as package:
        for part in package.namelist():
            with package.open(part) as opened:
                while piece := opened.read(_CHUNK):
                    yield piece


def _paragraphs(path: Path) -> list[str]:
    """The first paragraphs of a word-processing document; none of anything else."""
    if not zipfile.is_zipfile(path):
        return []
    try:
        with zipfile.ZipFile(path) as package:
            if _DOCUMENT not in package.namelist():
                return []
            with package.open(_DOCUMENT) as opened:
                xml = opened.read(_FIRST_BYTES).decode(errors="ignore")
    except DAMAGED:
        return []
    return [re.sub("<[^>]*>", "", part) for part in xml.split("</w:p>")][:_FIRST_ROWS]
