"""The seeds of the units before the reform of 2025-07-01, and of what became of them."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from ioc_pipelines.home import DBT_PROJECT

SEEDS = DBT_PROJECT / "seeds"
MAPPING = DBT_PROJECT.parents[1] / "shared" / "data" / "admin_mapping_63_to_34"
REFORM = "2025-07-01"
# spelt otherwise than by tone placement, spaces, hyphens and i for y: N.T for Nông trường, and
# names of minority languages
DIFFERING = 41

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def parts() -> list[Row]:
    return read(SEEDS / "admin_unit_three_tiers.csv")


@pytest.fixture(scope="module")
def succession() -> list[Row]:
    return read(SEEDS / "admin_unit_succession.csv")


@pytest.fixture(scope="module")
def mapping() -> Path:
    if not MAPPING.is_dir():
        pytest.skip("no ../shared/data/admin_mapping_63_to_34 beside the project to compare with")
    return MAPPING


def test_696_districts_and_10035_communes(parts: list[Row]) -> None:
    assert Counter(len(row["code"]) for row in parts) == {3: 696, 5: 10035}
    assert len({row["code"] for row in parts}) == len(parts)
    assert [row["code"] for row in parts] == sorted(row["code"] for row in parts)


def test_each_name_begins_with_its_kind(parts: list[Row]) -> None:
    """As the office names them; its own column of kinds errs in three of them."""
    kinds = {
        3: {"Thành phố": 87, "Thị xã": 52, "Quận": 49, "Huyện": 508},
        5: {"Thị trấn": 617, "Phường": 1726, "Xã": 7692},
    }
    for digits, counts in kinds.items():
        names = [row["full_name"] for row in parts if len(row["code"]) == digits]
        found = {kind: sum(n.startswith(f"{kind} ") for n in names) for kind in counts}
        assert found == counts


def test_each_lies_in_a_unit_of_its_day(parts: list[Row]) -> None:
    provinces = {
        row["code"]
        for row in read(SEEDS / "admin_unit.csv")
        if row["level"] == "province"
        and row["valid_from"] <= "2025-06-30" <= (row["valid_to"] or "9999-12-31")
    }
    districts = {row["code"]: row["parent_code"] for row in parts if len(row["code"]) == 3}
    assert set(districts.values()) == provinces
    of_communes = {row["parent_code"] for row in parts if len(row["code"]) == 5}
    # five islands had no communes
    assert set(districts) - of_communes == {"318", "471", "498", "536", "755"}
    assert of_communes <= set(districts)


def test_every_commune_of_three_tiers_has_successors_and_every_commune_of_today_comes_of_one(
    parts: list[Row], succession: list[Row]
) -> None:
    reform = [row for row in succession if row["effective_date"] == REFORM]
    communes = [row for row in reform if len(row["new_code"]) == 5]
    old = {row["code"] for row in parts if len(row["code"]) == 5}
    assert {row["old_code"] for row in communes} == old | {"318", "471", "498", "536", "755"}
    today = {r["code"] for r in read(SEEDS / "admin_unit.csv") if r["level"] == "commune"}
    assert {row["new_code"] for row in communes} == today
    gone_to = Counter(row["old_code"] for row in communes)
    assert Counter(gone_to.values()) == {1: 9569, 2: 397, 3: 58, 4: 15, 5: 1}


def test_a_province_goes_where_its_communes_go(parts: list[Row], succession: list[Row]) -> None:
    """Two tables of the package, of provinces and of communes, say the same."""
    above = {row["code"]: row["parent_code"] for row in parts}
    today = {r["code"]: r["province_code"] for r in read(SEEDS / "admin_unit.csv")}
    reform = [row for row in succession if row["effective_date"] == REFORM]
    by_communes = set()
    for row in reform:
        if len(row["new_code"]) == 5:
            unit = row["old_code"]
            while len(unit) > 2:
                unit = above[unit]
            by_communes.add((unit, today[row["new_code"]]))
    told = {(row["old_code"], row["new_code"]) for row in reform if len(row["new_code"]) == 2}
    unmerged = {pair for pair in by_communes if pair[0] == pair[1]} - told
    assert len(told) == 52
    assert by_communes == told | unmerged
    assert len(unmerged) == 11


def test_a_weight_is_published_with_its_basis_or_not_at_all(succession: list[Row]) -> None:
    assert {bool(row["weight"]) == bool(row["weight_basis"]) for row in succession} == {True}
    assert succession == sorted(succession, key=lambda row: tuple(row.values()))


def test_units_are_those_of_the_statistics_office(parts: list[Row], mapping: Path) -> None:
    """63 provinces, 696 districts, 10,035 communes: danhmuchanhchinh.gso.gov.vn, 2025-07-18."""
    districts = read(mapping / "danhmuchanhchinh.gso.gov.vn_district_2025-07-18.csv")
    communes = read(mapping / "danhmuchanhchinh.gso.gov.vn_ward_2025-07-18.csv")
    listed = {row["Mã"]: row["Mã TP"] for row in districts}
    listed |= {row["Mã"]: row["Mã QH"] for row in communes}
    assert (len(districts), len(communes)) == (696, 10035)
    assert {row["code"]: row["parent_code"] for row in parts} == listed
    named = {row["Mã"]: row["Tên"] for row in [*districts, *communes]}
    differing = [r for r in parts if _plain(r["full_name"]) != _plain(named[r["code"]])]
    assert len(differing) == DIFFERING


def _plain(name: str) -> str:
    marks = unicodedata.normalize("NFD", name.casefold()).replace("đ", "d")
    letters = "".join(char for char in marks if char.isalnum())
    return letters.replace("y", "i")


def test_successors_are_those_of_the_public_table(succession: list[Row], mapping: Path) -> None:
    rows = read(mapping / "convert_legacy_2025_simple.csv")
    listed = {
        (
            f"{int(float(row['wardCode'])):05}" if row["wardCode"] else row["districtCode"],
            row["newWardCode"].zfill(5),
        )
        for row in rows
    }
    ours = {
        (row["old_code"], row["new_code"])
        for row in succession
        if row["effective_date"] == REFORM and len(row["new_code"]) == 5
    }
    assert ours == listed


def test_predecessors_are_those_that_the_mapping_agency_names(
    parts: list[Row], succession: list[Row], mapping: Path
) -> None:
    """sapnhap.bando.com.vn tells in words what each commune of today was made of."""
    names = {row["code"]: row["full_name"] for row in parts}
    texts: dict[tuple[str, str], str] = {}
    for row in read(mapping / "sapnhap.bando.com.vn_ward_2025-07-17.csv"):
        key = _plain(row["tentinh"].split(maxsplit=1)[1]), _plain(f"{row['loai']} {row['tenhc']}")
        texts[key] = _plain(row["truocsapnhap"])
    units = read(SEEDS / "admin_unit.csv")
    provinces = {r["code"]: r["full_name"] for r in units if r["level"] == "province"}
    today = {
        r["code"]: (_plain(provinces[r["province_code"]].split(maxsplit=1)[1]), r["full_name"])
        for r in units
        if r["level"] == "commune"
    }
    found = compared = 0
    for row in succession:
        if row["effective_date"] != REFORM or len(row["new_code"]) != 5:
            continue
        province, name = today[row["new_code"]]
        text = texts.get((province, _plain(name)))
        if text is None or row["old_code"] not in names:
            continue
        compared += 1
        found += _plain(names[row["old_code"]].split(maxsplit=1)[1]) in text
    # of the others the text tells a part of the name, or an older one
    assert compared > 9700
    assert found / compared > 0.98
