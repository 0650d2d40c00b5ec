"""How a value is compared with the same period of the year before."""

from __future__ import annotations

# rates and scores: what changes of them is told in points, not in per cent of a per cent
_IN_POINTS = frozenset({"%", "điểm"})


def change(value: float, before: float, unit: str) -> float | None:
    """Per cent against the value before; of rates and scores the difference in points.

    None where the value before is not above zero: per cent of it say nothing.
    """
    if unit in _IN_POINTS:
        return value - before
    return None if before <= 0 else 100.0 * (value - before) / before
