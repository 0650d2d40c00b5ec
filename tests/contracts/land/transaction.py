from __future__ import annotations

from datetime import date, datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, TODAY, Cases

CASES = Cases(
    valid={
        "transaction_code": "GD2026-000001",
        "commune_code": "12001",
        "kind": "transfer",
        "map_sheet": 12,
        "parcel": 345,
        "area_m2": 120.5,
        "price_vnd": 2_400_000_000,
        "owner_name": "Nguyễn Văn A",
        "registered_on": date(2026, 11, 3),
        "updated_at": datetime(2026, 11, 5, 10),  # noqa: DTZ001  local, as stored
    },
    beside={"transaction_code": "GD2026-000002"},
    breaks={
        ("clean.format", "transaction_code"): {"transaction_code": "GD26-000001"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "kind"): {"kind": "chuyen_nhuong"},
        ("correct.min", "map_sheet"): {"map_sheet": 0},
        ("correct.min", "parcel"): {"parcel": 0},
        ("correct.min", "area_m2"): {"area_m2": 0.0},
        ("correct.max", "area_m2"): {"area_m2": 1_000_000.1},
        ("correct.min", "price_vnd"): {"price_vnd": -1},
        ("correct.not_future", "registered_on"): {"registered_on": TODAY + timedelta(days=1)},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("complete.transfer_has_price", None): {"price_vnd": None},
        (KEY_UNIQUE, None): {"parcel": 346},
    },
    at_the_limit=[
        {"map_sheet": 1, "parcel": 1, "area_m2": 0.1, "price_vnd": 0},
        {"area_m2": 1_000_000.0},
        {"kind": "gift", "price_vnd": None},
        {"registered_on": TODAY},
        {"updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
)
