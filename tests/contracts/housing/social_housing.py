from __future__ import annotations

from datetime import date, timedelta

from contracts.base import KEY_UNIQUE, BatchFinding
from tests.contracts.cases import TODAY, Cases

CASES = Cases(
    valid={
        "period": "2026-Q3",
        "project_code": "NOXH-001",
        "project_name": "Nhà ở xã hội Phố Hiến",
        "developer": "Công ty CP Phố Hiến",
        "commune_code": "12001",
        "status": "under_construction",
        "land_area_m2": 18_500.5,
        "floor_area_m2": 60_000.0,
        "units_planned": 1_000,
        "units_started": 600,
        "units_finished": 400,
        "units_sold": 250,
        "units_let": 80,
        "price_vnd_per_m2": 15_500_000,
        "reported_on": date(2026, 9, 30),
    },
    beside={"period": "2026-Q2"},
    breaks={
        ("clean.format", "period"): {"period": "2026-09"},
        ("clean.format", "project_code"): {"project_code": "NOXH001"},
        ("clean.format", "developer"): {"developer": "Nguyễn Văn A"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "status"): {"status": "Đang thi công"},
        ("correct.min", "land_area_m2"): {"land_area_m2": 0.0},
        ("correct.min", "floor_area_m2"): {"floor_area_m2": 0.0},
        ("correct.min", "units_planned"): {
            "units_planned": 0,
            "units_started": 0,
            "units_finished": 0,
        },
        ("correct.min", "units_started"): {"units_started": -1},
        ("correct.min", "units_finished"): {"units_finished": -1},
        ("correct.min", "units_sold"): {"units_sold": -1},
        ("correct.min", "units_let"): {"units_let": -1},
        ("correct.range", "price_vnd_per_m2"): {"price_vnd_per_m2": 15_500},
        ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
        ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=801)},
        ("correct.started_within_planned", None): {"units_started": 1_001},
        ("correct.finished_within_started", None): {"units_finished": 601},
        ("correct.taken_within_planned", None): {"units_sold": 921},
        ("correct.area_fits_homes", None): {"floor_area_m2": 60.0},
        (KEY_UNIQUE, None): {"units_let": 81},
    },
    at_the_limit=[
        {"units_started": 1_000, "units_finished": 1_000},
        {"units_sold": 920},
        {"floor_area_m2": 25_000.0},
        {"floor_area_m2": 100_000.0},
        {"price_vnd_per_m2": None},
        {"price_vnd_per_m2": 3_000_000},
        {"reported_on": TODAY},
        {"units_started": 0, "units_finished": 0, "units_sold": 0, "units_let": 0},
    ],
    batches=[
        (
            "correct.accumulates",
            [{}, {"period": "2026-Q2", "units_finished": 401}, {"period": "2026-Q1"}],
            BatchFinding(1, 2, "2026-Q3/NOXH-001/units_finished"),
        ),
    ],
)
