from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "fiscal_year": 2019,
        "stage": "final",
        "province_name": "Hưng Yên",
        "revenue_m_vnd": 16_134_000.0,
        "expenditure_m_vnd": 11_980_500.5,
    },
    beside={"fiscal_year": 2018},
    breaks={
        ("correct.min", "fiscal_year"): {"fiscal_year": 1989},
        ("correct.max", "fiscal_year"): {"fiscal_year": 2101},
        ("correct.enum", "stage"): {"stage": "Plan"},
        ("correct.min", "revenue_m_vnd"): {"revenue_m_vnd": -0.1},
        ("correct.min", "expenditure_m_vnd"): {"expenditure_m_vnd": -0.1},
        (KEY_UNIQUE, None): {"revenue_m_vnd": 16_134_000.5},
    },
    at_the_limit=[
        {"fiscal_year": 1990},
        {"fiscal_year": 2100},
        {"stage": "plan"},
        {"revenue_m_vnd": 0.0, "expenditure_m_vnd": 0.0},
    ],
)
