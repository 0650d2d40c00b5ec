from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "tax_kind": "value_added",
        "taxpayers": 120,
        "assessed_vnd": 5_000,
        "collected_vnd": 4_000,
        "arrears_vnd": 1_500,
        "updated_at": datetime(2026, 11, 2, 9),  # noqa: DTZ001  local, as stored
    },
    beside={"tax_kind": "land_use"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "tax_kind"): {"tax_kind": "gtgt"},
        ("correct.min", "taxpayers"): {"taxpayers": -1},
        ("correct.min", "assessed_vnd"): {"assessed_vnd": -1, "collected_vnd": 0},
        ("correct.min", "collected_vnd"): {"collected_vnd": -1},
        ("correct.min", "arrears_vnd"): {"arrears_vnd": -1},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.collected_within_due", None): {"collected_vnd": 6_501},
        (KEY_UNIQUE, None): {"taxpayers": 121},
    },
    at_the_limit=[
        {"taxpayers": 0, "assessed_vnd": 0, "collected_vnd": 0, "arrears_vnd": 0},
        {"collected_vnd": 6_500},
        {"updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
)
