"""Which names in a drop folder are no deliveries of their own."""

from __future__ import annotations

import re

_CORRECTION = re.compile(r"can-sua-.*\.xls[xm]?$", re.IGNORECASE)


def is_correction(name: str) -> bool:
    """Whether a file is a feedback pack that came back; it is never an ordinary file."""
    return _CORRECTION.search(name.rsplit("/", 1)[-1]) is not None


def is_litter(name: str) -> bool:
    """Lock files of office programs, and what is hidden."""
    return name.startswith(("~$", "."))
