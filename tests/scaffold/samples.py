"""Samples as agencies send them: a form, delimited text, answers of a service, a table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

COMMUNES = ("11953", "11977", "11980", "11983", "11992", "11995")
NAMES = ("Phố Hiến", "Tân Hưng", "Hồng Châu", "Sơn Nam", "Hoàng Hanh", "Quang Hưng")
Cells = list[Any]
Merged = Iterable[tuple[int, int, int, int]]


def write_workbook(path: Path, sheets: dict[str, list[Cells]], merged: Merged = ()) -> None:
    """A workbook, its cells as they are given; ``merged`` are ranges of every sheet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for col, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(at, col, cell, day)  # type: ignore[arg-type]
                    elif cell is not None:
                        sheet.write(at, col, cell)
            for first_row, first, last_row, last in merged:
                sheet.merge_range(first_row, first, last_row, last, rows[first_row][first])


def beds_form(path: Path, *, two_rows: bool = True, month: int = 10) -> int:
    """A monthly form of eight columns: title, unit, labels, total, signatures; its rows."""
    figures = [[120 + n, 96 + 3 * n, 1250.5 + n, 980.25 * n] for n in range(len(COMMUNES))]
    sums = [sum(column) for column in zip(*figures, strict=True)]
    headers: list[Cells] = [
        ["STT", "Mã xã", "Tên xã", "Số giường", "Số lượt khám", "Kinh phí", None, "Ngày báo cáo"],
        [None, None, None, None, None, "Dự toán", "Thực hiện", None],
    ]
    merged = [(2, 0, 2, 7)]
    if two_rows:
        merged += [(4, col, 5, col) for col in (0, 1, 2, 3, 4, 7)] + [(4, 5, 4, 6)]
    else:
        headers = [[*headers[0][:5], "Dự toán", "Thực hiện", "Ngày báo cáo"]]
    rows: list[Cells] = [
        ["UBND TỈNH HƯNG YÊN", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        ["SỞ Y TẾ", None, None, "Độc lập - Tự do - Hạnh phúc"],
        [f"BÁO CÁO GIƯỜNG BỆNH TRẠM Y TẾ - Tháng {month}/2026"],
        [None, None, None, None, None, None, "Đơn vị tính: triệu đồng"],
        *headers,
        ["A", "B", "C", 1, 2, 3, 4, 5],
        [None, None, "Tổng cộng", *sums],
    ]
    for n, code in enumerate(COMMUNES):
        day = ("03/11/2026", "04/11/2026")[n % 2]
        rows.append([n + 1, code, f"Xã {NAMES[n]}", *figures[n], day])
    rows += [
        [None] * 8,
        [None, None, None, None, None, "Hưng Yên, ngày 05 tháng 11 năm 2026"],
        [None, "NGƯỜI LẬP BIỂU", None, None, None, "THỦ TRƯỞNG ĐƠN VỊ"],
        [None, "Trần Thị B", None, None, None, "Lê Văn C"],
    ]
    write_workbook(path, {"Biểu 01": rows}, merged)
    return len(COMMUNES)


KINDS = ("Trợ cấp tháng", "Bảo hiểm y tế", "Mai táng phí")


def aid_csv(path: Path) -> int:
    """Persons and what they are paid, in Vietnamese figures, semicolons between; its rows."""
    lines = ["Mã hồ sơ;Họ và tên;Số điện thoại;Mã phường;Chế độ;Số tiền (đồng);Ngày cấp;Ghi chú"]
    for n in range(24):
        amount = f"{1 + n}.{250 + n}.000"
        note = "nhận thay" if n % 8 == 0 else ""
        lines.append(
            f"00{4100 + n};Phạm Thị {chr(65 + n)};09120000{n:02};{COMMUNES[n % 6]};{KINDS[n % 3]};"
            f"{amount};{1 + n:02}/10/2026;{note}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 24


def stations() -> list[dict[str, Any]]:
    """Records of a web service, with an object inside and a list."""
    return [
        {
            "ma_tram": f"T{n:03}",
            "ma_xa": COMMUNES[n % 6],
            "trang_thai": ("hoat_dong", "bao_tri")[n % 2],
            "muc_nuoc": None if n == 5 else round(1.25 + n / 10, 2),
            "so_lan_do": 24 + n,
            "tu_dong": n % 3 == 0,
            "vi_tri": {"vi_do": 20.6 + n / 100, "kinh_do": 106.05},
            "anh": ["a.jpg"],
            "cap_nhat_luc": f"2026-11-{1 + n % 9:02}T08:{n:02}:00",
        }
        for n in range(12)
    ]


def licences(path: Path) -> int:
    """A table of an SQLite database; its rows."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "create table giay_phep (so_giay_phep text, ma_xa text, ngay_cap text, so_lao_dong"
            " integer, von_dieu_le real, chu_so_huu text, cap_nhat_luc text)"
        )
        rows = [
            (
                f"{n:03}/2026/GPKD",
                COMMUNES[n % 6],
                f"2026-{1 + n % 9:02}-15",
                3 + n,
                1.5 * n,
                "Ngô Văn D",
                f"2026-11-01 08:00:{n:02}",
            )
            for n in range(20)
        ]
        connection.executemany("insert into giay_phep values (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
    return 20
