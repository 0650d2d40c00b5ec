from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

NOBODY = {
    "headcount": 0,
    "female": 0,
    "postgraduate": 0,
    "university": 0,
    "college": 0,
    "below_college": 0,
    "up_to_30": 0,
    "from_31_to_40": 0,
    "from_41_to_50": 0,
    "over_50": 0,
}

CASES = Cases(
    valid={
        "period": "2026-H1",
        "organisation_code": "001.33.00.H31",
        "organisation_name": "UBND Phường Phố Hiến",
        "commune_code": "12001",
        "kind": "civil_servant",
        "headcount": 40,
        "female": 18,
        "postgraduate": 8,
        "university": 27,
        "college": 3,
        "below_college": 2,
        "up_to_30": 4,
        "from_31_to_40": 15,
        "from_41_to_50": 15,
        "over_50": 6,
        "reported_on": date(2026, 6, 30),
    },
    beside={"period": "2025-H2"},
    breaks={
        ("clean.format", "period"): {"period": "2026-06"},
        ("clean.format", "organisation_code"): {"organisation_code": "0013300H31"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "kind"): {"kind": "Công chức"},
        ("correct.min", "headcount"): {"headcount": -1},
        ("correct.min", "female"): {"female": -1},
        ("correct.min", "postgraduate"): {"postgraduate": -1},
        ("correct.min", "university"): {"university": -1},
        ("correct.min", "college"): {"college": -1},
        ("correct.min", "below_college"): {"below_college": -1},
        ("correct.min", "up_to_30"): {"up_to_30": -1},
        ("correct.min", "from_31_to_40"): {"from_31_to_40": -1},
        ("correct.min", "from_41_to_50"): {"from_41_to_50": -1},
        ("correct.min", "over_50"): {"over_50": -1},
        ("correct.women_within_staff", None): {"female": 41},
        ("correct.qualifications_add_up", None): {"university": 28},
        ("correct.ages_add_up", None): {"over_50": 7},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        (KEY_UNIQUE, None): {"female": 19},
    },
    at_the_limit=[
        {"female": 40},
        {"commune_code": None, "organisation_code": "000.00.01.H31"},
        NOBODY,
        {"reported_on": TODAY},
        {"reported_on": TODAY - timedelta(days=800)},
    ],
    batches=[
        (
            "complete.every_commune_reported",
            [{}, {"commune_code": "12002"}, {"period": "2025-H2"}],
            BatchFinding(3, 4, "2025-H2: 12002"),
        ),
    ],
)
