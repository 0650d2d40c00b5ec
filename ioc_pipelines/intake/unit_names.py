"""An administrative unit by its name, on a day: however it is spelt, and never by a guess.

Communes are told by kind, name and where they lie: there were four communes Hòa Bình in one
province. A name that several units bear there is refused with all of them (H22).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from ioc_pipelines.intake.names import plain_key, tone_last

_KINDS: Mapping[str, tuple[str, ...]] = {
    "thành phố": ("tp", "t.p"),
    "thị trấn": ("tt", "t.t"),
    "thị xã": ("tx", "t.x"),
    "đặc khu": ("đk",),
    "phường": ("p",),
    "huyện": ("h",),
    "tỉnh": ("t",),
    "quận": ("q",),
    "xã": ("x",),
}
_WORD = re.compile(r"[a-zđ\u0300-\u036f]+|\d+")


class UnitNameError(LookupError):
    """A name that no unit bears there on that day, or several do; the message names them."""


@dataclass(frozen=True)
class NamedUnit:
    """A unit in force on the day asked for; ``above`` are the codes of the units it lies in."""

    unit_id: str
    code: str
    full_name: str
    above: tuple[str, ...]


class UnitNames:
    """The units of one day by the names that agencies give them."""

    def __init__(self, units: Iterable[NamedUnit]) -> None:
        """Take every unit in force on the day."""
        self._by_key: dict[str, list[tuple[str, NamedUnit]]] = {}
        self._by_plain_key: dict[str, list[tuple[str, NamedUnit]]] = {}
        for unit in units:
            kind, key = _parts(unit.full_name)
            self._by_key.setdefault(key, []).append((kind, unit))
            self._by_plain_key.setdefault(plain_key(key), []).append((kind, unit))

    def find(self, name: str, within: str | None = None) -> NamedUnit:
        """The one unit of that name, in the units that ``within`` names: "Huyện An Lão, Bình Định".

        Case, tone placement, i for y, punctuation and short forms of the kind do not matter; a name
        without its kind is found where it means one unit. Raises UnitNameError.
        """
        found = self._bearing(name)
        for place in within.split(",") if within is not None else ():
            codes = {unit.code for unit in self._bearing(place)}
            if not codes:
                msg = f"no unit is called {place.strip()!r} on that day"
                raise UnitNameError(msg)
            found = [unit for unit in found if codes.intersection(unit.above)]
        place = "" if within is None else f" in {within!r}"
        if len(found) == 1:
            return found[0]
        if not found:
            msg = f"no unit is called {name!r}{place} on that day"
            raise UnitNameError(msg)
        listed = ", ".join(f"{unit.full_name} ({unit.unit_id})" for unit in found)
        msg = f"{name!r}{place} may be any of {len(found)}: {listed}; say its kind or where it lies"
        raise UnitNameError(msg)

    def _bearing(self, name: str) -> list[NamedUnit]:
        """The units that a name may mean; one without any mark is compared without marks."""
        kind, key = _parts(name)
        known = self._by_key.get(key)
        if known is None and name.isascii():
            known = self._by_plain_key.get(plain_key(key))
        return [unit for of_kind, unit in known or () if kind in {"", of_kind}]


def named_units(units: pl.DataFrame) -> UnitNames:
    """The names of ``unit_id, code, full_name, parent_code``, each with the units it lies in."""
    above = dict(units.select("code", "parent_code").iter_rows())

    def chain(code: str) -> tuple[str, ...]:
        parent = above.get(code)
        return () if parent is None else (parent, *chain(parent))

    rows = units.select("unit_id", "code", "full_name").iter_rows()
    return UnitNames(NamedUnit(unit_id, code, name, chain(code)) for unit_id, code, name in rows)


def _parts(name: str) -> tuple[str, str]:
    """The kind of unit that a name begins with, if any, and the key of the rest."""
    text = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    for kind, short_forms in _KINDS.items():
        rest = _after(text, (kind, plain_key(unicodedata.normalize("NFD", kind))), short_forms)
        if rest:
            return kind, _key(rest)
    return "", _key(text)


def _after(text: str, words: Collection[str], short_forms: Collection[str]) -> str | None:
    """What stands after the kind: after the whole word, or after P. or before the number of P3."""
    for word in words:
        if text.startswith(f"{word} "):
            return text.removeprefix(f"{word} ")
    for short in short_forms:
        if text.startswith(short):
            rest = text.removeprefix(short)
            if rest[:1] in {".", " "} or rest[:1].isdigit():
                return rest.lstrip(". ")
    return None


def _key(text: str) -> str:
    """What is left of a name without its spelling habits; numbers stay, without leading zeros."""
    found = _WORD.findall(unicodedata.normalize("NFD", text))
    words = (
        word.lstrip("0") if word.isdigit() else tone_last(word).replace("y", "i") for word in found
    )
    return "".join(words)
