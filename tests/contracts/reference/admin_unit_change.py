from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "old_code": "11950",
        "old_name": "Phường Lam Sơn",
        "old_district_code": "323",
        "old_province_code": "33",
        "new_code": "11953",
        "new_name": "Phường Phố Hiến",
        "new_province_code": "33",
        "is_divided": False,
    },
    beside={"old_district_code": "324"},
    breaks={
        ("clean.format", "old_code"): {"old_code": "1"},
        ("clean.format", "old_district_code"): {"old_district_code": "23"},
        ("clean.format", "old_province_code"): {"old_province_code": "1"},
        ("clean.format", "new_code"): {"new_code": "1195300"},
        ("clean.format", "new_province_code"): {"new_province_code": "033"},
        (KEY_UNIQUE, None): {"is_divided": True},
    },
    at_the_limit=[
        # a district that was an island had no communes
        {"old_code": None, "old_name": None, "new_name": "Đặc khu Phú Quý"},
        {"new_province_code": "34", "is_divided": True},
    ],
)
