from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "procedure_code": "1.004194",
        "name": "Đăng ký tạm trú",
        "agency": "Công an Xã",
        "level": "Cấp xã",
        "field": "Đăng ký, quản lý cư trú",
        "ministry": "bo-cong-an",
    },
    beside={"procedure_code": "1.004195"},
    breaks={
        ("clean.format", "procedure_code"): {"procedure_code": "1.00419"},
        ("clean.format", "level"): {"level": "Cấp xã, Cấp thôn"},
        ("clean.format", "ministry"): {"ministry": "Bộ Công an"},
        (KEY_UNIQUE, None): {"name": "Đăng ký thường trú"},
    },
    at_the_limit=[
        {"agency": None, "field": None},
        {"level": "Cấp bộ, Cấp tỉnh, Cấp huyện, Cấp xã, Cơ quan khác"},
    ],
)
