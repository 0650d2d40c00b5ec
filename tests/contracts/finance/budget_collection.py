from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "revenue_item": "land_use_fee",
        "collected_vnd": 7_000,
        "refunded_vnd": 700,
        "updated_at": datetime(2026, 11, 2, 9),  # noqa: DTZ001  local, as stored
    },
    beside={"revenue_item": "land_rent"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "revenue_item"): {"revenue_item": "tien_su_dung_dat"},
        ("correct.min", "collected_vnd"): {"collected_vnd": -1, "refunded_vnd": 0},
        ("correct.min", "refunded_vnd"): {"refunded_vnd": -1},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.refund_within_collection", None): {"refunded_vnd": 7_001},
        (KEY_UNIQUE, None): {"collected_vnd": 7_001},
    },
    at_the_limit=[
        {"collected_vnd": 0, "refunded_vnd": 0},
        {"refunded_vnd": 7_000},
        {"updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
)
