"""Values that stand outside the table: in the title, the sheet's or the file's name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ioc_pipelines.catalog.layouts import Capture
from ioc_pipelines.intake.errors import StructureMismatchError


def capture(
    captures: Mapping[str, tuple[Capture, ...]], texts: Mapping[str, str], file: str
) -> dict[str, str]:
    """The captured values by name; ``texts`` holds what stands at ``title``, ``sheet``, ``file``.

    Raises StructureMismatchError when none of a value's patterns finds anything.
    """
    values = {}
    for name, places in captures.items():
        found = (re.search(place.pattern, texts.get(place.where, "")) for place in places)
        match = next((m for m in found if m), None)
        if match is None:
            looked = ", ".join(f"nothing in the {p.where} matches {p.pattern!r}" for p in places)
            raise StructureMismatchError(file, f"{name}: {looked}")
        values[name] = match[1] if match.re.groups else match[0]
    return values
