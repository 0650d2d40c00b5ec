"""What a file ``tests/contracts/<sector>/<dataset>.py`` says of the contract of the same path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contracts.base import BatchFinding
from tests.quality.frames import ARRIVED

NOW = ARRIVED.replace(tzinfo=None)
TODAY = NOW.date()

Row = dict[str, Any]
RuleAt = tuple[str, str | None]


@dataclass(frozen=True)
class Cases:
    """A valid row; for each rule but those of emptiness, the cells that break it alone.

    ``beside``: cells of its key that make it another good row. ``at_the_limit``: cells that are
    just allowed. ``batches``: for each batch rule what it finds in rows, one of them lacking.
    Communes in force are 12001 and 12002.
    """

    valid: Row
    beside: Row
    breaks: dict[RuleAt, Row]
    at_the_limit: list[Row] = field(default_factory=list)
    batches: list[tuple[str, list[Row], BatchFinding]] = field(default_factory=list)
