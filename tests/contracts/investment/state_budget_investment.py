from __future__ import annotations

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "period": "2024-12",
        "unit_name": "Hưng Yên",
        "month_bn_vnd": 1325.5,
        "cumulative_bn_vnd": 12_408.25,
    },
    beside={"period": "2024-11"},
    breaks={
        ("clean.format", "period"): {"period": "2024-13"},
        ("correct.min", "month_bn_vnd"): {"month_bn_vnd": -0.1},
        # the plan of the year, read as what was spent by January
        ("correct.cumulative_covers_month", None): {"period": "2024-01"},
        (KEY_UNIQUE, None): {"month_bn_vnd": 1325.6},
    },
    at_the_limit=[
        {"month_bn_vnd": 0.0, "cumulative_bn_vnd": 0.0},
        {"period": "2024-01", "cumulative_bn_vnd": 1325.5},
        {"period": "2024-02", "cumulative_bn_vnd": 1325.5},
        {"unit_name": "Bộ Y tế"},
    ],
    batches=[
        (
            "complete.no_missing_period",
            [{"period": "2010-12"}, {"period": "2011-01"}, {"period": "2011-04"}],
            BatchFinding(3, 5, "2011-02, 2011-03"),
        ),
        (  # two units of one month; a malformed month counts for nothing
            "complete.no_missing_period",
            [
                {"period": "2011-01"},
                {"period": "2011-01", "unit_name": "Bộ Y tế"},
                {"period": "1/2011"},
            ],
            BatchFinding(1, 1),
        ),
    ],
)
