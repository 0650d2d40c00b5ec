"""The small language of sources: exact words, ``/pattern/``, ``{a}/{b}``, and where it stands.

Before words or a pattern may stand ``first`` (of several columns that match) or ``left of`` (the
column before that one).
"""

from __future__ import annotations

import re
from functools import lru_cache

_LEFT_OF, _FIRST = "left of ", "first "
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@lru_cache(maxsize=1_000)
def pattern_of(source: str) -> re.Pattern[str] | None:
    """The pattern of a source in slashes, None for plain words. Raises re.error.

    Headers are compared without case, with single spaces.
    """
    source = words_of(source)
    if len(source) > 2 and source.startswith("/") and source.endswith("/"):
        return re.compile(source[1:-1], re.IGNORECASE)
    return None


def groups_of(source: str) -> tuple[str, ...]:
    """Names of the groups of a pattern: values that the header of a wide table holds."""
    pattern = pattern_of(source)
    return tuple(pattern.groupindex) if pattern else ()


def words_of(source: str) -> str:
    """The words or the pattern of a source, without where it stands."""
    return source.removeprefix(_LEFT_OF).removeprefix(_FIRST)


def is_left_of(source: str) -> bool:
    """Whether the source is the column before another."""
    return source.startswith(_LEFT_OF)


def is_first(source: str) -> bool:
    """Whether the first of several columns is meant."""
    return source.removeprefix(_LEFT_OF).startswith(_FIRST)


def names_in(template: str) -> tuple[str, ...]:
    """The values in braces that a template is put together from; none for plain words."""
    return tuple(_NAME.findall(template))
