"""Cleaning columns of text, at the cost of a look where there is nothing to clean."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

# Latin letters with all their Vietnamese forms, and common punctuation: NFC as they stand
_MAY_NOT_BE_NFC = "[^\u0000-\u02ff\u1e00-\u1eff\u2010-\u2027\u20ab\u2264\u2265]"
_SPACING = r"\s\s|[^\S ]"
_NOT_PLAIN = r"[^!-~ ]|  |^ | $"
_FEW = 20  # texts for each different one, above which only the different ones are looked at


def is_plain(texts: pl.Series) -> bool:
    """Whether all is ASCII that can be seen, single spaced: nothing here is to be cleaned.

    Codes and dates are; one look at them takes the place of all others.
    """
    return not texts.str.contains(_NOT_PLAIN).any()


def by_value(texts: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """``change`` applied to the texts, to each different one once where they are few.

    A name of a commune comes thousands of times; most often nothing of it changes.
    """
    different = texts.unique().drop_nulls()
    if len(different) * _FEW > len(texts):
        return change(texts)
    changed = change(different)
    differs = changed.ne_missing(different)
    if not differs.any():
        return texts
    return texts.replace(different.filter(differs), changed.filter(differs))


def nfc(texts: pl.Series) -> pl.Series:
    """The texts in Unicode NFC (DESIGN, rule 10)."""
    if texts.str.contains(_MAY_NOT_BE_NFC).any():
        return texts.str.normalize("NFC")
    return texts


def single_spaced(texts: pl.Series) -> pl.Series:
    """The texts with one space between words and none around them."""
    if texts.str.contains(_SPACING).any():
        texts = texts.str.replace_all(r"\s+", " ")
    return texts.str.strip_chars()
