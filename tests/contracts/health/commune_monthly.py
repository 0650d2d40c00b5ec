from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "outpatient_visits": 640,
        "inpatient_days": 35,
        "births": 12,
        "maternal_checks": 48,
        "children_due": 30,
        "children_vaccinated": 28,
        "deaths": 7,
        "reported_on": date(2026, 11, 4),
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.min", "outpatient_visits"): {"outpatient_visits": -1},
        ("correct.min", "inpatient_days"): {"inpatient_days": -1},
        ("correct.min", "births"): {"births": -1},
        ("correct.min", "maternal_checks"): {"maternal_checks": -1},
        ("correct.min", "children_due"): {"children_due": -1},
        ("correct.min", "children_vaccinated"): {"children_vaccinated": -1},
        ("correct.min", "deaths"): {"deaths": -1},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.vaccinated_within_due", None): {"children_vaccinated": 31},
        (KEY_UNIQUE, None): {"births": 13},
    },
    at_the_limit=[
        {"reported_on": TODAY},
        {"reported_on": TODAY - timedelta(days=800)},
        {
            "outpatient_visits": 0,
            "inpatient_days": 0,
            "births": 0,
            "maternal_checks": 0,
            "deaths": 0,
        },
        {"children_due": 0, "children_vaccinated": 0},
        {"children_vaccinated": 30},
    ],
    batches=[
        (
            "complete.every_commune_reported",
            [{}, {"commune_code": "12002"}, {"period": "2026-09"}],
            BatchFinding(3, 4, "2026-09: 12002"),
        ),
        ("complete.every_commune_reported", [{}, {"commune_code": "12002"}], BatchFinding(2, 2)),
    ],
)
