from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import TODAY, Cases
from tests.contracts.shapes import AREA, FAULTS, LINE, POINT, TWO_AREAS

CASES = Cases(
    valid={
        "geometry": LINE,
        "asset_code": "HT-00001",
        "asset_name": "Đường Phố Hiến",
        "kind": "road",
        "state": "in_use",
        "managed_by": "Sở Xây dựng",
        "built_in": 2010,
        "commune_code": "12001",
        "inspected_on": date(2026, 9, 30),
    },
    beside={"asset_code": "HT-00002"},
    breaks={
        **FAULTS,
        ("clean.format", "asset_code"): {"asset_code": "HT-1"},
        ("correct.enum", "kind"): {"kind": "bridge"},
        ("correct.enum", "state"): {"state": "Tốt"},
        ("clean.format", "managed_by"): {"managed_by": "Nguyễn Văn A"},
        ("correct.range", "built_in"): {"built_in": 1899},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.not_future", "inspected_on"): {"inspected_on": TODAY + timedelta(days=1)},
        ("live.max_age", "inspected_on"): {"inspected_on": TODAY - timedelta(days=1_501)},
        ("correct.geometry_fits_kind", None): {"geometry": POINT},
        (KEY_UNIQUE, None): {"state": "damaged"},
    },
    at_the_limit=[
        {"kind": "power"},
        {"kind": "power", "geometry": POINT},
        {"kind": "school", "geometry": AREA},
        {"kind": "station", "geometry": TWO_AREAS},
        {"kind": "tree", "geometry": POINT},
        {"kind": "water"},
        {"kind": "drainage"},
        {"built_in": None},
        {"inspected_on": TODAY},
    ],
)
