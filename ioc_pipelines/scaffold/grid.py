"""The cells of a sample as text, before there is a layout: of a sheet, or of delimited text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from ioc_pipelines.intake.legacy_text import MOJIBAKE, decode
from ioc_pipelines.scaffold.model import ScaffoldError

_FIGURE = re.compile(r"[+-]?\d[\d.,\s]*%?")
_CODE = re.compile(r"0\d+")
_DELIMITERS = ",;\t|"
_LOOKED_AT = 60

Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]


@dataclass(frozen=True)
class Grid:
    """Rows of cells, all of one width; ``numbers`` says which hold a number, or look like one."""

    rows: list[list[str]]
    numbers: list[list[bool]]
    merged: Merged = ()

    @classmethod
    def of(cls, rows: list[list[str]], merged: Merged = ()) -> Grid:
        """The grid of rows that may differ in length."""
        width = max(map(len, rows), default=0)
        full = [[*row, *[""] * (width - len(row))] for row in rows]
        return cls(full, [[_is_figure(cell) for cell in row] for row in full], merged)

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def filled(self, row: int) -> int:
        """How many cells of a row say something."""
        return sum(cell != "" for cell in self.rows[row])

    def line(self, row: int) -> str:
        """The text of a whole row, as layouts see it."""
        return " | ".join(cell for cell in self.rows[row] if cell)


def sheets(path: Path, wanted: str | None) -> Mapping[str, Grid]:
    """The sheets of a workbook that have two rows or more, or the one that is wanted."""
    try:
        workbook = CalamineWorkbook.from_path(path)
        names = list(workbook.sheet_names)
        if wanted is not None and wanted not in names:
            msg = f"no sheet '{wanted}' in {path.name}; there are: {', '.join(names)}"
            raise ScaffoldError(msg, 2)
        chosen = [wanted] if wanted is not None else names
        found = {name: _of_sheet(workbook.get_sheet_by_name(name)) for name in chosen}
    except (CalamineError, OSError) as error:
        msg = f"{path.name} cannot be read as a workbook: {type(error).__name__}"
        raise ScaffoldError(msg) from error
    return {name: grid for name, grid in found.items() if len(grid.rows) > 1}


def delimited(path: Path) -> tuple[Grid, str, str]:
    """The records of delimited text, with its delimiter and encoding."""
    text, encoding = _text(path)
    delimiter = max(_DELIMITERS, key=lambda one: _regularity(text, one))
    try:
        records = [
            [decode(cell.strip()) for cell in record] for record in _records(text, delimiter)
        ]
    except csv.Error as error:
        msg = f"{path.name} cannot be read as delimited text: {error}"
        raise ScaffoldError(msg) from error
    return Grid.of(records), delimiter, encoding


def _of_sheet(sheet: CalamineSheet) -> Grid:
    rows = sheet.to_python(skip_empty_area=False)
    said = [[decode(" ".join(_said(value).split())) for value in row] for row in rows]
    return Grid.of(said, sheet.merged_cell_ranges or ())


def _said(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_figure(cell: str) -> bool:
    return _FIGURE.fullmatch(cell) is not None and not _CODE.fullmatch(cell)


def _text(path: Path) -> tuple[str, str]:
    """The text and the encoding: UTF-8 where it is that, else the one that makes words."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace"), "utf-16"
    readings = {}
    for encoding in ("utf-8-sig", "windows-1258", "windows-1252"):
        try:
            readings[encoding.removesuffix("-sig")] = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8-sig":
            break
    if not readings or b"\x00" in content[:4_000]:
        msg = f"{path.name} is not text in UTF-8, UTF-16 or a Vietnamese Windows encoding"
        raise ScaffoldError(msg)
    encoding = min(readings, key=lambda name: _unreadable(readings[name]))
    return readings[encoding], encoding


def _unreadable(text: str) -> int:
    """Lines among the first that stay without sense when they are decoded."""
    lines = pl.Series([decode(line) for line in text.splitlines()[:_LOOKED_AT]], dtype=pl.String)
    return int(lines.str.contains(MOJIBAKE).sum())


def _regularity(text: str, delimiter: str) -> tuple[int, int]:
    """In how many of the first lines the delimiter stands equally often, and how often."""
    try:
        widths = [len(record) for record in islice(_records(text, delimiter), _LOOKED_AT)]
    except csv.Error:
        return 0, 0
    several = [width for width in widths if width > 1]
    if not several:
        return 0, 0
    usual = max(set(several), key=several.count)
    return several.count(usual), usual


def _records(text: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
