from __future__ import annotations

from datetime import date, datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, TODAY, Cases

CASES = Cases(
    valid={
        "permit_no": "412/2026/GPXD",
        "commune_code": "12001",
        "kind": "new_house",
        "applicant": "Nguyễn Văn A",
        "floor_area_m2": 240.5,
        "floors": 3,
        "issued_on": date(2026, 11, 3),
        "expires_on": date(2027, 11, 3),
        "updated_at": datetime(2026, 11, 3, 15),  # noqa: DTZ001  local, as stored
    },
    beside={"permit_no": "413/2026/GPXD"},
    breaks={
        ("clean.format", "permit_no"): {"permit_no": "412/GPXD"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "kind"): {"kind": "nha_o_rieng_le"},
        ("correct.min", "floor_area_m2"): {"floor_area_m2": 0.0},
        ("correct.range", "floors"): {"floors": 61},
        ("correct.not_future", "issued_on"): {"issued_on": TODAY + timedelta(days=1)},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.expires_after_issued", None): {"expires_on": date(2026, 11, 3)},
        (KEY_UNIQUE, None): {"floors": 4},
    },
    at_the_limit=[
        {"permit_no": "1/2026/GPXD", "floors": 1, "floor_area_m2": 0.1},
        {"permit_no": "99999/2026/GPXD", "floors": 60},
        {"issued_on": TODAY},
        {"expires_on": date(2026, 11, 4)},
        {"updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
)
