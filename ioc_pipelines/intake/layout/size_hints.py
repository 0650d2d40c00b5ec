"""Workbooks whose sheets state their size in a form that the reader does not take, such as 1:69.

The element is a hint that ECMA-376 lets a sheet leave out; without it the cells are read.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

_HINT = re.compile(rb"<dimension\b[^>]*/>")
_SHEET = re.compile(r"^xl/worksheets/[^/]+\.xml$")


def without_size_hints(path: Path) -> io.BytesIO:
    """The workbook with the hint taken out of every sheet. Raises what a damaged archive raises."""
    copy = io.BytesIO()
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        for info in book.infolist():
            content = book.read(info)
            if _SHEET.match(info.filename):
                content = _HINT.sub(b"", content, count=1)
            target.writestr(info.filename, content)
    copy.seek(0)
    return copy
