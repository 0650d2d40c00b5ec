from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import TODAY, Cases
from tests.contracts.shapes import AREA, FAULTS, POINT, shape

CASES = Cases(
    valid={
        "geometry": POINT,
        "poi_code": "DQT-00001",
        "poi_name": "Chợ Phố Hiến",
        "kind": "market",
        "commune_code": "12001",
        "surveyed_on": date(2026, 9, 30),
    },
    beside={"poi_code": "DQT-00002"},
    breaks={
        **FAULTS,
        ("clean.format", "poi_code"): {"poi_code": "DQT00001"},
        ("correct.enum", "kind"): {"kind": "Chợ"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.not_future", "surveyed_on"): {"surveyed_on": TODAY + timedelta(days=1)},
        ("correct.geometry_is_point", None): {"geometry": AREA},
        (KEY_UNIQUE, None): {"kind": "bus_stop"},
    },
    at_the_limit=[
        {"geometry": shape("Point", [106.05, 20.65, 3.5])},
        {"geometry": shape("Point", [102.0, 6.0])},
        {"geometry": shape("Point", [118.0, 24.0])},
        {"surveyed_on": TODAY},
    ],
)
