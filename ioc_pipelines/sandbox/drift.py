"""How the structure of a source drifts: what agencies do to their forms and interfaces.

Pure functions on records (of an API) and on rows of cells, the header first (of a file).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

Drift = Literal["added", "removed", "renamed", "retyped", "reunited", "reordered", "merged"]
DRIFTS: tuple[Drift, ...] = get_args(Drift)
_UNIT = 10_000  # m² become cm²
_WORDS = "mười hai"
_CODES = ("mã", "ma_")

Record = dict[str, Any]


def drifted_records(records: list[Record], drift: Drift) -> list[Record]:
    """The records after a drift. What drifts is the field of the first number."""
    number = _number_of(records)
    return [_RECORD[drift](record, number) for record in records]


def drifted_text(text: str, delimiter: str, drift: Drift) -> str:
    """Delimited text after a drift, its header in the first line."""
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = [dict(zip(header, row, strict=False)) for row in rows]
    changed = drifted_records(records, drift)
    file = io.StringIO(newline="")
    names = list(changed[0]) if changed else header
    writer = csv.DictWriter(file, names, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(changed)
    return file.getvalue()


def _number_of(records: list[Record]) -> str:
    """The first field with a number other than zero that is no code; the first of all if none."""
    for record in records:
        for name, value in record.items():
            if not name.lower().startswith(_CODES) and _as_number(value):
                return name
    return next(iter(records[0]), "") if records else ""


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _with(record: Record, name: str, change: Callable[[Any], Any]) -> Record:
    return {key: change(value) if key == name else value for key, value in record.items()}


def _reunited(value: Any) -> Any:
    number = _as_number(value)
    if number is None:
        return value
    return f"{number * _UNIT:.0f}" if isinstance(value, str) else number * _UNIT


def _merged(record: Record, number: str) -> Record:
    """The number and the field before it under one heading."""
    names = list(record)
    at = max(names.index(number), 1) if number in names else 1
    one, two = names[at - 1], names[at]
    both = {f"{one} / {two}": f"{record[one]} / {record[two]}"}
    items = list(record.items())
    return dict([*items[: at - 1], *both.items(), *items[at + 1 :]])


_RECORD: Mapping[Drift, Callable[[Record, str], Record]] = {
    "added": lambda record, _: {"cot_moi": "x", **record},
    "removed": lambda record, number: {k: v for k, v in record.items() if k != number},
    "renamed": lambda record, number: {
        f"{k} (mới)" if k == number else k: v for k, v in record.items()
    },
    "retyped": lambda record, number: _with(record, number, lambda _: _WORDS),
    "reunited": lambda record, number: _with(record, number, _reunited),
    "reordered": lambda record, _: dict(reversed(record.items())),
    "merged": _merged,
}
