"""Numbers, days and periods as they are written in Viet Nam."""

from __future__ import annotations

from datetime import date, datetime

from contracts.base import VIETNAM

_QUARTERS = ("I", "II", "III", "IV")
_SWAPPED = str.maketrans(",.", ".,")


def number(value: float, decimals: int = 2) -> str:
    """``1.234,5``: at most so many decimals, without zeros at the end."""
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text).translate(_SWAPPED)


def day(when: date) -> str:
    """``05/11/2026``."""
    return f"{when:%d/%m/%Y}"


def moment(when: datetime) -> str:
    """``07:30 05/11/2026`` in Viet Nam, of a moment with its time zone."""
    return f"{when.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def period(period_type: str, start: date) -> str:
    """A period in words: ``tháng 10/2026``, ``quý III/2026``."""
    match period_type:
        case "day":
            return f"ngày {day(start)}"
        case "week":
            year, week, _ = start.isocalendar()
            return f"tuần {week}/{year} (từ {day(start)})"
        case "month":
            return f"tháng {start.month}/{start.year}"
        case "quarter":
            return f"quý {_QUARTERS[(start.month - 1) // 3]}/{start.year}"
        case "half":
            return f"6 tháng {'đầu' if start.month == 1 else 'cuối'} năm {start.year}"
        case _:
            return f"năm {start.year}"
