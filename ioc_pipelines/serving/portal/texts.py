"""What the pages say: codes of the warehouse in words, numbers and days, in either language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from markupsafe import Markup, escape

from contracts.base import VIETNAM
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.comparison import change

Language = Literal["vi", "en"]
Pair = tuple[str, str]

_WORDS: Mapping[str, Mapping[str, Pair]] = {
    "status": {
        "met": ("Đạt", "Met"),
        "missed": ("Chưa đạt", "Missed"),
        "not_due": ("Chưa đến hạn", "Not due yet"),
        "no_target": ("Chưa có mục tiêu", "No target"),
    },
    "rating": {
        "green": ("Tốt", "Good"),
        "amber": ("Cần chú ý", "Needs attention"),
        "red": ("Không đạt", "Poor"),
    },
    "dimension": {
        "correct": ("Đúng", "Correct"),
        "complete": ("Đủ", "Complete"),
        "clean": ("Sạch", "Clean"),
        "live": ("Sống", "Live"),
        "overall": ("Chung", "Overall"),
    },
    "severity": {"warning": ("Cảnh báo", "Warning"), "critical": ("Nghiêm trọng", "Critical")},
    "alert": {
        "target_missed": ("Chưa đạt mục tiêu", "Target missed"),
        "threshold_crossed": ("Vượt ngưỡng cảnh báo", "Threshold crossed"),
        "cumulative_fell": ("Số lũy kế giảm", "Cumulative figure fell"),
        "period_missing": ("Thiếu số liệu kỳ mới", "Period missing"),
    },
    "period": {
        "day": ("Ngày", "Day"),
        "week": ("Tuần", "Week"),
        "month": ("Tháng", "Month"),
        "quarter": ("Quý", "Quarter"),
        "half": ("6 tháng", "Half-year"),
        "year": ("Năm", "Year"),
    },
    "direction": {
        "higher_is_better": ("Càng cao càng tốt", "Higher is better"),
        "lower_is_better": ("Càng thấp càng tốt", "Lower is better"),
        "neutral": ("Không xét chiều", "Neither way is better"),
    },
    "supply": {
        "automatic": ("Tự động từ dữ liệu", "Automatic, from datasets"),
        "derived": ("Tính từ chỉ tiêu khác", "Derived from other indicators"),
        "by_hand": ("Nhập tay", "By hand"),
    },
    "outcome": {
        "accepted": ("Nhận toàn bộ", "Accepted"),
        "partly_accepted": ("Nhận một phần", "Partly accepted"),
        "below_floor": ("Dưới ngưỡng nhận", "Below the floor"),
        "held": ("Tạm giữ", "Held"),
        "awaiting_approval": ("Chờ phê duyệt", "Awaiting approval"),
        "rejected": ("Bị từ chối", "Rejected"),
        "structure_mismatch": ("Sai cấu trúc", "Structure mismatch"),
        "unreadable": ("Không đọc được", "Unreadable"),
        "seen_before": ("Trùng lần trước", "Seen before"),
        "no_news": ("Không có dữ liệu mới", "No news"),
        "nothing_arrived": ("Không nhận được tệp", "Nothing arrived"),
        "source_unavailable": ("Nguồn không kết nối được", "Source unavailable"),
        "source_faulty": ("Nguồn trả lời sai", "Source faulty"),
        "already_closed": ("Đã xử lý trước đó", "Already closed"),
        "interrupted": ("Bị gián đoạn", "Interrupted"),
        "running": ("Đang chạy", "Running"),
        "error": ("Lỗi hệ thống", "Error"),
    },
    "delivery": {
        "fetch": ("Nhận mới", "Fetched"),
        "correction": ("Phiếu sửa", "Correction"),
        "reprocess": ("Xử lý lại", "Reprocessed"),
    },
    "layer": {
        "commune_boundary": ("Ranh giới xã, phường", "Commune boundaries"),
        "point_of_interest": ("Điểm quan tâm", "Points of interest"),
        "infrastructure_asset": ("Hạ tầng kỹ thuật", "Infrastructure"),
    },
    "kind": {
        "commune": ("Xã, phường", "Commune"),
        "market": ("Chợ", "Market"),
        "government_office": ("Trụ sở cơ quan", "Government office"),
        "heritage_site": ("Di tích", "Heritage site"),
        "sports_ground": ("Sân thể thao", "Sports ground"),
        "health_facility": ("Cơ sở y tế", "Health facility"),
        "police_post": ("Trụ sở công an", "Police post"),
        "bus_stop": ("Điểm dừng xe buýt", "Bus stop"),
        "drainage": ("Thoát nước", "Drainage"),
        "school": ("Trường học", "School"),
        "tree": ("Cây xanh", "Trees"),
        "water": ("Cấp nước", "Water supply"),
        "power": ("Điện, chiếu sáng", "Power, lighting"),
        "road": ("Đường giao thông", "Road"),
        "station": ("Trạm kỹ thuật", "Station"),
    },
    "state": {
        "in_use": ("Đang sử dụng", "In use"),
        "damaged": ("Hư hỏng", "Damaged"),
        "under_repair": ("Đang sửa chữa", "Under repair"),
        "under_construction": ("Đang xây dựng", "Under construction"),
        "out_of_use": ("Ngừng sử dụng", "Out of use"),
    },
    "channel": {
        "api": ("Kết nối API", "API"),
        "database": ("Kết nối cơ sở dữ liệu", "Database"),
        "file": ("Gửi tệp", "File"),
        "none": ("Chưa có", "None"),
    },
    "cadence": {
        "daily": ("Hằng ngày", "Daily"),
        "weekly": ("Hằng tuần", "Weekly"),
        "monthly": ("Hằng tháng", "Monthly"),
        "quarterly": ("Hằng quý", "Quarterly"),
        "half_yearly": ("6 tháng", "Half-yearly"),
        "yearly": ("Hằng năm", "Yearly"),
        "on_change": ("Khi có thay đổi", "On change"),
    },
    "feed": {
        "planned": ("Dự kiến", "Planned"),
        "active": ("Đang hoạt động", "Active"),
        "suspended": ("Tạm dừng", "Suspended"),
        "retired": ("Đã ngừng", "Retired"),
        "withdrawn": ("Đã rút đồng ý", "Consent withdrawn"),
    },
    "promise": {
        "live.on_time": ("Gửi đúng hạn", "On time"),
        "live.event_age": ("Dữ liệu không quá cũ", "Age of events"),
        "live.published": ("Công bố kịp thời", "Published in time"),
        "collection_round": ("Đợt thu thập đột xuất", "Collection round"),
    },
    "age_class": {
        "to_verify": ("Trong hạn kiểm tra", "To be verified"),
        "to_fix": ("Trong hạn sửa", "To be mended"),
        "overdue": ("Quá hạn đến 30 ngày", "Overdue up to 30 days"),
        "long_overdue": ("Quá hạn trên 30 ngày", "Overdue by more than 30 days"),
    },
    "schema": {
        "marts": ("Kho chuyên đề", "Marts"),
        "core": ("Danh mục và số liệu dùng chung", "Core"),
        "staging": ("Bộ dữ liệu của các cơ quan", "Datasets of the agencies"),
        "quality": ("Chất lượng và lịch sử nhận", "Quality"),
    },
    "publish": {
        "rows": ("Công bố từng dòng, trừ dữ liệu cá nhân", "Rows, without personal data"),
        "aggregate": ("Chỉ công bố số tổng hợp", "Aggregated figures only"),
        "none": ("Không công bố", "Nothing is published"),
    },
}
_EN_HALVES = ("first half of", "second half of")
_LARGE = ((1e10, 1e9, ("tỷ đồng", "bn VND")), (1e7, 1e6, ("triệu đồng", "m VND")))
_NO_DECIMALS_FROM = 10_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_HOURS_FROM, _DAYS_FROM = 2 * _HOUR, 2 * _DAY


@dataclass(frozen=True)
class Scale:
    """How the amounts of one unit are shown together: ``84.250 tỷ đồng`` for many đồng."""

    unit: str
    divisor: float = 1
    decimals: int = 2


@dataclass(frozen=True)
class Speaker:
    """Says everything in one language."""

    language: Language

    def __call__(self, vi: str, en: str) -> str:
        """The one of two texts that is in the language."""
        return vi if self.language == "vi" else en

    def word(self, kind: str, code: str | None) -> str:
        """A code in words; one that has none is shown as it is, without underscores."""
        if code is None:
            return self("không có", "none")
        pair = _WORDS[kind].get(code)
        return self(*pair) if pair else code.replace("_", " ")

    def data(self, vi: str | None, en: str | None = None) -> str:
        """A name out of the data; on an English page a Vietnamese one is marked as such."""
        if self.language == "vi" or (en is None and vi is None):
            return escape(vi or "")
        return escape(en) if en else Markup('<span lang="vi">{}</span>').format(vi)

    def half(self, text: str | None) -> str:
        """Of a published description, ``vi · en``, the half in the language."""
        vi, _, en = (text or "").partition(" · ")
        return self(vi, en or vi)

    def number(self, value: float | None, decimals: int = 2) -> str:
        """A number; ``–`` where there is none."""
        if value is None:
            return "–"
        text = vietnamese.number(value, decimals)
        return text if self.language == "vi" else text.translate(str.maketrans(",.", ".,"))

    def change(self, value: float | None, before: float | None, unit: str | None) -> str:
        """The change against a value before, with its sign: in per cent, of rates in points."""
        if value is None or before is None:
            return "–"
        by = change(value, before, unit or "")
        if by is None:
            return "–"
        ending = {"%": self("điểm %", "points"), "điểm": self("điểm", "points")}.get(
            unit or "", "%"
        )
        return f"{'+' if by > 0 else ''}{self.number(by)} {ending}"

    def scale(self, values: Iterable[float | None], unit: str | None) -> Scale:
        """One scale for all of these amounts."""
        most = max((abs(v) for v in values if v is not None), default=0)
        if unit == "đồng":
            for least, divisor, words in _LARGE:
                if most >= least:
                    return Scale(self(*words), divisor, 1)
        return Scale(unit or "", 1, 0 if most >= _NO_DECIMALS_FROM else 2)

    def amount(self, value: float | None, unit: str | None, scale: Scale | None = None) -> str:
        """A value with its unit."""
        if value is None:
            return "–"
        fitting = scale or self.scale([value], unit)
        said = f" {fitting.unit}" if fitting.unit else ""
        return self.number(value / fitting.divisor, fitting.decimals) + said

    def scaled(self, value: float | None, scale: Scale) -> str:
        """A value on a scale, without the unit that stands in the heading."""
        return "–" if value is None else self.number(value / scale.divisor, scale.decimals)

    def day(self, when: date | None) -> str:
        """A day."""
        return "–" if when is None else self(vietnamese.day(when), f"{when.day} {when:%b %Y}")

    def moment(self, when: datetime | None) -> str:
        """A moment, as the clocks of Viet Nam show it."""
        if when is None:
            return "–"
        at = when.astimezone(VIETNAM)
        return self(vietnamese.moment(when), f"{at:%H:%M}, {at.day} {at:%b %Y}")

    def age(self, seconds: float) -> str:
        """How long ago."""
        if seconds < _MINUTE:
            return self("vừa xong", "just now")
        for least, length, words in (
            (_DAYS_FROM, _DAY, ("ngày", "days")),
            (_HOURS_FROM, _HOUR, ("giờ", "hours")),
            (0, _MINUTE, ("phút", "minutes")),
        ):
            if seconds >= least:
                count = int(seconds // length)
                return f"{count} {self(*words)} {self('trước', 'ago')}"
        raise AssertionError

    def period(self, period_type: str, start: date) -> str:
        """A period, as a heading says it."""
        if self.language == "vi":
            text = vietnamese.period(period_type, start)
            return text[0].upper() + text[1:]
        match period_type:
            case "day":
                return self.day(start)
            case "week":
                year, week, _ = start.isocalendar()
                return f"week {week} of {year}"
            case "month":
                return f"{start:%B %Y}"
            case "quarter":
                return f"Q{(start.month + 2) // 3} {start.year}"
            case "half":
                return f"{_EN_HALVES[start.month > 1]} {start.year}"
            case _:
                return str(start.year)
