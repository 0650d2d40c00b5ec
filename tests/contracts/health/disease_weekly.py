from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "week": "2026-W46",
        "commune_code": "12001",
        "disease": "dengue",
        "cases": 12,
        "deaths": 1,
        "reported_on": date(2026, 11, 16),
    },
    beside={"week": "2026-W45"},
    breaks={
        ("clean.format", "week"): {"week": "2026-W54"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "disease"): {"disease": "cúm"},
        ("correct.range", "cases"): {"cases": 5001},
        ("correct.min", "deaths"): {"deaths": -1},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.deaths_within_cases", None): {"deaths": 13},
        (KEY_UNIQUE, None): {"cases": 13},
    },
    at_the_limit=[
        {"week": "2026-W53"},
        {"week": "2026-W01"},
        {"cases": 5000},
        {"cases": 0, "deaths": 0},
        {"deaths": 12},
        {"reported_on": TODAY - timedelta(days=800)},
    ],
    batches=[
        (
            "complete.every_commune_reported",
            [{}, {"disease": "measles"}, {"week": "2026-W45", "commune_code": "12002"}],
            BatchFinding(2, 4, "2026-W45: 12001; 2026-W46: 12002"),
        ),
        (
            "complete.every_commune_reported",
            [{}, {"commune_code": "12002"}, {"week": "2026-W99"}],
            BatchFinding(2, 2),
        ),
    ],
)
