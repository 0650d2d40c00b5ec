from __future__ import annotations

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "period": "2024-12",
        "province_name": "Hưng Yên",
        "index_previous_month": 100.8,
        "index_same_period": 104.2,
    },
    beside={"period": "2024-11"},
    breaks={
        ("clean.format", "period"): {"period": "12/2024"},
        # a change in percent is no index
        ("correct.range", "index_previous_month"): {"index_previous_month": 0.8},
        ("correct.range", "index_same_period"): {"index_same_period": 1000.1},
        (KEY_UNIQUE, None): {"index_previous_month": 100.9},
    },
    at_the_limit=[
        {"index_previous_month": 1.0, "index_same_period": 1.0},
        {"index_previous_month": 1000.0, "index_same_period": 1000.0},
    ],
    batches=[
        (
            "complete.no_missing_period",
            [{"period": "2023-10"}, {"period": "2024-01"}],
            BatchFinding(2, 4, "2023-11, 2023-12"),
        ),
        (
            "complete.no_missing_period",
            [{"period": "2024-02"}, {"period": "2024-01"}, {"period": "2023-12"}],
            BatchFinding(3, 3),
        ),
    ],
)
