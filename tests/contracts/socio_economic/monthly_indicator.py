from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "indicator": "exports",
        "unit": "triệu USD",
        "month_value": 812.5,
        "year_to_date_value": 7_420.3,
        "vs_same_period_percent": 112.4,
        "reported_on": date(2026, 10, 29),
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("correct.enum", "indicator"): {"indicator": "Kim ngạch xuất khẩu"},
        ("correct.min", "month_value"): {"month_value": -0.1},
        ("correct.range", "vs_same_period_percent"): {"vs_same_period_percent": 1000.1},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.enum", "unit"): {"unit": "nghìn USD"},
        (KEY_UNIQUE, None): {"month_value": 812.6},
    },
    at_the_limit=[
        {"reported_on": TODAY},
        {"reported_on": TODAY - timedelta(days=800)},
        {"month_value": 0.0, "year_to_date_value": None, "vs_same_period_percent": 0.0},
        {"vs_same_period_percent": 1000.0},
        {"indicator": "credit_outstanding", "unit": "tỷ đồng"},
    ],
    batches=[
        (
            "complete.no_missing_period",
            [{"period": "2025-11"}, {"period": "2026-02"}],
            BatchFinding(2, 4, "2025-12, 2026-01"),
        ),
        (
            "complete.no_missing_period",
            [
                {"period": "2026-01"},
                {"period": "2025-12", "indicator": "imports", "unit": "triệu USD"},
            ],
            BatchFinding(2, 2),
        ),
    ],
)
