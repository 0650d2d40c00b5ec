"""Which values a column allows, and which break one of its checks alone.

Both follow from what the contract declares, by Python's own comparison and regular expressions:
never from the evaluation that is to be proved.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandera.polars as pa
import polars as pl
from rstr import Rstr

from contracts.base import VIETNAM

MOMENT = datetime(2026, 11, 20, 2, tzinfo=VIETNAM)
"""The made-up moment of arrival: fixed, so that a proof is the same on every day."""

_NOW = MOMENT.replace(tzinfo=None)
_SAMPLES = 40
_NAMES = ("Nguyễn Văn An", "Trần Thị Bình", "Lê Minh Châu", "Phạm Quốc Dũng", "Vũ Thu Hà")
_HOURS_AGO = (0, 1, 5, 24, 30, 50, 24 * 10, 24 * 45, 24 * 200, 24 * 400)
_HOURS_AHEAD = (1, 24 * 2, 24 * 40, 24 * 400)
_NUMBERS = (0, 1, 2, 3, 4, 5, -1, -4, 10, 100, 0.5, 2.5)
_DAY_RUN, _YEAR_RUN = 6, 4

Value = Any
_Allows = Callable[..., bool]


def _in_range(
    value: Value,
    min_value: Value,
    max_value: Value,
    include_min: bool = True,
    include_max: bool = True,
) -> bool:
    above = value >= min_value if include_min else value > min_value
    below = value <= max_value if include_max else value < max_value
    return bool(above and below)


def _length(
    value: str,
    min_value: int | None = None,
    max_value: int | None = None,
    exact_value: int | None = None,
) -> bool:
    if exact_value is not None:
        return len(value) == exact_value
    return (min_value or 0) <= len(value) and (max_value is None or len(value) <= max_value)


_ALLOWS: dict[str, _Allows] = {
    "equal_to": lambda v, value: v == value,
    "not_equal_to": lambda v, value: v != value,
    "greater_than": lambda v, min_value: v > min_value,
    "greater_than_or_equal_to": lambda v, min_value: v >= min_value,
    "less_than": lambda v, max_value: v < max_value,
    "less_than_or_equal_to": lambda v, max_value: v <= max_value,
    "in_range": _in_range,
    "isin": lambda v, allowed_values: v in allowed_values,
    "notin": lambda v, forbidden_values: v not in forbidden_values,
    "str_matches": lambda v, pattern: re.match(pattern, v) is not None,
    "str_contains": lambda v, pattern: re.search(pattern, v) is not None,
    "str_startswith": lambda v, string: v.startswith(string),
    "str_endswith": lambda v, string: v.endswith(string),
    "str_length": _length,
}


def is_declared(check: pa.Check) -> bool:
    """Whether the check says by its statistics what it allows; else it is the contract's code."""
    return check.name in _ALLOWS


def _stated(check: pa.Check) -> dict[str, Any]:
    return check.statistics or {}


def allows(check: pa.Check, value: Value) -> bool:
    """Whether a declared check allows a value that is not empty."""
    return not is_declared(check) or _ALLOWS[str(check.name)](value, **_stated(check))


@dataclass(frozen=True)
class Pool:
    """Values of one column: ``good`` ones, and by rule id those that break this rule alone.

    ``shadows``: for a rule that no value breaks alone, the rules that are broken with it.
    """

    name: str
    good: tuple[Value, ...]
    bad: dict[str, tuple[Value, ...]]
    shadows: dict[str, tuple[str, ...]]


def pool(col: pa.Column, *, at_most: int, distinct: int = 0) -> Pool:
    """The values of a named column; ``distinct``: so many of them are wanted, as for a key."""
    chance = random.Random(f"{col.name}")  # noqa: S311  no secret: the same values each time
    declared = [check for check in col.checks if is_declared(check)]
    tried = list(dict.fromkeys(_tried(col, declared, distinct, chance)))
    good = [value for value in tried if all(allows(check, value) for check in declared)]
    outside = [*tried, *_misshapen(good), *_outside(declared)]
    bad: dict[str, tuple[Value, ...]] = {}
    shadows: dict[str, tuple[str, ...]] = {}
    for check in declared:
        broken = [value for value in dict.fromkeys(outside) if not allows(check, value)]
        others = {v: _others(check, declared, v) for v in broken}
        bad[check.error] = tuple(v for v in broken if not others[v])[:at_most]
        if not bad[check.error]:
            shadows[check.error] = min(others.values(), key=len, default=())
    return Pool(str(col.name), tuple(good[: max(at_most, distinct)]), bad, shadows)


def _others(check: pa.Check, declared: list[pa.Check], value: Value) -> tuple[str, ...]:
    return tuple(str(c.error) for c in declared if c is not check and not allows(c, value))


def _tried(
    col: pa.Column, declared: list[pa.Check], distinct: int, chance: random.Random
) -> Iterable[Value]:
    """Values worth trying: what the checks name, then what the type suggests."""
    kind = col.dtype.type
    if samples := (col.metadata or {}).get("samples"):
        yield from samples
        return
    allowed = [_stated(c)["allowed_values"] for c in declared if c.name == "isin"]
    for values in allowed:
        yield from values
    if kind == pl.Boolean:
        yield from (True, False)
    elif kind == pl.String:
        yield from _texts(declared, distinct, chance)
    elif kind.is_temporal():
        yield from _times(is_day=kind == pl.Date, distinct=distinct)
        yield from _bounds(declared, timedelta(days=1))
    else:
        whole = kind.is_integer()
        if distinct:
            yield from range(_NOW.year, _NOW.year - distinct, -1)
        yield from (n for n in _NUMBERS if not whole or isinstance(n, int))
        yield from _bounds(declared, 1)
        yield from (_NOW.year - n for n in range(5))
        yield from range(200, 200 + distinct)


def _bounds(declared: list[pa.Check], step: Any) -> Iterable[Value]:
    """The bounds that checks name, and the values just inside and outside of them."""
    for check in declared:
        stated = _stated(check)
        for name in ("min_value", "max_value", "value"):
            if stated.get(name) is not None:
                yield from (stated[name], stated[name] + step, stated[name] - step)


def _outside(declared: list[pa.Check]) -> Iterable[Value]:
    """Values that checks forbid by name."""
    for check in declared:
        if check.name == "notin":
            yield from _stated(check)["forbidden_values"]


def _times(*, is_day: bool, distinct: int) -> Iterable[date | datetime]:
    step = timedelta(days=1) if is_day else timedelta(hours=1)
    times = [_NOW - step * n for n in range(distinct)]
    times += [_NOW - timedelta(hours=n) for n in _HOURS_AGO]
    times += [_NOW + timedelta(hours=n) for n in _HOURS_AHEAD]
    return [time.date() for time in times] if is_day else times


def _texts(declared: list[pa.Check], distinct: int, chance: random.Random) -> Iterable[str]:
    """Periods that follow one another, texts of the declared patterns, words."""
    many = max(distinct, _SAMPLES)
    patterns = [
        _text_of(_stated(c)["pattern"])
        for c in declared
        if c.name in ("str_matches", "str_contains")
    ]
    if patterns:
        yield from _periods(many)
    writer = Rstr(chance)
    for pattern in patterns:
        drawn = [writer.xeger(pattern) for _ in range(many * 2)]
        yield from (_dated(text, chance) for text in drawn)
        yield from drawn
    around = {"str_startswith": "{text}{word}", "str_endswith": "{word}{text}"}
    words = [*_NAMES, *(f"Đơn vị {_letters(n)}" for n in range(distinct))]
    for check in declared:
        if check.name in around:
            text = _stated(check)["string"]
            yield from (around[check.name].format(text=text, word=word) for word in words)
        if check.name == "str_length":
            lengths = [n for n in _stated(check).values() if n is not None]
            yield from ("a" * max(0, n + more) for n in lengths for more in (0, 1, -1))
    starts = "".join(_stated(c)["string"] for c in declared if c.name == "str_startswith")
    ends = "".join(_stated(c)["string"] for c in declared if c.name == "str_endswith")
    yield from (f"{starts}{word}{ends}" for word in words)


def _text_of(pattern: str | re.Pattern[str]) -> str:
    return pattern.pattern if isinstance(pattern, re.Pattern) else pattern


def _periods(many: int) -> Iterable[str]:
    """The newest months, quarters, half-years, weeks, years, school years, as contracts write."""
    for n in range(many):
        months = _NOW.year * 12 + _NOW.month - 1 - n
        yield f"{months // 12}-{months % 12 + 1:02}"
    quarter, half = _NOW.year * 4 + (_NOW.month - 1) // 3, _NOW.year * 2 + (_NOW.month - 1) // 6
    yield from (f"{(quarter - n) // 4}-Q{(quarter - n) % 4 + 1}" for n in range(many))
    yield from (f"{(half - n) // 2}-H{(half - n) % 2 + 1}" for n in range(many))
    yield from (f"{_NOW - timedelta(weeks=n):%G-W%V}" for n in range(many))
    yield from (f"{_NOW.year - n}" for n in range(many))
    yield from (f"{_NOW.year - n}-{_NOW.year - n + 1}" for n in range(many))


def _dated(text: str, chance: random.Random) -> str:
    """A code one of whose runs of four or six digits is a year or a day, as where codes say when.

    A code drawn blindly hardly ever holds the year that its row has elsewhere.
    """
    runs = list(re.finditer(r"(?<!\d)(\d{6}|\d{4})(?!\d)", text))
    if not runs:
        return text
    run = chance.choice(runs)
    day = _NOW - timedelta(days=chance.randrange(400))
    form = {_DAY_RUN: "%y%m%d", _YEAR_RUN: "%Y"}[len(run[0])]
    return text[: run.start()] + day.strftime(form) + text[run.end() :]


def _letters(number: int) -> str:
    """A, B, …, Z, BA, BB: a name without digits, which would look like a code or a figure."""
    rest, last = divmod(number, 26)
    return (_letters(rest) if rest else "") + chr(ord("A") + last)


def _misshapen(good: list[Value]) -> Iterable[str]:
    """Texts that are nearly right, and some that are not at all."""
    for text in [value for value in good if isinstance(value, str)][:5]:
        yield from (f"{text}?", f"?{text}", text[:-1], text[1:], text.lower(), text * 2)
    yield from ("?", "không rõ", "", "0") if any(isinstance(v, str) for v in good) else ()
