"""Text of the fonts before Unicode is decoded, Unicode is left alone, the rest is mojibake."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.home import DBT_PROJECT, PROJECT
from ioc_pipelines.intake.legacy_text import MOJIBAKE, decode, decoded

SETTINGS = settings(max_examples=300)
Encode = Callable[[str], str]

# --- the two encodings, written from their tables ------------------------------------------------

TONES = ["\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]  # huyền, hỏi, ngã, sắc, nặng
CIRCUMFLEX, BREVE, HORN = "\u0302", "\u0306", "\u031b"

# TCVN 5712:1993, table of VN3: capitals have codes without a tone only
TCVN3 = dict(zip("ĂÂÊÔƠƯĐăâêôơưđ", range(0xA1, 0xAF), strict=True))
for vowel, codes in {
    "a": "B5 B6 B7 B8 B9",
    "ă": "BB BC BD BE C6",
    "â": "C7 C8 C9 CA CB",
    "e": "CC CE CF D0 D1",
    "ê": "D2 D3 D4 D5 D6",
    "i": "D7 D8 DC DD DE",
    "o": "DF E1 E2 E3 E4",
    "ô": "E5 E6 E7 E8 E9",
    "ơ": "EA EB EC ED EE",
    "u": "EF F1 F2 F3 F4",
    "ư": "F5 F6 F7 F8 F9",
    "y": "FA FB FC FD FE",
}.items():
    for tone, code in zip(TONES, bytes.fromhex(codes), strict=True):
        TCVN3[unicodedata.normalize("NFC", vowel + tone)] = code

# VNI-Windows: a vowel, then the code of its mark and tone
VNI_MARKS = {
    "": dict(zip(TONES, "øûõùï", strict=True)),
    CIRCUMFLEX: dict(zip(["", *TONES], "âàåãáä", strict=True)),
    BREVE: dict(zip(["", *TONES], "êèúüéë", strict=True)),
}
VNI_WITH_HORN = {"o": "ô", "u": "ö"}
VNI_WHOLE = dict(zip("ìỉĩíịỵđ", "ìæóíòîñ", strict=True))


def tcvn3(text: str) -> str:
    """As typed in TCVN3, where a tone takes the capital away unless a font draws it."""
    letters = unicodedata.normalize("NFC", text)
    return "".join(
        chr(TCVN3[c]) if c in TCVN3 else chr(TCVN3.get(c.lower(), ord(c))) for c in letters
    )


def vni(text: str) -> str:
    return "".join(map(_vni_letter, unicodedata.normalize("NFC", text)))


def _vni_letter(char: str) -> str:
    small = char.lower()
    if small in VNI_WHOLE:
        code = VNI_WHOLE[small]
    else:
        letter, *marks = list(unicodedata.normalize("NFD", small))
        code = VNI_WITH_HORN[letter] if HORN in marks else letter
        mark = next((m for m in marks if m in (CIRCUMFLEX, BREVE)), "")
        tone = next((m for m in marks if m in TONES), "")
        code += VNI_MARKS[mark][tone] if mark or tone else ""
    return code if char == small else code.upper()


# letters of Western fonts that are letters of Vietnamese too
SHARED = set("ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúý")


def is_marked(encoded: str) -> bool:
    """Whether the encoded text has a letter or sign that no Vietnamese text has."""
    return any("\u00a1" <= char <= "\u00ff" and char not in SHARED for char in encoded)


def units(level: str, column: str = "name") -> list[str]:
    with (DBT_PROJECT / "seeds" / "admin_unit.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row[column] for row in csv.DictReader(file) if row["level"] == level})


PROVINCES = units("province")
WORDS = sorted({word for name in PROVINCES for word in name.split()} - {"-"})
# what stands around names in tables
PHRASES = (
    "Tổng số",
    "Phân theo địa phương",
    "Số dự án cấp mới",
    "Vốn đăng ký (Nghìn USD)",
    "Ước tính tháng 12 năm 2008",
    "Đầu tư trực tiếp của nước ngoài",
    "Nông nghiệp, lâm nghiệp và thuỷ sản",
    "Vốn ngân sách Nhà nước cấp tỉnh",
    "Điện, khí đốt và nước",
    "Cộng dồn từ đầu năm đến cuối tháng báo cáo",
)


def found_bad(*texts: str) -> list[bool]:
    return pl.Series(texts).str.contains(MOJIBAKE).to_list()


def test_the_tables_agree_with_how_names_were_typed() -> None:
    """As they stand in workbooks and drawings of the time."""
    assert tcvn3("Hưng Yên") == "H­ng Yªn"
    assert tcvn3("Hà Nội") == "Hµ Néi"
    assert tcvn3("Đồng Tháp") == "§ång Th¸p"
    assert vni("Hưng Yên") == "Höng Yeân"
    assert vni("Cộng hòa xã hội chủ nghĩa Việt Nam") == "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam"
    assert len(TCVN3) == 74
    assert len(PROVINCES) == 65  # those of 2003 and since; 63 before the reform of 2025


# --- decoding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", "Tỉnh {}", "Thành phố {}", "UBND tỉnh {}", "  {} (*)"])
@pytest.mark.parametrize("encode", [tcvn3, vni])
def test_every_province_comes_back(encode: Encode, form: str) -> None:
    compared = 0
    for name in PROVINCES:
        encoded = encode(form.format(name))
        if is_marked(encoded):
            assert decode(encoded) == form.format(name), encoded
            compared += 1
    assert compared >= (39 if form in ("{}", "  {} (*)") else 60)


def test_names_in_capitals_come_back_from_a_font_of_small_letters_and_from_vni() -> None:
    compared = 0
    for name in PROVINCES:
        if is_marked(tcvn3(name.upper())):
            assert decode(tcvn3(name.upper())).upper() == name.upper()
            compared += 1
        if is_marked(vni(name.upper())):
            assert decode(vni(name.upper())) == name.upper()
            compared += 1
    assert compared >= 90


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Hµ NéI", "HÀ NỘI"),
        ("TæNG Sè", "TỔNG SỐ"),
        ("C¶ N¦íC", "CẢ NƯỚC"),
        ("B×NH D¦¥NG", "BÌNH DƯƠNG"),
        ("Hå CHÝ MINH", "HỒ CHÍ MINH"),
        ("§ång b»ng s«ng Cöu Long", "Đồng bằng sông Cửu Long"),
    ],
)
def test_a_font_of_capitals_over_small_letters(typed: str, meant: str) -> None:
    assert decode(typed) == meant


@pytest.mark.parametrize("encode", [tcvn3, vni])
@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases_of_tables_come_back(encode: Encode, phrase: str) -> None:
    assert is_marked(encode(phrase))
    assert decode(encode(phrase)) == phrase


@SETTINGS
@given(
    st.lists(st.sampled_from([*PROVINCES, *PHRASES]), min_size=3, max_size=8),
    st.sampled_from([", ", " - ", "; ", " | ", "\n"]),
    st.sampled_from([tcvn3, vni]),
)
def test_longer_texts_come_back(parts: list[str], between: str, encode: Encode) -> None:
    text = between.join(parts)
    encoded = encode(text)
    if is_marked(encoded):
        assert decode(encoded) == text


def test_communes_come_back_or_are_left_and_never_become_another() -> None:
    """TCVN3 has no capitals with a tone, so Ái comes back as ái; the rest is letter for letter."""
    left = []
    communes = units("commune", "full_name")
    for name in communes:
        encoded = tcvn3(name)
        if encoded == name:
            continue
        found = decode(encoded)
        if found == encoded:
            left.append(encoded)
        else:
            assert found.casefold() == name.casefold()
    assert len(communes) > 2900
    assert len(left) <= 8  # Cuôr Đăng and others that are no Vietnamese syllables
    assert all(found_bad(*left))


# --- what is Unicode ----------------------------------------------------------------------------


def prose() -> list[str]:
    """Sentences that people wrote, but for the code in it, and the names of all units."""
    files = [*sorted((PROJECT / "docs").rglob("*.md")), *sorted(PROJECT.glob("*.md"))]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    lines = [re.sub("`[^`]*`", "", line) for line in lines]
    return [*lines, *units("commune", "full_name"), *units("province", "full_name")]


def test_unicode_stays_as_it_is_composed_or_not() -> None:
    texts = prose()
    assert sum(not text.isascii() for text in texts) > 3000
    for text in texts:
        composed = unicodedata.normalize("NFC", text)
        assert decode(text) == composed
        assert decode(unicodedata.normalize("NFD", text)) == composed


@SETTINGS
@given(
    st.lists(st.sampled_from([*PROVINCES, *PHRASES, *WORDS]), min_size=1, max_size=6),
    st.sampled_from([" ", ", ", " · ", " × ", " – ", " «", "» "]),
    st.sampled_from([str, str.upper, str.lower]),
)
def test_any_vietnamese_text_in_unicode_stays(
    parts: list[str], between: str, case: Callable[[str], str]
) -> None:
    text = case(between.join(parts))
    assert decode(text) == text
    assert decode(unicodedata.normalize("NFD", text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "Ô-xtrây-li-a",
        "Diện tích (m²)",
        "m³/ngày",
        "«Xanh»",
        "5º",
        "20 °C ± 1",
        "1½ năm",
        "10 · 20 × 3 ÷ 2",
        "## 1 · Look (1 minute)",
        "¹ Số sơ bộ",
        "§ 5",
        "Điều 3 § 5",
        "Côte d'Ivoire",
        "São Tomé và Príncipe",
        "Đảo Réunion",
        "Nestlé",
        "Köln",
        "Düsseldorf",
        "El Niño và La Niña",
        "Hoà Bình, Hòa Bình",
        "QĐ-UBND, HĐND, ĐTNN",
        "quốc lộ 1A; thôn Ỷ La",
        "",
        " ",
        "Hung Yen",
    ],
)
def test_foreign_names_and_signs_are_not_touched(text: str) -> None:
    assert decode(text) == text


def test_one_slip_in_a_text_of_unicode_does_not_turn_it_into_another() -> None:
    text = "Công an cấp tỉnh thông báo giá trị sử dụng; hộ chiếu phổ thôngg, trên Cổng dịch vụ công"
    assert decode(text) == text
    assert decode(text.replace("thôngg", "phaûi")).count("Công an cấp tỉnh thông báo") == 1


# --- cell by cell -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Hµ Nội", "Hà Nội"),
        ("H­ng Yên", "Hưng Yên"),
        ("hàng hoá th¸ng 9 vµ 9 th¸ng năm 2008", "hàng hoá tháng 9 và 9 tháng năm 2008"),
        ("    cña mét sè địa phương", "    của một số địa phương"),
        (" Bµ RÞa - Vòng Tàu", " Bà Rịa - Vũng Tàu"),
        ("Bµ RÞa-Ṿòng Tµu ", "Bà Rịa-Vũng Tàu "),
        ("ChÝnh thức", "Chính thức"),
        ("DÞch vô bưu chÝnh viÔn th«ng", "Dịch vụ bưu chính viễn thông"),
    ],
)
def test_a_cell_may_have_words_of_both_kinds(typed: str, meant: str) -> None:
    """As people mended workbooks of the time, word by word."""
    assert decode(typed) == meant


def test_each_cell_is_judged_by_itself() -> None:
    cells = [
        "H­ng Yªn",
        "Höng Yeân",
        "Hưng Yên",
        "Hung Yen",
        None,
        unicodedata.normalize("NFD", "Hưng Yên"),
    ]
    frame = pl.DataFrame({"a": cells, "b": ["m²", "Hµ Néi", None, "", "«Xanh»", "Köln"]})
    found = decoded(frame)
    assert found["a"].to_list() == ["Hưng Yên"] * 3 + ["Hung Yen", None, "Hưng Yên"]
    assert found["b"].to_list() == ["m²", "Hà Nội", None, "", "«Xanh»", "Köln"]


def test_a_soft_hyphen_is_a_letter_in_tcvn3_and_nothing_in_unicode() -> None:
    frame = pl.DataFrame(
        {"a": ["H\u00adng Yªn", "Hưng\u00ad Yên", "Hung\u00adYen", "nh\u00ad n\u00adíc"]}
    )
    assert decoded(frame)["a"].to_list() == ["Hưng Yên", "Hưng Yên", "HungYen", "như nước"]


@pytest.mark.parametrize("char", ["\u200b", "\u200e", "\u2060", "\ufeff"])
def test_invisible_characters_are_taken_out(char: str) -> None:
    frame = pl.DataFrame({"a": [f"{char}Hưng{char} Yên", f"H­ng Yªn{char}"]})
    assert decoded(frame)["a"].to_list() == ["Hưng Yên", "Hưng Yên"]


# --- mojibake -----------------------------------------------------------------------------------


def test_utf_8_read_as_a_western_encoding_is_mojibake() -> None:
    caught = 0
    for name, encoding in product(PROVINCES, ["latin-1", "cp1252"]):
        garbled = name.encode().decode(encoding, errors="replace")
        if garbled != name:
            assert found_bad(garbled) == [True], garbled
            caught += 1
    assert caught > 100
    assert found_bad("HÃ  Ná»™i", "HÆ°ng YÃªn", "Ä‘á»“ng") == [True] * 3


@pytest.mark.parametrize(
    "text",
    [
        "H\ufffdng Y\ufffdn",
        "\ufffd",
        "Hưng\u0085Yên",
        "\u0093Xanh\u0094",
        "Hà \uf0b7 Nội",
        "Av­¬ng kh¸c",
        "X· Ea Nu«l",
        "«-xtr©y-li-a",
        "Brun©y",
        "Urª",
    ],
)
def test_what_no_reading_made_vietnamese_is_mojibake(text: str) -> None:
    cleaned = decoded(pl.DataFrame({"a": [text]}))["a"]
    assert found_bad(*cleaned) == [True]


def test_no_sentence_that_people_wrote_is_mojibake() -> None:
    texts = prose()
    assert len(texts) > 4000
    assert [text for text, bad in zip(texts, found_bad(*texts), strict=True) if bad] == []


@pytest.mark.parametrize(
    "text",
    [
        "«Xanh»",
        "m²",
        "µg/m³",
        "5º",
        "20 °C",
        "½ năm",
        "ABC®",
        "© 2026",
        "a × b · c",
        "Đ.1¹",
        "SÃO TOMÉ",
        "ĐÃ KÝ",
        "ÂN THI",
        "Côte d'Ivoire",
        "Nestlé",
        "Müller",
        "Hà Nội – “Thủ đô” … 5€ ₫",
    ],
)
def test_signs_that_text_may_have_are_not_mojibake(text: str) -> None:
    assert found_bad(text) == [False]
