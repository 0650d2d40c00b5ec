from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, Cases

CASES = Cases(
    valid={
        "station": "Hà Nội",
        "observed_at": datetime(2026, 11, 19, 23),  # noqa: DTZ001  local, as stored
        "pm25_ug_m3": 35.5,
        "aqi": 99,
    },
    beside={"station": "Hưng Yên"},
    breaks={
        ("correct.not_future", "observed_at"): {"observed_at": NOW + timedelta(seconds=1)},
        ("correct.range", "pm25_ug_m3"): {"pm25_ug_m3": -999.0},  # how a station says: broken
        ("correct.range", "aqi"): {"aqi": 501},
        (KEY_UNIQUE, None): {"pm25_ug_m3": 35.6},
    },
    at_the_limit=[
        {"observed_at": NOW},
        {"pm25_ug_m3": 0.0, "aqi": 0},
        {"pm25_ug_m3": 1000.0, "aqi": 500},
    ],
)
