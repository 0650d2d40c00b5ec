from __future__ import annotations

from datetime import date, datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, TODAY, Cases

CASES = Cases(
    valid={
        "payment_no": "CTC-261101-00001",
        "commune_code": "12001",
        "spending_kind": "recurrent",
        "approved_on": date(2026, 11, 2),
        "paid_on": date(2026, 11, 4),
        "amount_vnd": 125_000_000,
        "updated_at": datetime(2026, 11, 4, 16),  # noqa: DTZ001  local, as stored
    },
    beside={"payment_no": "CTC-261101-00002"},
    breaks={
        ("clean.format", "payment_no"): {"payment_no": "CTC-261101-1"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "spending_kind"): {"spending_kind": "thuong_xuyen"},
        ("correct.not_future", "paid_on"): {"paid_on": TODAY + timedelta(days=1)},
        ("correct.min", "amount_vnd"): {"amount_vnd": 0},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.paid_after_approved", None): {"paid_on": date(2026, 11, 1)},
        (KEY_UNIQUE, None): {"amount_vnd": 125_000_001},
    },
    at_the_limit=[
        {"paid_on": date(2026, 11, 2)},
        {"paid_on": TODAY},
        {"amount_vnd": 1},
        {"updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
)
