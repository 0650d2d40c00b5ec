"""Values that stand outside the table: in the title, the sheet's or the file's name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ioc_pipelines.catalog.layouts import Capture
from ioc_pipelines.intake.errors import StructureMismatchError


def capture(captures: Mapping[str, Capture], texts: Mapping[str, str], file: str) -> dict[str, str]:
    """The captured values by name; ``texts`` holds what stands at ``title``, ``sheet``, ``file``.

    Raises StructureMismatchError when a pattern finds nothing.
    """
    values = {}
    for name, wanted in captures.items():
        text = texts.get(wanted.where, "")
        match = re.search(wanted.pattern, text)
        if match is None:
            raise StructureMismatchError(
                file, f"{name}: nothing in the {wanted.where} matches {wanted.pattern!r}"
            )
        values[name] = match[1] if match.re.groups else match[0]
    return values
