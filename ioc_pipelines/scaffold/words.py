"""From a Vietnamese header to a column name, and what its words say of the column."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import NamedTuple

from contracts.base import Contract

_LONGEST = 40

# header without marks -> column name and English title
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"ma (so )?(xa|phuong|xa phuong|dvhc|don vi hanh chinh)( xa)?",
        "commune_code",
        "Commune code",
    ),
    (r"commune code|ward code", "commune_code", "Commune code"),
    (r"(ten )?(xa|phuong|xa phuong|xa phuong thi tran)", "commune_name", "Name of the commune"),
    (r"ma (so )?tinh( thanh pho)?|province code", "province_code", "Province code"),
    (r"(ten )?tinh( tp| thanh pho)?|province", "province_name", "Province, by its official name"),
    (r"thang|ky|ky bao cao|thang bao cao|ky du lieu|period|month", "period", "Month reported"),
    (r"tuan|tuan bao cao|week", "week", "Week reported"),
    (r"quy|quy bao cao|quarter", "quarter", "Quarter reported"),
    (r"nam hoc|school year", "school_year", "School year"),
    (r"nam|nam bao cao|year", "year", "Year"),
    (r"ngay bao cao", "reported_on", "Day reported"),
    (r"ngay chot( so lieu)?", "closed_on", "Day the books were closed"),
    (
        r"(ngay |thoi gian |lan )?cap nhat( luc| lan cuoi| cuoi)?|updated at",
        "updated",
        "Last change",
    ),
    (r"ngay cap", "issued_on", "Day issued"),
    (r"ngay het han", "expires_on", "Day of expiry"),
    (r"ngay (thang nam )?sinh", "birth_date", "Date of birth"),
    (r"ho( va)? ten|ho ten .*|ten nguoi .*|full name", "full_name", "Full name"),
    (r"(so )?dien thoai|sdt|so dt|phone( number)?", "phone", "Telephone number"),
    (
        r"(so )?(cccd|cmnd|can cuoc|dinh danh)( cong dan| ca nhan)?",
        "citizen_id",
        "Citizen's number",
    ),
    (r"dia chi( thuong tru)?|address", "address", "Address"),
    (r"ghi chu|note", "note", "Note"),
    (r"tong so|tong cong", "total", "Total"),
    (r"luy ke( tu dau nam)?", "cumulative", "From the beginning of the year"),
    (r"du toan nam|ke hoach nam", "year_plan", "Plan of the year"),
    (r"(thuc hien )?(trong )?thang nay|(thuc hien )?trong thang", "in_month", "In the month"),
    (r"ma truong", "school_code", "School code"),
    (r"ten truong", "school_name", "Name of the school"),
    (r"ma du an", "project_code", "Project code"),
    (r"ten du an", "project_name", "Name of the project"),
    (r"ma ho so|so ho so", "dossier_code", "Dossier code"),
    (r"(tong )?so ho|so ho dan", "households", "Households"),
    (r"(so )?ho ngheo", "poor_households", "Poor households"),
    (r"(so )?ho can ngheo", "near_poor_households", "Near-poor households"),
    (r"dan so|so dan|so nhan khau", "population", "Population"),
    (r"so mac|so ca mac", "cases", "Cases"),
    (r"(so )?tu vong|so ca tu vong", "deaths", "Deaths"),
    (r"so giuong( benh)?|giuong benh", "beds", "Hospital beds"),
    (r"(so )?luot kham( benh)?", "visits", "Outpatient visits"),
    (r"so hoc sinh", "pupils", "Pupils"),
    (r"so lop", "classes", "Classes"),
    (r"dien tich", "area", "Area"),
    (r"trang thai|tinh trang", "status", "Status"),
)
# what other headers are put together from, word by word
_GLOSSARY = {
    "so luong": "number",
    "so tien": "amount",
    "tong so": "total",
    "tong": "total",
    "kinh phi": "funds",
    "du toan": "plan",
    "ke hoach": "plan",
    "thuc hien": "actual",
    "luy ke": "cumulative",
    "trong thang": "in month",
    "trong nam": "in year",
    "trong ky": "in period",
    "nam truoc": "last year",
    "cung ky": "same period",
    "ty le": "rate",
    "ti le": "rate",
    "ho ngheo": "poor households",
    "ho can ngheo": "near poor households",
    "thoat ngheo": "out of poverty",
    "ho": "households",
    "nguoi": "people",
    "tre em": "children",
    "hoc sinh": "pupils",
    "giao vien": "teachers",
    "truong": "schools",
    "lop": "classes",
    "giuong": "beds",
    "benh nhan": "patients",
    "benh": "disease",
    "luot kham": "visits",
    "ca mac": "cases",
    "tu vong": "deaths",
    "thu": "revenue",
    "chi": "spending",
    "von": "capital",
    "giai ngan": "disbursed",
    "doanh thu": "turnover",
    "dien tich": "area",
    "san luong": "output",
    "nang suat": "yield",
    "doanh nghiep": "enterprises",
    "du an": "projects",
    "cong trinh": "works",
    "ho so": "dossiers",
    "tiep nhan": "received",
    "da giai quyet": "resolved",
    "giai quyet": "resolved",
    "dung han": "on time",
    "qua han": "overdue",
    "con lai": "remaining",
    "gia tri": "value",
    "lao dong": "workers",
    "loai": "kind",
    "ten": "name",
    "ma": "code",
    "ngay": "day",
    "nu": "women",
}
_MOST_WORDS = 3
_RUNNING = re.compile(r"(stt|tt|so tt|so thu tu|no|index)")
_CODE = re.compile(
    r"ma( |$)|(.* )?ma so( |$)|so hieu|so (giay|quyet dinh|van ban|seri)|id$|.* (id|code)$"
)
_PERSONAL = re.compile(
    r"\b(ho( va)? ten|ten nguoi|chu (ho|dau tu|so huu|su dung)|nguoi (nop|dan|gui|benh|lao dong)$"
    r"|dien thoai|sdt|so dt|cccd|cmnd|can cuoc|dinh danh|dia chi|email|thu dien tu"
    r"|ngay (thang nam )?sinh|tai khoan|full name|first name|last name|phone|address|birth\w*)\b"
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
_IN_BRACKETS = re.compile(r"\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
_MONEY = re.compile(r"^(nghìn |ngàn |triệu |tỷ |tỉ )?(đồng|vnđ|vnd)$", re.IGNORECASE)
_A_COUNT = re.compile(
    r"(tong )?so (ho|nguoi|du an|luot|ca|truong|lop|hoc sinh|giao vien|ho so|can bo|giuong|don vi"
    r"|doanh nghiep|cong trinh|can|xe|vu|lao dong|luong)\b"
)


class Named(NamedTuple):
    """A column's name, its English title, and whether the header is a well-known one."""

    name: str
    en: str
    is_known: bool
    how: str = "not a known header: translate it"


def folded(text: str) -> str:
    """The words of a text in small ASCII letters and digits."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", unicodedata.normalize("NFC", text))
    plain = unicodedata.normalize("NFD", parted.casefold().replace("đ", "d"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def without_unit(header: str) -> tuple[str, str | None]:
    """The header without the unit that stands in brackets at its end, and that unit."""
    match = _IN_BRACKETS.search(header)
    if match and (_UNITS.fullmatch(match[1]) or _COUNT_WORD.match(match[1])):
        return header[: match.start()], match[1]
    return header, None


def named(header: str) -> Named:
    """Name and English title of a column by its header."""
    words = folded(without_unit(header)[0])
    for pattern, name, en in _KNOWN:
        if re.fullmatch(pattern, words):
            return Named(name, en, is_known=True)
    if en := _put_together(words.split()) or _put_together(words.removeprefix("so ").split()):
        return Named(_identifier(en), en.capitalize(), False, "put together word by word")
    is_english = header.isascii() and header != header.lower()
    en = header if is_english or not words else words.capitalize()
    return Named(_identifier(words), en, is_known=False)


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


def _put_together(words: list[str]) -> str:
    """The header in English when every word of it is known; empty when one is not."""
    parts: list[str] = []
    while words:
        for length in range(min(_MOST_WORDS, len(words)), 0, -1):
            if (part := _GLOSSARY.get(" ".join(words[:length]))) is not None:
                break
        else:
            return ""
        parts.append(part)
        words = words[length:]
    return " ".join(parts)


def _identifier(words: str) -> str:
    name = words.replace(" ", "_")
    if len(name) > _LONGEST:
        name = name[: _LONGEST + 1].rpartition("_")[0] or name[:_LONGEST]
    if not name or name[0].isdigit():
        name = f"c_{name}".rstrip("_")
    if keyword.iskeyword(name) or hasattr(builtins, name) or hasattr(Contract, name):
        name = "record_id" if name == "id" else f"{name}_value"
    return name
