from __future__ import annotations

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "code": "12001",
        "name": "Phố Hiến",
        "full_name": "Phường Phố Hiến",
        "level": "commune",
        "unit_type": "Phường",
        "province_code": "33",
    },
    beside={"code": "12002"},
    breaks={
        ("clean.format", "code"): {"code": "120"},
        ("correct.enum", "level"): {"level": "district", "province_code": None},
        ("correct.enum", "unit_type"): {"unit_type": "Thị trấn"},
        ("clean.format", "province_code"): {"province_code": "3"},
        ("complete.province_of_commune", None): {"province_code": None},
        (KEY_UNIQUE, None): {"name": "Sơn Nam"},
    },
    at_the_limit=[{"code": "33", "level": "province", "unit_type": "Tỉnh", "province_code": None}],
    batches=[
        (
            "complete.every_province_has_communes",
            [
                {},
                {"code": "33", "level": "province", "province_code": None},
                {"code": "01", "level": "province", "province_code": None},
            ],
            BatchFinding(1, 2, "01"),
        ),
        (
            "complete.every_province_has_communes",
            [{}, {"code": "33", "level": "province", "province_code": None}],
            BatchFinding(1, 1),
        ),
    ],
)
