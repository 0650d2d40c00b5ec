from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "school_year": "2026-2027",
        "school_code": "33120001",
        "school_name": "Trường Tiểu học Phố Hiến",
        "level": "primary",
        "commune_code": "12001",
        "classes": 20,
        "pupils": 700,
        "teachers": 31,
        "reported_on": date(2026, 10, 5),
    },
    beside={"school_year": "2025-2026"},
    breaks={
        ("clean.format", "school_year"): {"school_year": "2026-27"},
        ("clean.format", "school_code"): {
            "school_code": "34120001"
        },  # a school of another province
        ("correct.enum", "level"): {"level": "Tiểu học"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.min", "classes"): {"classes": 0, "pupils": 0},
        ("correct.min", "pupils"): {"pupils": -1},
        ("correct.min", "teachers"): {"teachers": 0},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.pupils_fit_classes", None): {"pupils": 1_201},
        (KEY_UNIQUE, None): {"pupils": 701},
    },
    at_the_limit=[
        {"reported_on": TODAY},
        {"reported_on": TODAY - timedelta(days=800)},
        {"classes": 1, "pupils": 60, "teachers": 1},
        {"pupils": 0},
        {"pupils": 1_200},
    ],
)
