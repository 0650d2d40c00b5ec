"""A copy of the project that a dataset can be added to, and samples as agencies send them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from ioc_pipelines.home import PROJECT
from tests.e2e.province import Done

FOLDERS = ("contracts", "dbt_project", "ioc_pipelines", "sources", "tests")
LETTERS = ("--request-letter", "31/VP-IOC,2026-11-02", "--consent-letter", "90/SYT,10/11/2026")
_MAIN = "from ioc_pipelines.cli import main; main()"


@dataclass(frozen=True)
class Copy:
    """The project's folders below ``root``, with a drop folder beside them."""

    root: Path

    @classmethod
    def below(cls, folder: Path) -> Copy:
        root = folder / "project"
        left = shutil.ignore_patterns("__pycache__", "target", "logs")
        for name in FOLDERS:
            shutil.copytree(PROJECT / name, root / name, ignore=left)
        shutil.copy(PROJECT / "pyproject.toml", root)
        (folder / "drop").mkdir()
        return cls(root)

    @property
    def drop(self) -> Path:
        return self.root.parent / "drop"

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root.parent),
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "IOC_HOME": str(self.root.parent / "var"),
            "IOC_SANDBOX": str(self.drop),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            **extra,
        }

    def ioc(self, *arguments: str, timeout: float = 400, **extra: str) -> Done:
        """The ``ioc`` command of the copy."""
        return self.python("-c", _MAIN, *arguments, timeout=timeout, **extra)

    def python(self, *arguments: str, timeout: float = 400, **extra: str) -> Done:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment(**extra),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def files(self) -> dict[str, bytes]:
        """Every file of the copy that may be written to, with its content."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and "target" not in path.parts
        }


def write_form(path: Path, rows: list[list[Any]], merged: list[tuple[int, ...]] = ()) -> None:  # type: ignore[assignment]
    """A workbook of one sheet, cells as they are given; days become date cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Biểu 01")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for at, row in enumerate(rows):
            for col, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, col, cell, day)  # type: ignore[arg-type]
                elif cell is not None:
                    sheet.write(at, col, cell)
        for first_row, first, last_row, last in merged:
            sheet.merge_range(first_row, first, last_row, last, rows[first_row][first])
        sheet.set_row(0, 20)


COMMUNES = ("11953", "11977", "11980", "11983", "11992", "11995")
NAMES = ("Phố Hiến", "Tân Hưng", "Hồng Châu", "Sơn Nam", "Hoàng Hanh", "Quang Hưng")


def beds_form(path: Path, *, month: str = "10/2026") -> int:
    """A monthly form of eight columns: title, unit, group header, labels, total, signatures."""
    figures = [[120 + n, 96 + 3 * n, 1250.5 + n, 980.25 * n] for n in range(len(COMMUNES))]
    sums = [sum(column) for column in zip(*figures, strict=True)]
    days = ["03/11/2026", "04/11/2026"] * 3
    rows: list[list[Any]] = [
        ["UBND TỈNH HƯNG YÊN", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        ["SỞ Y TẾ", None, None, "Độc lập - Tự do - Hạnh phúc"],
        [f"BÁO CÁO GIƯỜNG BỆNH TRẠM Y TẾ - Tháng {month}"],
        [None, None, None, None, None, None, "Đơn vị tính: triệu đồng"],
        ["STT", "Mã xã", "Tên xã", "Số giường", "Số lượt khám", "Kinh phí", None, "Ngày báo cáo"],
        [None, None, None, None, None, "Dự toán", "Thực hiện", None],
        ["A", "B", "C", 1, 2, 3, 4, 5],
        [None, None, "Tổng cộng", *sums],
    ]
    for n, code in enumerate(COMMUNES):
        rows.append([n + 1, code, f"Xã {NAMES[n]}", *figures[n], days[n]])
    rows += [
        [None] * 8,
        [None, None, None, None, None, "Hưng Yên, ngày 05 tháng 11 năm 2026"],
        [None, "NGƯỜI LẬP BIỂU", None, None, None, "THỦ TRƯỞNG ĐƠN VỊ"],
        [None, "Trần Thị B", None, None, None, "Lê Văn C"],
    ]
    upright = [(4, c, 5, c) for c in (0, 1, 2, 3, 4, 7)]
    write_form(path, rows, [(2, 0, 2, 7), *upright, (4, 5, 4, 6)])
    return len(COMMUNES)
