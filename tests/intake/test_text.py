"""Cleaning looks first, and cleans the same as if it had not."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ioc_pipelines.intake.text import nfc, single_spaced

SETTINGS = settings(max_examples=500)

# what the Unicode standard calls white space (White_Space=yes, PropList.txt)
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
VIETNAMESE = "ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹáàãéèíìóòõúùý"
COMBINING = "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.text([*VIETNAMESE, *VIETNAMESE.upper(), *COMBINING, *"aeiouydn 1.,%"], max_size=20),
    st.text([*WHITE_SPACE, "a", "ế", "\u0301", "\u200b"], max_size=12),
)


def split_at_white_space(text: str) -> str:
    spaced = "".join(" " if char in WHITE_SPACE else char for char in text)
    return " ".join(part for part in spaced.split(" ") if part)


@SETTINGS
@given(st.lists(TEXTS, max_size=8))
@example(["\u212b"])  # Ångström sign: one character whose NFC is another
@example(["e\u0302\u0301", None])
@example(["\u0344\u0958\u2126\u1fef\uf900"])
def test_texts_are_in_nfc(texts: list[str | None]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    expected = [None if text is None else unicodedata.normalize("NFC", text) for text in texts]
    assert nfc(series).to_list() == expected


def test_every_character_is_in_nfc_alone_and_behind_a_letter() -> None:
    """A character that is let through unseen must be as it is in NFC."""
    chars = [chr(code) for code in range(0x30000) if not 0xD800 <= code <= 0xDFFF]
    assigned = [char for char in chars if unicodedata.category(char) != "Cn"]
    for texts in (assigned, [f"a{char}" for char in assigned]):
        for text in texts:
            if unicodedata.is_normalized("NFC", text):
                continue
            assert nfc(pl.Series([text])).to_list() == [unicodedata.normalize("NFC", text)]


@SETTINGS
@given(st.lists(TEXTS, max_size=8))
def test_there_is_one_space_between_words_and_none_around(texts: list[str | None]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    expected = [None if text is None else split_at_white_space(text) for text in texts]
    assert single_spaced(series).to_list() == expected


@pytest.mark.parametrize("space", WHITE_SPACE)
def test_every_white_space_is_one_space(space: str) -> None:
    texts = pl.Series([f"{space}Hưng{space}Yên{space}", f"a{space}{space}b", space])
    assert single_spaced(texts).to_list() == ["Hưng Yên", "a b", ""]


def test_one_cell_to_clean_does_not_change_the_others() -> None:
    texts = ["Hưng Yên", None, unicodedata.normalize("NFD", "Hưng\u00a0 Yên"), "", "a-b"]
    found = single_spaced(nfc(pl.Series(texts)))
    assert found.to_list() == ["Hưng Yên", None, "Hưng Yên", "", "a-b"]


def test_texts_with_nothing_to_clean_are_given_back() -> None:
    for texts in ([], [None, None], ["Hưng Yên", "12001", None]):
        series = pl.Series(texts, dtype=pl.String)
        assert single_spaced(nfc(series)).to_list() == texts
