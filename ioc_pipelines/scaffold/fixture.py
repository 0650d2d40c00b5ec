"""The text of a case file: a valid row, and for each rule of the contract what breaks it alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.formats import COMMUNE_CODE, ISO_WEEK, MONTH, PROVINCE_CODE
from ioc_pipelines.scaffold.model import Draft, Field
from ioc_pipelines.scaffold.python_text import literal, mapping, quoted

# what the tests take as the day of arrival, and as codes in force
_ARRIVED = date(2026, 11, 20)
_COMMUNES = ("12001", "12002")
_LONGEST = 40
_SOMEBODY: Mapping[str, str] = {
    "full_name": "Nguyễn Văn A",
    "phone": "0900000000",
    "citizen_id": "000000000000",
    "address": "Số 1, đường A",
    "email": "a@example.vn",
}
_BROKEN = {MONTH: "10/2026", ISO_WEEK: "2026-50", COMMUNE_CODE: "120", PROVINCE_CODE: "3"}


def fixture_text(draft: Draft) -> str:
    """The module ``tests/contracts/<sector>/<dataset>.py``."""
    row = _valid(draft)
    breaks = [line for f in draft.fields for line in _breaks(f)]
    outside = min((f for f in draft.fields if f.name not in draft.key), key=lambda f: f.personal)
    change = mapping("(KEY_UNIQUE, None): ", {outside.name: _other(outside, row)}, 8)
    body = ["CASES = Cases("]
    cells = [f"        {quoted(name)}: {code}," for name, code in row.items()]
    body += ["    valid={", *cells, "    },"]
    named = next(f for f in draft.fields if f.name == draft.key[0])
    body += mapping("beside=", {named.name: _other(named, row)})
    body += ["    breaks={", *breaks, *change, "    },"]
    text = "\n".join([*body, ")"])
    return "\n".join([*_imports(text), "", text]) + "\n"


def _imports(text: str) -> list[str]:
    lines = ["from __future__ import annotations", ""]
    days = [name for name in ("date", "timedelta") if re.search(rf"\b{name}\(", text)]
    if days:
        lines += [f"from datetime import {', '.join(days)}", ""]
    moments = [name for name in ("NOW", "TODAY") if re.search(rf"\b{name}\b", text)]
    listed = ", ".join([*moments, "Cases"])
    return [
        *lines,
        "from contracts.base import KEY_UNIQUE",
        f"from tests.contracts.cases import {listed}",
    ]


def _valid(draft: Draft) -> dict[str, str]:
    """The fullest row of the sample, filled up from others, as code, with nobody's data."""
    values = [f.values.to_list() for f in draft.fields]
    rows = list(zip(*values, strict=True))
    fullest = min(rows, key=lambda row: sum(cell is None for cell in row))
    said = [f.values.drop_nulls() for f in draft.fields]
    full = [
        series[0] if cell is None and len(series) else cell
        for cell, series in zip(fullest, said, strict=True)
    ]
    return {f.name: _code(f, cell) for f, cell in zip(draft.fields, full, strict=True)}


def _code(found: Field, cell: Any) -> str:
    """A cell as code; personal ones, communes and days after the arrival are put in place of."""
    if found.kind == "date":
        return "TODAY" if cell is None or cell > _ARRIVED else _day(cell, found)
    if found.kind == "moment":
        return "NOW"
    if found.personal:
        return quoted(_SOMEBODY.get(found.name, "một người"))
    if "references" in found.checks:
        return quoted(_COMMUNES[0])
    if isinstance(cell, str) and "isin" not in found.checks:
        return quoted(cell[:_LONGEST])
    return literal(cell)


def _day(cell: date, found: Field) -> str:
    chosen = date(1990, 1, 1) if found.personal else cell
    return f"date({chosen.year}, {chosen.month}, {chosen.day})"


def _other(found: Field, row: Mapping[str, str]) -> str:
    """Another good value of the column, as code."""
    code = row[found.name]
    if found.kind in ("date", "moment"):
        return f"{code} - timedelta(days=1)"
    if found.kind == "bool":
        return "True" if code == "False" else "False"
    if found.kind in ("int", "float"):
        return _other_number(found, 0 if code == "None" else float(code), code)
    if "references" in found.checks:
        return quoted(_COMMUNES[1])
    if allowed := found.checks.get("isin"):
        return next(literal(value) for value in allowed if literal(value) != code)
    return quoted(_other_text(found, "" if code == "None" else str(_text(code))))


def _other_number(found: Field, value: float, code: str) -> str:
    top = found.checks.get("in_range", (0, float("inf")))[1]
    changed = value - 1 if value + 1 > top else value + 1
    if found.kind == "int":
        whole = 0 if code == "None" else int(code)
        return str(whole + (1 if changed > value else -1))
    return repr(changed)


def _other_text(found: Field, text: str) -> str:
    pattern = found.checks.get("str_matches")
    if pattern is None:
        return f"{text} 2".strip()
    # one of the last digits, the other way round: still of the same form
    for place in range(len(text) - 1, -1, -1):
        for digit in "1234567890":
            other = text[:place] + digit + text[place + 1 :]
            if text[place].isdigit() and other != text and re.match(pattern, other):
                return other
    return text


def _text(code: str) -> str:
    """The text of a string literal."""
    return code[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _breaks(found: Field) -> list[str]:
    """For each rule of the column the cells that break just that rule."""
    lines = []
    for check, value in found.checks.items():
        rule, code = _broken(found, check, value)
        head = f"({quoted(rule)}, {quoted(found.name)}): "
        lines += mapping(head, {found.name: code}, 8)
    return lines


def _broken(found: Field, check: str, value: Any) -> tuple[str, str]:
    match check:
        case "references":
            return "correct.reference", quoted("99999")
        case "str_matches":
            return "clean.format", quoted(_BROKEN.get(value, "x"))
        case "isin":
            return "correct.enum", quoted("không có trong danh mục")
        case "ge":
            return "correct.min", "-1" if found.kind == "int" else "-0.1"
        case "in_range":
            top = value[1] + 1
            return "correct.range", str(top) if found.kind == "int" else f"{float(top)}"
    late = "TODAY + timedelta(days=1)" if found.kind == "date" else "NOW + timedelta(seconds=1)"
    return "correct.not_future", late
