"""Vietnamese text of the fonts before Unicode: TCVN3 (ABC) and VNI, recognised cell by cell.

Such fonts draw Vietnamese letters over the codes of Western ones, so "Hưng Yên" arrives as
``H­ng Yªn`` (TCVN3) or ``Höng Yeân`` (VNI). A cell is read in the encoding in which each of its
words is a Vietnamese syllable; a cell for which there is none is left as it is and is mojibake:
it is refused, never published (DESIGN, rule 10; H22).

Source of the two tables: TCVN 5712:1993, set VN3, and the VNI-Windows character set.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote

import polars as pl

from ioc_pipelines.intake.syllables import (
    is_of_the_highlands,
    is_vietnamese,
    is_well_spelt,
    without_stray_tone,
)
from ioc_pipelines.intake.text import by_value, is_plain, nfc

_TCVN3_LETTERS = (
    "ĂÂÊÔƠƯĐăâêôơưđ"  # from A1
    "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
)
_TCVN3_CODES = (
    *range(0xA1, 0xAF),
    *(0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBB, 0xBC, 0xBD, 0xBE, 0xC6),
    *(0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCE, 0xCF, 0xD0, 0xD1),
    *(0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xDC, 0xDD, 0xDE),
    *(0xDF, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9),
    *(0xEA, 0xEB, 0xEC, 0xED, 0xEE, 0xEF, 0xF1, 0xF2, 0xF3, 0xF4),
    *(0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE),
)
_TCVN3 = dict(zip(_TCVN3_CODES, _TCVN3_LETTERS, strict=True))

# in VNI a vowel is followed by the code of its mark: aâ is â, aá is ấ
_VNI_MARKS = {
    "a": dict(zip("ùøûõïâáàåãäêéèúüë", "áàảãạâấầẩẫậăắằẳẵặ", strict=True)),
    "e": dict(zip("ùøûõïâáàåãä", "éèẻẽẹêếềểễệ", strict=True)),
    "o": dict(zip("ùøûõïâáàåãä", "óòỏõọôốồổỗộ", strict=True)),
    "u": dict(zip("ùøûõï", "úùủũụ", strict=True)),
    "y": dict(zip("ùøûõ", "ýỳỷỹ", strict=True)),
    "ô": dict(zip("ùøûõï", "ớờởỡợ", strict=True)),
    "ö": dict(zip("ùøûõï", "ứừửữự", strict=True)),
}
_VNI_ALONE = dict(zip("ôöæóòîñ", "ơưỉĩịỵđ", strict=True))


def _vni() -> dict[str, str]:
    pairs = {v + mark: letter for v, marks in _VNI_MARKS.items() for mark, letter in marks.items()}
    known = pairs | _VNI_ALONE
    upper = {code.upper(): letter.upper() for code, letter in known.items()}
    # a capital may carry the mark of a small letter
    mixed = {code[0].upper() + code[1]: letter.upper() for code, letter in pairs.items()}
    return known | mixed | upper


_VNI = _vni()
_VNI_CODE = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

# what a word of a legacy cell is made of: letters, and the signs that stand for letters
_WORD = re.compile(
    r"[^\W\d_]*[\u00a1-\u00ff][^\W\d_\u00d7\u00f7]*(?:[\u00a1-\u00bf]|[^\W\d_])*|[^\W\d_]+"
)

# signs of Western fonts that no Vietnamese text has, a capital or a small letter where the other
# must be, two vowels of which one is marked: without one of them a cell is not looked at twice
_WESTERN_LETTERS = (
    r"[\u00a1-\u00bf\u00c4-\u00c7\u00cb\u00ce-\u00d1\u00d6-\u00d8\u00db\u00dc\u00de"
    r"\u00df\u00e4-\u00e7\u00eb\u00ee-\u00f1\u00f6-\u00f8\u00fb\u00fc\u00fe\u00ff]"
)
_WESTERN = re.compile(_WESTERN_LETTERS)
SUSPICIOUS = (
    f"{_WESTERN_LETTERS}"
    r"|[a-z][\u00c0-\u00de]|[A-Z][\u00c0-\u00de][a-z]|[aeouyAEOUYôÔ][\u00c0-\u00c5\u00c8-\u00ca\u00d2-\u00d9"
    r"\u00e0-\u00e5\u00e8-\u00ea\u00f2-\u00f9]|[áâãèéêìíòóôõùúý][aeiouy]"
    r"|[\u00e0-\u00fd][A-Z]|[A-FH-Z]I[ÀÁÂÃÈÉÒÓÔÕÙÚ]"
)
_SUSPICIOUS = re.compile(SUSPICIOUS)
# letters that no legacy font has the code of; signs that are a letter in none
_UNICODE = re.compile("[ĂăĐđĨĩŨũƠơƯư\u1ea0-\u1ef9]")
_SIGNS = "°±²³º"
_SIGN = re.compile("[\u00a1-\u00bf\u00d7\u00f7]?")
_ASCII_CAPITAL, _ASCII_SMALL = re.compile("[A-Z]"), re.compile("[a-z]")
_INVISIBLE = "[\u00ad\u200b-\u200f\u2060\ufeff]"

# Control codes, and what turns the reading direction, so that a text shows as another one.
UNSEEN = "[\u0000-\u0008\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]"

# Text that is not what its writer meant: a replacement character, control codes of a wrong
# decoding, UTF-8 read as Latin-1, or a sign of a Western font inside a word.
MOJIBAKE = (
    "\ufffd|[\u0080-\u009f\ue000-\uf8ff]|[ÂÃÄÅâ][\u0080-\u00bf€™œžšŸ]|Æ°|Ä‘|á[º»][^\\s\\w.,;)]"
    "|[\\p{L}][\u00a1-\u00a9\u00ab\u00ac\u00ae-\u00b1\u00b4-\u00b6\u00b8\u00bb-\u00bf\u00d7\u00f7]"
    "[\\p{L}]"
    "|(^|[\\s(])([\u00a1-\u00a9\u00ac\u00ae\u00af\u00b6\u00b8\u00bf][\\p{L}]"
    "|\u00b5[a-fh-kn-rt-zB-EG-KM-UX-Z\u00c0-\u1ef9])"
    "|[\\p{L}][\u00a8\u00ac\u00b5-\u00b8]([\\s.,;:)]|$)|[\\p{L}]\u00aa"
)


def decoded(texts: pl.DataFrame) -> pl.DataFrame:
    """Columns of text in Unicode: legacy fonts decoded, all NFC, no invisible characters."""
    return texts.with_columns(_decoded(column) for column in texts)


def _decoded(texts: pl.Series) -> pl.Series:
    return texts if is_plain(texts) else by_value(texts, _in_unicode)


def _in_unicode(texts: pl.Series) -> pl.Series:
    marked = texts.str.contains(SUSPICIOUS)
    if marked.any():
        suspects = texts.filter(marked).unique()
        texts = texts.replace(suspects, suspects.map_elements(decode, return_dtype=pl.String))
    if texts.str.contains(_INVISIBLE).any():
        texts = texts.str.replace_all(_INVISIBLE, "")
    return nfc(texts)


def readable(name: str) -> str:
    """A name as it may be published: decoded, or percent-encoded where it is mojibake.

    A file whose name cannot be read must not keep the province from publishing.
    """
    known = decode(name)
    unclean = pl.Series([known]).str.contains(f"{MOJIBAKE}|{UNSEEN}|{_INVISIBLE}")[0]
    return quote(known, safe="/ !()[],.;:'=+@#&") if unclean else known


@lru_cache(maxsize=10_000)
def decode(text: str) -> str:
    """One cell in Unicode NFC; as it is when no reading makes every word Vietnamese."""
    composed = unicodedata.normalize("NFC", text)
    if not _SUSPICIOUS.search(text) or _is_read(composed, is_vietnamese):
        return composed
    # residue of an office program that took the code of a letter for a tone mark as well
    cleaned = "".join(map(without_stray_tone, composed))
    for is_word in (is_well_spelt, is_vietnamese, is_of_the_highlands):
        for words in (_tcvn3_words(cleaned), _vni_words(cleaned)):
            chosen = [word.chosen(is_word) for word in words]
            reading = _replaced(cleaned, chosen)
            if _is_proof(cleaned, chosen) and _is_read(reading, is_word):
                return unicodedata.normalize("NFC", reading)
    return composed


def _is_read(text: str, is_word: Callable[[str], bool]) -> bool:
    """Whether the text has words beyond ASCII, and all of them are words.

    A sign that stands alone is no word, nor is it a part of one: m², 5º.
    """
    words = [word.strip(_SIGNS) for word in _WORD.findall(text)]
    words = [word for word in words if not word.isascii() and not _SIGN.fullmatch(word)]
    return bool(words) and all(map(is_word, words))


@dataclass(frozen=True)
class _Word:
    """A word of a cell, as it stands and as it is read."""

    start: int
    before: str
    after: str

    def chosen(self, is_word: Callable[[str], bool]) -> _Word:
        """The word left as it stands where only that is a word: some cells have both kinds."""
        if is_word(self.before) and not is_word(self.after):
            return replace(self, after=self.before)
        return self


def _tcvn3_words(text: str) -> list[_Word]:
    reading = _in_capitals(text.translate(_TCVN3))
    if len(reading) != len(text):
        return []
    return [
        _Word(found.start(), text[found.start() : found.end()], found[0])
        for found in _WORD.finditer(reading)
    ]


def _vni_words(text: str) -> list[_Word]:
    return [
        _Word(found.start(), found[0], _VNI_CODE.sub(lambda code: _VNI[code[0]], found[0]))
        for found in _WORD.finditer(text)
    ]


def _is_proof(text: str, words: list[_Word]) -> bool:
    """Whether words show that the cell was written in a legacy font; a sign alone shows nothing.

    They are no Vietnamese as they stand, and are as they are read. Beside letters that are Unicode
    for sure a word of Vietnamese letters may be a slip: there must be as many as are read and need
    not be.
    """
    changed = [word for word in words if len(word.before) > 1 and word.before != word.after]
    needless = sum(is_vietnamese(word.before) for word in changed)
    needed = [w for w in changed if not is_vietnamese(w.before) and is_vietnamese(w.after)]
    if _UNICODE.search(text) and not any(_WESTERN.search(word.before) for word in needed):
        return len(needed) >= max(needless, 1)
    return bool(needed)


def _replaced(text: str, words: list[_Word]) -> str:
    parts, end = [], 0
    for word in words:
        parts += [text[end : word.start], word.after]
        end = word.start + len(word.before)
    return "".join([*parts, text[end:]])


def _in_capitals(reading: str) -> str:
    """The reading with whole words in capitals.

    A font of capitals draws them over the codes of small letters: Hµ NéI is HÀ NỘI.
    """
    words = [w for w in _WORD.findall(reading) if _ASCII_CAPITAL.search(w) and not w.isascii()]
    if all(word[1:].islower() or word.isupper() or len(word) == 1 for word in words):
        return reading
    return _WORD.sub(
        lambda word: word[0] if _ASCII_SMALL.search(word[0]) else word[0].upper(), reading
    )
