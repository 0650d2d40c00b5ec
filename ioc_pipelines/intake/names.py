"""Names of units as agencies spell them, matched with a reviewed list.

Spelling differs in tone placement (Hoà, Hòa), case, punctuation, a prefix (TP., Tỉnh) and footnote
marks; all that is left out of the key. What is still spelt otherwise stands in the reviewed list.
A name the list does not have, or has twice, is refused, not guessed (H22).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import polars as pl

Spellings = Mapping[str, Mapping[str, str]]
"""Of each list: the key of every known spelling to the name it stands for."""

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_MARKS = "\u0302\u0306\u031b"
_PREFIX = re.compile(r"^(tỉnh|thành phố|thủ đô|tp|t\.p|province)(?=[\s.])\.?\s*", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\(\s*[\d*]+\s*\)|[*†]+")
_NOT_LETTER = re.compile(r"[^a-zđ\u0300-\u036f]+")


def name_key(text: str) -> str:
    """What is left of a name when spelling habits are taken away.

    The tone of a syllable goes to its end, so that Hoà and Hòa have one key.
    """
    name = _PREFIX.sub("", _FOOTNOTE.sub(" ", unicodedata.normalize("NFC", text).strip()))
    words = _NOT_LETTER.split(unicodedata.normalize("NFD", name.casefold()))
    return "".join(map(tone_last, words))


def plain_key(key: str) -> str:
    """The key without any mark: how files in English spell a name."""
    spelt = unicodedata.normalize("NFD", key).replace("đ", "d")
    return re.sub(f"[{_TONES}{_MARKS}]", "", spelt)


def spellings(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keys of ``(spelling, name)`` pairs, with marks and without, where they mean one name only."""
    meant: dict[str, set[str]] = {}
    for spelling, name in names:
        meant.setdefault(name_key(spelling), set()).add(name)
    plain: dict[str, set[str]] = {}
    for key, named in meant.items():
        plain.setdefault(plain_key(key), set()).update(named)
    unmarked = {key: named for key, named in plain.items() if key not in meant}
    return {k: min(n) for k, n in (meant | unmarked).items() if k and len(n) == 1}


def canonical(texts: pl.Series, known: Mapping[str, str]) -> pl.Series:
    """The name each text stands for, null where the list does not have it."""
    said = texts.drop_nulls().unique()
    found = {text: known.get(name_key(text)) for text in said}
    return texts.replace_strict(found, default=None, return_dtype=pl.String)


def tone_last(word: str) -> str:
    """A syllable with its tone at the end, wherever it was written."""
    tones = "".join(sorted(char for char in word if char in _TONES))
    return "".join(char for char in word if char not in _TONES) + tones
