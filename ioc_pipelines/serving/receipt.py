"""What an agency gets back for a delivery by files: a receipt that an officer can read.

Short, and without a value of a row: what was wrong how often, the first places, where the workbook
is in which the rows can be corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from contracts.base import VIETNAM

_ROWS_SHOWN = 5
_ERRORS_SHOWN = 8
_FILES_SHOWN = 5
_OUTCOME_VI = {
    "accepted": "Đã nhận, mọi dòng đều đạt",
    "partly_accepted": "Đã nhận, có dòng hoặc tệp chưa đạt",
    "below_floor": "Chưa nhận: quá nhiều dòng chưa đạt, số liệu kỳ trước được giữ nguyên",
    "held": "Tạm giữ: số liệu khác thường, chờ người có thẩm quyền quyết định",
    "awaiting_approval": "Đã nhận, chờ phê duyệt trước khi đưa vào kho dữ liệu dùng chung",
    "rejected": "Chưa nhận: người có thẩm quyền không phê duyệt",
    "already_closed": "Không xét lại: các phiếu này đã đóng, số liệu đã tiếp nhận được giữ nguyên",
    "structure_mismatch": "Chưa nhận: biểu mẫu khác với biểu mẫu đã thống nhất",
    "unreadable": "Chưa nhận: không đọc được tệp",
    "marked_secret": "Không nhận: có tệp mang dấu chỉ độ mật; không tệp nào được lưu lại",
}
_CORRECTION_BELOW_FLOOR = "Chưa nhận: không dòng nào trong phiếu gửi lại đạt yêu cầu"
_WHOLE_BATCH_ADVICE = {
    "held": "Nếu số liệu đúng, đề nghị báo đầu mối của Trung tâm để được xem xét tiếp nhận; nếu "
    "sai, sửa trong tệp gốc, giữ nguyên tên tệp và gửi lại cả tệp vào thư mục vẫn gửi số liệu.",
    "below_floor": "Đề nghị sửa trong tệp gốc, giữ nguyên tên tệp và gửi lại cả tệp vào thư mục "
    "vẫn gửi số liệu. Nếu biểu mẫu hoặc danh mục mã đã thay đổi, báo đầu mối của Trung tâm.",
    "structure_mismatch": "Đề nghị kiểm tra tên trang tính, tên cột theo biểu mẫu đã thống nhất "
    "và gửi lại. Nếu biểu mẫu đã thay đổi, báo đầu mối của Trung tâm.",
    "unreadable": "Đề nghị mở thử tệp, lưu lại đúng định dạng đã thống nhất và gửi lại.",
    "marked_secret": "Đề nghị lấy ngay tệp mang dấu chỉ độ mật ra khỏi thư mục gửi số liệu. Tài "
    "liệu bí mật nhà nước không được gửi qua hệ thống này; nếu tệp đóng dấu nhầm, bỏ dấu rồi gửi "
    "lại.",
}


@dataclass(frozen=True)
class Received:
    """A delivery as the receipt tells of it. ``counts`` are rows; none when nothing was judged.

    ``holding``: message and finding of each rule for which the batch is held. ``pack_name``: the
    workbook beside the receipt in which the rows can be corrected. ``is_again``: it was judged
    again, of files that had come before.
    """

    title_vi: str
    agency_vi: str
    started_at: datetime
    outcome: str
    counts: tuple[int, int, int, int] | None
    detail: Mapping[str, Any]
    pack_name: str | None = None
    holding: Sequence[tuple[str, str]] = ()
    is_correction: bool = False
    is_again: bool = False


def has_receipt(outcome: str) -> bool:
    """Whether a delivery of this outcome took files whose sender should hear of them."""
    return outcome in _OUTCOME_VI


def receipt(received: Received, refusals: pl.DataFrame) -> bytes:
    """The receipt as UTF-8 text with a byte order mark and Windows line ends.

    ``refusals``: ``source_file, sheet, row_number, message_vi, is_held_back``, a row for each rule
    that a row broke. No value of a row stands in it (H68): an outbox may be read by more than its
    officer.
    """
    held_back = refusals["is_held_back"].fill_null(value=False)
    wrong = refusals.filter(~held_back)
    when = "Thời điểm kiểm tra lại" if received.is_again else "Thời điểm nhận"
    lines = [
        "BIÊN NHẬN DỮ LIỆU",
        "",
        f"Nguồn: {received.title_vi}",
        f"Cơ quan cung cấp: {received.agency_vi}",
        f"{when}: {received.started_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}",
        f"Kết quả: {_outcome(received)}",
        *_counted(received, int(held_back.sum())),
        *_reasons(received),
    ]
    if not wrong.is_empty():
        lines += ["", "Lỗi (số dòng):", *_errors(wrong)]
        lines += ["", "Những dòng đầu cần sửa (tệp, trang tính, dòng: nội dung):", *_rows(wrong)]
    if advice := _advice(received, is_wrong=not wrong.is_empty()):
        lines += ["", advice]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _outcome(received: Received) -> str:
    if received.is_correction and received.outcome == "below_floor":
        return _CORRECTION_BELOW_FLOOR
    return _OUTCOME_VI[received.outcome]


def _counted(received: Received, held_back: int) -> Iterator[str]:
    if received.counts is None:
        return
    rows, accepted, refused, duplicate = received.counts
    if held_back:
        yield (
            f"Số dòng: {rows} nhận; cả lô chưa được tiếp nhận: {refused - held_back} dòng có lỗi, "
            f"{held_back} dòng không có lỗi phải chờ cùng lô; {duplicate} trùng lặp"
        )
        return
    yield f"Số dòng: {rows} nhận, {accepted} đạt, {refused} chưa đạt, {duplicate} trùng lặp"


def _reasons(received: Received) -> Iterator[str]:
    """Why a batch or a file is not taken, in the officer's words."""
    for message, finding in received.holding:
        yield f"Lý do: {message}" + (f" ({finding})" if finding else "")
    files: Mapping[str, str] = received.detail.get("refused_files") or {}
    # what the readers say is for whoever knows the file's technical form; of packs it is for all
    of_pack = received.is_correction
    for name, reason in list(files.items())[:_FILES_SHOWN]:
        yield f"Tệp chưa nhận: {name}" + (f": {reason}" if of_pack else "")
        if not of_pack:
            yield f"  Chi tiết kỹ thuật: {reason}"
    if len(files) > _FILES_SHOWN:
        yield f"… và {len(files) - _FILES_SHOWN} tệp khác chưa nhận"
    if set_aside := received.detail.get("set_aside"):
        yield f"Không xét lại: {set_aside}"
    missing: Sequence[str] = received.detail.get("missing_files") or ()
    if missing:
        more = f" … ({len(missing)} tệp)" if len(missing) > _FILES_SHOWN else ""
        named = ", ".join(missing[:_FILES_SHOWN])
        yield f"Tệp đã gửi trước đây nay không còn trong thư mục: {named}{more}"


def _errors(wrong: pl.DataFrame) -> list[str]:
    counted = wrong.group_by("message_vi").len().sort("len", "message_vi", descending=[True, False])
    lines = [f"- {message}: {rows}" for message, rows in counted.head(_ERRORS_SHOWN).rows()]
    more = counted.height - len(lines)
    return [*lines, f"… và {more} loại lỗi khác"] if more else lines


def _rows(wrong: pl.DataFrame) -> list[str]:
    shown = wrong.sort("source_file", "sheet", "row_number", nulls_last=True).head(_ROWS_SHOWN)
    lines = [
        f"- {row['source_file']}"
        + (f", {row['sheet']}" if row["sheet"] else "")
        + (f", dòng {row['row_number']}" if row["row_number"] is not None else "")
        + f": {row['message_vi']}"
        for row in shown.iter_rows(named=True)
    ]
    more = wrong.height - shown.height
    return [*lines, f"… và {more} lỗi khác"] if more else lines


def _advice(received: Received, *, is_wrong: bool) -> str | None:
    """What to do now."""
    whole_batch = _WHOLE_BATCH_ADVICE.get(received.outcome)
    if whole_batch and not received.is_correction:
        return whole_batch
    if received.pack_name:
        return (
            f"Toàn bộ các dòng cần sửa ở tệp {received.pack_name}, cùng thư mục với biên nhận này: "
            "sửa ngay trong tệp đó, giữ nguyên tên tệp, rồi đặt vào thư mục vẫn gửi số liệu. Hoặc "
            "sửa trong tệp gốc, giữ nguyên tên tệp và gửi lại."
        )
    if is_wrong or received.detail.get("refused_files"):
        return (
            "Đề nghị sửa trong tệp gốc, giữ nguyên tên tệp và gửi lại vào thư mục vẫn gửi số liệu."
        )
    return None
