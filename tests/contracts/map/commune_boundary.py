from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases
from tests.contracts.shapes import AREA, FAULTS, LINE, TWO_AREAS, WITH_HOLE

CASES = Cases(
    valid={
        "geometry": AREA,
        "edition": "2026-Q3",
        "commune_code": "12001",
        "commune_name": "Phường Phố Hiến",
        "area_km2": 27.32,
    },
    beside={"commune_code": "12002"},
    breaks={
        **FAULTS,
        ("clean.format", "edition"): {"edition": "2026-09"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.range", "area_km2"): {"area_km2": 3_000.1},
        ("correct.geometry_is_area", None): {"geometry": LINE},
        (KEY_UNIQUE, None): {"area_km2": 27.33},
    },
    at_the_limit=[
        {"geometry": WITH_HOLE},
        {"geometry": TWO_AREAS},
        {"area_km2": 0.1},
    ],
)
