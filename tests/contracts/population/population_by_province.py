from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "year": 2016,
        "province_name": "Hưng Yên",
        "population_thousand": 1170.2,
        "is_preliminary": False,
        "status": None,
    },
    beside={"year": 2015},
    breaks={
        ("correct.min", "year"): {"year": 1989},
        ("correct.max", "year"): {"year": 2101},
        ("correct.min", "population_thousand"): {"population_thousand": 0.0},
        ("correct.enum", "status"): {"population_thousand": None, "status": ".."},
        (KEY_UNIQUE, None): {"population_thousand": 1170.3},
    },
    at_the_limit=[
        {"year": 1990},
        {"year": 2100},
        {"population_thousand": 0.1, "is_preliminary": True},
        {"population_thousand": None, "status": "not_available"},
        {"population_thousand": None, "status": "nil"},
    ],
)
