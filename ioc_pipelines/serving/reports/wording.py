"""Amounts and comparisons as a Vietnamese report says them."""

from __future__ import annotations

from dataclasses import dataclass

from ioc_pipelines.serving.comparison import change
from ioc_pipelines.serving.vietnamese import number

# what is measured; everything else is counted, and a part of a visitor is not shown
_MEASURED = ("%", "điểm", "đồng", "USD", "ngày", "giờ", "g/m³", "m²", "km²", "/lớp", "/giáo viên")
_LARGE, _MIDDLE = 1e9, 1e6
_THOUSAND = 1000


@dataclass(frozen=True)
class Scale:
    """The unit in which an indicator is shown, and how many of its own units make one."""

    unit: str
    divisor: float = 1.0

    def of(self, value: float) -> float:
        """The value in the unit that is shown."""
        return value / self.divisor


def scale_of(unit: str, largest: float) -> Scale:
    """Money in đồng is told in tỷ or triệu đồng, whatever else as it is."""
    if not unit.startswith("đồng"):
        return Scale(unit)
    if abs(largest) >= _LARGE:
        return Scale(f"tỷ {unit}", 1e9)
    return Scale(f"triệu {unit}", 1e6) if abs(largest) >= _MIDDLE else Scale(unit)


def decimals_of(unit: str, value: float) -> int:
    """What is counted has none, large amounts one, others two."""
    if not unit.endswith(_MEASURED):
        return 0
    return 1 if abs(value) >= _THOUSAND else 2


def amount(value: float, unit: str) -> str:
    """A value in its unit, shown in the unit that is read best: ``7.129,5 tỷ đồng``, ``92,3%``."""
    scale = scale_of(unit, value)
    shown = number(scale.of(value), decimals_of(scale.unit, scale.of(value)))
    return f"{shown}%" if scale.unit == "%" else f"{shown} {scale.unit}"


def change_text(value: float, before: float, unit: str) -> str:
    """``tăng 5,2%``, ``giảm 1,1 điểm phần trăm``, ``không thay đổi``; with nothing to compare with
    that is above zero, both values say it."""
    by = change(value, before, unit)
    if by is None:
        return f"so với {amount(before, unit)}"
    if number(abs(by)) == "0":
        return "không thay đổi"
    ending = {"%": " điểm phần trăm", "điểm": " điểm"}.get(unit, "%")
    return f"{'tăng' if by > 0 else 'giảm'} {number(abs(by))}{ending}"


def signed(by: float, unit: str) -> str:
    """A change as a table shows it: ``+5,2%``, ``-1,1 điểm %``, ``0``."""
    shown = number(by)
    if shown == "0":
        return shown
    ending = {"%": "\u00a0điểm\u00a0%", "điểm": "\u00a0điểm"}.get(unit, "%")
    return f"{'+' if by > 0 else ''}{shown}{ending}"
