"""The range of values that a column's rules leave, however they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ioc_pipelines.serving.contract_form import RuleForm

_LEAST, _MOST = (None, True), (None, True)
_KINDS = frozenset(
    {
        "greater_than",
        "greater_than_or_equal_to",
        "less_than",
        "less_than_or_equal_to",
        "in_range",
    }
)


@dataclass(frozen=True)
class Bounds:
    """From ``least`` to ``most``: a value or None, and whether the value itself is allowed."""

    least: tuple[Any, bool] = _LEAST
    most: tuple[Any, bool] = _MOST

    def covers(self, other: Bounds) -> bool:
        """Whether every value that ``other`` allows is allowed here."""
        return _is_lower(self.least, other.least) and _is_higher(self.most, other.most)

    def said(self) -> str:
        """``[0, 100)``, open sides as ``…``."""
        (least, with_least), (most, with_most) = self.least, self.most
        left = "…" if least is None else f"{'[' if with_least else '('}{least}"
        right = "…" if most is None else f"{most}{']' if with_most else ')'}"
        return f"{left}, {right}"


def is_bound(rule: RuleForm) -> bool:
    """Whether a rule bounds the values of its column."""
    return rule.kind in _KINDS


def bounds_of(rules: Iterable[RuleForm]) -> Bounds:
    """What the bounds among the rules of a column leave together."""
    found = Bounds()
    for rule in filter(is_bound, rules):
        asked = _of(rule)
        found = Bounds(
            asked.least if _is_lower(found.least, asked.least) else found.least,
            asked.most if _is_higher(found.most, asked.most) else found.most,
        )
    return found


def lengths_of(rule: RuleForm) -> Bounds:
    """What a rule about the length of a text leaves."""
    exact = rule.parameters.get("exact_value")
    return _of(rule) if exact is None else Bounds((exact, True), (exact, True))


def _of(rule: RuleForm) -> Bounds:
    least, most = rule.parameters.get("min_value"), rule.parameters.get("max_value")
    return Bounds(
        (least, rule.kind != "greater_than" and rule.parameters.get("include_min", True)),
        (most, rule.kind != "less_than" and rule.parameters.get("include_max", True)),
    )


def _is_lower(one: tuple[Any, bool], other: tuple[Any, bool]) -> bool:
    """Whether ``one`` as a lower bound allows all that ``other`` allows."""
    if one[0] is None or other[0] is None:
        return one[0] is None
    return bool(one[0] < other[0]) or (one[0] == other[0] and (one[1] or not other[1]))


def _is_higher(one: tuple[Any, bool], other: tuple[Any, bool]) -> bool:
    if one[0] is None or other[0] is None:
        return one[0] is None
    return bool(one[0] > other[0]) or (one[0] == other[0] and (one[1] or not other[1]))
