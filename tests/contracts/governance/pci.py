from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={"year": 2019, "province_name": "Hưng Yên", "score": 63.6},
    beside={"year": 2018},
    breaks={
        ("correct.min", "year"): {"year": 2004},
        ("correct.max", "year"): {"year": 2101},
        ("correct.range", "score"): {"score": 100.1},
        (KEY_UNIQUE, None): {"score": 63.7},
    },
    at_the_limit=[
        {"year": 2005},
        {"year": 2100},
        {"score": 0.0},
        {"score": 100.0},
    ],
)
