from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "procedures": 420,
        "procedures_published": 405,
        "results": 310,
        "results_digital": 260,
        "ratings": 45,
        "ratings_satisfied": 41,
        "reported_on": date(2026, 11, 4),
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.min", "procedures"): {"procedures": 0, "procedures_published": 0},
        ("correct.min", "procedures_published"): {"procedures_published": -1},
        ("correct.min", "results"): {"results": -1, "results_digital": 0},
        ("correct.min", "results_digital"): {"results_digital": -1},
        ("correct.min", "ratings"): {"ratings": -1, "ratings_satisfied": 0},
        ("correct.min", "ratings_satisfied"): {"ratings_satisfied": -1},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.published_within_procedures", None): {"procedures_published": 421},
        ("correct.digital_within_results", None): {"results_digital": 311},
        ("correct.satisfied_within_ratings", None): {"ratings_satisfied": 46},
        (KEY_UNIQUE, None): {"results": 311},
    },
    at_the_limit=[
        {"procedures_published": 420, "results_digital": 310, "ratings_satisfied": 45},
        {"procedures": 1, "procedures_published": 0},
        {"results": 0, "results_digital": 0, "ratings": 0, "ratings_satisfied": 0},
    ],
    batches=[
        (
            "complete.every_commune_reported",
            [{}, {"commune_code": "12002"}, {"period": "2026-09"}],
            BatchFinding(3, 4, "2026-09: 12002"),
        ),
        ("complete.every_commune_reported", [{}, {"commune_code": "12002"}], BatchFinding(2, 2)),
    ],
)
