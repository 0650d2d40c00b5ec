"""Which names in a drop folder are no deliveries of their own."""

from __future__ import annotations

import re

# whatever a desktop makes of the name and however it was saved; not a list of what "cần sửa chữa"
_PACK = re.compile(r"can-sua-(?P<feed>.+)-[0-9a-f]{16}(?![0-9a-f])", re.IGNORECASE)


def feed_in(name: str) -> str | None:
    """Of which feed a pack is by its name, as ``slug`` writes it; None when it is no pack's."""
    found = _PACK.search(name.rsplit("/", 1)[-1])
    return found["feed"].lower() if found else None


def is_correction(name: str) -> bool:
    """Whether a file is a feedback pack that came back; it is never an ordinary file."""
    return feed_in(name) is not None


def is_litter(name: str) -> bool:
    """Lock files of office programs, and what is hidden."""
    return name.startswith(("~$", "."))
