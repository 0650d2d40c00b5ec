"""The notice of a complaint, for the officer of a feed that its value was counted from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from contracts.base import VIETNAM
from ioc_pipelines.serving import vietnamese

_STATUS_VI: dict[str, str] = {
    "accepted": "Kiến nghị đã được trả lời: chấp nhận.",
    "rejected": "Kiến nghị đã được trả lời: không chấp nhận.",
}


@dataclass(frozen=True)
class Notice:
    """What an officer is told. Nothing that a person wrote: it may name people (H58, H68)."""

    reference: str
    status: str
    indicator: str
    unit: str
    period_type: str
    period_start: date
    value: float | None
    measured_in: str
    feed_vi: str
    agency_vi: str
    batches: tuple[str, ...]
    opened_at: datetime
    due_at: datetime

    @property
    def subject(self) -> str:
        """The subject of a mail."""
        return f"Kiến nghị {self.reference} về số liệu đã công bố: {self.indicator}"


def notice_lines(notice: Notice) -> list[str]:
    """The notice, short: about what, until when, what to do."""
    period = vietnamese.period(notice.period_type, notice.period_start)
    lines = [
        f"KIẾN NGHỊ VỀ SỐ LIỆU ĐÃ CÔNG BỐ: {notice.reference}",
        "",
        f"Cơ quan cung cấp: {notice.agency_vi}",
        f"Nguồn: {notice.feed_vi}, lô {', '.join(notice.batches)}",
        f"Số liệu: {notice.indicator}, {notice.unit}, {period}: {_value(notice)}",
        f"Ghi nhận: {notice.opened_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}",
    ]
    if notice.status != "open":
        return [*lines, _STATUS_VI[notice.status]]
    return [
        *lines,
        f"Hạn trả lời: {notice.due_at.astimezone(VIETNAM):%d/%m/%Y}",
        "",
        "Đề nghị kiểm tra số liệu đã gửi. Nếu sai, sửa trong tệp gốc hoặc tại hệ thống nguồn rồi "
        "gửi lại; nếu đúng, trả lời đầu mối của Trung tâm.",
        "Nội dung kiến nghị do đầu mối của Trung tâm cung cấp theo mã nói trên.",
    ]


def notice_file(notice: Notice) -> bytes:
    """The notice as an officer opens it: UTF-8 with a byte order mark, Windows line ends."""
    return ("\ufeff" + "\r\n".join(notice_lines(notice)) + "\r\n").encode()


def notice_html(notice: Notice) -> str:
    """The notice as a mail."""
    return "<p>" + "<br>\n".join(escape(line) for line in notice_lines(notice)) + "</p>"


def _value(notice: Notice) -> str:
    if notice.value is None:
        return "không có giá trị"
    number = f"{notice.value:,.10g}".translate(str.maketrans(",.", ".,"))
    return f"{number} {notice.measured_in}".strip()
