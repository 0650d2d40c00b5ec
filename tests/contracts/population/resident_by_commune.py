from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-10",
        "commune_code": "12001",
        "residents": 20_000,
        "male": 9_900,
        "female": 10_100,
        "under_15": 4_800,
        "over_60": 2_900,
        "births": 21,
        "deaths": 9,
        "id_cards": 15_000,
        "ethnic_tay": 12,
        "ethnic_muong": 30,
        "ethnic_thai": 2,
        "ethnic_other": 6,
        "buddhist": 1_200,
        "catholic": 700,
        "protestant": 3,
        "other_religion": 0,
        "reported_on": date(2026, 11, 3),
    },
    beside={"period": "2026-09"},
    breaks={
        ("clean.format", "period"): {"period": "10/2026"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.min", "residents"): {"residents": -1},
        ("correct.min", "male"): {"male": -1, "female": 20001},
        ("correct.min", "female"): {"female": -1, "male": 20001},
        ("correct.min", "under_15"): {"under_15": -1},
        ("correct.min", "over_60"): {"over_60": -1},
        ("correct.min", "births"): {"births": -1},
        ("correct.min", "deaths"): {"deaths": -1},
        ("correct.min", "id_cards"): {"id_cards": -1},
        **{
            ("correct.min", name): {name: -1}
            for name in (
                "ethnic_tay",
                "ethnic_muong",
                "ethnic_thai",
                "ethnic_other",
                "buddhist",
                "catholic",
                "protestant",
                "other_religion",
            )
        },
        ("correct.minorities_within_residents", None): {"ethnic_other": 19_957},
        ("correct.believers_within_residents", None): {"catholic": 18_798},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.sexes_add_up", None): {"male": 9_901},
        ("correct.ages_within_residents", None): {"under_15": 17_101},
        ("correct.cards_within_residents", None): {"id_cards": 20_001},
        (KEY_UNIQUE, None): {"births": 22},
    },
    at_the_limit=[
        {"reported_on": TODAY},
        {"reported_on": TODAY - timedelta(days=800)},
        {"under_15": 17_100},
        {"ethnic_other": 19_956},
        {"catholic": 18_797},
        {"id_cards": 20_000},
        {"births": 0, "deaths": 0},
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
