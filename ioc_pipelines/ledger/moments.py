"""Moments as the ledger keeps them: UTC in ISO 8601 text with all its digits.

Written so, text sorts as time does.
"""

from __future__ import annotations

from datetime import UTC, datetime


def as_text(moment: datetime) -> str:
    """What is written of a moment."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def as_moment(text: str | None) -> datetime | None:
    """The moment that was written; None where none was."""
    return datetime.fromisoformat(text) if text else None
