"""From a Vietnamese header to a column name, and what its words say of the column."""

from __future__ import annotations

import builtins
import csv
import keyword
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from contracts.base import Contract

_LONGEST = 40

_MOST_WORDS = 3
_RUNNING = re.compile(r"(stt|tt|so tt|so thu tu|no|index)")
_CODE = re.compile(
    r"ma( |$)|(.* )?ma so( |$)|so hieu|so (giay|quyet dinh|van ban|seri)|id$|.* (id|code)$"
)
_PERSONAL = re.compile(
    r"\b(ho( va)? ten|ten nguoi|chu (ho|dau tu|so huu|su dung)|"
    r"nguoi (nop|dan|gui|benh|lao dong|lap( bieu)?|ky)$"
    r"|dien thoai|sdt|so dt|cccd|cmnd|can cuoc|dinh danh|dia chi|email|thu dien tu"
    r"|ngay (thang nam )?sinh|tai khoan|full name|first name|last name|phone|address|citizen"
    r"|birth\w*)\b"
)
_FUTURE = re.compile(r"het han|du kien|ke hoach|phai|hen|ket thuc|expir|due|plan|end")
_SIGNED = re.compile(
    r"nhiet do|temperature|chenh lech|tang|giam|thay doi|bien dong|so voi|lai|change|balance|growth"
)
_COUNT_WORD = re.compile(r"(nghìn|ngàn|triệu|tỷ|tỉ|thousand|million|billion) \S", re.IGNORECASE)
_UNITS = re.compile(
    r"đồng|vnđ|vnd|usd|%|người|hộ|ha|m2|m²|m3|m³|km|km2|km²|tấn|kg|lượt|giường|trẻ|ca( mắc)?|con"
    r"|cái|chiếc|dự án|hồ sơ|lớp|học sinh|giáo viên|trường|ngày|giờ|điểm|mm|độ|°c|µg/m³|kwh|vụ|xe"
    r"|doanh nghiệp|công trình|cuộc|đơn vị|lao động",
    re.IGNORECASE,
)
# as intake knows them
_UNMARKED = {
    "dong": "đồng",
    "nghin dong": "nghìn đồng",
    "trieu dong": "triệu đồng",
    "ty dong": "tỷ đồng",
    "nguoi": "người",
    "ho": "hộ",
}
_IN_BRACKETS = re.compile(r"\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
_MONEY = re.compile(r"^(nghìn |ngàn |triệu |tỷ |tỉ )?(đồng|vnđ|vnd)$", re.IGNORECASE)
_A_COUNT = re.compile(
    r"(tong )?so (ho|nguoi|du an|luot|ca|truong|lop|hoc sinh|giao vien|ho so|can bo|giuong|don vi"
    r"|doanh nghiep|cong trinh|can|xe|vu|lao dong|luong)\b"
)


class Named(NamedTuple):
    """A column's name and its titles; ``how`` the English one came about, empty if well known.

    ``vi`` is None where the header is not in Vietnamese with its marks and no word restores it.
    """

    name: str
    vi: str | None
    en: str
    how: str = ""


def folded(text: str) -> str:
    """The words of a text in small ASCII letters and digits."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", unicodedata.normalize("NFC", text))
    plain = unicodedata.normalize("NFD", parted.casefold().replace("đ", "d"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def without_unit(header: str) -> tuple[str, str | None]:
    """The header without the unit that stands in brackets at its end, and that unit."""
    if match := _IN_BRACKETS.search(header):
        unit = _UNMARKED.get(match[1].casefold(), match[1])
        if _UNITS.fullmatch(unit) or _COUNT_WORD.match(unit):
            return header[: match.start()], unit
    return header, None


def named(header: str) -> Named:
    """Name and titles of a column by its header."""
    plain = without_unit(header)[0]
    words = folded(plain)
    own = None if plain.isascii() else plain
    for row in _table("headers.csv"):
        if words == row["name"].replace("_", " ") or re.fullmatch(row["pattern"], words):
            return Named(row["name"], own or row["vi"], row["en"])
    for before in ("", "số "):
        if parts := _phrases(words.removeprefix(folded(before)).split()):
            vi, en = (" ".join(part[of] for part in parts) for of in ("vi", "en"))
            vi = own or f"{before}{vi}".capitalize()
            return Named(_identifier(en), vi, en.capitalize(), "word by word")
    return Named(_identifier(words), own, words.capitalize() or header, "translate it")


@cache
def _table(name: str) -> Sequence[Mapping[str, str]]:
    """The rows of a file of words beside this module."""
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _glossary() -> Mapping[str, Mapping[str, str]]:
    """The phrases that unknown headers are put together from, by their words without marks."""
    return {folded(row["vi"]): row for row in _table("glossary.csv")}


def _phrases(words: list[str]) -> Sequence[Mapping[str, str]]:
    """The known phrases that the words are made of; empty when a word is of none."""
    found: list[Mapping[str, str]] = []
    while words:
        lengths = range(min(_MOST_WORDS, len(words)), 0, -1)
        length = next((n for n in lengths if " ".join(words[:n]) in _glossary()), 0)
        if not length:
            return ()
        found.append(_glossary()[" ".join(words[:length])])
        words = words[length:]
    return found


def unlike(name: str, taken: set[str]) -> str:
    """The name, or the name with a number where a column has it already."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def is_running_number(header: str) -> bool:
    """Whether the column only counts the rows of the form."""
    return header.strip() == "#" or _RUNNING.fullmatch(folded(header)) is not None


def is_code(header: str) -> bool:
    """Whether the header announces a code: text, with its leading zeros."""
    return _CODE.match(folded(header)) is not None


def is_personal(header: str) -> str | None:
    """The words of the header that announce a person, None without any."""
    match = _PERSONAL.search(folded(header))
    return match[0] if match else None


def may_be_ahead(header: str) -> bool:
    """Whether a date under this header may lie in the future."""
    return _FUTURE.search(folded(header)) is not None


def is_money(unit: str) -> bool:
    """Whether the unit is đồng, or thousands or more of them."""
    return _MONEY.match(unit) is not None


def counts_things(header: str) -> bool:
    """Whether the header announces a number of things, not an amount of money."""
    return _A_COUNT.match(folded(header)) is not None


def may_be_negative(header: str) -> bool:
    """Whether figures under this header may lie below 0 in another month."""
    return _SIGNED.search(folded(header)) is not None


def is_share(header: str) -> bool:
    """Whether the header announces a share: tỷ lệ."""
    return folded(header).startswith(("ty le", "ti le"))


def _identifier(words: str) -> str:
    name = words.replace(" ", "_")
    if len(name) > _LONGEST:
        name = name[: _LONGEST + 1].rpartition("_")[0] or name[:_LONGEST]
    if not name or name[0].isdigit():
        name = f"c_{name}".rstrip("_")
    if keyword.iskeyword(name) or hasattr(builtins, name) or hasattr(Contract, name):
        name = "record_id" if name == "id" else f"{name}_value"
    return name
