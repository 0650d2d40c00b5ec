from __future__ import annotations

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import Cases

CASES = Cases(
    valid={
        "plan_code": "QH-001",
        "document_kind": "drawing",
        "file_name": "QH-001_ban-ve_1.pdf",
        "media_type": "application/pdf",
        "size_bytes": 2_048,
        "sha256": "0" * 64,
    },
    beside={"file_name": "QH-001_ban-ve_2.pdf"},
    breaks={
        ("clean.format", "plan_code"): {"plan_code": "QH1"},
        ("correct.enum", "document_kind"): {"document_kind": "ảnh"},
        ("correct.enum", "media_type"): {"media_type": "application/zip"},
        ("correct.range", "size_bytes"): {"size_bytes": 0},
        ("clean.format", "sha256"): {"sha256": "0" * 63},
        (KEY_UNIQUE, None): {"sha256": "1" * 64},
    },
    at_the_limit=[{"size_bytes": 1}, {"size_bytes": 2_000_000_000}],
)
