"""A workbook that is a ZIP of XML (XLSX, ODS), looked through before its reader opens it.

The reader keeps whole parts in memory and believes what they declare. Here they are unpacked piece
by piece, counted, and thrown away.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from ioc_pipelines.intake.errors import OversizedFileError, UnreadableFileError
from ioc_pipelines.intake.layout.archive import DAMAGED, is_of_the_machine, require_size

MOST_COLUMNS = 16_384
"""What a worksheet has at the most, in every office program; text is held to the same."""
MOST_CELLS = 100_000_000
MOST_BYTES = 2 * 1024**3
_MOST_PARTS = 10_000
_CHUNK, _OVERLAP = 1024**2, 16
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def require_harmless(path: Path, name: str, most_bytes: int = MOST_BYTES) -> None:
    """Raise UnreadableFileError for a package that is not what an office program writes.

    That is: a bomb, sizes that are not true, or XML that defines entities. A file that is no ZIP is
    left to the reader.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            _require_count(len(parts), name)
            require_size(parts, name, most_bytes)
            for part in parts:
                _look_through(package, part, name)
    except DAMAGED as error:
        if is_of_the_machine(error):
            raise
        raise UnreadableFileError(name, f"damaged workbook: {type(error).__name__}") from error


def _require_count(parts: int, name: str) -> None:
    if parts > _MOST_PARTS:
        raise OversizedFileError(name, f"{parts} parts, more than any workbook has")


def _look_through(package: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Unpack one part to its true end, which must be where it declares."""
    declared, part.file_size = part.file_size, MOST_BYTES  # or no further is read than it says
    size, before = 0, b""
    with package.open(part) as opened:
        while piece := opened.read(_CHUNK):
            size += len(piece)
            if size > declared:
                lies = f"its part {_shown(part)} is larger than the {declared} bytes it declares"
                raise OversizedFileError(name, lies)
            if _DECLARES.search(before + piece):
                raise UnreadableFileError(
                    name,
                    f"its part {_shown(part)} defines a document type or entities, which no office "
                    "program writes",
                )
            before = piece[-_OVERLAP:]


def _shown(part: zipfile.ZipInfo) -> str:
    return ascii(part.filename[:80])


def require_cells(rows: int, columns: int, name: str, where: str) -> None:
    """Raise OversizedFileError for a table that is wider, or holds more, than a sheet can."""
    if columns > MOST_COLUMNS:
        raise OversizedFileError(
            name, f"{where}: {columns} columns, more than the {MOST_COLUMNS} that a worksheet has"
        )
    if rows * columns > MOST_CELLS:
        raise OversizedFileError(
            name, f"{where}: {rows} rows of {columns} columns, more than {MOST_CELLS} cells"
        )
