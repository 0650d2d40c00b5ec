"""The form that a pattern asks for, in Vietnamese, for whoever writes the value and no programs."""

from __future__ import annotations

import re

from contracts import formats

# forms that a description by parts would hide
_NAMED = {
    formats.MONTH: "năm và tháng, ví dụ 2026-11",
    formats.QUARTER: "năm và quý, ví dụ 2026-Q4",
    formats.HALF_YEAR: "năm và nửa năm, ví dụ 2026-H1 hoặc 2026-H2",
    formats.ISO_WEEK: "năm và tuần, ví dụ 2026-W48",
    r"^20\d{2}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$": "năm, hoặc năm kèm tháng, quý hay nửa năm: 2026, "
    "2026-11, 2026-Q4 hoặc 2026-H2",
}
_SETS = {
    r"\d": "chữ số",
    "[0-9]": "chữ số",
    "[A-Z]": "chữ in hoa không dấu",
    "[a-z]": "chữ thường không dấu",
    "[A-Z0-9_]": "chữ in hoa không dấu, chữ số hoặc dấu gạch dưới",
    "[a-z0-9-]": "chữ thường không dấu, chữ số hoặc dấu gạch ngang",
    "[0-9a-f]": "ký tự từ 0 đến 9 hoặc a đến f",
}
_SHAPE = {r"\d": "0", "[0-9]": "0", "[A-Z]": "A"}
_SPECIAL = re.escape(r"\[](){}|*+?^$.")
_PART = re.compile(
    rf"(?P<set>\\d|\[[^\]]+\])(?:\{{(?P<least>\d+)(?P<most>,\d+)?\}}|(?P<many>[*+]))?"
    rf"|(?P<text>(?:\\[^\w\s]|[^{_SPECIAL}])+)"
)
_CHOICE = re.compile(r"\(((?:[^()|]+\|)+[^()|]+)\)")
_LIST = re.compile(r"\^\(([^()]+)\)\(([^()]+)\(\1\)\)\*\$")


def pattern_in_words(pattern: str) -> str | None:
    """What a value of this form looks like; None where no plain words can be found for it."""
    if pattern in _NAMED:
        return _NAMED[pattern]
    if found := _LIST.fullmatch(pattern):
        return f"một hoặc nhiều trong: {found[1].replace('|', ', ')}; cách nhau bằng “{found[2]}”"
    inner = pattern.removeprefix("^").removesuffix("$")
    said = _choice(inner) or _shape(inner) or _by_parts(inner)
    # a pattern is always held against the beginning
    return said if said is None or pattern.endswith("$") else f"bắt đầu bằng {said}"


def _choice(inner: str) -> str | None:
    """One of several, each plain: ``(A|B)`` and what follows all of them."""
    found = _CHOICE.match(inner)
    if found is None:
        return None
    rest = inner[found.end() :]
    said = [_by_parts(one + rest.rstrip()) for one in found[1].split("|")]
    known = [one for one in said if one]
    if len(known) < len(said):
        return None
    return f"{', '.join(known[:-1])} hoặc {known[-1]}"


def _shape(inner: str) -> str | None:
    """A form of fixed length with text in it, shown: ``CTC-000000`` for ``CTC-\\d{6}``."""
    parts = _parts(inner)
    if parts is None or not any(part["text"] for part in parts):
        return None
    shown = ""
    for part in parts:
        if part["text"]:
            shown += _plain(part["text"])
        elif part["set"] in _SHAPE and not (part["most"] or part["many"]):
            shown += _SHAPE[part["set"]] * int(part["least"] or 1)
        else:
            return None
    marks = {"0": "0 là một chữ số", "A": "A là một chữ in hoa"}
    used = {_SHAPE[part["set"]] for part in parts if part["set"]}
    meant = ", ".join(marks[mark] for mark in sorted(used))
    return f"dạng {shown} ({meant})" if meant else f"“{shown}”"


def _by_parts(inner: str) -> str | None:
    """The parts one after the other, in words."""
    parts = _parts(inner)
    if not parts:
        return None
    said = [_part(part) for part in parts]
    known = [one for one in said if one]
    return ", rồi ".join(known) if len(known) == len(said) else None


def _part(part: dict[str, str | None]) -> str | None:
    if part["text"]:
        return f"“{_plain(part['text'])}”"
    kind = _SETS.get(part["set"] or "")
    if kind is None:
        return None
    if part["many"]:
        return f"{kind}, dài tùy ý"
    if part["most"]:
        return f"{part['least']} đến {part['most'].removeprefix(',')} {kind}"
    return f"{part['least'] or 1} {kind}"


def _parts(inner: str) -> list[dict[str, str | None]] | None:
    """The parts of a pattern; None where it has some that are none of the known."""
    found, at = [], 0
    while at < len(inner):
        part = _PART.match(inner, at)
        if part is None:
            return None
        found.append(part.groupdict())
        at = part.end()
    return found


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
