from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "indicator_code": "GRDP_GROWTH",
        "unit_code": "33",
        "period": "2026-Q3",
        "value": 10.25,
        "reported_on": date(2026, 10, 9),
    },
    beside={"period": "2026-Q2"},
    breaks={
        ("correct.reference", "indicator_code"): {"indicator_code": "GRDP_TOTAL"},
        ("clean.format", "indicator_code"): {"indicator_code": "grdp"},
        ("correct.reference", "unit_code"): {"unit_code": "99"},
        ("clean.format", "period"): {"period": "2026-Q5"},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        (KEY_UNIQUE, None): {"value": 10.3},
    },
    at_the_limit=[
        {"period": "2026"},
        {"period": "2026-H2"},
        {"period": "2026-01"},
        {"value": -3.0},
        {"reported_on": TODAY - timedelta(days=800)},
    ],
)
