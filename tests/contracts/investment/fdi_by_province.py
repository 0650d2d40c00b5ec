from __future__ import annotations

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "period": "2024-12",
        "province_name": "Hưng Yên",
        "projects": 71,
        "new_capital_usd_m": 1406.343102,
        "adjusted_capital_usd_m": 40.3491651875,
    },
    beside={"period": "2024-11"},
    breaks={
        ("clean.format", "period"): {"period": "2024-00"},
        ("correct.min", "projects"): {"projects": -1},
        ("correct.min", "new_capital_usd_m"): {"new_capital_usd_m": -0.1},
        (KEY_UNIQUE, None): {"projects": 72},
    },
    at_the_limit=[
        {"adjusted_capital_usd_m": -46.597724},
        {"projects": None, "new_capital_usd_m": None, "adjusted_capital_usd_m": None},
        {"projects": 0, "new_capital_usd_m": 0.0},
    ],
    batches=[
        (
            "complete.no_missing_period",
            [{"period": "2023-11"}, {"period": "2024-02"}, {"period": "2024-02"}],
            BatchFinding(2, 4, "2023-12, 2024-01"),
        ),
        (
            "complete.no_missing_period",
            [{"period": "2023-12"}, {"period": "2024-01"}, {"period": "2024-99"}, {"period": None}],
            BatchFinding(2, 2),
        ),
        (
            "complete.no_missing_period",
            [{"period": "12/2024"}],
            BatchFinding(0, 1, "không có kỳ nào"),
        ),
    ],
)
