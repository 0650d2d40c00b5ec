"""What stands in a file, before there is a layout: sheets, members, and the first rows, decoded."""

from __future__ import annotations

import csv
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from ioc_pipelines.intake.layout.table import index_letter
from ioc_pipelines.intake.legacy_text import decode, readable

_WORKBOOKS = (".xls", ".xlsx", ".xlsm")
_LONGEST = 60
_DELIMITERS = ",;\t|"


def preview(path: Path, sheet: str | None, rows: int) -> Iterator[str]:
    """Lines for the terminal: of a workbook its sheets and the rows of one, of an archive its
    members, of a text file its first lines with the delimiter they seem to have.
    """
    if path.suffix.lower() in _WORKBOOKS:
        yield from _workbook(path, sheet, rows)
    elif zipfile.is_zipfile(path) or tarfile.is_tarfile(path):
        yield from _archive(path)
    else:
        yield from _text(path, rows)


def _workbook(path: Path, sheet: str | None, rows: int) -> Iterator[str]:
    try:
        workbook = CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        yield f"not a workbook: {type(error).__name__}"
        return
    yield "sheets: " + ", ".join(repr(decode(name)) for name in workbook.sheet_names)
    chosen = sheet or workbook.sheet_names[0]
    if chosen not in workbook.sheet_names:
        yield f"no sheet {chosen!r}"
        return
    found = workbook.get_sheet_by_name(chosen)
    cells = found.to_python(skip_empty_area=False)
    yield f"sheet {chosen!r}, {len(cells)} rows, {max(map(len, cells), default=0)} columns:"
    for number, row in enumerate(cells[:rows], start=1):
        said = [(index_letter(i), _cell(value)) for i, value in enumerate(row) if value != ""]
        if said:
            yield f"{number:4}  " + " | ".join(f"{letter}: {text}" for letter, text in said)


def _archive(path: Path) -> Iterator[str]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    else:
        with tarfile.open(path) as tar:
            names = [member.name for member in tar if member.isfile()]
    yield f"{len(names)} members:"
    yield from sorted(readable(name) for name in names)


def _text(path: Path, rows: int) -> Iterator[str]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    lines = text.splitlines()
    try:
        delimiter = csv.Sniffer().sniff("\n".join(lines[:rows]), _DELIMITERS).delimiter
        yield f"{len(lines)} lines, delimiter perhaps {delimiter!r}:"
    except csv.Error:
        yield f"{len(lines)} lines:"
    for number, line in enumerate(lines[:rows], start=1):
        yield f"{number:4}  {decode(line)[: _LONGEST * 4]}"


def _cell(value: object) -> str:
    text = decode(" ".join(str(value).split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
