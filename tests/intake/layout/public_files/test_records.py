"""Files of lines and objects: air quality, units and their mapping, procedures."""

from __future__ import annotations

import csv
import json
import tarfile
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tests.intake.layout.public_files.reading import AIR, MAPPING, PROCEDURES, UNITS, Read


def lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def test_air_quality_is_that_of_every_line(family: Read, open_data: Path) -> None:
    found = family(AIR)
    (file,) = found.offered
    expected = [
        (
            line["City"],
            datetime.fromisoformat(line["Local Time"]),
            float(line["PM25"]),
            float(line["AQI"]),
        )
        for line in lines(open_data / file)
    ]
    columns = ("station", "observed_at", "pm25_ug_m3", "aqi")
    assert found.rows.select(columns).rows() == expected
    assert found.rows.height == 8785


def test_the_mapping_of_communes_is_that_of_every_line(family: Read, open_data: Path) -> None:
    found = family(MAPPING)
    (file,) = found.offered

    def code(text: str, length: int) -> str | None:
        return f"{int(float(text)):0{length}d}" if text else None

    expected = [
        (
            code(line["wardCode"], 5),
            line["ward"] or None,
            code(line["districtCode"], 3),
            code(line["provinceCode"], 2),
            code(line["newWardCode"], 5),
            line["newWard"],
            code(line["newProvinceCode"], 2),
            line["isDividedWard"] == "True",
        )
        for line in lines(open_data / file)
    ]
    columns = [column for column in found.rows.columns if column[0] != "_"]
    assert found.rows.select(columns).rows() == expected
    assert found.rows.height == 10602


def test_procedures_are_those_of_every_file_of_the_archive(family: Read, open_data: Path) -> None:
    found = family(PROCEDURES)
    expected = set()
    with tarfile.open(open_data / found.offered[0]) as archive:
        for member in archive:
            if member.name.endswith(".json"):
                file = archive.extractfile(member)
                assert file is not None
                said = json.load(file)
                cells = (
                    said[field] if said[field] != "Không có thông tin" else None
                    for field in (
                        "ma_thu_tuc",
                        "ten_thu_tuc",
                        "co_quan_thuc_hien",
                        "cap_thuc_hien",
                        "linh_vuc",
                    )
                )
                spaced = (
                    " ".join(unicodedata.normalize("NFC", c).split()) if c else None for c in cells
                )
                expected.add((*spaced, member.name.split("/")[-2]))
    columns = ("procedure_code", "name", "agency", "level", "field", "ministry")
    assert set(found.rows.select(columns).rows()) == expected
    assert found.rows.height == len(expected) == 2642


def test_the_list_of_units_has_34_provinces_and_3321_communes(family: Read) -> None:
    units = family(UNITS).rows
    assert dict(units.group_by("level").len().rows()) == {"province": 34, "commune": 3321}
    assert units["code"].n_unique() == 3355
    communes = dict(units.filter(level="commune").group_by("province_code").len().rows())
    assert {code: communes[code] for code in ("33", "51", "12", "86")} == {
        "33": 104,
        "51": 96,
        "12": 38,
        "86": 124,
    }


def test_units_are_those_of_every_object(family: Read, open_data: Path) -> None:
    found = family(UNITS)
    provinces = json.loads((open_data / found.offered[0]).read_text(encoding="utf-8-sig"))
    expected = [("$", i, p["Code"], p["Name"], None) for i, p in enumerate(provinces, 1)] + [
        (f"$[{place}].Wards", i, ward["Code"], ward["Name"], province["Code"])
        for place, province in enumerate(provinces)
        for i, ward in enumerate(province["Wards"], 1)
    ]
    columns = ("_sheet", "_row", "code", "name", "province_code")
    assert found.rows.select(columns).rows() == expected
