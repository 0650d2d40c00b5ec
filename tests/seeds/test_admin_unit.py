"""The reviewed seeds of administrative units and of the spellings of names."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.intake.names import canonical, name_key, plain_key, spellings

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "dbt_project" / "seeds"
SHARED = ROOT.parent / "shared" / "data"
TONE_MARKS = frozenset("\u0300\u0301\u0303\u0309\u0323")

# Xã Ba Chẽ, Quảng Ninh: the seed has the code of the national statistics office's list; the second
# data set was corrected to the same code in August 2026, after the file compared with here.
BA_CHE_SEED, BA_CHE_OTHER = "06970", "06978"

# Đồng Nai became a city under 30/2026/QH16 and ten of its xã became phường; the seed's source is
# older and has them as they were on 2025-07-01.
DONG_NAI = "75"
XA_NOW_PHUONG = {"25270", "25357", "25363", "26116", "26170"}
XA_NOW_PHUONG |= {"26248", "26326", "26368", "26425", "26485"}

Row = dict[str, str]


def read(name: str) -> list[Row]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def units() -> list[Row]:
    return read("admin_unit.csv")


@pytest.fixture(scope="module")
def listed() -> list[Row]:
    return read("name_spelling.csv")


def pairs(listed: list[Row], name_list: str) -> list[tuple[str, str]]:
    return [(row["spelling"], row["name"]) for row in listed if row["name_list"] == name_list]


def province_names(units: list[Row]) -> set[str]:
    return {u["name"] for u in units if u["level"] == "province"}


def in_force(units: list[Row], level: str, day: str) -> list[Row]:
    return [
        u
        for u in units
        if u["level"] == level and u["valid_from"] <= day <= (u["valid_to"] or "9999-12-31")
    ]


@pytest.mark.parametrize(
    ("day", "count"),
    [
        ("2003-06-30", 61),
        ("2003-12-31", 61),
        ("2004-01-01", 64),
        ("2004-06-30", 64),
        ("2008-07-31", 64),
        ("2008-08-01", 63),
        ("2009-01-01", 63),
        ("2024-12-31", 63),
        ("2025-01-01", 63),
        ("2025-06-30", 63),
        ("2025-07-01", 34),
    ],
)
def test_number_of_provinces_on_a_day(units: list[Row], day: str, count: int) -> None:
    provinces = in_force(units, "province", day)
    assert len(provinces) == count
    assert len({u["name"] for u in provinces}) == count


def test_reform_ends_52_provinces_and_begins_23(units: list[Row]) -> None:
    provinces = [u for u in units if u["level"] == "province"]
    assert sum(u["valid_to"] == "2025-06-30" for u in provinces) == 52
    assert sum(u["valid_from"] == "2025-07-01" for u in provinces) == 23


def test_communes_in_force(units: list[Row]) -> None:
    communes = [u for u in units if u["level"] == "commune"]
    assert len(communes) == 3321
    assert {(u["valid_from"], u["valid_to"]) for u in communes} == {("2025-07-01", "")}
    assert Counter(u["unit_type"] for u in communes) == {"Xã": 2621, "Phường": 687, "Đặc khu": 13}


@pytest.mark.parametrize(
    ("province_code", "count"), [("33", 104), ("51", 96), ("12", 38), ("86", 124)]
)
def test_number_of_communes(units: list[Row], province_code: str, count: int) -> None:
    assert sum(u["province_code"] == province_code for u in units) == count


def test_every_commune_is_in_a_province_in_force(units: list[Row]) -> None:
    current = {u["code"] for u in in_force(units, "province", "2025-07-01")}
    assert {u["province_code"] for u in units if u["level"] == "commune"} == current
    assert {u["province_code"] for u in units if u["level"] == "province"} == {""}


def test_key_is_unique(units: list[Row]) -> None:
    assert len({(u["code"], u["valid_from"]) for u in units}) == len(units)


def test_validity_of_one_code_does_not_overlap(units: list[Row]) -> None:
    ordered = sorted(units, key=lambda u: (u["code"], u["valid_from"]))
    for _, versions in groupby(ordered, key=lambda u: u["code"]):
        for earlier, later in pairwise(versions):
            assert earlier["valid_to"], earlier
            assert earlier["valid_from"] <= earlier["valid_to"] < later["valid_from"]


def test_name_and_code_have_their_form(units: list[Row]) -> None:
    for u in units:
        assert u["full_name"] == f"{u['unit_type']} {u['name']}"
        assert u["code"].isdigit()
        assert len(u["code"]) == {"province": 2, "commune": 5}[u["level"]]


SEED_FILES = (
    "admin_unit.csv",
    "admin_unit_three_tiers.csv",
    "admin_unit_succession.csv",
    "name_spelling.csv",
    "quoted_figures.csv",
)


@pytest.mark.parametrize("name", SEED_FILES)
def test_text_is_nfc_and_tidy(name: str) -> None:
    text = (SEEDS / name).read_bytes().decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text
    for row in read(name):
        assert all(value == " ".join(value.split()) for value in row.values())


def test_rows_are_sorted(units: list[Row]) -> None:
    keys = [(u["level"] != "province", u["code"], u["valid_from"]) for u in units]
    assert keys == sorted(keys)


def test_spellings_are_sorted_and_unique(listed: list[Row]) -> None:
    header, *lines = (SEEDS / "name_spelling.csv").read_text(encoding="utf-8").splitlines()
    assert header == "name_list,spelling,name"
    assert len(lines) >= 20
    assert lines == sorted(lines)
    assert len({(row["name_list"], row["spelling"]) for row in listed}) == len(lines)
    assert all(all(row.values()) for row in listed)


def test_a_spelling_of_a_province_stands_for_a_province(
    units: list[Row], listed: list[Row]
) -> None:
    spelt = pairs(listed, "province")
    assert len(spelt) >= 10
    assert {name for _, name in spelt} <= province_names(units)


def test_no_spelling_of_a_province_is_listed_that_is_matched_without(
    units: list[Row], listed: list[Row]
) -> None:
    official = [(name, name) for name in province_names(units)]
    spelt = pairs(listed, "province")
    for spelling, name in spelt:
        others = spellings([*official, *(pair for pair in spelt if pair != (spelling, name))])
        texts = pl.Series([spelling, name])
        assert canonical(texts, others).to_list() == [None, name]
        known = spellings([*official, *spelt])
        assert canonical(texts, known).to_list() == [name, name]


def test_a_name_of_a_list_is_a_spelling_of_itself_or_stands_beside_another(
    listed: list[Row],
) -> None:
    """A body that is spelt as it is called needs a line for its name, and only one."""
    for name_list in {row["name_list"] for row in listed} - {"province"}:
        spelt = pairs(listed, name_list)
        with_others = {name for spelling, name in spelt if spelling != name}
        as_called = {name for spelling, name in spelt if spelling == name}
        assert not with_others & as_called


def test_no_spelling_means_two_names(units: list[Row], listed: list[Row]) -> None:
    lists = {row["name_list"] for row in listed}
    assert lists >= {"province", "ministry", "not_a_unit"}
    for name_list in lists:
        spelt = pairs(listed, name_list)
        named = [(name, name) for _, name in spelt]
        if name_list == "province":
            named += [(name, name) for name in province_names(units)]
        meant: dict[str, set[str]] = {}
        for spelling, name in [*spelt, *named]:
            meant.setdefault(name_key(spelling), set()).add(name)
        assert {key: names for key, names in meant.items() if len(names) > 1} == {}


def test_no_two_provinces_are_spelt_alike_without_marks(units: list[Row]) -> None:
    """Files in English have no marks: each of their names still means one province."""
    names = sorted(province_names(units))
    assert len({plain_key(name_key(name)) for name in names}) == len(names)


Other = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def other() -> Other:
    """Read the same units from a second data set, of July 2026: code to name, kind, province."""
    found = sorted(SHARED.glob("admin_units_2026/full_json_generated_data_vn_units_*.json"))
    if not found:
        pytest.skip("no ../shared/data/admin_units_2026 beside the project to compare with")
    provinces = json.loads(found[-1].read_text(encoding="utf-8"))
    return {
        unit["Code"]: {
            "name": unit["Name"],
            "unit_type": unit["AdministrativeUnitShortName"],
            "province_code": unit.get("ProvinceCode", ""),
        }
        for province in provinces
        for unit in (province, *province["Wards"])
    }


@pytest.fixture(scope="module")
def current(units: list[Row]) -> dict[str, Row]:
    return {
        u["code"]: u
        for level in ("province", "commune")
        for u in in_force(units, level, "2025-07-01")
    }


def test_codes_agree_with_second_data_set(current: dict[str, Row], other: Other) -> None:
    assert current.keys() - other.keys() == {BA_CHE_SEED}
    assert other.keys() - current.keys() == {BA_CHE_OTHER}
    for column in ("name", "unit_type", "province_code"):
        assert current[BA_CHE_SEED][column] == other[BA_CHE_OTHER][column]


def test_provinces_of_communes_agree_with_second_data_set(
    current: dict[str, Row], other: Other
) -> None:
    differing = {
        code
        for code in current.keys() & other.keys()
        if current[code]["province_code"] != other[code]["province_code"]
    }
    assert differing == set()


def tone_free(word: str) -> tuple[str, list[str]]:
    """Split a word into its letters and its tone marks: Hòa and Hoà come out the same."""
    marks = unicodedata.normalize("NFD", word)
    letters = "".join(c for c in marks if c not in TONE_MARKS)
    return unicodedata.normalize("NFC", letters), [c for c in marks if c in TONE_MARKS]


def test_names_differ_from_second_data_set_in_tone_placement_only(
    current: dict[str, Row], other: Other
) -> None:
    for code in current.keys() & other.keys():
        ours, theirs = current[code]["name"], other[code]["name"]
        assert [tone_free(w) for w in ours.split()] == [tone_free(w) for w in theirs.split()]


def test_kinds_differ_from_second_data_set_where_law_changed_later(
    current: dict[str, Row], other: Other
) -> None:
    differing = {
        code
        for code in current.keys() & other.keys()
        if current[code]["unit_type"] != other[code]["unit_type"]
    }
    assert differing == {DONG_NAI} | XA_NOW_PHUONG
