"""A name is found however it is spelt, where the spelling can mean one name only."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.catalog.references import load_admin_units, load_spellings
from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.intake.names import canonical, name_key, plain_key, spellings

SETTINGS = settings(max_examples=200)
SEEDS = DBT_PROJECT / "seeds"


def seed_names(level: str) -> list[str]:
    with (SEEDS / "admin_unit.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row["name"] for row in csv.DictReader(file) if row["level"] == level})


PROVINCES = seed_names("province")
KNOWN = spellings((name, name) for name in PROVINCES)


def meant(*texts: str | None, known: dict[str, str] = KNOWN) -> list[str | None]:
    return canonical(pl.Series(texts, dtype=pl.String), known).to_list()


def without_marks(name: str) -> str:
    """As files in English have it."""
    letters = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in letters if not unicodedata.combining(char))


def test_names_of_the_provinces_are_those_of_the_seed() -> None:
    assert len(PROVINCES) == 65
    assert meant(*PROVINCES) == PROVINCES


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Thanh Hoá", "Thanh Hóa"),
        ("Khánh Hoà", "Khánh Hòa"),
        ("HOÀ BÌNH", "Hòa Bình"),
        ("thừa thiên huế", "Thừa Thiên Huế"),
        ("Thừa Thiên - Huế", "Thừa Thiên Huế"),
        ("Thừa Thiên–Huế", "Thừa Thiên Huế"),
        ("Bà Rịa-Vũng Tàu", "Bà Rịa - Vũng Tàu"),
        ("Bà Rịa – Vũng Tàu", "Bà Rịa - Vũng Tàu"),
        ("TP. Hồ Chí Minh", "Hồ Chí Minh"),
        ("TP Hồ Chí Minh", "Hồ Chí Minh"),
        ("Tp.Hồ Chí Minh", "Hồ Chí Minh"),
        ("T.P Hồ Chí Minh", "Hồ Chí Minh"),
        ("thành phố Hồ Chí Minh", "Hồ Chí Minh"),
        ("Thành phố Đà Nẵng", "Đà Nẵng"),
        ("Thủ đô Hà Nội", "Hà Nội"),
        ("Tỉnh Hưng Yên", "Hưng Yên"),
        ("TỈNH HƯNG YÊN", "Hưng Yên"),
        ("  Hưng   Yên  ", "Hưng Yên"),
        ("Hưng\u00a0Yên", "Hưng Yên"),
        ("HưngYên", "Hưng Yên"),
        ("Hưng Yên (*)", "Hưng Yên"),
        ("Hưng Yên(1)", "Hưng Yên"),
        ("Hưng Yên ( 12 )", "Hưng Yên"),
        ("Hưng Yên**", "Hưng Yên"),
        ("(*) Hưng Yên", "Hưng Yên"),
        ("Hưng Yên†", "Hưng Yên"),
        ("33. Hưng Yên", "Hưng Yên"),
        ("Hung Yen", "Hưng Yên"),
        ("HUNG YEN PROVINCE", None),  # the word stands before in no file
        ("Ha Noi", "Hà Nội"),
        ("Dak Lak", "Đắk Lắk"),
        ("Ba Ria - Vung Tau", "Bà Rịa - Vũng Tàu"),
        ("Hưng Yen", None),  # neither with all marks nor without
        ("Hứng Yên", None),
        ("Hưng Yê", None),
        ("Hưng Yên Bái", None),
        ("Tổng số", None),
        ("Tỉnh", None),
        ("TP.", None),
        ("(*)", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_spelling_means(spelling: str | None, name: str | None) -> None:
    assert meant(spelling) == [name]


def test_a_prefix_is_a_word_of_its_own() -> None:
    known = spellings([("Tỉnh Gia", "Tĩnh Gia"), ("Tân Phú", "Tân Phú"), ("Tpăng", "Tpăng")])
    assert meant("Tpăng", known=known) == ["Tpăng"]
    assert name_key("Tỉnh Hà Nam") == name_key("Hà Nam") != name_key("TỉnhHà Nam")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà", "Hòa"),
        ("Thuỷ", "Thủy"),
        ("hóa", "HOÁ"),
        ("Quí", "Qúi"),
        ("Hà-Nội", "Hà Nội"),
        (unicodedata.normalize("NFD", "Hưng Yên"), "Hưng Yên"),
    ],
)
def test_habits_of_spelling_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_what_differs_in_a_mark_or_a_tone_has_keys_of_its_own() -> None:
    words = [
        "ba",
        "bà",
        "bá",
        "bả",
        "bã",
        "bạ",
        "bă",
        "bâ",
        "bằ",
        "bầ",
        "đa",
        "da",
        "bơ",
        "bô",
        "bo",
    ]
    assert len({name_key(word) for word in words}) == len(words)
    assert {plain_key(name_key(word)) for word in words} == {"ba", "da", "bo"}


def test_the_tone_of_one_word_is_not_that_of_another() -> None:
    assert name_key("Hà Nam") != name_key("Ha Nàm")
    assert name_key("Hoà Bình") != name_key("Hoa Bình")


# --- lists ----------------------------------------------------------------------------------------


def test_a_further_spelling_stands_for_its_name() -> None:
    known = spellings([("Đắk Lắk", "Đắk Lắk"), ("Đăk Lăk", "Đắk Lắk"), ("DL", "Đắk Lắk")])
    assert meant("ĐĂK LĂK", "dl", "Đắk Lắk", "Dak Lak", known=known) == ["Đắk Lắk"] * 4


def test_a_spelling_without_marks_that_could_be_two_names_is_not_matched() -> None:
    known = spellings([("Hà Nam", "Hà Nam"), ("Hạ Nam", "Hạ Nam"), ("Hà Tây", "Hà Tây")])
    assert meant("Ha Nam", "Ha Tay", "Hà Nam", "Hạ Nam", known=known) == [
        None,
        "Hà Tây",
        "Hà Nam",
        "Hạ Nam",
    ]


def test_a_name_that_has_no_marks_itself_is_found_beside_one_that_has() -> None:
    """The name as it is written is never ambiguous."""
    known = spellings([("Hoa Lu", "Hoa Lu"), ("Hoa Lư", "Hoa Lư")])
    assert meant("Hoa Lu", "Hoa Lư", known=known) == ["Hoa Lu", "Hoa Lư"]


def test_names_that_differ_in_a_number_only_are_refused_and_not_mixed_up() -> None:
    """Numbers are footnotes beside the names of provinces; of such names none is guessed."""
    known = spellings((name, name) for name in ["A Lưới 1", "A Lưới 2", "Phú Xuân"])
    assert meant("A Lưới 1", "A Lưới 2", "A Luoi 2", "Phú Xuân", known=known) == [
        None,
        None,
        None,
        "Phú Xuân",
    ]


def test_a_spelling_that_is_listed_for_two_names_is_refused() -> None:
    known = spellings([("Hà Bắc", "Bắc Giang"), ("Hà Bắc", "Bắc Ninh"), ("Ha Tay", "Hà Nội")])
    assert meant("Hà Bắc", "HA BAC", "Ha Tay", known=known) == [None, None, "Hà Nội"]


def test_a_name_without_a_letter_is_no_name() -> None:
    assert spellings([("(*)", "x"), ("12", "x")]) == {}


def test_two_spellings_of_one_name_do_not_make_it_ambiguous() -> None:
    known = spellings([("Bắc Kạn", "Bắc Kạn"), ("Bắc Cạn", "Bắc Kạn"), ("Bắc Cản", "Bắc Kạn")])
    assert meant("Bac Can", "Bac Kan", known=known) == ["Bắc Kạn", "Bắc Kạn"]


def test_communes_of_one_spelling_without_marks_are_refused() -> None:
    """Of all names of communes many differ in their marks only; none is guessed."""
    communes = seed_names("commune")
    known = spellings((name, name) for name in communes)
    by_plain: dict[str, set[str]] = {}
    for name in communes:
        by_plain.setdefault(re.sub("[^a-z]", "", without_marks(name).casefold()), set()).add(name)
    ambiguous = {plain for plain, names in by_plain.items() if len(names) > 1}
    assert len(ambiguous) > 100
    bare = {re.sub("[^a-z]", "", name.casefold()) for name in communes if name.isascii()}
    for plain in sorted(ambiguous - bare):
        assert meant(plain, known=known) == [None], by_plain[plain]


def test_of_all_communes_each_is_itself_or_refused() -> None:
    communes = seed_names("commune")
    letters = Counter(re.sub(r"[\W\d]", "", name).casefold() for name in communes)
    found = meant(*communes, known=spellings((name, name) for name in communes))
    assert found == [
        name if letters[re.sub(r"[\W\d]", "", name).casefold()] == 1 else None for name in communes
    ]
    assert 0 < found.count(None) < 100


def test_the_lists_of_the_project() -> None:
    lists = load_spellings(SEEDS, load_admin_units(SEEDS))
    assert set(lists) >= {"province", "ministry", "not_a_unit"}
    provinces, ministries = spellings(lists["province"]), spellings(lists["ministry"])
    assert set(provinces.values()) == set(PROVINCES)
    assert meant("TP.HCM", "BRVT", "Đăk Lăk", "Thua Thien Hue", known=provinces) == [
        "Hồ Chí Minh",
        "Bà Rịa - Vũng Tàu",
        "Đắk Lắk",
        "Thừa Thiên Huế",
    ]
    assert meant("Bộ Y tế", "BỘ CÔNG THƯƠNG", "Hưng Yên", known=ministries) == [
        "Bộ Y tế",
        "Bộ Công Thương",
        None,
    ]


# --- any spelling ---------------------------------------------------------------------------------


@SETTINGS
@given(
    name=st.sampled_from(PROVINCES),
    prefix=st.sampled_from(["", "Tỉnh ", "tỉnh  ", "TP. ", "TP.", "Thành phố ", "thủ đô "]),
    suffix=st.sampled_from(["", " (*)", "(1)", " ***", " (12) ", "."]),
    case=st.sampled_from([str, str.upper, str.lower, str.title]),
    form=st.sampled_from(["NFC", "NFD"]),
    marks=st.booleans(),
)
def test_any_habit_of_spelling_leads_to_the_name(
    name: str, prefix: str, suffix: str, case: type[str], form: str, marks: bool
) -> None:
    written = case(name if marks else without_marks(name))
    text = unicodedata.normalize("NFC", prefix) + written + suffix
    normalized = unicodedata.normalize("NFD" if form == "NFD" else "NFC", text)
    assert meant(normalized) == [name]


@SETTINGS
@given(st.text(max_size=12))
def test_a_key_is_made_of_letters_and_marks_only(text: str) -> None:
    assert re.fullmatch("[a-zđ\u0300-\u036f]*", name_key(text))
    assert re.fullmatch("[a-z\u0300-\u036f]*", plain_key(name_key(text)))
    assert name_key(text) == name_key(unicodedata.normalize("NFD", text))


def test_canonical_keeps_the_rows_in_their_order_with_nulls() -> None:
    texts = [None, "Ha Noi", "x", "Hà Nội", None, "Hưng Yên"]
    assert meant(*texts) == [None, "Hà Nội", None, "Hà Nội", None, "Hưng Yên"]
    assert meant() == []
    assert meant(None, None) == [None, None]
    assert all(a < b for a, b in pairwise(PROVINCES))
