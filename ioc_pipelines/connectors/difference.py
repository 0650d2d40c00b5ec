"""What is no longer there at a source, said with the nearest names that are."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

_SHOWN = 40


def difference(kind: str, missing: Sequence[str], present: Collection[str]) -> str:
    """Name what is missing, the nearest candidates of each, and what there is instead."""
    names = sorted(present)
    parts = []
    for name in missing:
        near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
        parts.append(f"'{name}'" + (f" (nearest: {', '.join(near)})" if near else ""))
    more = f", … ({len(names)} in all)" if len(names) > _SHOWN else ""
    there = ", ".join(names[:_SHOWN]) + more if names else "none"
    return f"{kind} {', '.join(parts)} is not there; there are {there}"
