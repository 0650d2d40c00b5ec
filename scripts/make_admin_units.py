"""Write the seeds of administrative units.

``admin_unit.csv``
    Every version of a province since 2003, and the communes in force.
``admin_unit_three_tiers.csv``
    The 696 districts and 10,035 communes of 2025-06-30, the last day of three tiers; their level is
    told by the length of the code. The list is closed and does not change any more.
``admin_unit_succession.csv``
    Which unit went to which on which day. ``weight`` is the part that a decision or a statistics
    office published, ``weight_basis`` says of what; both are empty where no part was published. A
    later change is a row here, and its units are rows of ``admin_unit.csv``.

Source: the package ``vietnamadminunits`` 1.0.4 (MIT licence, (c) 2025 Tran Ngoc Minh Hieu), which
holds the three tiers before 2025-07-01, the two after it, and what became of each commune. The
history of the provinces before 2025 is the tables in this file.

The package is no dependency of the project. Run this in an environment of its own, and review the
difference before committing::

    pip install vietnamadminunits==1.0.4
    python scripts/make_admin_units.py

What a reader of the seed must know:

- ``valid_to`` is the last valid day; it is empty while the unit is in force.
- 2003-01-01 is the start of the dimension by convention, not the birth of a province.
- Codes are those of the list in force since 2004, given to the earlier units by convention, and
  the reform of 2025 reused them: 15 was Yên Bái and is Lào Cai. The key is code + valid_from.
- A change of boundary that leaves both provinces in being begins no new unit.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = "vietnamadminunits"
VERSION = "1.0.4"
SEEDS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"
KINDS = ("Thành phố", "Tỉnh", "Đặc khu", "Phường", "Xã")
KINDS_OF_THREE_TIERS = ("Thành phố", "Thị xã", "Quận", "Huyện", "Thị trấn", "Phường", "Xã")

START = "2003-01-01"
LAST_OF_63 = "2025-06-30"
REFORM = "2025-07-01"  # 202/2025/QH15

# Provinces as they were before they took the form the 63-province table gives.
EARLIER = (
    ("01", "Thành phố Hà Nội", "2008-07-31"),  # 15/2008/QH12: Hà Tây joins Hà Nội
    ("28", "Tỉnh Hà Tây", "2008-07-31"),
    ("12", "Tỉnh Lai Châu", "2003-12-31"),  # 22/2003/QH11: Lai Châu, Đắk Lắk, Cần Thơ divided
    ("66", "Tỉnh Đắk Lắk", "2003-12-31"),
    ("92", "Tỉnh Cần Thơ", "2003-12-31"),
    ("46", "Tỉnh Thừa Thiên Huế", "2024-12-31"),  # 175/2024/QH15: the city of Huế
)

# First day of those of the 63 provinces that are younger than the dimension.
BEGAN = {
    "01": "2008-08-01",
    "11": "2004-01-01",
    "12": "2004-01-01",
    "46": "2025-01-01",
    "66": "2004-01-01",
    "67": "2004-01-01",
    "92": "2004-01-01",
    "93": "2004-01-01",
}

# Hà Nội, Cao Bằng, Điện Biên, Lai Châu, Sơn La, Lạng Sơn, Quảng Ninh, Thanh Hóa, Nghệ An, Hà Tĩnh
# and Huế went through the reform of 2025 unmerged.
UNMERGED = frozenset({"01", "04", "11", "12", "14", "20", "22", "38", "40", "42", "46"})


class Unit(NamedTuple):
    """One row of ``admin_unit.csv``."""

    code: str
    name: str
    full_name: str
    level: str
    unit_type: str
    province_code: str
    valid_from: str
    valid_to: str


def make_unit(
    code: str, full_name: str, valid_from: str, valid_to: str = "", province_code: str = ""
) -> Unit:
    """Read kind and name off the full name: the package's column of kinds errs in four rows."""
    full_name = unicodedata.normalize("NFC", full_name)
    for kind in KINDS:
        if full_name.startswith(f"{kind} "):
            name = full_name.removeprefix(f"{kind} ")
            level = "commune" if province_code else "province"
            return Unit(code, name, full_name, level, kind, province_code, valid_from, valid_to)
    msg = f"{code}: no known kind of unit in {full_name!r}"
    raise ValueError(msg)


class Part(NamedTuple):
    """One row of ``admin_unit_three_tiers.csv``: a district or a commune of 2025-06-30."""

    code: str
    full_name: str
    parent_code: str


class Succession(NamedTuple):
    """One row of ``admin_unit_succession.csv``."""

    effective_date: str
    old_code: str
    new_code: str
    weight: str = ""
    weight_basis: str = ""


# The changes before the reform: 22/2003/QH11, 15/2008/QH12, 175/2024/QH15.
EARLIER_CHANGES = (
    Succession("2004-01-01", "12", "11"),
    Succession("2004-01-01", "12", "12"),
    Succession("2004-01-01", "66", "66"),
    Succession("2004-01-01", "66", "67"),
    Succession("2004-01-01", "92", "92"),
    Succession("2004-01-01", "92", "93"),
    Succession("2008-08-01", "01", "01"),
    Succession("2008-08-01", "28", "01"),
    Succession("2025-01-01", "46", "46"),
)


def data() -> Traversable:
    """Where the package keeps its data; it is not run: its own imports are heavy."""
    if (found := metadata.version(PACKAGE)) != VERSION:
        msg = f"{PACKAGE} {VERSION} is the reviewed version, found {found}"
        raise RuntimeError(msg)
    spec = find_spec(PACKAGE)
    if spec is None:
        msg = f"{PACKAGE} is not installed"
        raise RuntimeError(msg)
    return resources.files(module_from_spec(spec)) / "data"


def query(statement: str) -> list[tuple[str, ...]]:
    """Ask the package's database."""
    with resources.as_file(data() / "dataset.db") as path:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


def provinces_before_reform() -> list[Unit]:
    """Return the provinces that began before 2025-07-01, those still in force among them."""
    units = [make_unit(code, full_name, START, last) for code, full_name, last in EARLIER]
    for code, full_name in query("SELECT DISTINCT provinceCode, province FROM admin_units_legacy"):
        last = "" if code in UNMERGED else LAST_OF_63
        units.append(make_unit(code, full_name, BEGAN.get(code, START), last))
    return units


def provinces_of_reform() -> list[Unit]:
    """Return the 23 provinces that the reform of 2025 made."""
    rows = query("SELECT DISTINCT provinceCode, province FROM admin_units")
    return [make_unit(code, name, REFORM) for code, name in rows if code not in UNMERGED]


def communes() -> list[Unit]:
    """Return the communes in force since the reform of 2025."""
    rows = query("SELECT wardCode, ward, provinceCode FROM admin_units")
    return [
        make_unit(code, name, REFORM, province_code=province_code)
        for code, name, province_code in rows
    ]


def three_tiers() -> list[Part]:
    """Return the districts and communes of the last day of three tiers, each below its own unit."""
    rows = query("SELECT DISTINCT districtCode, district, provinceCode FROM admin_units_legacy")
    rows += query(
        "SELECT wardCode, ward, districtCode FROM admin_units_legacy WHERE wardCode IS NOT NULL"
    )
    return [Part(code, tidy(full_name), parent) for code, full_name, parent in rows]


def tidy(text: str) -> str:
    """Return a name in NFC, without doubled spaces and with its kind spelt as everywhere.

    The package has four names with doubled spaces and ten kinds such as Thị Trấn.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    for kind in KINDS_OF_THREE_TIERS:
        if name.lower().startswith(f"{kind.lower()} "):
            return kind + name[len(kind) :]
    msg = f"no known kind of unit in {name!r}"
    raise ValueError(msg)


def successors() -> list[Succession]:
    """Return what became of every commune and province, in all changes since 2003."""
    rows = [*communes_of_reform(), *provinces_of_2025()]
    return [*EARLIER_CHANGES, *(Succession(REFORM, old, new) for old, new in rows)]


def communes_of_reform() -> set[tuple[str, str]]:
    """Return old and new code of each commune, and of the island districts that had none.

    The package tells both by keys of names; an old commune under several keys was divided.
    """
    old = {
        f"{province}_{district}_{commune or ''}": code
        for province, district, commune, code in query(
            "SELECT provinceKey, districtKey, wardKey, coalesce(wardCode, districtCode)"
            " FROM admin_units_legacy"
        )
    }
    new = {
        (province, commune): code
        for province, commune, code in query(
            "SELECT provinceKey, wardKey, wardCode FROM admin_units"
        )
    }
    told: dict[str, Any] = json.loads((data() / "converter_2025.json").read_text(encoding="utf-8"))
    whole = {
        (old[key], new[province, commune])
        for province, communes in told["DICT_PROVINCE_WARD_NO_DIVIDED"].items()
        for commune, keys in communes.items()
        for key in keys
    }
    divided = {
        (old[key], new[province, part["newWardKey"]])
        for province, communes in told["DICT_PROVINCE_WARD_DIVIDED"].items()
        for key, parts in communes.items()
        for part in parts
    }
    return whole | divided


def provinces_of_2025() -> list[tuple[str, str]]:
    """Return old and new code of the 52 provinces that the reform ended."""
    old = dict(query("SELECT DISTINCT provinceKey, provinceCode FROM admin_units_legacy"))
    new = dict(query("SELECT DISTINCT provinceKey, provinceCode FROM admin_units"))
    told: dict[str, Any] = json.loads((data() / "converter_2025.json").read_text(encoding="utf-8"))
    return [
        (old[key], new[province])
        for province, keys in told["DICT_PROVINCE"].items()
        for key in keys
        if old[key] not in UNMERGED
    ]


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    provinces = sorted(
        provinces_before_reform() + provinces_of_reform(), key=lambda u: (u.code, u.valid_from)
    )
    units = provinces + sorted(communes())
    parts, changes = sorted(three_tiers()), sorted(successors())
    SEEDS.mkdir(parents=True, exist_ok=True)
    write(SEEDS / "admin_unit.csv", Unit._fields, units)
    write(SEEDS / "admin_unit_three_tiers.csv", Part._fields, parts)
    write(SEEDS / "admin_unit_succession.csv", Succession._fields, changes)
    print(f"{len(provinces)} provinces, {len(units) - len(provinces)} communes in force")
    print(f"{len(parts)} districts and communes of three tiers, {len(changes)} successions")


if __name__ == "__main__":
    main()
