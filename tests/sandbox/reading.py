"""Read the sandbox back as a person would: every row with its place and its raw cells.

The conform step here is deliberately plain and knows nothing of the code under test.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

Cells = dict[str, Any]
SHEET = "Thu NSNN"


@dataclass(frozen=True)
class Row:
    """One source row: its place, its cells by contract column, and which cells defy reading."""

    file: str
    sheet: str | None
    row: int | None
    key: str | None
    raw: Cells
    values: Cells = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()

    @property
    def place(self) -> tuple[str, str | None, int | None, str | None]:
        return self.file, self.sheet, self.row, self.key


def budget_sheets(folder: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    for path in sorted((folder / "so_tai_chinh").iterdir()):
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_name(SHEET)
        yield f"so_tai_chinh/{path.name}", sheet.to_python(skip_empty_area=False)


def budget(folder: Path) -> list[Row]:
    names = ("commune_code", "name", "year_plan_vnd", "month_vnd", "cumulative_vnd", "closed_on")
    rows = []
    for file, cells in budget_sheets(folder):
        title = re.fullmatch(r"Tháng (\d\d)/(\d{4})", cells[2][0])
        assert title, cells[2]
        for number, (order, *data) in enumerate(cells, start=1):
            if isinstance(order, float):
                raw = dict(zip(names, (None if c == "" else c for c in data), strict=True))
                del raw["name"]
                raw["period"] = f"{title[2]}-{title[1]}"
                rows.append(_read(Row(file, SHEET, number, None, raw), BUDGET))
    return rows


def disease(folder: Path) -> list[Row]:
    names = ("week", "commune_code", "name", "disease", "cases", "deaths", "reported_on")
    rows = []
    for path in sorted((folder / "so_y_te").iterdir()):
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter=";")
            next(lines)
            for number, cells in enumerate(lines, start=2):
                raw = dict(zip(names, (c or None for c in cells), strict=True))
                del raw["name"]
                place = Row(f"so_y_te/{path.name}", None, number, None, raw)
                rows.append(_read(place, DISEASE))
    return rows


def dossier(folder: Path) -> list[Row]:
    names = ("dossier_code", "procedure_code", "commune_code", "applicant_name", "channel")
    names += ("status", "received_at", "due_at", "finished_at", "updated_at")
    file = "van_phong_ubnd/ho_so.db"
    found = dossier_table(
        folder,
        "ma_ho_so, ma_thu_tuc, ma_xa, nguoi_nop, hinh_thuc, trang_thai, "
        "tiep_nhan_luc, han_tra, tra_luc, cap_nhat_luc",
    )
    raws = [dict(zip(names, cells, strict=True)) for cells in found]
    return [_read(Row(file, None, None, raw["dossier_code"], raw), DOSSIER) for raw in raws]


def dossier_table(folder: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "van_phong_ubnd/ho_so.db")) as database:
        return database.execute(f"SELECT {columns} FROM ho_so").fetchall()


def _read(row: Row, readers: Mapping[str, Callable[[Any], Any]]) -> Row:
    values, unreadable = {}, set()
    for name, raw in row.raw.items():
        try:
            values[name] = None if raw is None else readers[name](raw)
        except ValueError:
            values[name] = None
            unreadable.add(name)
    return Row(row.file, row.sheet, row.row, row.key, row.raw, values, frozenset(unreadable))


def _code(cell: Any) -> str:
    return f"{int(cell):05d}" if isinstance(cell, float) else str(cell)


def _dong(cell: Any) -> int:
    """Million đồng, a number or Vietnamese text, as whole đồng."""
    million = cell if isinstance(cell, float) else float(cell.replace(".", "").replace(",", "."))
    exact = million * 1_000_000
    assert abs(exact - round(exact)) < 0.01, cell
    return round(exact)


def _day(cell: Any) -> date:
    return cell if isinstance(cell, date) else datetime.strptime(cell, "%d/%m/%Y").date()  # noqa: DTZ007


def _moment(cell: str) -> datetime:
    return datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  local, as stored


def _mapped(values: Mapping[str, str]) -> Callable[[str], str]:
    return lambda cell: values.get(cell, cell)


BUDGET: dict[str, Callable[[Any], Any]] = {
    "period": str,
    "commune_code": _code,
    "year_plan_vnd": _dong,
    "month_vnd": _dong,
    "cumulative_vnd": _dong,
    "closed_on": _day,
}
DISEASE: dict[str, Callable[[Any], Any]] = {
    "week": str,
    "commune_code": str,
    "disease": _mapped(
        {
            "Sốt xuất huyết Dengue": "dengue",
            "Tay chân miệng": "hand_foot_mouth",
            "Cúm": "influenza",
            "Sởi": "measles",
            "Tiêu chảy": "diarrhoea",
        }
    ),
    "cases": int,
    "deaths": int,
    "reported_on": _day,
}
DOSSIER: dict[str, Callable[[Any], Any]] = {
    "dossier_code": str,
    "procedure_code": str,
    "commune_code": str,
    "applicant_name": str,
    "channel": _mapped({"truc_tuyen": "online", "truc_tiep": "in_person", "buu_chinh": "postal"}),
    "status": _mapped(
        {
            "moi_tiep_nhan": "received",
            "dang_xu_ly": "processing",
            "da_tra": "done",
            "tra_lai": "returned",
        }
    ),
    "received_at": _moment,
    "due_at": _moment,
    "finished_at": _moment,
    "updated_at": _moment,
}
