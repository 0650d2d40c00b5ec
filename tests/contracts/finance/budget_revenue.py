from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "year_plan_vnd": 9_000,
        "month_vnd": 700,
        "cumulative_vnd": 7_000,
        "closed_on": date(2026, 11, 5),
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.min", "year_plan_vnd"): {"year_plan_vnd": -1},
        ("correct.min", "cumulative_vnd"): {"cumulative_vnd": -1, "month_vnd": -2},
        ("correct.not_future", "closed_on"): {"closed_on": TODAY + timedelta(days=1)},
        ("live.max_age", "closed_on"): {"closed_on": TODAY - timedelta(days=801)},
        ("correct.cumulative_covers_month", None): {"cumulative_vnd": 699},
        (KEY_UNIQUE, None): {"month_vnd": 701},
    },
    at_the_limit=[
        {"closed_on": TODAY},
        {"closed_on": TODAY - timedelta(days=800)},
        {"year_plan_vnd": 0, "month_vnd": 0, "cumulative_vnd": 0},
        {"month_vnd": -700},
        {"cumulative_vnd": 700},
    ],
    batches=[
        (
            "complete.every_commune_reported",
            [{}, {"commune_code": "12002"}],
            BatchFinding(2, 2),
        ),
        (
            "complete.every_commune_reported",
            [{}, {"commune_code": "12002"}, {"period": "2026-09"}],
            BatchFinding(3, 4, "2026-09: 12002"),
        ),
        (  # a malformed period and an unknown commune count for nothing
            "complete.every_commune_reported",
            [{}, {"period": "10/2026"}, {"period": None}, {"commune_code": "99999"}],
            BatchFinding(1, 2, "2026-10: 12002"),
        ),
        (
            "complete.every_commune_reported",
            [{}, {}, {"commune_code": "12002"}],
            BatchFinding(2, 2),
        ),
        ("complete.every_commune_reported", [], BatchFinding(0, 0)),
    ],
)
