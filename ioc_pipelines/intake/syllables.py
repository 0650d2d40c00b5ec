"""Is a word Vietnamese? By the syllable: onset, vowels, coda, one tone mark.

Decoding of legacy fonts rests on it: the reading in which the words are words is the right one.
The rimes are those of standard spelling; names of the Central Highlands have clusters of their own.
"""

from __future__ import annotations

import re
import unicodedata

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_STOPPED_TONES = "\u0301\u0323"
_ONSET = "b|ch|c|d|đ|gh|gi|g|h|kh|k|l|m|ngh|ng|nh|n|ph|p|qu|r|s|th|tr|t|v|x"
_OPEN = (
    "[aeêioôơuưy]|ai|ao|au|ay|âu|ây|eo|êu|ia|iu|oa|oe|oi|ôi|ơi|ua|uê|ui|uơ|uy|ưa|ưi|ưu|ya|"
    "iêu|yêu|oai|oao|oay|oeo|uây|uôi|uya|uyu|ươi|ươu"
)
_CLOSED = (
    ("a|e|oa|oe|i|y|uy", "ch|ng|nh|[ckmnpt]"),
    ("ă|oă|o|ô|u", "ng|[ckmnpt]"),
    ("â|uâ|iê|yê|uô|ươ|ư", "ng|[cmnpt]"),
    ("ê|uê", "ch|nh|[kmnpt]"),
    ("oo", "ng|c"),
    ("ơ", "[mnpt]"),
    ("uyê", "[nt]"),
)
_RIME = "|".join([_OPEN, *(f"(?:{vowels})(?:{codas})" for vowels, codas in _CLOSED)])
_SYLLABLE = re.compile(rf"(?:{_ONSET})?(?P<rime>{_RIME})")
_HIGHLAND = re.compile(
    rf"(?:{_ONSET}|[bdđghkmprst]?[bdhjklmnprvwyz])?(?:{_OPEN}|i?[aăâeêioôơuưy])(?:ng|nh|ch|[chklmnprt])?"
)
_CODA = re.compile("(?:ch|ng|nh|[ckmnpt])$")
_MARKED_VOWELS = "ăâêôơư"
_ABBREVIATION = re.compile("[A-Z]*Đ[A-Z]*")
_VOWEL_LETTERS = frozenset("aeiouy")


def without_stray_tone(char: str) -> str:
    """A consonant of Unicode with a Vietnamese tone mark on it, without the mark."""
    letter = unicodedata.normalize("NFD", char)
    stray = char > "\u00ff" and letter[0].casefold() not in _VOWEL_LETTERS and letter[1:] in _TONES
    return letter[0] if stray and len(letter) > 1 else char


def is_vietnamese(word: str) -> bool:
    """Whether a word is one Vietnamese syllable, in one case or with a capital first.

    Abbreviations such as QĐ, NĐ and HĐND count too.
    """
    return _ABBREVIATION.fullmatch(word) is not None or _tone_of(word) is not None


def is_well_spelt(word: str) -> bool:
    """Whether it is Vietnamese with its tone mark where it is taught to be: nghệ, not ngheọ."""
    if _ABBREVIATION.fullmatch(word):
        return True
    tone = _tone_of(word)
    if tone is None:
        return False
    rime, place = tone
    marked = [i for i, letter in enumerate(rime) if letter in _MARKED_VOWELS]
    vowels = _CODA.sub("", rime)
    if marked:
        places = {marked[-1]}
    elif rime in ("oa", "oe", "uy"):
        places = {0, 1}
    elif vowels != rime:
        places = {len(vowels) - 1}
    else:
        places = {1 if len(rime) == 3 else 0}
    return place is None or place in places


def is_of_the_highlands(word: str) -> bool:
    """Whether it is Vietnamese, or a name such as Krông or Jút as it is spelt there."""
    if is_vietnamese(word):
        return is_well_spelt(word)
    return _HIGHLAND.fullmatch(_toneless(word)) is not None


def _toneless(word: str) -> str:
    spelt = unicodedata.normalize("NFD", word.casefold())
    return unicodedata.normalize("NFC", "".join(char for char in spelt if char not in _TONES))


def _tone_of(word: str) -> tuple[str, int | None] | None:
    """The rime of a syllable without its tone, and the place of the tone in it; None: no word."""
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return None
    letters = unicodedata.normalize("NFC", word.casefold())
    spelt = [unicodedata.normalize("NFD", letter) for letter in letters]
    tones = [(i, char) for i, letter in enumerate(spelt) for char in letter if char in _TONES]
    if any(spelt[i][0] not in _VOWEL_LETTERS for i, _ in tones):
        return None
    base = "".join(
        unicodedata.normalize("NFC", "".join(c for c in letter if c not in _TONES))
        for letter in spelt
    )
    match = _SYLLABLE.fullmatch(base)
    if match is None or len(tones) > 1:
        return None
    rime = match["rime"]
    stopped = rime.endswith(("c", "ch", "p", "t"))
    if stopped and not (tones and tones[0][1] in _STOPPED_TONES):
        return None
    return rime, tones[0][0] - match.start("rime") if tones else None
