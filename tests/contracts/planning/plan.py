from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "plan_code": "QH-001",
        "plan_name": "Quy hoạch chung xã Tân Hưng",
        "plan_kind": "general",
        "commune_code": "12001",
        "area_ha": 1_250.5,
        "horizon_year": 2045,
        "decision_number": "1234/QĐ-UBND",
        "decided_on": date(2026, 9, 15),
        "reported_on": date(2026, 9, 30),
    },
    beside={"plan_code": "QH-002"},
    breaks={
        ("clean.format", "plan_code"): {"plan_code": "QH1"},
        ("correct.enum", "plan_kind"): {"plan_kind": "Quy hoạch chung"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.range", "area_ha"): {"area_ha": 0.0},
        ("correct.range", "horizon_year"): {"horizon_year": 20_450},
        ("clean.format", "decision_number"): {"decision_number": "1234-QD"},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("correct.not_future", "decided_on"): {"decided_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.looks_ahead", None): {"horizon_year": 2026},
        (KEY_UNIQUE, None): {"area_ha": 1_250.6},
    },
    at_the_limit=[
        {"horizon_year": None},
        {"horizon_year": 2027},
        {"decided_on": TODAY},
        {"area_ha": 0.1},
        {"area_ha": 100_000.0},
    ],
)
