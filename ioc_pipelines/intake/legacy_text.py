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
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

import polars as pl

from ioc_pipelines.intake.text import nfc

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

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_STOPPED_TONES = "\u0301\u0323"
_ONSET = "b|ch|c|d|đ|gh|gi|g|h|kh|k|l|m|ngh|ng|nh|n|ph|p|qu|r|s|th|tr|t|v|x"
_VOWELS = (
    "uyê|uya|uyu|oai|oay|oao|oeo|uây|uôi|iêu|yêu|ươi|ươu|uơ|"
    "ia|iê|ya|yê|ua|uô|ưa|ươ|ai|ao|au|ay|âu|ây|eo|êu|iu|oa|oă|oe|oi|ôi|ơi|uâ|uê|ui|uy|ưi|ưu|oo|"
    "[aăâeêioôơuưy]"
)
_SYLLABLE = re.compile(rf"(?:{_ONSET})?(?:{_VOWELS})(?P<coda>ch|ng|nh|[ckmnpt])?")
# what a word of a legacy cell is made of: letters, and the signs that stand for letters
_WORD = re.compile(
    r"[^\W\d_]*[\u00a1-\u00ff][^\W\d_\u00d7\u00f7]*(?:[\u00a1-\u00bf]|[^\W\d_])*|[^\W\d_]+"
)

# signs of Western fonts that no Vietnamese text has, a capital inside a word, two vowels of which
# one is marked: without one of them a cell is not looked at twice
SUSPICIOUS = (
    r"[\u00a1-\u00a9\u00ab-\u00bf\u00c4-\u00c7\u00cb\u00ce-\u00d1\u00d6-\u00d8\u00db\u00dc\u00de"
    r"\u00df\u00e4-\u00e7\u00eb\u00ee-\u00f1\u00f6-\u00f8\u00fb\u00fc\u00fe\u00ff\u00aa]"
    r"|[a-z][\u00c0-\u00de]|[A-Z][\u00c0-\u00de][a-z]|[aeouyAEOUYôÔ][\u00c0-\u00c5\u00c8-\u00ca\u00d2-\u00d9"
    r"\u00e0-\u00e5\u00e8-\u00ea\u00f2-\u00f9]|[áâãèéêìíòóôõùúý][aeiouy]"
)
_SUSPICIOUS = re.compile(SUSPICIOUS)
_ABBREVIATION = re.compile("[A-Z]*Đ[A-Z]*")
_CONTROL = "|[\u0000-\u0008\u000e-\u001f\u007f]"
_INVISIBLE = "[\u00ad\u200b-\u200f\u2060\ufeff]"
_VOWEL_LETTERS = frozenset("aeiouy")

# Text that is not what its writer meant: a replacement character, control codes of a wrong
# decoding, UTF-8 read as Latin-1, or a sign of a Western font inside a word.
MOJIBAKE = (
    "\ufffd|[\u0080-\u009f\ue000-\uf8ff]|[ÂÃÄÅâ][\u0080-\u00bf€™œžšŸ]|Æ°|Ä‘|á[º»][^\\s\\w.,;)]"
    "|[\\p{L}][\u00a1-\u00a9\u00ab\u00ac\u00ae-\u00b1\u00b4-\u00b6\u00b8\u00bb-\u00bf\u00d7\u00f7]"
    "[\\p{L}]"
    "|(^|[\\s(])[\u00a1-\u00a9\u00ac\u00ae\u00af\u00b5\u00b6\u00b8\u00bf][\\p{L}]"
)


def decoded(texts: pl.DataFrame) -> pl.DataFrame:
    """Columns of text in Unicode: legacy fonts decoded, all NFC, no invisible characters."""
    return texts.with_columns(_decoded(column) for column in texts)


def _decoded(texts: pl.Series) -> pl.Series:
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
    unclean = pl.Series([known]).str.contains(MOJIBAKE + _CONTROL)[0]
    return quote(known, safe="/ !()[],.;:'=+@#&") if unclean else known


@lru_cache(maxsize=10_000)
def decode(text: str) -> str:
    """One cell in Unicode NFC; as it is when no reading makes every word Vietnamese."""
    if not _SUSPICIOUS.search(text):
        return unicodedata.normalize("NFC", text)
    for reading in _readings(text):
        words = [word for word in _WORD.findall(reading) if not word.isascii()]
        if words and all(_is_vietnamese(word) for word in words):
            return unicodedata.normalize("NFC", reading)
    return unicodedata.normalize("NFC", text)


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, then in each legacy encoding."""
    yield text
    # residue of an office program that took the code of a letter for a tone mark as well
    cleaned = "".join(map(_without_stray_tone, unicodedata.normalize("NFC", text)))
    yield cleaned.translate(_TCVN3)
    yield _VNI_CODE.sub(lambda found: _VNI[found[0]], cleaned)


def _without_stray_tone(char: str) -> str:
    """A consonant of Unicode with a Vietnamese tone mark on it, without the mark."""
    letter = unicodedata.normalize("NFD", char)
    stray = char > "\u00ff" and letter[0].casefold() not in _VOWEL_LETTERS and letter[1:] in _TONES
    return letter[0] if stray and len(letter) > 1 else char


def _is_vietnamese(word: str) -> bool:
    """Whether a word is one Vietnamese syllable, in one case or with a capital first.

    Abbreviations such as QĐ, NĐ and HĐND count too.
    """
    if _ABBREVIATION.fullmatch(word):
        return True
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return False
    spelt = unicodedata.normalize("NFD", word.casefold())
    tones = [char for char in spelt if char in _TONES]
    base = unicodedata.normalize("NFC", "".join(c for c in spelt if c not in _TONES))
    match = _SYLLABLE.fullmatch(base)
    if match is None or len(tones) > 1:
        return False
    stopped = match["coda"] in ("c", "ch", "p", "t")
    return not stopped or (bool(tones) and tones[0] in _STOPPED_TONES)
