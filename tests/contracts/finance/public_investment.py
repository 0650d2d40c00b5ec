from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "project_code": "DA-0001",
        "project_name": "Đường tỉnh 378, giai đoạn 2",
        "commune_code": "12001",
        "year_plan_vnd": 9_000,
        "month_vnd": 700,
        "cumulative_vnd": 7_000,
        "progress_percent": 62.5,
        "closed_on": date(2026, 11, 5),
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "project_code"): {"project_code": "DA-1"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.min", "year_plan_vnd"): {"year_plan_vnd": -1},
        ("correct.min", "cumulative_vnd"): {"cumulative_vnd": -1, "month_vnd": -2},
        ("correct.range", "progress_percent"): {"progress_percent": 100.1},
        ("correct.not_future", "closed_on"): {"closed_on": TODAY + timedelta(days=1)},
        ("live.max_age", "closed_on"): {"closed_on": TODAY - timedelta(days=801)},
        ("correct.cumulative_covers_month", None): {"cumulative_vnd": 699},
        (KEY_UNIQUE, None): {"month_vnd": 701},
    },
    at_the_limit=[
        {"closed_on": TODAY},
        {"closed_on": TODAY - timedelta(days=800)},
        {"year_plan_vnd": 0, "month_vnd": 0, "cumulative_vnd": 0},
        {"month_vnd": -700},  # an advance that was paid back
        {"cumulative_vnd": 700},
        {"cumulative_vnd": 9_001},  # a plan may be raised later
        {"progress_percent": 0.0},
        {"progress_percent": 100.0},
    ],
    batches=[
        (
            "complete.no_missing_period",
            [{"period": "2025-11"}, {"period": "2026-02"}],
            BatchFinding(2, 4, "2025-12, 2026-01"),
        ),
        (
            "complete.no_missing_period",
            [{"period": "2026-01"}, {"period": "2025-12", "project_code": "DA-0002"}],
            BatchFinding(2, 2),
        ),
    ],
)
