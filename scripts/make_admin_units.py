"""Write the seed ``admin_unit.csv``.

Source: the package ``vietnamadminunits`` 1.0.4 (MIT licence, (c) 2025 Tran Ngoc Minh Hieu), which
holds the 63 provinces before 2025-07-01 and the 34 provinces and 3,321 communes after it. The
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
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from importlib import metadata, resources
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import NamedTuple

PACKAGE = "vietnamadminunits"
VERSION = "1.0.4"
SEEDS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"
KINDS = ("Thành phố", "Tỉnh", "Đặc khu", "Phường", "Xã")

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


def query(statement: str) -> list[tuple[str, ...]]:
    """Ask the package's database, without running the package: its own imports are heavy."""
    if (found := metadata.version(PACKAGE)) != VERSION:
        msg = f"{PACKAGE} {VERSION} is the reviewed version, found {found}"
        raise RuntimeError(msg)
    spec = find_spec(PACKAGE)
    if spec is None:
        msg = f"{PACKAGE} is not installed"
        raise RuntimeError(msg)
    database = resources.files(module_from_spec(spec)) / "data" / "dataset.db"
    with resources.as_file(database) as path:
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
    SEEDS.mkdir(parents=True, exist_ok=True)
    write(SEEDS / "admin_unit.csv", Unit._fields, units)
    print(f"{len(provinces)} provinces, {len(units) - len(provinces)} communes")


if __name__ == "__main__":
    main()
