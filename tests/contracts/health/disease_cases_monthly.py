from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "year": 2014,
        "month": 7,
        "disease": "Sốt xuất huyết",
        "province_name": "Hưng Yên",
        "cases": 12,
        "deaths": 1,
    },
    beside={"year": 2013},
    breaks={
        ("correct.min", "year"): {"year": 1989},
        ("correct.max", "year"): {"year": 2101},
        ("correct.range", "month"): {"month": 13},
        ("correct.enum", "disease"): {"disease": "SXH"},  # how the sheet is named
        ("correct.min", "cases"): {"cases": -1},
        ("correct.min", "deaths"): {"deaths": -1},
        (KEY_UNIQUE, None): {"cases": 13},
    },
    at_the_limit=[
        {"year": 1990},
        {"year": 2100},
        {"month": 1},
        {"month": 12},
        {"cases": 0, "deaths": 0},
        {"cases": None},
    ],
)
