from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import KEY_UNIQUE
from tests.contracts.cases import NOW, Cases

CASES = Cases(
    valid={
        "dossier_code": "H33.12-261101-00001",
        "procedure_code": "1.004194",
        "commune_code": "12001",
        "applicant_name": "Nguyễn Văn A",
        "channel": "online",
        "status": "done",
        "received_at": datetime(2026, 11, 1, 8, 30),  # noqa: DTZ001  local, as stored
        "due_at": datetime(2026, 11, 8, 17),  # noqa: DTZ001
        "finished_at": datetime(2026, 11, 7, 9),  # noqa: DTZ001
        "updated_at": datetime(2026, 11, 7, 9),  # noqa: DTZ001
    },
    beside={"dossier_code": "H33.12-261101-00002"},
    breaks={
        ("clean.format", "dossier_code"): {"dossier_code": "H33.12-261101-1"},
        ("clean.format", "procedure_code"): {"procedure_code": "1.00419"},
        ("clean.format", "commune_code"): {"commune_code": "120"},
        ("correct.reference", "commune_code"): {"commune_code": "99999"},
        ("correct.enum", "channel"): {"channel": "fax"},
        ("correct.enum", "status"): {"status": "finished"},
        ("correct.not_future", "received_at"): {
            "received_at": NOW + timedelta(seconds=1),
            "finished_at": None,
            "status": "received",
        },
        ("correct.not_future", "finished_at"): {"finished_at": NOW + timedelta(seconds=1)},
        ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=800, seconds=1)},
        ("correct.finished_after_received", None): {
            "finished_at": datetime(2026, 11, 1, 8, 29, 59)  # noqa: DTZ001
        },
        ("complete.finished_when_done", None): {"finished_at": None},
        (KEY_UNIQUE, None): {"applicant_name": "Nguyễn Văn B"},
    },
    at_the_limit=[
        {"finished_at": NOW, "updated_at": NOW},
        {"finished_at": datetime(2026, 11, 1, 8, 30)},  # noqa: DTZ001
        {"status": "processing", "finished_at": None},
        {"updated_at": NOW - timedelta(days=800)},
        {"due_at": datetime(2027, 1, 1)},  # noqa: DTZ001  a deadline may lie ahead
    ],
)
