from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import NOW, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "insurance_kind": "social_compulsory",
        "participants": 4_500,
        "beneficiaries": 1_100,
        "contributions_month_vnd": 7_400_000_000,
        "contributions_ytd_vnd": 73_000_000_000,
        "benefits_month_vnd": 6_100_000_000,
        "benefits_ytd_vnd": 60_000_000_000,
        "updated_at": datetime(2026, 11, 8, 16, 30),  # noqa: DTZ001  local, as stored
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "insurance_kind"): {"insurance_kind": "bhxh_bat_buoc"},
        ("correct.min", "participants"): {"participants": -1},
        ("correct.min", "beneficiaries"): {"beneficiaries": -1},
        ("correct.min", "contributions_month_vnd"): {"contributions_month_vnd": -1},
        ("correct.min", "contributions_ytd_vnd"): {"contributions_ytd_vnd": -1},
        ("correct.min", "benefits_month_vnd"): {"benefits_month_vnd": -1},
        ("correct.min", "benefits_ytd_vnd"): {"benefits_ytd_vnd": -1},
        ("correct.not_future", "updated_at"): {"updated_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.contributions_cover_month", None): {"contributions_ytd_vnd": 7_399_999_999},
        ("correct.benefits_cover_month", None): {"benefits_ytd_vnd": 6_099_999_999},
        ("correct.benefits_have_beneficiaries", None): {"beneficiaries": 0},
        (KEY_UNIQUE, None): {"participants": 4_501},
    },
    at_the_limit=[
        {"contributions_ytd_vnd": 7_400_000_000},
        {"benefits_ytd_vnd": 6_100_000_000},
        {"beneficiaries": 0, "benefits_month_vnd": 0},
        {"beneficiaries": 1},
        {"updated_at": NOW},
        {"updated_at": NOW - timedelta(days=800)},
    ],
    batches=[
        (
            "correct.accumulates",
            [{}, {"period": "2026-09", "benefits_ytd_vnd": 60_000_000_001}, {"period": "2025-12"}],
            BatchFinding(1, 2, "2026-10/12001/social_compulsory/benefits_ytd_vnd"),
        ),
    ],
)
