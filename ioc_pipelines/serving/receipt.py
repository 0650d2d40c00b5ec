"""What an agency gets back for a delivery by files: a receipt that an officer can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from contracts.base import VIETNAM

_MOST_ROWS = 500
_OUTCOME_VI = {
    "accepted": "Đã nhận, mọi dòng đều đạt",
    "partly_accepted": "Đã nhận, có dòng hoặc tệp chưa đạt",
    "below_floor": "Chưa nhận: quá nhiều dòng chưa đạt, số liệu kỳ trước được giữ nguyên",
    "held": "Tạm giữ: số liệu khác thường, chờ người có thẩm quyền quyết định",
    "awaiting_approval": "Đã nhận, chờ phê duyệt trước khi đưa vào kho dữ liệu dùng chung",
    "rejected": "Chưa nhận: người có thẩm quyền không phê duyệt",
    "structure_mismatch": "Chưa nhận: biểu mẫu khác với biểu mẫu đã thống nhất",
    "unreadable": "Chưa nhận: không đọc được tệp",
}


@dataclass(frozen=True)
class Received:
    """A delivery as the receipt tells of it. ``counts`` are rows; none when nothing was judged.

    ``pack_name``: the workbook beside the receipt in which the rows can be corrected.
    """

    title_vi: str
    agency_vi: str
    started_at: datetime
    outcome: str
    counts: tuple[int, int, int, int] | None
    detail: Mapping[str, Any]
    pack_name: str | None = None


def has_receipt(outcome: str) -> bool:
    """Whether a delivery of this outcome took files whose sender should hear of them."""
    return outcome in _OUTCOME_VI


def receipt(received: Received, refusals: pl.DataFrame) -> bytes:
    """The receipt as UTF-8 text with a byte order mark and Windows line ends.

    ``refusals``: ``source_file, sheet, row_number, message_vi``, a row for each rule that a row
    broke. No value of a row stands in it (H68): an outbox may be read by more than its officer.
    """
    lines = [
        "BIÊN NHẬN DỮ LIỆU",
        "",
        f"Nguồn: {received.title_vi}",
        f"Cơ quan cung cấp: {received.agency_vi}",
        f"Thời điểm nhận: {received.started_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}",
        f"Kết quả: {_OUTCOME_VI[received.outcome]}",
    ]
    if received.counts:
        rows, accepted, refused, duplicate = received.counts
        lines.append(
            f"Số dòng: {rows} nhận, {accepted} đạt, {refused} chưa đạt, {duplicate} trùng lặp"
        )
    if problem := received.detail.get("problem"):
        lines.append(f"Lý do: {problem}")
    if not refusals.is_empty():
        lines += ["", "Các dòng cần sửa (tệp, trang tính, dòng: nội dung):", *_rows(refusals)]
        lines += ["", "Đề nghị sửa ngay trong tệp, giữ nguyên tên tệp và gửi lại vào thư mục cũ."]
        if received.pack_name:
            lines += [f"Hoặc sửa trong tệp {received.pack_name} rồi gửi lại vào thư mục cũ."]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _rows(refusals: pl.DataFrame) -> list[str]:
    shown = refusals.sort("source_file", "sheet", "row_number", nulls_last=True).head(_MOST_ROWS)
    lines = [
        f"- {row['source_file']}"
        + (f", {row['sheet']}" if row["sheet"] else "")
        + (f", dòng {row['row_number']}" if row["row_number"] is not None else "")
        + f": {row['message_vi']}"
        for row in shown.iter_rows(named=True)
    ]
    more = refusals.height - shown.height
    return [*lines, f"… và {more} lỗi khác"] if more else lines
