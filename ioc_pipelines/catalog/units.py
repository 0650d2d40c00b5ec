"""Units as agencies write them: a count word before a base, in Vietnamese or English."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

_COUNTS = {
    "nghìn": 10**3,
    "ngàn": 10**3,
    "thousand": 10**3,
    "triệu": 10**6,
    "million": 10**6,
    "millions": 10**6,
    "tỷ": 10**9,
    "tỉ": 10**9,
    "billion": 10**9,
}
_BASES = {
    "vnd": "đồng",
    "vnđ": "đồng",
    "đ": "đồng",
    "dong": "đồng",
    "đô la mỹ": "usd",
    "đô la": "usd",
    "persons": "người",
    "people": "người",
}


def ratio(source: str, target: str) -> Fraction | None:
    """What a figure in ``source`` is multiplied by to be in ``target``; None: not comparable."""
    (count, base), (wanted_count, wanted_base) = _parts(source), _parts(target)
    return Fraction(count, wanted_count) if base == wanted_base else None


def _parts(unit: str) -> tuple[int, str]:
    """The count and the base of a unit: nghìn USD is 1000 and usd."""
    words = re.sub(r"\s+", " ", unicodedata.normalize("NFC", unit)).strip(" .:;,()").casefold()
    first, _, rest = words.partition(" ")
    count = _COUNTS.get(first, 1)
    base = (rest if first in _COUNTS else words).removeprefix("of ").strip()
    return count, _BASES.get(base, base)
