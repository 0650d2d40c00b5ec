from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, Cases

CASES = Cases(
    valid={
        "feedback_code": "PA-261101-00001",
        "commune_code": "12001",
        "field": "environment",
        "channel": "app",
        "sender_phone": "0912000000",
        "status": "answered",
        "received_at": datetime(2026, 11, 1, 8, 30),  # noqa: DTZ001  local, as stored
        "answered_at": datetime(2026, 11, 7, 9),  # noqa: DTZ001
        "satisfaction": 4,
        "updated_at": datetime(2026, 11, 7, 9),  # noqa: DTZ001
    },
    beside={"feedback_code": "PA-261101-00002"},
    breaks={
        ("clean.format", "feedback_code"): {"feedback_code": "PA-261101-1"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "field"): {"field": "moi_truong"},
        ("correct.enum", "channel"): {"channel": "fax"},
        ("correct.enum", "status"): {"status": "done", "satisfaction": None},
        ("correct.not_future", "received_at"): {
            "received_at": NOW + timedelta(seconds=1),
            "answered_at": None,
            "status": "received",
            "satisfaction": None,
        },
        ("correct.not_future", "answered_at"): {"answered_at": NOW + timedelta(seconds=1)},
        ("correct.range", "satisfaction"): {"satisfaction": 6},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.answered_after_received", None): {
            "answered_at": datetime(2026, 11, 1, 8, 29, 59)  # noqa: DTZ001
        },
        ("complete.answered_when_answered", None): {"answered_at": None},
        ("correct.satisfaction_when_answered", None): {"status": "refused"},
        (KEY_UNIQUE, None): {"sender_phone": "0912000001"},
    },
    at_the_limit=[
        {"sender_phone": None, "satisfaction": None},
        {"satisfaction": 1},
        {"satisfaction": 5},
        {"status": "processing", "answered_at": None, "satisfaction": None},
        {"status": "refused", "satisfaction": None},
        {"answered_at": datetime(2026, 11, 1, 8, 30)},  # noqa: DTZ001
        {"answered_at": NOW, "updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
)
