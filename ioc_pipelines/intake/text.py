"""Cleaning columns of text, at the cost of a look where there is nothing to clean."""

from __future__ import annotations

import polars as pl

# Latin letters with all their Vietnamese forms, and common punctuation: NFC as they stand
_MAY_NOT_BE_NFC = "[^\u0000-\u02ff\u1e00-\u1eff\u2010-\u2027\u20ab\u2264\u2265]"
_SPACING = r"\s\s|[^\S ]"


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
