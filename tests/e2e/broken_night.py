"""A first refresh while five systems are broken, each in its way; kept as files, to be copied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ioc_pipelines.sandbox.state import Running
from tests.e2e.province import (
    AIR,
    BOOKED,
    DOSSIER,
    FEEDBACK,
    FEEDS,
    INSURANCE,
    PERMIT,
    TAX,
    Done,
    Province,
    copied,
    served,
    served_apart,
)

FAULTS = {
    "lgsp": "html",
    "xay_dung": "hang",
    "quan_trac": "endless",
    "kho_bac": "down",
    "thue": "hang",
}
COLLECTION, PAYMENT = "kho_bac/finance.budget_collection", "kho_bac/finance.treasury_payment"
# what each feed behind a broken system comes to, and what its problem must say
BROKEN = {
    DOSSIER: ("source_faulty", "text/html"),
    FEEDBACK: ("source_faulty", "text/html"),
    INSURANCE: ("source_faulty", "text/html"),
    PERMIT: ("source_unavailable", "within 20 s"),
    AIR: ("source_faulty", "does not end"),
    COLLECTION: ("source_unavailable", "IOC_KHO_BAC_URL"),
    PAYMENT: ("source_unavailable", "IOC_KHO_BAC_URL"),
    BOOKED: ("source_unavailable", "IOC_KHO_BAC_URL"),
    TAX: ("source_unavailable", "IOC_THUE_URL"),
}
HEALTHY = tuple(feed for feed in FEEDS if feed not in BROKEN)
_DONE, _RUNNING = "refresh.json", "served.json"


@dataclass(frozen=True)
class BrokenNight:
    """The province, what its refresh said, and who served it then (with its secrets)."""

    province: Province
    refresh: Done
    running: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The night that was made in ``folder``."""
        done = Done(**json.loads((folder / _DONE).read_text()))
        return cls(Province(folder / "var"), done, json.loads((folder / _RUNNING).read_text()))

    @contextmanager
    def apart(self, base: Path) -> Iterator[Province]:
        """A copy of the province that is served, and broken as it was."""
        with served_apart(copied(self.province, base)) as province:
            yield province


def make_broken_night(folder: Path, as_of: str) -> None:
    """Make the sandbox, break it, refresh, and keep what was said."""
    with served(folder / "var", as_of) as province:
        for system, fault in FAULTS.items():
            assert province.here("sandbox", "break", system, fault).code == 0
        (folder / _RUNNING).write_bytes(Running.path(province.sandbox).read_bytes())
        refresh = province.ioc("refresh", "--json")
    assert refresh.code == 0, refresh.out + refresh.err
    (folder / _DONE).write_text(json.dumps(asdict(refresh)))
