"""Numbers, days and periods as they are written in Viet Nam, words in the order of dictionaries."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

from contracts.base import VIETNAM

_QUARTERS = ("I", "II", "III", "IV")
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
# grave, hook above, tilde, acute, dot below
_TONES = "\u0300\u0309\u0303\u0301\u0323"
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


def long_day(value: date) -> str:
    """``ngày 05 tháng 10 năm 2025``; a month of one digit only in January and February.

    Decree 30/2020/NĐ-CP, annex I: a zero goes before days below 10 and months 1 and 2.
    """
    month = f"{value.month:02d}" if value.month <= 2 else str(value.month)
    return f"ngày {value:%d} tháng {month} năm {value.year}"


def order(text: str) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Key that sorts as a Vietnamese dictionary does: letters first, then tones.

    Digits come before letters, and a space before both, so that ``An Thi`` stands before ``Anh``.
    """
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", text).lower():
        base, tone = _parted(char)
        letters.append(_rank(base))
        tones.append(tone)
    return tuple(letters), tuple(tones), text


def _parted(char: str) -> tuple[str, int]:
    """A letter without its tone, and which tone it had."""
    apart = unicodedata.normalize("NFD", char)
    tone = next((_TONES.index(mark) + 1 for mark in apart if mark in _TONES), 0)
    bare = unicodedata.normalize("NFC", "".join(mark for mark in apart if mark not in _TONES))
    return bare, tone


def _rank(letter: str) -> int:
    if letter and letter in _LETTERS:
        return 1000 + _LETTERS.index(letter)
    if letter.isdigit():
        return 100 + int(letter)
    return 0 if letter.isspace() else 10
